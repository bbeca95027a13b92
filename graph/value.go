package graph

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind is the type of an attribute's value.
type Kind uint8

// The kinds. The zero Value is the empty string.
const (
	KindString Kind = iota
	KindNumber
	KindBool
	KindTime
	KindList
)

// String returns the kind in lower case.
func (k Kind) String() string {
	names := [...]string{"string", "number", "bool", "time", "list"}
	if int(k) < len(names) {
		return names[k]
	}
	return "unknown kind"
}

// Value is the value of an attribute: a string, a finite number, a truth value, a time in seconds or a list of strings.
// The zero Value is the empty string. Values are immutable; compare them with Equal.
type Value struct {
	kind Kind
	str  string
	num  float64
	unix int64 // seconds of a time; 0 or 1 of a truth value
	list []string
}

// String returns the value that holds s. It is a constructor; the text of a value is Value.String.
func String(s string) Value { return Value{str: s} }

// Number returns the value that holds f. A store refuses numbers that are not finite; negative zero becomes zero.
func Number(f float64) Value { return Value{kind: KindNumber, num: f + 0} }

// Bool returns the value that holds b.
func Bool(b bool) Value {
	if b {
		return Value{kind: KindBool, unix: 1}
	}
	return Value{kind: KindBool}
}

// Time returns the value that holds the moment unix, in seconds since 1970.
func Time(unix int64) Value { return Value{kind: KindTime, unix: unix} }

// List returns the value that holds a copy of the strings.
func List(s ...string) Value { return Value{kind: KindList, list: slices.Clone(s)} }

// Kind returns the type of the value.
func (v Value) Kind() Kind { return v.kind }

// Text returns the string of a KindString value, else "".
func (v Value) Text() string { return v.str }

// Float returns the number of a KindNumber value, else 0.
func (v Value) Float() float64 { return v.num }

// Truth returns the truth value of a KindBool value, else false.
func (v Value) Truth() bool { return v.kind == KindBool && v.unix == 1 }

// Unix returns the seconds of a KindTime value, else 0.
func (v Value) Unix() int64 {
	if v.kind != KindTime {
		return 0
	}
	return v.unix
}

// Strings returns a copy of the list of a KindList value, else nil.
func (v Value) Strings() []string { return slices.Clone(v.list) }

// Equal reports whether v and w have the same kind and content.
func (v Value) Equal(w Value) bool {
	return v.kind == w.kind && v.str == w.str && v.num == w.num && v.unix == w.unix && slices.Equal(v.list, w.list)
}

// String returns the value as text from which ParseValue makes the same value again: numbers in decimal, true or false,
// times as RFC 3339 in UTC, lists as JSON, strings as they are unless they would be read as something else, then in JSON
// quotes.
func (v Value) String() string {
	switch v.kind {
	case KindNumber:
		return strconv.FormatFloat(v.num, 'g', -1, 64)
	case KindBool:
		return strconv.FormatBool(v.unix == 1)
	case KindTime:
		t := time.Unix(v.unix, 0).UTC()
		if y := t.Year(); y < 0 || y > 9999 {
			return "@" + strconv.FormatInt(v.unix, 10) // RFC 3339 has four digits for the year
		}
		return t.Format(time.RFC3339)
	case KindList:
		return jsonText(append([]string{}, v.list...))
	}
	if p, err := ParseValue(v.str); err != nil || p.kind != KindString || p.str != v.str {
		return jsonText(v.str)
	}
	return v.str
}

// ParseValue reads the text form of a value, see Value.String. What has no other form is a string, so any valid UTF-8
// that does not start with a quote or a bracket is accepted. It returns ErrBadRecord for text that starts like JSON but
// is not, and for numbers out of range.
func ParseValue(s string) (Value, error) {
	switch {
	case s == "":
		return Value{}, nil
	case s == "true", s == "false":
		return Bool(s == "true"), nil
	case s[0] == '"':
		var str string
		if err := json.Unmarshal([]byte(s), &str); err != nil {
			return Value{}, fmt.Errorf("graph: quoted value is no JSON string: %w", ErrBadRecord)
		}
		return String(str), nil
	case s[0] == '[':
		return parseList(s)
	case s[0] == '@':
		if n, err := strconv.ParseInt(s[1:], 10, 64); err == nil {
			return Time(n), nil
		}
		return String(s), nil
	}
	if strings.IndexByte("+-.0123456789", s[0]) < 0 {
		return String(s), nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil && t.Nanosecond() == 0 {
		return Time(t.Unix()), nil
	}
	return parseNumber(s)
}

// parseNumber reads a decimal number; what only Go would call a number (hexadecimal, underscores, Inf) is a string.
func parseNumber(s string) (Value, error) {
	if strings.Trim(s, "+-.0123456789eE") != "" {
		return String(s), nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if math.IsInf(f, 0) {
		return Value{}, fmt.Errorf("graph: number %s is out of range: %w", quoted(s), ErrBadRecord)
	}
	if err != nil {
		return String(s), nil
	}
	return Number(f), nil
}

func parseList(s string) (Value, error) {
	var list []string
	if err := json.Unmarshal([]byte(s), &list); err != nil {
		return Value{}, fmt.Errorf("graph: list value is no JSON array of strings: %w", ErrBadRecord)
	}
	return Value{kind: KindList, list: list}, nil
}

// jsonText encodes a string or a list of strings without the HTML escapes of json.Marshal.
func jsonText(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "" // strings and lists of strings always encode
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// quoted returns at most the first 24 bytes of s in quotes: enough to find a record, too little to be a leak of it.
func quoted(s string) string {
	const most = 24
	if len(s) <= most {
		return strconv.Quote(s)
	}
	return strconv.Quote(strings.ToValidUTF8(s[:most], "")) + "…"
}
