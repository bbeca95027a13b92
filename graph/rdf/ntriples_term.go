package rdf

import (
	"bytes"
	"unicode/utf8"
)

func (p *lineParser) resource(what string) (Term, error) {
	if p.pos < len(p.buf) && p.buf[p.pos] == '_' {
		return p.blank()
	}
	return p.iri(asSubject, what)
}

func (p *lineParser) graph() (Term, error) {
	if p.buf[p.pos] == '_' {
		return p.blank()
	}
	return p.iri(often, "a graph or the dot")
}

func (p *lineParser) object() (Term, error) {
	if p.pos < len(p.buf) {
		switch p.buf[p.pos] {
		case '_':
			return p.blank()
		case '"':
			return p.literal()
		}
	}
	return p.iri(once, "an object")
}

// share returns b as a string, the same one for the same bytes as long as there are not too many.
func (p *lineParser) share(b []byte) string {
	if s, ok := p.shared[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(p.shared) < maxShared && len(s) <= maxSharedLen {
		p.shared[s] = s
	}
	return s
}

// use tells how often an IRI is likely to come again.
type use uint8

const (
	once      use = iota
	often         // predicates, datatypes, graphs: strings are shared
	asSubject     // likely the one of the statement before
)

// iri reads <…>.
func (p *lineParser) iri(u use, what string) (Term, error) {
	if p.pos >= len(p.buf) || p.buf[p.pos] != '<' {
		return Term{}, p.unexpected(what)
	}
	b := p.buf[p.pos+1:]
	i := 0
	for i < len(b) && classes[b[i]]&notInIRI == 0 {
		i++
	}
	text := b[:i]
	if i >= len(b) || b[i] != '>' {
		var err error
		if text, i, err = p.escapedIRI(b, i); err != nil {
			return Term{}, err
		}
	}
	if !hasScheme(text) {
		switch {
		case p.o.Base != "":
			text = []byte(Resolve(p.o.Base, string(text)))
		case !p.o.LenientIRIs || len(text) == 0:
			return Term{}, p.fail(reasonRelative, clip(text))
		}
	}
	p.pos += i + 2
	switch {
	case u == once:
		return Term{Kind: IRI, Value: string(text)}, nil
	case u == often:
		return Term{Kind: IRI, Value: p.share(text)}, nil
	case p.subject != string(text):
		p.subject = string(text)
	}
	return Term{Kind: IRI, Value: p.subject}, nil
}

// escapedIRI reads on from b[i], where something other than a plain character stands.
func (p *lineParser) escapedIRI(b []byte, i int) ([]byte, int, error) {
	if i == 0 && b != nil && len(b) > 0 && b[0] == '<' {
		return nil, 0, p.fail(reasonTriple12)
	}
	p.tmp = append(p.tmp[:0], b[:i]...)
	for i < len(b) {
		switch c := b[i]; {
		case c == '>':
			return p.tmp, i, nil
		case c == '\\':
			r, n := codePoint(b[i:])
			if n == 0 || r < 0x80 && classes[r]&notInIRI != 0 {
				p.pos += i + 1
				return nil, 0, p.fail("bad escape in an IRI")
			}
			p.tmp = utf8.AppendRune(p.tmp, r)
			i += n
		case classes[c]&notInIRI != 0:
			p.pos += i + 1
			return nil, 0, p.fail("character %q is not allowed in an IRI", c)
		default:
			p.tmp = append(p.tmp, c)
			i++
		}
	}
	return nil, 0, p.fail("an IRI is opened and never closed")
}

// unexpected says what stands where a term should.
func (p *lineParser) unexpected(what string) error {
	rest := p.buf[p.pos:]
	switch {
	case len(rest) == 0:
		return p.fail("the line ends where %s should be", what)
	case bytes.HasPrefix(rest, []byte("VERSION")):
		return p.fail(reasonVersion12)
	case bytes.HasPrefix(rest, []byte("@prefix")), bytes.HasPrefix(rest, []byte("@base")):
		return p.fail("this is Turtle: try --input-format turtle")
	}
	return p.fail("%q stands where %s should be", clip(rest), what)
}

func (p *lineParser) blank() (Term, error) {
	b := p.buf[p.pos:]
	n := 0
	if len(b) > 2 && b[1] == ':' {
		n = blankLabel(b[2:])
	}
	if n == 0 {
		return Term{}, p.fail("bad blank node label")
	}
	p.pos += 2 + n
	return Term{Kind: Blank, Value: string(b[2 : 2+n])}, nil
}

// blankLabel returns the length of the label at the start of b: dots may stand inside it but not at its end.
func blankLabel(b []byte) int {
	i, last := 0, 0
	for i < len(b) {
		r, n := rune(b[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(b[i:])
		}
		switch {
		case i == 0 && isLabelStart(r), i > 0 && isName(r):
			last = i + n
		case i > 0 && r == '.':
		default:
			return last
		}
		i += n
	}
	return last
}

func (p *lineParser) literal() (Term, error) {
	b := p.buf[p.pos+1:]
	i := 0
	for i < len(b) && b[i] != '"' && b[i] != '\\' && b[i] != '\r' {
		i++
	}
	t := Term{Kind: Literal}
	if i < len(b) && b[i] == '"' {
		t.Value = string(b[:i])
	} else {
		var err error
		if i, err = p.escapedLiteral(b, i); err != nil {
			return Term{}, err
		}
		t.Value = string(p.tmp)
	}
	p.pos += i + 2
	rest := p.buf[p.pos:]
	switch {
	case len(rest) > 0 && rest[0] == '@':
		n := languageTag(rest[1:])
		if n == 0 {
			return Term{}, p.fail("bad language tag")
		}
		if bytes.HasPrefix(rest[1+n:], []byte("--")) {
			return Term{}, p.fail(reasonDir12)
		}
		t.Lang = p.share(rest[1 : 1+n])
		p.pos += 1 + n
	case len(rest) > 1 && rest[0] == '^' && rest[1] == '^':
		p.pos += 2
		dt, err := p.iri(often, "a datatype")
		if err != nil {
			return Term{}, err
		}
		if dt.Value != xsdString {
			t.Datatype = dt.Value
		}
	}
	return t, nil
}

// escapedLiteral reads on from b[i] into tmp and returns where the closing quote stands.
func (p *lineParser) escapedLiteral(b []byte, i int) (int, error) {
	p.tmp = append(p.tmp[:0], b[:i]...)
	for i < len(b) {
		switch c := b[i]; c {
		case '"':
			return i, nil
		case '\r':
			return 0, p.fail("line end in a literal")
		case '\\':
			if i+1 < len(b) && unescape(b[i+1]) != 0 {
				p.tmp = append(p.tmp, unescape(b[i+1]))
				i += 2
				continue
			}
			r, n := codePoint(b[i:])
			if n == 0 {
				p.pos += i + 1
				return 0, p.fail("bad escape in a literal")
			}
			p.tmp = utf8.AppendRune(p.tmp, r)
			i += n
		default:
			p.tmp = append(p.tmp, c)
			i++
		}
	}
	return 0, p.fail("a literal is opened and never closed")
}

// clip shortens text for a message.
func clip(b []byte) string {
	const most = 40
	if len(b) > most {
		return string(bytes.ToValidUTF8(b[:most], nil)) + "…"
	}
	return string(b)
}
