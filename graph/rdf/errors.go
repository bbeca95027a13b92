package rdf

import (
	"errors"
	"fmt"
)

// ErrLimit reports input beyond the limits: a line or token that is too long, nesting that is too deep.
var ErrLimit = errors.New("rdf: input limit exceeded")

// SyntaxError says why a statement could not be read.
type SyntaxError struct {
	Line   int64  // from 1
	Column int    // byte in the line, from 1
	Reason string // one sentence without a full stop
	Raw    []byte // the line, for N-Triples and N-Quads; valid until the iteration goes on
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, byte %d: %s", e.Line, e.Column, e.Reason)
}

// Reasons that several readers give.
const (
	reasonUTF8      = "invalid UTF-8"
	reasonRelative  = "relative IRI <%s>: give a base (--base) or take it as it stands (--lenient-iris)"
	reasonTriple12  = "triple terms and reified triples << >> are RDF 1.2, which is not read"
	reasonDir12     = "a direction behind the language tag (--ltr, --rtl) is RDF 1.2, which is not read"
	reasonVersion12 = "VERSION is RDF 1.2, which is not read"
	reasonAnnot12   = "annotations {| |} and reifiers ~ are RDF 1.2, which is not read"
)

// Options of the readers. The zero value is strict.
type Options struct {
	// Base resolves relative IRIs; N-Triples and N-Quads have none unless it is given.
	Base string
	// LenientIRIs takes relative IRIs as they stand where there is no base: </en/foo> is the IRI /en/foo.
	LenientIRIs bool
	// MaxLine bounds a line of N-Triples and a token of Turtle in bytes; 0 means 16 MiB.
	MaxLine int
	// MaxDepth bounds the nesting of [ ] and ( ) in Turtle; 0 means 256.
	MaxDepth int
}

func (o Options) withDefaults() Options {
	if o.MaxLine <= 0 {
		o.MaxLine = 16 << 20
	}
	if o.MaxDepth <= 0 {
		o.MaxDepth = 256
	}
	return o
}
