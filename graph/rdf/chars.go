package rdf

import "unicode/utf8"

// class is a set of properties of an ASCII byte. The table is written once, at compile time by way of a function.
type class uint8

const (
	notInIRI  class = 1 << iota // may not stand raw between < and >
	nameStart                   // PN_CHARS_BASE below 0x80
	nameRest                    // PN_CHARS below 0x80: letters, digits, _ and -
	hexDigit
	digit
)

var classes = classify()

func classify() (t [256]class) {
	for c := range 256 {
		b := byte(c)
		letter := b|0x20 >= 'a' && b|0x20 <= 'z'
		num := b >= '0' && b <= '9'
		if b <= 0x20 {
			t[c] |= notInIRI
		}
		if letter {
			t[c] |= nameStart
		}
		if letter || num || b == '_' || b == '-' {
			t[c] |= nameRest
		}
		if num || b|0x20 >= 'a' && b|0x20 <= 'f' {
			t[c] |= hexDigit
		}
		if num {
			t[c] |= digit
		}
	}
	for _, c := range []byte("<>\"{}|^`\\") {
		t[c] |= notInIRI
	}
	return t
}

// isBase is PN_CHARS_BASE of the grammars.
func isBase(r rune) bool {
	switch {
	case r < 0x80:
		return r >= 0 && classes[r]&nameStart != 0
	case r < 0xC0:
		return false
	case r <= 0xD6, r >= 0xD8 && r <= 0xF6, r >= 0xF8 && r <= 0x2FF, r >= 0x370 && r <= 0x37D,
		r >= 0x37F && r <= 0x1FFF, r >= 0x200C && r <= 0x200D, r >= 0x2070 && r <= 0x218F,
		r >= 0x2C00 && r <= 0x2FEF, r >= 0x3001 && r <= 0xD7FF, r >= 0xF900 && r <= 0xFDCF,
		r >= 0xFDF0 && r <= 0xFFFD, r >= 0x10000 && r <= 0xEFFFF:
		return true
	}
	return false
}

// isName is PN_CHARS of the grammars.
func isName(r rune) bool {
	if r >= 0 && r < 0x80 {
		return classes[r]&nameRest != 0
	}
	return isBase(r) || r == 0xB7 || r >= 0x300 && r <= 0x36F || r >= 0x203F && r <= 0x2040
}

// isLabelStart may begin a blank node label or, beside the colon, a local name: PN_CHARS_U or a digit.
func isLabelStart(r rune) bool { return isBase(r) || r == '_' || r >= '0' && r <= '9' }

// unescape decodes \t, \n and the like to one byte; 0 for anything else.
func unescape(c byte) byte {
	switch c {
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 'f':
		return '\f'
	case '"', '\'', '\\':
		return c
	}
	return 0
}

// codePoint decodes \uXXXX or \UXXXXXXXX at the start of b. n is its length, 0 when it is malformed or no character.
func codePoint(b []byte) (r rune, n int) {
	if len(b) < 2 {
		return 0, 0
	}
	switch b[1] {
	case 'u':
		n = 6
	case 'U':
		n = 10
	}
	if n == 0 || len(b) < n {
		return 0, 0
	}
	var v uint32
	for _, c := range b[2:n] {
		if classes[c]&hexDigit == 0 {
			return 0, 0
		}
		d := uint32(c & 0xF)
		if c > '9' {
			d += 9
		}
		v = v<<4 | d
	}
	if v > utf8.MaxRune || !utf8.ValidRune(rune(v)) {
		return 0, 0
	}
	return rune(v), n
}

// languageTag returns the length of the tag at the start of b, 0 when there is none: [a-zA-Z]+ ('-' [a-zA-Z0-9]+)*.
func languageTag(b []byte) int {
	i := 0
	for i < len(b) && classes[b[i]]&nameStart != 0 {
		i++
	}
	if i == 0 {
		return 0
	}
	for i+1 < len(b) && b[i] == '-' && classes[b[i+1]]&(nameStart|digit) != 0 {
		i += 2
		for i < len(b) && classes[b[i]]&(nameStart|digit) != 0 {
			i++
		}
	}
	return i
}
