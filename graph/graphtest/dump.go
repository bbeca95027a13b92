package graphtest

import (
	"slices"
	"testing"

	"github.com/kenrec/ken/graph"
)

// Dump reads everything out of s, sorted by identity, through the bulk scans.
func Dump(t testing.TB, s *graph.Store) Graph {
	t.Helper()
	ctx := t.Context()
	var g Graph
	ids := map[graph.Idx]string{}
	for row, err := range s.Nodes(ctx) {
		fatal(t, err)
		ids[row.Idx] = row.Node.ID
		if row.Type != 0 && s.SymName(row.Type) != row.Node.Type {
			t.Fatalf("node %q: type %q is not %q", row.Node.ID, s.SymName(row.Type), row.Node.Type)
		}
		g.Nodes = append(g.Nodes, row.Node)
	}
	for row, err := range s.Triples(ctx) {
		fatal(t, err)
		g.Triples = append(g.Triples, graph.Triple{
			Head: ids[row.Head], Relation: s.SymName(row.Relation), Tail: ids[row.Tail],
			Weight: row.Weight, Confidence: row.Confidence, Source: s.SymName(row.Source),
		})
	}
	for row, err := range s.Interactions(ctx) {
		fatal(t, err)
		g.Interactions = append(g.Interactions, graph.Interaction{
			User: ids[row.User], Item: ids[row.Item], Type: s.SymName(row.Type), Weight: row.Weight, Time: row.Time,
		})
	}
	mods, err := s.Modalities(ctx)
	fatal(t, err)
	for _, m := range mods {
		for row, err := range s.Vectors(ctx, m.Name) {
			fatal(t, err)
			g.Vectors = append(g.Vectors, Vector{ID: ids[row.Idx], Modality: m.Name, Model: m.Model, Vec: row.Vec})
		}
	}
	g.Sort()
	return g
}

// Sort brings the records of g into the order of their identity.
func (g *Graph) Sort() {
	slices.SortFunc(g.Nodes, func(a, b graph.Node) int { return order(a.ID, b.ID) })
	slices.SortFunc(g.Triples, func(a, b graph.Triple) int {
		return order(a.Head, b.Head, a.Relation, b.Relation, a.Tail, b.Tail)
	})
	slices.SortFunc(g.Interactions, func(a, b graph.Interaction) int {
		if c := order(a.User, b.User, a.Item, b.Item, a.Type, b.Type); c != 0 {
			return c
		}
		return int(min(1, max(-1, a.Time-b.Time)))
	})
	slices.SortFunc(g.Vectors, func(a, b Vector) int { return order(a.Modality, b.Modality, a.ID, b.ID) })
}

// order compares pairs of strings, the first pair that differs deciding.
func order(pairs ...string) int {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] != pairs[i+1] {
			if pairs[i] < pairs[i+1] {
				return -1
			}
			return 1
		}
	}
	return 0
}

func fatal(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
