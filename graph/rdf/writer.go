package rdf

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// ErrTerm reports a term that N-Triples cannot hold: an IRI that is relative or has forbidden characters, a literal as
// a subject, text that is not UTF-8.
var ErrTerm = errors.New("rdf: term cannot be written")

// Writer writes statements as N-Triples, or as N-Quads where they have a graph. Call Flush at the end.
// A Writer is not safe for concurrent use.
type Writer struct {
	w   *bufio.Writer
	buf []byte
}

// NewWriter returns a writer to w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: bufio.NewWriterSize(w, 64<<10)} }

// Write appends one statement. It returns ErrTerm, and writes nothing, when a term cannot be written.
func (w *Writer) Write(s Statement) error {
	if s.Subject.Kind == Literal || s.Predicate.Kind != IRI {
		return fmt.Errorf("%w: the subject is a literal or the predicate no IRI", ErrTerm)
	}
	b := w.buf[:0]
	for i, t := range [...]Term{s.Subject, s.Predicate, s.Object, s.Graph} {
		if i == 3 && t.Kind == 0 {
			break
		}
		var err error
		if b, err = AppendTerm(b, t); err != nil {
			return err
		}
		b = append(b, ' ')
	}
	w.buf = append(b, ".\n"...)
	if _, err := w.w.Write(w.buf); err != nil {
		return fmt.Errorf("rdf: write: %w", err)
	}
	return nil
}

// Flush hands what is buffered to the underlying writer.
func (w *Writer) Flush() error {
	if err := w.w.Flush(); err != nil {
		return fmt.Errorf("rdf: write: %w", err)
	}
	return nil
}

// AppendTerm appends the N-Triples form of t to dst.
func AppendTerm(dst []byte, t Term) ([]byte, error) {
	switch t.Kind {
	case IRI:
		return appendIRI(dst, t.Value)
	case Blank:
		if n := blankLabel([]byte(t.Value)); n == 0 || n != len(t.Value) {
			return dst, fmt.Errorf("%w: %q is no label of a blank node", ErrTerm, t.Value)
		}
		return append(append(dst, "_:"...), t.Value...), nil
	case Literal:
		return appendLiteral(dst, t)
	}
	return dst, fmt.Errorf("%w: there is none", ErrTerm)
}

func appendIRI(dst []byte, iri string) ([]byte, error) {
	if !ValidIRI(iri) {
		return dst, fmt.Errorf("%w: %q is no absolute IRI", ErrTerm, iri)
	}
	dst = append(dst, '<')
	dst = append(dst, iri...)
	return append(dst, '>'), nil
}

func appendLiteral(dst []byte, t Term) ([]byte, error) {
	if !utf8.ValidString(t.Value) {
		return dst, fmt.Errorf("%w: a literal is not UTF-8", ErrTerm)
	}
	const hex = "0123456789ABCDEF"
	dst = append(dst, '"')
	for i := range len(t.Value) {
		switch c := t.Value[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c < 0x20 || c == 0x7f:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	dst = append(dst, '"')
	switch {
	case t.Lang != "":
		if languageTag([]byte(t.Lang)) != len(t.Lang) {
			return dst, fmt.Errorf("%w: %q is no language tag", ErrTerm, t.Lang)
		}
		return append(append(dst, '@'), t.Lang...), nil
	case t.Datatype != "" && t.Datatype != xsdString:
		return appendIRI(append(dst, "^^"...), t.Datatype)
	}
	return dst, nil
}
