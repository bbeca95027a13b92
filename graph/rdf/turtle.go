package rdf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
)

// Turtle yields the triples of a Turtle document in the order in which their objects end. Turtle has no rows to fall
// back to, so the first error, a *SyntaxError or that of the stream, is the last thing that is yielded.
//
// Blank nodes keep their labels; those without one are genid-1, genid-2 and so on in order of appearance, and a label
// that starts with genid- itself becomes genid-l…, so that the two never meet.
func Turtle(r io.Reader, o Options) iter.Seq2[Statement, error] {
	return func(yield func(Statement, error) bool) {
		o = o.withDefaults()
		t := &turtle{
			r: r, o: o, yield: yield, base: o.Base, line: 1, buf: make([]byte, 0, 64<<10),
			prefixes: map[string]string{}, names: map[string]string{},
		}
		if err := t.run(); err != nil && !errors.Is(err, errStopped) {
			yield(Statement{}, err)
		}
	}
}

// errStopped unwinds the parser when the consumer wants no more.
var errStopped = errors.New("rdf: stopped")

// turtle is a recursive-descent parser. It unwinds by panicking with a stop, which never leaves run.
type turtle struct {
	r     io.Reader
	o     Options
	yield func(Statement, error) bool

	buf       []byte // buf[pos:] is read but not parsed
	pos       int
	err       error // sticky error of r
	dropped   int64 // bytes that stood before buf
	line      int64
	lineStart int64 // offset of the line's first byte in the stream

	base     string
	prefixes map[string]string
	names    map[string]string // IRIs of prefixed names that came as predicates
	depth    int
	anon     int

	prefixSize int // bytes of all declarations so far
	tmp        []byte
}

type stop struct{ err error }

func (t *turtle) fail(format string, args ...any) {
	column := t.dropped + int64(t.pos) - t.lineStart + 1
	panic(stop{&SyntaxError{Line: t.line, Column: int(column), Reason: fmt.Sprintf(format, args...)}})
}

func (t *turtle) run() (err error) {
	defer func() {
		if x := recover(); x != nil {
			s, ok := x.(stop)
			if !ok {
				panic(x)
			}
			err = s.err
		}
	}()
	if t.have(2) && bytes.HasPrefix(t.buf, []byte("\ufeff")) {
		t.pos = 3
	}
	for {
		t.space()
		if !t.have(0) {
			return nil
		}
		t.statement(t.at(0))
	}
}

func (t *turtle) statement(c byte) {
	switch {
	case t.ahead("@prefix"):
		t.pos += 7
		t.prefix()
		t.expect('.', "@prefix")
		return
	case t.ahead("@base"):
		t.pos += 5
		t.peek()
		t.base = t.iriref()
		t.expect('.', "@base")
		return
	case c == '@':
		if t.ahead("@version") {
			t.fail(reasonVersion12)
		}
		t.fail("unknown directive")
	case c|0x20 == 'p' && t.keyword("prefix"):
		t.pos += 6
		t.prefix()
		return
	case c|0x20 == 'b' && t.keyword("base"):
		t.pos += 4
		t.peek()
		t.base = t.iriref()
		return
	case c|0x20 == 'v' && t.keyword("version"):
		t.fail(reasonVersion12)
	}
	s, complete := t.subject(c)
	if !complete || t.peek() != '.' {
		t.predicates(s)
	}
	t.expect('.', "a statement")
}

// subject reads what a statement is about. complete means that it may stand alone: [ :p :o ] .
func (t *turtle) subject(c byte) (s Term, complete bool) {
	switch c {
	case '[':
		s, empty := t.bracket()
		return s, !empty
	case '(':
		return t.collection(), false
	case '"', '\'':
		t.fail("a literal cannot be a subject")
	}
	s = t.node(c, false)
	if s.Kind == Literal {
		t.fail("a literal cannot be a subject")
	}
	return s, false
}

func (t *turtle) prefix() {
	t.peek()
	p := string(t.take(t.prefixLength()))
	if t.at(0) != ':' {
		t.fail("a prefix must end with a colon")
	}
	t.pos++
	t.peek()
	ns := t.iriref()
	if t.prefixSize += len(p) + len(ns) + 64; t.prefixSize > t.o.MaxLine {
		panic(stop{fmt.Errorf("%w: line %d: the prefixes take more than %d bytes", ErrLimit, t.line, t.o.MaxLine)})
	}
	t.prefixes[p] = ns
	clear(t.names)
}

// predicates reads a list of predicates with their objects.
func (t *turtle) predicates(s Term) {
	for {
		p := t.predicate()
		for {
			o := t.object()
			if !t.yield(Statement{Subject: s, Predicate: p, Object: o, Line: t.line}, nil) {
				panic(stop{errStopped})
			}
			if t.peek() != ',' {
				break
			}
			t.pos++
		}
		if t.peek() != ';' {
			return
		}
		for t.peek() == ';' {
			t.pos++
		}
		if c := t.peek(); c == '.' || c == ']' {
			return
		}
	}
}

func (t *turtle) predicate() Term {
	c := t.peek()
	if c == 'a' {
		if r, n := t.runeAt(1); n == 0 || !isName(r) && r != ':' && r != '.' {
			t.pos++
			return Term{Kind: IRI, Value: typeIRI}
		}
	}
	p := t.node(c, true)
	if p.Kind != IRI {
		t.fail("a predicate must be an IRI")
	}
	return p
}

func (t *turtle) object() Term {
	switch c := t.peek(); c {
	case '[':
		s, _ := t.bracket()
		return s
	case '(':
		return t.collection()
	case '"', '\'':
		return t.literal(c)
	default:
		return t.node(c, false)
	}
}

func (t *turtle) newBlank() Term {
	t.anon++
	return Term{Kind: Blank, Value: "genid-" + strconv.Itoa(t.anon)}
}

func (t *turtle) enter() {
	if t.depth++; t.depth > t.o.MaxDepth {
		panic(stop{fmt.Errorf("%w: line %d: brackets are nested more than %d deep", ErrLimit, t.line, t.o.MaxDepth)})
	}
}

// bracket reads [ … ], a blank node with its predicates.
func (t *turtle) bracket() (b Term, empty bool) {
	t.pos++
	b = t.newBlank()
	if t.peek() == ']' {
		t.pos++
		return b, true
	}
	t.enter()
	t.predicates(b)
	t.depth--
	t.expect(']', "a blank node")
	return b, false
}

// collection reads ( … ), a linked list of blank nodes.
func (t *turtle) collection() Term {
	t.pos++
	t.enter()
	var head, last Term
	out := func(s Term, p string, o Term) {
		if !t.yield(Statement{Subject: s, Predicate: Term{Kind: IRI, Value: p}, Object: o, Line: t.line}, nil) {
			panic(stop{errStopped})
		}
	}
	for t.peek() != ')' {
		o := t.object()
		cell := t.newBlank()
		if head.Kind == 0 {
			head = cell
		} else {
			out(last, restIRI, cell)
		}
		out(cell, firstIRI, o)
		last = cell
	}
	t.pos++
	t.depth--
	end := Term{Kind: IRI, Value: nilIRI}
	if head.Kind == 0 {
		return end
	}
	out(last, restIRI, end)
	return head
}
