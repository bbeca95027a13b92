package tabular

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Object is one line of a JSON Lines file. Raw is valid until the next Read; members own their text.
type Object struct {
	Line    int64
	Members []Member // in the order of the file, keys distinct
	// Twice is a key that stands there again with another value, "" if none does. JSON allows it and leaves to the reader
	// what it means; Members has the first value, and who takes it loses the other.
	Twice string
	Raw   []byte
}

// Member is one key of an object with its value.
type Member struct {
	Key   string
	Value JSON
}

// JSON is a checked JSON value: its text has been parsed once, so no method fails on syntax.
type JSON struct {
	// Text is the unquoted string, or the literal as it stands: 1e3, true, null, [1, 2].
	Text   string
	quoted bool
}

// JSONString returns the JSON value of a string.
func JSONString(s string) JSON { return JSON{Text: s, quoted: true} }

// Kind returns 's' for a string, '0' number, 'b' true or false, 'n' null, '[' array, '{' object.
func (v JSON) Kind() byte {
	if v.quoted {
		return 's'
	}
	switch c := v.Text[0]; c {
	case 'n', '[', '{':
		return c
	case 't', 'f':
		return 'b'
	}
	return '0'
}

// Floats appends the numbers of an array to dst. It fails for anything but an array of finite float32 numbers.
func (v JSON) Floats(dst []float32) ([]float32, error) {
	if v.Kind() != '[' {
		return dst, errors.New("not an array of numbers")
	}
	inside := strings.TrimSpace(v.Text[1 : len(v.Text)-1])
	if inside == "" {
		return dst, nil
	}
	for i, s := range strings.Split(inside, ",") {
		f, err := strconv.ParseFloat(strings.TrimSpace(s), 32)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return dst, fmt.Errorf("element %d is not a finite number", i+1)
		}
		dst = append(dst, float32(f))
	}
	return dst, nil
}

// Strings returns the elements of an array as text. ok is false for anything but an array of strings, numbers and truth values.
func (v JSON) Strings() (list []string, ok bool) {
	if v.Kind() != '[' {
		return nil, false
	}
	d := jsontext.NewDecoder(strings.NewReader(v.Text))
	if _, err := d.ReadToken(); err != nil {
		return nil, false
	}
	list = []string{}
	for d.PeekKind() != ']' {
		t, err := d.ReadToken()
		if err != nil || t.Kind() == '[' || t.Kind() == '{' || t.Kind() == 'n' {
			return nil, false
		}
		list = append(list, t.String())
	}
	return list, true
}

// Members returns the members of an object, nil for anything else, and a key that stands there twice, see Object.
func (v JSON) Members() (members []Member, twice string) {
	if v.Kind() != '{' {
		return nil, ""
	}
	p := objectParser{d: jsontext.NewDecoder(strings.NewReader(v.Text), jsontext.AllowDuplicateNames(true))}
	members, _ = p.members(nil)
	return members, p.twice
}

// JSONReader reads JSON Lines: one object a line, after RFC 8259 at its strictest (valid UTF-8, no lone surrogates, no
// trailing text). A member that is repeated word for word counts once; see Object.Twice for others. Empty lines are passed
// over.
type JSONReader struct {
	w       window
	src     bytes.Reader
	p       objectParser
	members []Member
}

// NewJSON returns a reader of JSON Lines.
func NewJSON(r io.Reader) *JSONReader {
	j := &JSONReader{w: newWindow(r)}
	j.p = objectParser{d: jsontext.NewDecoder(&j.src, jsontext.AllowDuplicateNames(true)), keys: map[string]string{}}
	return j
}

