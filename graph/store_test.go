package graph_test

import (
	"testing"

	"github.com/kenrec/ken/graph"
	"github.com/kenrec/ken/graph/graphtest"
)

func TestSmoke(t *testing.T) {
	dir := t.TempDir()
	for round := range 2 {
		s, err := graph.Open(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		g := graphtest.Films()
		if n := g.Put(t, s); (n > 0) != (round == 0) {
			t.Fatalf("round %d: %d changes", round, n)
		}
		for x, err := range s.Neighbours(t.Context(), "mann", graph.NeighbourOptions{}) {
			t.Log(x, err)
		}
		st, err := s.Stats(t.Context())
		t.Log(st, err)
		for x, err := range s.UserInteractions(t.Context(), "bob") {
			t.Log(x, err)
		}
		n, err := s.Node(t.Context(), "heat")
		t.Log(n, err)
		t.Log(s.Types(t.Context()))
		t.Log(s.Modalities(t.Context()))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
