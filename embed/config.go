package embed

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// DefaultBaseURL is where OpenAI itself answers.
const DefaultBaseURL = "https://api.openai.com/v1"

// Config describes an OpenAI-compatible endpoint. Model is needed; every other zero value means its default.
type Config struct {
	BaseURL       string // up to and with the version: "http://localhost:11434/v1"; default DefaultBaseURL
	Model         string // "text-embedding-3-small", "bge-m3", …
	Dimensions    int    // asked of the server and demanded of its answers; 0: what the model gives
	Key           Secret // sent as a bearer token; may be missing for servers that need none
	AllowInsecure bool   // permits http to hosts that are neither loopback nor private

	BatchTexts    int // texts a request, 1 to 2,048; default 256
	BatchTokens   int // estimated tokens a request; default 150,000, half of what OpenAI accepts
	TextBytes     int // longer texts are cut there, at a character; default 16,384, about 8,192 tokens at worst
	RequestsAMin  int // 0: no limit
	TokensAMin    int // estimated tokens; 0: no limit
	Tries         int // requests for one batch before it counts as failed; default 5
	Timeout       time.Duration
	Log           *slog.Logger      // retries and splits; never a text or the key. Default: discarded
	Clock         Clock             // default: the system's
	HTTPTransport http.RoundTripper // default: http.DefaultTransport's settings
}

// Clock is the time that retries and rate limits run on. Tests give their own and never sleep.
type Clock interface {
	Now() time.Time
	// Sleep returns nil after d, or ctx.Err() when ctx is done before that.
	Sleep(ctx context.Context, d time.Duration) error
}

// systemClock is real time.
type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// withDefaults returns c with every zero value filled in.
func (c Config) withDefaults() Config {
	set := func(field *int, value int) {
		if *field == 0 {
			*field = value
		}
	}
	if c.BaseURL == "" {
		c.BaseURL = DefaultBaseURL
	}
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	set(&c.BatchTexts, 256)
	set(&c.BatchTokens, 150_000)
	set(&c.TextBytes, 16_384)
	set(&c.Tries, 5)
	if c.TokensAMin > 0 {
		c.BatchTokens = min(c.BatchTokens, c.TokensAMin) // no request may need more than a minute allows
	}
	if c.Timeout == 0 {
		c.Timeout = 60 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Clock == nil {
		c.Clock = systemClock{}
	}
	if c.HTTPTransport == nil {
		c.HTTPTransport = http.DefaultTransport
	}
	return c
}

// validate checks a configuration with its defaults filled in and returns the parsed address.
func (c Config) validate() (*url.URL, error) {
	u, err := url.Parse(c.BaseURL)
	switch {
	case err != nil: // the error of url.Parse quotes the address, which may hold a password
		return nil, fmt.Errorf("%w: base URL cannot be parsed", ErrConfig)
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return nil, fmt.Errorf("%w: base URL needs http:// or https:// and a host", ErrConfig)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%w: base URL with user, query or fragment", ErrConfig)
	case u.Scheme == "http" && !c.AllowInsecure && !isNear(u.Hostname()):
		return nil, fmt.Errorf("%w: http to %s would send the key and the texts in the clear; use https or allow it", ErrConfig, u.Host)
	case c.Model == "":
		return nil, fmt.Errorf("%w: no model", ErrConfig)
	case strings.ContainsAny(c.Key.Reveal(), "\r\n"):
		return nil, fmt.Errorf("%w: key of several lines", ErrConfig)
	}
	for _, f := range []struct {
		name            string
		value, min, max int
	}{
		{"Dimensions", c.Dimensions, 0, 1 << 16},
		{"BatchTexts", c.BatchTexts, 1, 2048},
		{"BatchTokens", c.BatchTokens, 1, 1 << 30},
		{"TextBytes", c.TextBytes, 16, 1 << 24},
		{"RequestsAMin", c.RequestsAMin, 0, 1 << 30},
		{"TokensAMin", c.TokensAMin, 0, 1 << 30},
		{"Tries", c.Tries, 1, 100},
	} {
		if f.value < f.min || f.value > f.max {
			return nil, fmt.Errorf("%w: %s = %d is not within %d to %d", ErrConfig, f.name, f.value, f.min, f.max)
		}
	}
	if c.Timeout < 0 {
		return nil, fmt.Errorf("%w: negative Timeout", ErrConfig)
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
