package engine

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"strings"

	"github.com/kenrec/ken/graph"
	"github.com/kenrec/ken/graph/rdf"
)

// ExportOptions of Export. The zero value loses nothing.
type ExportOptions struct {
	// Modality of vectors; needed for them.
	Modality string
	// Lossy leaves out what a format has no place for: attributes of nodes in tables; weight, confidence and source of
	// triples in N-Triples; weight and confidence in N-Quads. Otherwise a row that has them ends the export.
	Lossy    bool
	Progress func(Progress) // called now and then from the calling goroutine; nil: none
}

// Export writes all rows of one kind in a form that Import reads back to the same rows, and returns their number.
//
//	nodes         JSONL with attributes; TSV, CSV: id, type, name, text
//	triples       JSONL, TSV, CSV: head, relation, tail, weight, confidence, source; NTriples, NQuads
//	interactions  JSONL, TSV, CSV: user, item, weight, time, type
//	vectors       JSONL, TSV, CSV: id and the numbers; Import needs modality and model again
//
// Tables have a header line. TSV has no quoting, so that a text with a tab or a line end in it cannot be written; CSV
// and JSON Lines can. Nothing is changed on the way: a text that starts with = is no formula here. In N-Triples an id
// that is no IRI is written as urn:ken: and the id in percent-encoding, which Import undoes.
//
// Errors: ErrBadRecord for a row that the format cannot hold (what was written before it stays), ErrBadOption,
// ErrNotFound for an unknown modality, an error wrapping ctx.Err(). Rows come in the order of the store, nodes by age,
// so that equal stores give equal files; those of nodes that are erased meanwhile are left out.
func (e *Engine) Export(ctx context.Context, kind Kind, format Format, w io.Writer, o ExportOptions) (_ int64, err error) {
	defer border(&err)
	if e.closed.Load() {
		return 0, fmt.Errorf("engine: export: %w", ErrClosed)
	}
	buf := bufio.NewWriterSize(w, 64<<10)
	x := &exporter{store: e.store, ctx: ctx, o: o, kind: kind, out: buf}
	err = x.run(format)
	if err == nil {
		err = buf.Flush()
	}
	if err != nil {
		return x.n, fmt.Errorf("engine: export %s: %w", kind, err)
	}
	return x.n, nil
}

// exporter is one run of Export.
type exporter struct {
	store *graph.Store
	ctx   context.Context
	o     ExportOptions
	kind  Kind
	out   io.Writer
	n     int64
	line  []byte // the row being written
}

func (x *exporter) run(format Format) error {
	if format == FormatAuto {
		format = JSONL
	}
	if format == NTriples || format == NQuads {
		if x.kind != Triples {
			return fmt.Errorf("%w: %s cannot be written as %s", ErrBadOption, x.kind, format)
		}
		return x.statements(format == NQuads)
	}
	if format != TSV && format != CSV && format != JSONL {
		return fmt.Errorf("%w: there is no export as %s", ErrBadOption, format)
	}
	switch x.kind {
	case Nodes:
		return x.nodes(format)
	case Triples:
		return x.triples(format)
	case Interactions:
		return x.interactions(format)
	case Vectors:
		return x.vectors(format)
	}
	return fmt.Errorf("%w: say what to export: nodes, triples, interactions or vectors", ErrBadOption)
}

// flushLine writes the row in x.line and counts it.
func (x *exporter) flushLine() error {
	if _, err := x.out.Write(x.line); err != nil {
		return err
	}
	x.line = x.line[:0]
	x.n++
	if x.o.Progress != nil && x.n%10_000 == 0 {
		x.o.Progress(Progress{Stage: "export", Done: x.n, Unit: "rows"})
	}
	return nil
}

// statements writes triples as N-Triples or N-Quads.
func (x *exporter) statements(quads bool) error {
	w := rdf.NewWriter(x.out)
	for t, err := range x.named() {
		if err != nil {
			return err
		}
		if lost := lostDetail(&t, quads); lost != "" && !x.o.Lossy {
			return fmt.Errorf("%w: triple (%s, %s, %s) has a %s, which N-Triples cannot hold: export as JSON Lines, or leave it out",
				ErrBadRecord, briefID(t.Head), briefID(t.Relation), briefID(t.Tail), lost)
		}
		s := rdf.Statement{Subject: term(t.Head), Predicate: term(t.Relation), Object: term(t.Tail)}
		if quads && t.Source != "" {
			s.Graph = term(t.Source)
		}
		if err := w.Write(s); err != nil {
			return err
		}
		if err := x.flushLine(); err != nil {
			return err
		}
	}
	return w.Flush()
}

func lostDetail(t *graph.Triple, quads bool) string {
	switch {
	case t.Weight != 1:
		return "weight"
	case t.Confidence != 1:
		return "confidence"
	case t.Source != "" && !quads:
		return "source"
	}
	return ""
}

// term is the IRI of an id: itself if it is one.
func term(id string) rdf.Term {
	if !rdf.ValidIRI(id) || strings.HasPrefix(id, ownIRI) {
		id = ownIRI + url.PathEscape(id)
	}
	return rdf.Term{Kind: rdf.IRI, Value: id}
}

// named yields the triples with their names. Those of a node that is erased while they are read are left out.
func (x *exporter) named() iter.Seq2[graph.Triple, error] {
	return func(yield func(graph.Triple, error) bool) {
		for row, err := range x.store.Triples(x.ctx) {
			t := graph.Triple{
				Relation: x.store.SymName(row.Relation), Source: x.store.SymName(row.Source), Weight: row.Weight, Confidence: row.Confidence,
			}
			if err == nil {
				t.Head, err = x.store.ID(row.Head)
			}
			if err == nil {
				t.Tail, err = x.store.ID(row.Tail)
			}
			if errors.Is(err, graph.ErrNotFound) {
				continue
			}
			if !yield(t, err) || err != nil {
				return
			}
		}
	}
}
