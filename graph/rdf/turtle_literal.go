package rdf

import (
	"strings"
	"unicode/utf8"
)

// literal reads a quoted string with its language or datatype. q is the quote it starts with.
func (t *turtle) literal(q byte) Term {
	v := Term{Kind: Literal}
	if t.at(1) == q && t.at(2) == q {
		t.pos += 3
		v.Value = t.quoted(q, true)
	} else {
		t.pos++
		v.Value = t.quoted(q, false)
	}
	t.space() // tokens may stand apart
	switch c := t.at(0); {
	case c == '@':
		n := 1
		for c := t.at(n); classes[c]&(nameStart|digit) != 0 || c == '-'; c = t.at(n) {
			n++
		}
		tag := t.buf[t.pos+1 : t.pos+n]
		k := languageTag(tag)
		if strings.HasPrefix(string(tag[k:]), "--") && k > 0 {
			t.fail(reasonDir12)
		}
		if k == 0 || k != len(tag) {
			t.fail("bad language tag")
		}
		v.Lang = t.name(tag)
		t.pos += n
	case c == '^' && t.at(1) == '^':
		t.pos += 2
		d := t.node(t.peek(), true)
		if d.Kind != IRI {
			t.fail("a datatype must be an IRI")
		}
		if d.Value != xsdString {
			v.Datatype = d.Value
		}
	}
	return v
}

// name returns a language tag as a shared string; a tag cannot be mistaken for a prefixed name, which has a colon.
func (t *turtle) name(b []byte) string {
	if s, ok := t.names[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(t.names) < maxShared && len(s) <= maxSharedLen {
		t.names[s] = s
	}
	return s
}

// quoted reads up to the closing quote and past it; the cursor stands behind the opening one.
func (t *turtle) quoted(q byte, long bool) string {
	i, from, escaped, high := 0, 0, false, byte(0)
	out := t.tmp[:0]
	for {
		if !t.have(i) {
			t.fail("a string is opened and never closed")
		}
		c := t.buf[t.pos+i]
		high |= c
		switch {
		case c == q && (!long || t.at(i+1) == q && t.at(i+2) == q):
			text := t.buf[t.pos+from : t.pos+i]
			if escaped {
				out = append(out, text...)
				text = out
			}
			t.tmp = out
			if high >= utf8.RuneSelf && !utf8.Valid(text) {
				t.fail(reasonUTF8)
			}
			s := string(text)
			t.endString(i, long)
			return s
		case c == '\\':
			out = append(out, t.buf[t.pos+from:t.pos+i]...)
			escaped = true
			t.have(i + 9)
			rest := t.buf[t.pos+i:]
			if len(rest) > 1 && unescape(rest[1]) != 0 {
				out = append(out, unescape(rest[1]))
				i += 2
			} else {
				r, n := codePoint(rest)
				if n == 0 {
					t.fail("bad escape in a string")
				}
				out = utf8.AppendRune(out, r)
				i += n
			}
			from = i
		case (c == '\n' || c == '\r') && !long:
			t.fail("line end in a string of one line")
		default:
			i++
		}
	}
}

// endString moves the cursor past the closing quote and counts the lines of a long string.
func (t *turtle) endString(n int, long bool) {
	if !long {
		t.pos += n + 1
		return
	}
	for _, c := range t.buf[t.pos : t.pos+n] {
		t.pos++
		if c == '\n' {
			t.newLine()
		}
	}
	t.pos += 3
}
