package rdf

import (
	"strings"
	"unicode/utf8"
)

// node reads an IRI, a prefixed name, a blank node label, a number or a truth value. IRIs of predicates are shared.
func (t *turtle) node(c byte, predicate bool) Term {
	switch {
	case c == '<':
		return Term{Kind: IRI, Value: t.iriref()}
	case c == '_':
		return t.blank()
	case classes[c]&digit != 0 || c == '+' || c == '-' || c == '.':
		return t.number()
	}
	if iri, ok := t.quickName(predicate); ok {
		return Term{Kind: IRI, Value: iri}
	}
	n := t.prefixLength()
	if t.at(n) == ':' {
		ns, ok := t.prefixes[string(t.buf[t.pos:t.pos+n])]
		if !ok {
			t.fail("prefix %q is not declared", clip(t.buf[t.pos:t.pos+n])+":")
		}
		t.pos += n + 1
		return Term{Kind: IRI, Value: t.local(ns)}
	}
	switch w := string(t.buf[t.pos : t.pos+n]); w {
	case "true", "false":
		t.pos += n
		return Term{Kind: Literal, Value: w, Datatype: xsdBoolean}
	}
	if c == '{' || c == '~' {
		t.fail(reasonAnnot12)
	}
	t.fail("%q is not understood here", t.glimpse())
	return Term{}
}

// glimpse returns what stands at the cursor, for a message.
func (t *turtle) glimpse() string {
	b := t.buf[t.pos:]
	if i := strings.IndexAny(string(b[:min(len(b), 24)]), " \t\r\n"); i > 0 {
		b = b[:i]
	}
	return clip(b[:min(len(b), 24)])
}

// quickName reads a prefixed name of plain ASCII letters, digits, - and _, which nearly all are.
func (t *turtle) quickName(predicate bool) (string, bool) {
	i, n := t.pos, len(t.buf)
	if i < n && t.buf[i] != ':' && classes[t.buf[i]]&nameStart == 0 {
		return "", false
	}
	for i < n && classes[t.buf[i]]&nameRest != 0 {
		i++
	}
	if i >= n || t.buf[i] != ':' {
		return "", false
	}
	colon := i
	i++
	if i < n && t.buf[i] == '-' {
		return "", false // a local name may not begin with it
	}
	for i < n && classes[t.buf[i]]&nameRest != 0 {
		i++
	}
	if i >= n {
		return "", false
	}
	switch c := t.buf[i]; {
	case c == '.', c == ':', c == '%', c == '\\', c >= utf8.RuneSelf:
		return "", false
	}
	token := t.buf[t.pos:i]
	if predicate {
		if iri, ok := t.names[string(token)]; ok {
			t.pos = i
			return iri, true
		}
	}
	ns, ok := t.prefixes[string(t.buf[t.pos:colon])]
	if !ok {
		return "", false
	}
	iri := ns + string(t.buf[colon+1:i])
	if predicate && len(t.names) < maxShared && len(iri) <= maxSharedLen {
		t.names[string(token)] = iri
	}
	t.pos = i
	return iri, true
}

// prefixLength returns the length of the prefix at the cursor: PN_PREFIX, perhaps empty.
func (t *turtle) prefixLength() int {
	i, last := 0, 0
	for {
		r, n := t.runeAt(i)
		switch {
		case n == 0:
			return last
		case i == 0 && isBase(r), i > 0 && isName(r):
			last = i + n
		case i > 0 && r == '.':
		default:
			return last
		}
		i += n
	}
}

func (t *turtle) blank() Term {
	if t.at(1) != ':' {
		t.fail("bad blank node label")
	}
	i, last := 2, 0
	for {
		r, n := t.runeAt(i)
		if n == 0 || !(i == 2 && isLabelStart(r) || i > 2 && (isName(r) || r == '.')) {
			break
		}
		i += n
		if r != '.' {
			last = i
		}
	}
	if last == 0 {
		t.fail("bad blank node label")
	}
	label := string(t.take(last)[2:])
	if rest, ok := strings.CutPrefix(label, "genid-"); ok {
		label = "genid-l" + rest
	}
	return Term{Kind: Blank, Value: label}
}

