package embed

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/kenrec/ken/embed/internal/endpoint"
)

// DefaultBaseURL is where OpenAI itself answers.
const DefaultBaseURL = endpoint.DefaultBaseURL

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
type Clock = endpoint.Clock

// Secret holds an API key. However it is printed, logged or encoded, it shows as ***; only Reveal gives it away.
// The zero value is "no key".
type Secret = endpoint.Secret

// NewSecret wraps a key, without the white space around it: keys come from files and variables with line ends.
func NewSecret(key string) Secret { return endpoint.NewSecret(key) }

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
		c.Clock = endpoint.SystemClock{}
	}
	if c.HTTPTransport == nil {
		c.HTTPTransport = http.DefaultTransport
	}
	return c
}

// validate checks a configuration with its defaults filled in and returns the parsed address.
func (c Config) validate() (*url.URL, error) {
	u, err := endpoint.CheckAddress(c.BaseURL, c.Key, c.AllowInsecure)
	switch {
	case err != nil:
		return nil, err
	case c.Model == "":
		return nil, fmt.Errorf("%w: no model", ErrConfig)
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
