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
