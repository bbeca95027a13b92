package rdf

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"iter"
	"unicode/utf8"
)

// NTriples yields the statements of an N-Triples document in order. A line that breaks the grammar yields a
// *SyntaxError and costs that line only; any other error is the last thing that is yielded.
func NTriples(r io.Reader, o Options) iter.Seq2[Statement, error] { return lines(r, o, false) }

// NQuads is NTriples for N-Quads: a statement may have a graph.
func NQuads(r io.Reader, o Options) iter.Seq2[Statement, error] { return lines(r, o, true) }

func lines(r io.Reader, o Options, quads bool) iter.Seq2[Statement, error] {
	return func(yield func(Statement, error) bool) {
		p := &lineParser{r: bufio.NewReaderSize(r, 256<<10), o: o.withDefaults(), quads: quads, shared: map[string]string{}}
		for {
			s, err := p.next()
			if err == io.EOF {
				return
			}
			_, skip := err.(*SyntaxError)
			if !yield(s, err) || err != nil && !skip {
				return
			}
			if skip {
				p.buf, p.pos = nil, 0
			}
		}
	}
}

// lineParser reads one line at a time; pos is the cursor in buf. Carriage returns end lines too, so buf may hold several.
type lineParser struct {
	r       *bufio.Reader
	o       Options
	quads   bool
	line    int64
	buf     []byte
	pos     int
	long    []byte // a line that is longer than the reader's buffer
	tmp     []byte // unescaped text
	subject string // of the statement before: statements about one thing come together
	shared  map[string]string
}

const (
	maxShared    = 4096 // predicates, datatypes and language tags whose strings are shared
	maxSharedLen = 1024 // longer ones are not worth the memory
	maxSkip      = 64 << 20
)

func (p *lineParser) fail(format string, args ...any) error {
	return &SyntaxError{p.line, p.pos + 1, fmt.Sprintf(format, args...), p.buf}
}

// nextLine reads on to the next \n.
func (p *lineParser) nextLine() error {
	p.buf, p.pos, p.long = nil, 0, p.long[:0]
	for {
		b, err := p.r.ReadSlice('\n')
		if err == bufio.ErrBufferFull {
			if p.long = append(p.long, b...); len(p.long) > p.o.MaxLine {
				return p.skipLong()
			}
			continue
		}
		if err != nil && (err != io.EOF || len(b)+len(p.long) == 0) {
			return err
		}
		if len(p.long) > 0 {
			p.long = append(p.long, b...)
			b = p.long
		}
		p.line++
		p.buf = bytes.TrimSuffix(b, []byte{'\n'})
		if len(p.buf) > p.o.MaxLine {
			p.buf = p.buf[:200]
			return p.fail("the line is longer than %d bytes", p.o.MaxLine)
		}
		if !utf8.Valid(p.buf) {
			for p.pos < len(p.buf) {
				r, n := utf8.DecodeRune(p.buf[p.pos:])
				if r == utf8.RuneError && n == 1 {
					break
				}
				p.pos += n
			}
			return p.fail(reasonUTF8)
		}
		if p.line == 1 {
			if bytes.HasPrefix(p.buf, []byte("\ufeff")) {
				p.pos = 3 // a mark that some editors put before UTF-8 text
			}
		}
		return nil
	}
}

// skipLong drops the rest of a line beyond the limit; it gives up where no end comes in sight.
func (p *lineParser) skipLong() error {
	p.line++
	p.buf = p.long[:200]
	for dropped := 0; dropped < maxSkip; {
		b, err := p.r.ReadSlice('\n')
		dropped += len(b)
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil && err != io.EOF {
			return err
		}
		return p.fail("the line is longer than %d bytes", p.o.MaxLine)
	}
	return fmt.Errorf("%w: line %d does not end within %d MiB", ErrLimit, p.line, maxSkip>>20)
}

// next returns the next statement.
func (p *lineParser) next() (s Statement, err error) {
	if err := p.seek(); err != nil {
		return s, err
	}
	if s.Subject, err = p.resource("a subject"); err != nil {
		return s, err
	}
	p.space()
	if s.Predicate, err = p.iri(often, "a predicate"); err != nil {
		return s, err
	}
	p.space()
	if s.Object, err = p.object(); err != nil {
		return s, err
	}
	p.space()
	if p.quads && p.pos < len(p.buf) && p.buf[p.pos] != '.' {
		if s.Graph, err = p.graph(); err != nil {
			return s, err
		}
		p.space()
	}
	s.Line = p.line
	return s, p.end()
}

// seek moves the cursor to the next statement.
func (p *lineParser) seek() error {
	for {
		for p.pos < len(p.buf) {
			switch p.buf[p.pos] {
			case ' ', '\t', '\r':
				p.pos++
			case '#':
				p.comment()
			default:
				return nil
			}
		}
		if err := p.nextLine(); err != nil {
			return err
		}
	}
}

func (p *lineParser) comment() {
	if i := bytes.IndexByte(p.buf[p.pos:], '\r'); i >= 0 {
		p.pos += i + 1
	} else {
		p.pos = len(p.buf)
	}
}

// end takes the dot and what may follow it on the line.
func (p *lineParser) end() error {
	if p.pos >= len(p.buf) || p.buf[p.pos] != '.' {
		if !p.quads && p.pos < len(p.buf) && (p.buf[p.pos] == '<' || p.buf[p.pos] == '_') {
			return p.fail("a fourth term: is this N-Quads?")
		}
		return p.fail("the statement does not end with a dot")
	}
	p.pos++
	p.space()
	if p.pos < len(p.buf) && p.buf[p.pos] != '#' && p.buf[p.pos] != '\r' {
		return p.fail("text behind the dot")
	}
	return nil
}

func (p *lineParser) space() {
	for p.pos < len(p.buf) && (p.buf[p.pos] == ' ' || p.buf[p.pos] == '\t') {
		p.pos++
	}
}

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
