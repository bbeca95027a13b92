package graphtest

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kenrec/ken/graph"
)

// Run checks that the stores that open returns behave as package graph promises. Each call of open returns an empty
// store; Run closes it.
func Run(t *testing.T, open func(t *testing.T) *graph.Store) {
	tests := []struct {
		name string
		run  func(t *testing.T, s *graph.Store)
	}{
		{"what is put is read", testRead},
		{"import twice", testTwice},
		{"merge and replace", testMerge},
		{"delete a node", testDelete},
		{"batch", testBatch},
		{"bad input", testBadInput},
		{"vectors", testVectors},
		{"settings", testMeta},
		{"cache", testCache},
		{"cancelled", testCancelled},
		{"closed", testClosed},
		{"random", testRandom},
		{"random, one batch behind the other", testBehind},
		{"readers and a writer", testReaders},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t)
			defer func() { fatal(t, s.Close()) }()
			tt.run(t, s)
		})
	}
}

// Check fails the test when the store contradicts itself.
func Check(t testing.TB, s *graph.Store) {
	t.Helper()
	r, err := s.Check(t.Context())
	fatal(t, err)
	for _, f := range r.Findings {
		t.Errorf("%s: %s", f.Kind, f.Text)
	}
}

// same compares two graphs; the order of equal attributes and empty slices do not matter.
func same(t testing.TB, got, want Graph) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Fatalf("store differs (-want +got):\n%s", d)
	}
}

// sameFound checks that err is nil when the record was there and ErrNotFound when not.
func sameFound(t testing.TB, found bool, err error) {
	t.Helper()
	if (found && err != nil) || (!found && !errors.Is(err, graph.ErrNotFound)) {
		t.Fatalf("record there: %v, error %v", found, err)
	}
}

func testRead(t *testing.T, s *graph.Store) {
	g := Films()
	if n := g.Put(t, s); n != g.Size() {
		t.Errorf("%d changes, want %d", n, g.Size())
	}
	want := newModel()
	for _, n := range g.Nodes {
		want.putNode(n)
	}
	for _, x := range g.Triples {
		want.putTriple(x)
	}
	for _, x := range g.Interactions {
		want.putInteraction(x)
	}
	for _, v := range g.Vectors {
		want.putVector(v)
	}
	same(t, Dump(t, s), want.graph())
	sameViews(t, s, want.graph())

	st, err := s.Stats(t.Context())
	fatal(t, err)
	if st.Nodes != 10 || st.Triples != 7 || st.Interactions != 5 || st.Vectors != 2 || st.Seq != 1 {
		t.Errorf("stats %+v", st)
	}
	types, err := s.Types(t.Context())
	fatal(t, err)
	if d := cmp.Diff(counts("item", 3, "user", 3, "", 2, "director", 2), types); d != "" {
		t.Error(d)
	}
	rels, err := s.Relations(t.Context())
	fatal(t, err)
	if d := cmp.Diff(counts("directed_by", 3, "genre", 3, "likes", 1), rels); d != "" {
		t.Error(d)
	}
	kinds, err := s.InteractionTypes(t.Context())
	fatal(t, err)
	if d := cmp.Diff(counts("view", 4, "buy", 1), kinds); d != "" {
		t.Error(d)
	}
}

// sameViews checks the views of single nodes against the bulk content g of the same store: both directions, the
// dictionary both ways, look-ups, counters.
func sameViews(t testing.TB, s *graph.Store, g Graph) {
	t.Helper()
	ctx := t.Context()
	for _, n := range g.Nodes {
		got, err := s.Node(ctx, n.ID)
		fatal(t, err)
		if d := cmp.Diff(n, got, cmpopts.EquateEmpty()); d != "" {
			t.Fatal(d)
		}
		i, ok, err := s.Lookup(n.ID)
		fatal(t, err)
		if id, err := s.ID(i); !ok || err != nil || id != n.ID || i >= s.NodeCap() {
			t.Fatalf("Lookup %q is %d, %v; ID is %q, %v; cap %d", n.ID, i, ok, id, err, s.NodeCap())
		}
		node := Graph{}
		want := Graph{}
		for x, err := range s.Neighbours(ctx, n.ID, graph.NeighbourOptions{}) {
			fatal(t, err)
			node.Triples = append(node.Triples, x)
		}
		for _, x := range g.Triples {
			if x.Head == n.ID || x.Tail == n.ID {
				want.Triples = append(want.Triples, x)
			}
		}
		for x, err := range s.UserInteractions(ctx, n.ID) {
			fatal(t, err)
			node.Interactions = append(node.Interactions, x)
		}
		for x, err := range s.ItemInteractions(ctx, n.ID) {
			fatal(t, err)
			if x.User != x.Item {
				node.Interactions = append(node.Interactions, x)
			}
		}
		for _, x := range g.Interactions {
			if x.User == n.ID || x.Item == n.ID {
				want.Interactions = append(want.Interactions, x)
			}
		}
		node.Sort()
		same(t, node, want)
	}
	for _, v := range g.Vectors {
		got, err := s.Vector(ctx, v.ID, v.Modality)
		fatal(t, err)
		if !slices.Equal(got, v.Vec) {
			t.Fatalf("vector %v, want %v", got, v.Vec)
		}
	}
	st, err := s.Stats(ctx)
	fatal(t, err)
	if st.Nodes != len(g.Nodes) || st.Triples != len(g.Triples) || st.Interactions != len(g.Interactions) || st.Vectors != len(g.Vectors) {
		t.Fatalf("stats %+v of %d nodes, %d triples, %d interactions, %d vectors",
			st, len(g.Nodes), len(g.Triples), len(g.Interactions), len(g.Vectors))
	}
}

func testTwice(t *testing.T, s *graph.Store) {
	g := Films()
	g.Put(t, s)
	seq, before := s.Seq(), Dump(t, s)
	if n := g.Put(t, s); n != 0 {
		t.Errorf("second import changes %d records", n)
	}
	if s.Seq() != seq {
		t.Errorf("second import took the sequence from %d to %d", seq, s.Seq())
	}
	same(t, Dump(t, s), before)
}

// counts makes counts from names and numbers in turn.
func counts(kv ...any) []graph.Count {
	out := []graph.Count{}
	for i := 0; i < len(kv); i += 2 {
		out = append(out, graph.Count{Name: kv[i].(string), N: kv[i+1].(int)})
	}
	return out
}