// Read returns the next object, io.EOF at the end, a *RowError for a line that is no such object (the next call goes on
// behind it), or the error that ends the file.
func (j *JSONReader) Read() (Object, error) {
	for {
		line, err := j.w.next()
		if err != nil {
			return Object{}, err
		}
		if len(bytes.TrimLeft(line, " \t\r")) == 0 {
			continue
		}
		j.src.Reset(line)
		j.p.d.Reset(&j.src, jsontext.AllowDuplicateNames(true))
		members, reason := j.p.members(j.members[:0])
		if reason == "" {
			if _, err := j.p.d.ReadToken(); err != io.EOF {
				reason = "text follows the object"
			}
		}
		if reason != "" {
			return Object{}, &RowError{Line: j.w.line, Reason: reason, Raw: line}
		}
		j.members = members
		return Object{Line: j.w.line, Members: members, Twice: j.p.twice, Raw: line}, nil
	}
}

// objectParser turns tokens into members; keys are shared between the lines of a file, up to a bound.
type objectParser struct {
	d     *jsontext.Decoder
	keys  map[string]string
	twice string         // of the object read last
	seen  map[string]int // positions of its keys, when there are many
}

// fewMembers is up to how many members a key is looked for among them, one after the other.
const fewMembers = 16

// position returns where a key stands among the members, -1 if it does not.
func (p *objectParser) position(of []Member, key string) int {
	if len(of) < fewMembers {
		return slices.IndexFunc(of, func(m Member) bool { return m.Key == key })
	}
	if len(of) == fewMembers {
		p.seen = map[string]int{}
		for i, m := range of {
			p.seen[m.Key] = i
		}
	}
	if i, ok := p.seen[key]; ok {
		return i
	}
	p.seen[key] = len(of) // where it is about to be
	return -1
}

// members reads one object and appends its members. It returns why the text is no object.
func (p *objectParser) members(dst []Member) ([]Member, string) {
	p.twice = ""
	t, err := p.d.ReadToken()
	if err != nil {
		return nil, jsonReason(err)
	}
	if t.Kind() != '{' {
		return nil, "the line is not a JSON object"
	}
	for p.d.PeekKind() != '}' {
		t, err := p.d.ReadToken()
		if err != nil {
			return nil, jsonReason(err)
		}
		m := Member{Key: p.key(t.String())}
		if len(m.Key) > MaxField {
			return nil, "a key is longer than 1 MiB"
		}
		raw, err := p.d.ReadValue()
		if err != nil {
			return nil, jsonReason(err)
		}
		if raw.Kind() != '"' {
			m.Value.Text = string(raw)
		} else if m.Value, err = unquote(raw); err != nil {
			return nil, err.Error()
		} else if len(m.Value.Text) > MaxField {
			return nil, "the value of " + strconv.Quote(m.Key[:min(len(m.Key), 100)]) + " is longer than 1 MiB"
		}
		switch i := p.position(dst, m.Key); {
		case i < 0:
			dst = append(dst, m)
		case dst[i] != m:
			p.twice = m.Key
		}
	}
	if _, err := p.d.ReadToken(); err != nil {
		return nil, jsonReason(err)
	}
	return dst, ""
}

func (p *objectParser) key(s string) string {
	if k, ok := p.keys[s]; ok {
		return k
	}
	if p.keys != nil && len(p.keys) < 1024 && len(s) <= 256 {
		p.keys[s] = s
	}
	return s
}

func unquote(raw jsontext.Value) (JSON, error) {
	if bytes.IndexByte(raw, '\\') < 0 {
		return JSONString(string(raw[1 : len(raw)-1])), nil
	}
	b, err := jsontext.AppendUnquote(nil, []byte(raw))
	if err != nil {
		return JSON{}, errors.New("a string is malformed")
	}
	if bytes.IndexByte(b, 0) >= 0 {
		return JSON{}, errors.New("a string holds a NUL character")
	}
	return JSONString(string(b)), nil
}

// jsonReason makes one short sentence of what the JSON package says.
func jsonReason(err error) string {
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		what := "malformed"
		if syntax.Err != nil {
			what = strings.TrimPrefix(syntax.Err.Error(), "jsontext: ")
		}
		return fmt.Sprintf("not valid JSON at byte %d: %s", syntax.ByteOffset+1, what)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "not valid JSON: the line ends too early"
	}
	return "not valid JSON: " + strings.TrimPrefix(err.Error(), "jsontext: ")
}
