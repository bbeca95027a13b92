package graphtest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kenrec/ken/graph"
)

func testMerge(t *testing.T, s *graph.Store) {
	steps := []struct {
		why     string
		put     graph.Node
		replace bool
		change  graph.Change
		want    graph.Node
	}{
		{"first sight", graph.Node{ID: "a", Name: "A", Attrs: attrs("y", 1, "x", 2)}, false, graph.Added,
			graph.Node{ID: "a", Name: "A", Attrs: attrs("x", 2, "y", 1)}},
		{"empty fields leave what is stored", graph.Node{ID: "a", Type: "item"}, false, graph.Replaced,
			graph.Node{ID: "a", Type: "item", Name: "A", Attrs: attrs("x", 2, "y", 1)}},
		{"attributes merge by key", graph.Node{ID: "a", Attrs: attrs("y", 3, "z", 4)}, false, graph.Replaced,
			graph.Node{ID: "a", Type: "item", Name: "A", Attrs: attrs("x", 2, "y", 3, "z", 4)}},
		{"the last of equal keys counts", graph.Node{ID: "a", Attrs: attrs("z", 1, "z", 4)}, false, graph.Unchanged,
			graph.Node{ID: "a", Type: "item", Name: "A", Attrs: attrs("x", 2, "y", 3, "z", 4)}},
		{"replacing empties", graph.Node{ID: "a", Text: "t"}, true, graph.Replaced, graph.Node{ID: "a", Text: "t"}},
		{"replacing by the same", graph.Node{ID: "a", Text: "t"}, true, graph.Unchanged, graph.Node{ID: "a", Text: "t"}},
	}
	for _, st := range steps {
		b, err := s.NewBatch(t.Context())
		fatal(t, err)
		put := b.PutNode
		if st.replace {
			put = b.ReplaceNode
		}
		c, err := put(st.put)
		fatal(t, err)
		_, err = b.Commit(t.Context())
		fatal(t, err)
		got, err := s.Node(t.Context(), "a")
		fatal(t, err)
		if d := cmp.Diff(st.want, got, cmpopts.EquateEmpty()); c != st.change || d != "" {
			t.Errorf("%s: %v, want %v; %s", st.why, c, st.change, d)
		}
	}
}

// attrs makes numeric attributes from keys and numbers in turn.
func attrs(kv ...any) []graph.Attr {
	var out []graph.Attr
	for i := 0; i < len(kv); i += 2 {
		out = append(out, graph.Attr{Key: kv[i].(string), Value: graph.Number(float64(kv[i+1].(int)))})
	}
	return out
}

func testDelete(t *testing.T, s *graph.Store) {
	Films().Put(t, s)
	hole, _, err := s.Lookup("heat")
	fatal(t, err)
	upto := s.NodeCap()
	b, err := s.NewBatch(t.Context())
	fatal(t, err)
	fatal(t, b.DeleteNode("heat"))
	if err := b.DeleteNode("heat"); !errors.Is(err, graph.ErrNotFound) {
		t.Errorf("second deletion: %v", err)
	}
	_, err = b.Commit(t.Context())
	fatal(t, err)

	g := Dump(t, s)
	for _, x := range g.Triples {
		if x.Head == "heat" || x.Tail == "heat" {
			t.Errorf("left over: %v", x)
		}
	}
	if len(g.Nodes) != 9 || len(g.Triples) != 5 || len(g.Interactions) != 3 || len(g.Vectors) != 1 {
		t.Errorf("%d nodes, %d triples, %d interactions, %d vectors", len(g.Nodes), len(g.Triples), len(g.Interactions), len(g.Vectors))
	}
	sameViews(t, s, g)
	if _, ok, err := s.Lookup("heat"); ok || err != nil {
		t.Errorf("Lookup of a deleted node: %v, %v", ok, err)
	}
	if _, err := s.ID(hole); !errors.Is(err, graph.ErrNotFound) {
		t.Errorf("ID of a hole: %v", err)
	}
	if _, err := s.Node(t.Context(), "heat"); !errors.Is(err, graph.ErrNotFound) {
		t.Errorf("Node of a deleted node: %v", err)
	}

	Films().Put(t, s)
	again, _, err := s.Lookup("heat")
	fatal(t, err)
	if again != upto || s.NodeCap() != upto+1 {
		t.Errorf("number %d after %d, cap %d", again, hole, s.NodeCap())
	}
	if got := Dump(t, s); len(got.Triples) != 7 || len(got.Interactions) != 5 {
		t.Errorf("%d triples, %d interactions after putting back", len(got.Triples), len(got.Interactions))
	}
}
