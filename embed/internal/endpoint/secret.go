package endpoint

import (
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
)

// mask is what stands for a secret wherever one would be printed.
const mask = "***"

// Secret holds an API key. However it is printed, logged or encoded, it shows as ***; only Reveal gives it away.
// The zero value is "no key".
type Secret struct {
	// A pointer, because fmt prints unexported fields of structs around it without asking Format, but no pointer's target.
	value *string
}

// NewSecret wraps a key, without the white space around it: keys come from files and variables with line ends.
func NewSecret(key string) Secret {
	key = strings.TrimSpace(key)
	return Secret{&key}
}

// Reveal returns the key itself, for the one place that sends it.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether there is no key.
func (s Secret) IsZero() bool { return s.Reveal() == "" }

// String returns ***, or nothing when there is no key.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return mask
}

// Format prints ***, whatever the verb: %#v and %x would look inside otherwise.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// MarshalText encodes *** in JSON and every other format that asks.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue gives *** to slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// keyLike finds what looks like a key of any provider: servers echo keys, ours and those of proxies, in error texts.
var keyLike = regexp.MustCompile(`(?i)(bearer\s+)[^\s"',;]+|\bsk-[a-z0-9_\-*.]{4,}`)

// Redact removes the key and everything that looks like one from a text that others wrote.
func (s Secret) Redact(text string) string {
	if !s.IsZero() {
		text = strings.ReplaceAll(text, s.Reveal(), mask)
	}
	return keyLike.ReplaceAllString(text, "${1}"+mask)
}