// local reads the local part of a prefixed name, PN_LOCAL, with its escapes.
func (t *turtle) local(ns string) string {
	out := append(t.tmp[:0], ns...)
	i, keep, keepOut := 0, 0, len(out)
	for {
		r, n := t.runeAt(i)
		switch {
		case n == 0:
		case r == '%':
			a, b := t.at(i+1), t.at(i+2)
			if classes[a]&classes[b]&hexDigit == 0 {
				t.fail("bad %%-escape in a name")
			}
			out = append(out, '%', a, b)
			i += 3
			keep, keepOut = i, len(out)
			continue
		case r == '\\':
			e := t.at(i + 1)
			if e == 0 || strings.IndexByte("_~.-!$&'()*+,;=/?#@%", e) < 0 {
				t.fail("bad escape in a name")
			}
			out = append(out, e)
			i += 2
			keep, keepOut = i, len(out)
			continue
		case r == ':', i == 0 && isLabelStart(r), i > 0 && isName(r):
			out = utf8.AppendRune(out, r)
			i += n
			keep, keepOut = i, len(out)
			continue
		case i > 0 && r == '.': // inside a name only, so it is kept when something follows
			out = append(out, '.')
			i++
			continue
		}
		break
	}
	t.pos += keep
	t.tmp = out
	return string(out[:keepOut])
}

// number reads an integer, decimal or double.
func (t *turtle) number() Term {
	i := 0
	if c := t.at(0); c == '+' || c == '-' {
		i++
	}
	digits := func(i int) int {
		n := 0
		for classes[t.at(i+n)]&digit != 0 {
			n++
		}
		return n
	}
	exponent := func(i int) int {
		if t.at(i)|0x20 != 'e' {
			return 0
		}
		n := 1
		if c := t.at(i + 1); c == '+' || c == '-' {
			n++
		}
		d := digits(i + n)
		if d == 0 {
			return 0
		}
		return n + d
	}
	whole := digits(i)
	i += whole
	datatype := xsdInteger
	if t.at(i) == '.' {
		if d := digits(i + 1); d > 0 {
			i += 1 + d
			datatype = xsdDecimal
		} else if whole > 0 && exponent(i+1) > 0 {
			i++
			datatype = xsdDecimal
		}
	}
	if whole == 0 && datatype == xsdInteger {
		t.fail("bad number")
	}
	if n := exponent(i); n > 0 {
		i += n
		datatype = xsdDouble
	}
	if r, n := t.runeAt(i); n > 0 && (isName(r) || r == ':') {
		t.fail("bad number")
	}
	return Term{Kind: Literal, Value: string(t.take(i)), Datatype: datatype}
}

// iriref reads <…> and resolves it.
func (t *turtle) iriref() string {
	if t.at(0) != '<' {
		t.fail("%q stands where an IRI should be", t.glimpse())
	}
	i, high := 1, byte(0)
	for t.have(i) && classes[t.buf[t.pos+i]]&notInIRI == 0 {
		high |= t.buf[t.pos+i]
		i++
	}
	if !t.have(i) {
		t.fail("an IRI is opened and never closed")
	}
	text := t.buf[t.pos+1 : t.pos+i]
	if t.buf[t.pos+i] != '>' {
		text, i = t.escapedIRI(i)
		high = 0x80
	}
	if high >= utf8.RuneSelf && !utf8.Valid(text) {
		t.fail(reasonUTF8)
	}
	iri := string(text)
	if !hasScheme(text) {
		switch {
		case t.base != "":
			iri = Resolve(t.base, iri)
		case !t.o.LenientIRIs || iri == "":
			t.fail(reasonRelative, clip(text))
		}
	}
	t.pos += i + 1
	return iri
}

// escapedIRI reads on from i places ahead, where something other than a plain character stands.
func (t *turtle) escapedIRI(i int) ([]byte, int) {
	out := append(t.tmp[:0], t.buf[t.pos+1:t.pos+i]...)
	for t.have(i) {
		switch c := t.buf[t.pos+i]; {
		case c == '>':
			t.tmp = out
			return out, i
		case c == '<' && i == 1:
			t.fail(reasonTriple12)
		case c == '\\':
			t.have(i + 9)
			r, n := codePoint(t.buf[t.pos+i:])
			if n == 0 || r < 0x80 && classes[r]&notInIRI != 0 {
				t.fail("bad escape in an IRI")
			}
			out = utf8.AppendRune(out, r)
			i += n
		case classes[c]&notInIRI != 0:
			t.fail("character %q is not allowed in an IRI", c)
		default:
			out = append(out, c)
			i++
		}
	}
	t.fail("an IRI is opened and never closed")
	return nil, 0
}
