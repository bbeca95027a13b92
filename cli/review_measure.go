package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/graph"
)

// measure compares proposals with the triples in a file that are known to be true.
func (a *app) measure(ctx context.Context, e *engine.Engine, o *reviewFlags) error {
	truth, err := a.readTriples(ctx, o.truth)
	if err != nil {
		return fmt.Errorf("--truth: %w", err)
	}
	rows, err := e.ReviewMeasure(ctx, o.filter(), truth)
	if err != nil {
		return err
	}
	g := &grid{header: []string{"relation", "items", "told", "proposed", "right", "known", "precision", "recall"}}
	for _, r := range rows {
		name := r.Relation
		if name == "" {
			name = "all"
		}
		g.add(name, strconv.Itoa(r.Items), strconv.Itoa(r.Told), strconv.Itoa(r.Proposed), strconv.Itoa(r.Right), strconv.Itoa(r.Known), r.Precision, r.Recall)
	}
	return a.emit(rows, g)
}

// readTriples reads a file of triples, in any form that import knows.
func (a *app) readTriples(ctx context.Context, path string) (_ []graph.Triple, err error) {
	e, err := engine.OpenInMemory()
	if err != nil {
		return nil, err
	}
	defer e.Close()
	rep, err := a.importFile(ctx, e, &importJob{src: engine.Source{Kind: engine.Triples}}, path)
	a.tellRejected(rep)
	if err != nil {
		return nil, err
	}
	s := e.Graph()
	var out []graph.Triple
	for row, err := range s.Triples(ctx) {
		if err != nil {
			return nil, err
		}
		head, err := s.ID(row.Head)
		if err != nil {
			return nil, err
		}
		tail, err := s.ID(row.Tail)
		if err != nil {
			return nil, err
		}
		out = append(out, graph.Triple{Head: head, Relation: s.SymName(row.Relation), Tail: tail})
	}
	return out, nil
}
