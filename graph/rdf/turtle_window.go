package rdf

import (
	"fmt"
	"io"
	"unicode/utf8"
)

// have reports whether there is a byte i places ahead, reading on where needed.
func (t *turtle) have(i int) bool {
	for t.pos+i >= len(t.buf) {
		if !t.more() {
			return false
		}
	}
	return true
}

// more reads further input behind the unparsed bytes, which may move to the front of the buffer.
func (t *turtle) more() bool {
	if t.err != nil {
		if t.err != io.EOF {
			panic(stop{t.err})
		}
		return false
	}
	if len(t.buf)-t.pos > t.o.MaxLine {
		panic(stop{fmt.Errorf("%w: a token on line %d is longer than %d bytes", ErrLimit, t.line, t.o.MaxLine)})
	}
	if t.pos > 0 {
		n := copy(t.buf, t.buf[t.pos:])
		t.dropped += int64(t.pos)
		t.buf, t.pos = t.buf[:n], 0
	}
	if len(t.buf) == cap(t.buf) {
		t.buf = append(make([]byte, 0, 2*cap(t.buf)), t.buf...)
	}
	n, err := t.r.Read(t.buf[len(t.buf):cap(t.buf)])
	t.buf = t.buf[:len(t.buf)+n]
	t.err = err
	return true
}

// at returns the byte i places ahead, 0 at the end of the input.
func (t *turtle) at(i int) byte {
	if t.pos+i < len(t.buf) {
		return t.buf[t.pos+i]
	}
	if !t.have(i) {
		return 0
	}
	return t.buf[t.pos+i]
}

// runeAt decodes the character i bytes ahead; its size is 0 at the end of the input.
func (t *turtle) runeAt(i int) (rune, int) {
	if !t.have(i) {
		return 0, 0
	}
	if c := t.buf[t.pos+i]; c < utf8.RuneSelf {
		return rune(c), 1
	}
	t.have(i + 3)
	r, n := utf8.DecodeRune(t.buf[t.pos+i:])
	if r == utf8.RuneError && n == 1 {
		t.fail(reasonUTF8)
	}
	return r, n
}

// space passes over blanks, line ends and comments.
func (t *turtle) space() {
	for t.have(0) {
		switch t.buf[t.pos] {
		case ' ', '\t', '\r':
			t.pos++
		case '\n':
			t.pos++
			t.newLine()
		case '#':
			i := 1
			for t.have(i) && t.buf[t.pos+i] != '\n' && t.buf[t.pos+i] != '\r' {
				i++
			}
			if !utf8.Valid(t.buf[t.pos : t.pos+i]) {
				t.fail(reasonUTF8)
			}
			t.pos += i
		default:
			return
		}
	}
}

// newLine notes that a line begins at the cursor.
func (t *turtle) newLine() {
	t.line++
	t.lineStart = t.dropped + int64(t.pos)
}

// peek returns the first byte of the next token, which must exist.
func (t *turtle) peek() byte {
	if t.pos < len(t.buf) {
		if c := t.buf[t.pos]; c > ' ' && c != '#' {
			return c
		}
	}
	t.space()
	if !t.have(0) {
		t.fail("the document ends inside a statement")
	}
	return t.buf[t.pos]
}

func (t *turtle) expect(c byte, after string) {
	if got := t.peek(); got != c {
		switch {
		case got == '{' || got == '~':
			t.fail(reasonAnnot12)
		case got == '<' && t.at(1) == '<':
			t.fail(reasonTriple12)
		}
		t.fail("%q is missing after %s, found %q", c, after, got)
	}
	t.pos++
}

// ahead reports whether the input goes on with w.
func (t *turtle) ahead(w string) bool {
	return t.have(len(w)-1) && string(t.buf[t.pos:t.pos+len(w)]) == w
}

// keyword reports whether the input goes on with the word w, whatever its case.
func (t *turtle) keyword(w string) bool {
	for i := range len(w) {
		if t.at(i)|0x20 != w[i] {
			return false
		}
	}
	r, n := t.runeAt(len(w))
	return n == 0 || !isName(r) && r != ':' && r != '.'
}

func (t *turtle) take(n int) []byte {
	b := t.buf[t.pos : t.pos+n]
	t.pos += n
	return b
}
