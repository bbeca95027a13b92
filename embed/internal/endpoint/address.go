package endpoint

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"unicode/utf8"
)

// DefaultBaseURL is where OpenAI itself answers.
const DefaultBaseURL = "https://api.openai.com/v1"

// CheckAddress parses the address of a server and checks that requests with key may go there. Errors wrap ErrConfig.
func CheckAddress(baseURL string, key Secret, allowInsecure bool) (*url.URL, error) {
	u, err := url.Parse(baseURL)
	switch {
	case err != nil: // the error of url.Parse quotes the address, which may hold a password
		return nil, fmt.Errorf("%w: base URL cannot be parsed", ErrConfig)
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return nil, fmt.Errorf("%w: base URL needs http:// or https:// and a host", ErrConfig)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%w: base URL with user, query or fragment", ErrConfig)
	case u.Scheme == "http" && !allowInsecure && !isNear(u.Hostname()):
		return nil, fmt.Errorf("%w: http to %s would send the key and the texts in the clear; use https or allow it", ErrConfig, u.Host)
	case strings.ContainsAny(key.Reveal(), "\r\n"):
		return nil, fmt.Errorf("%w: key of several lines", ErrConfig)
	}
	return u, nil
}

// isNear reports whether host is this machine or an address of a private network. Names other than localhost are not:
// what they resolve to is known at connection time only, and may change.
func isNear(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast())
}

// Cut returns the first n bytes of s, fewer so that no character is cut in two.
func Cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
