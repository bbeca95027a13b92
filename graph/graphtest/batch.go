package graphtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kenrec/ken/graph"
)

func testBatch(t *testing.T, s *graph.Store) {
	b, err := s.NewBatch(t.Context())
	fatal(t, err)
	x := graph.Triple{Head: "a", Relation: "r", Tail: "b"}
	for _, want := range []graph.Change{graph.Added, graph.Unchanged} {
		if c, err := b.PutTriple(x); c != want || err != nil {
			t.Errorf("PutTriple: %v, %v, want %v", c, err, want)
		}
	}
	fatal(t, b.DeleteTriple("a", "r", "b"))
	if c, err := b.PutTriple(x); c != graph.Added || err != nil {
		t.Errorf("PutTriple after deletion: %v, %v", c, err)
	}
	if _, ok, err := s.Lookup("a"); ok || err != nil {
		t.Errorf("a batch in progress shows: %v, %v", ok, err)
	}
	short, stop := context.WithCancel(t.Context())
	stop()
	if _, err := s.NewBatch(short); !errors.Is(err, context.Canceled) {
		t.Errorf("second batch: %v", err)
	}
	b.Cancel()
	b.Cancel()
	if _, err := b.PutTriple(x); !errors.Is(err, graph.ErrBatchDone) {
		t.Errorf("PutTriple after Cancel: %v", err)
	}
	if _, err := b.Commit(t.Context()); !errors.Is(err, graph.ErrBatchDone) {
		t.Errorf("Commit after Cancel: %v", err)
	}
	if s.Seq() != 0 || s.NodeCap() != 0 || s.SymName(1) != "" {
		t.Errorf("a cancelled batch left seq %d, cap %d, symbol %q", s.Seq(), s.NodeCap(), s.SymName(1))
	}

	b, err = s.NewBatch(t.Context())
	fatal(t, err)
	defer b.Cancel()
	if err := s.SetMeta(t.Context(), "k", nil); err != nil {
		t.Errorf("SetMeta while a batch is open: %v", err)
	}
	_, err = b.PutNode(graph.Node{ID: "a"})
	fatal(t, err)
	fatal(t, b.DeleteNode("a"))
	if seq, err := b.Commit(t.Context()); seq != 0 || err != nil {
		t.Errorf("Commit of nothing: %d, %v", seq, err)
	}
	testBatchFull(t, s)
}

func testBatchFull(t *testing.T, s *graph.Store) {
	b, err := s.NewBatch(t.Context())
	fatal(t, err)
	defer b.Cancel()
	text := strings.Repeat("x", 1<<20-1<<13)
	n := 0
	for {
		_, err = b.PutNode(graph.Node{ID: fmt.Sprint("big", n), Text: text})
		if err != nil {
			break
		}
		if n++; n > 1000 {
			t.Fatal("a batch of 500 MiB is not full")
		}
	}
	if !errors.Is(err, graph.ErrBatchFull) {
		t.Fatal(err)
	}
	seq, err := b.Commit(t.Context()) // many Badger transactions, one batch
	fatal(t, err)
	st, err := s.Stats(t.Context())
	fatal(t, err)
	if st.Nodes != n || st.Seq != seq {
		t.Errorf("%d nodes of %d, seq %d of %d", st.Nodes, n, st.Seq, seq)
	}
}

func testCancelled(t *testing.T, s *graph.Store) {
	Films().Put(t, s)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	b, err := s.NewBatch(t.Context())
	fatal(t, err)
	_, err = b.PutNode(graph.Node{ID: "late"})
	fatal(t, err)
	if _, err := b.Commit(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Commit: %v", err)
	}
	if _, ok, _ := s.Lookup("late"); ok {
		t.Error("a cancelled Commit stored its batch")
	}
	calls := map[string]error{}
	for _, err := range s.Nodes(ctx) {
		calls["Nodes"] = err
	}
	for _, err := range s.Triples(ctx) {
		calls["Triples"] = err
	}
	for _, err := range s.UserInteractions(ctx, "ann") {
		calls["UserInteractions"] = err
	}
	_, calls["Node"] = s.Node(ctx, "heat")
	_, calls["Stats"] = s.Stats(ctx)
	_, calls["Meta"] = s.Meta(ctx, "k")
	calls["SetMeta"] = s.SetMeta(ctx, "k", nil)
	for name, err := range calls {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func testClosed(t *testing.T, s *graph.Store) {
	Films().Put(t, s)
	b, err := s.NewBatch(t.Context())
	fatal(t, err)
	fatal(t, s.Close())
	fatal(t, s.Close())
	calls := map[string]error{}
	_, calls["PutNode"] = b.PutNode(graph.Node{ID: "late"})
	_, calls["Commit"] = b.Commit(t.Context())
	_, calls["NewBatch"] = s.NewBatch(t.Context())
	for _, err := range s.Nodes(t.Context()) {
		calls["Nodes"] = err
	}
	for _, err := range s.Neighbours(t.Context(), "heat", graph.NeighbourOptions{}) {
		calls["Neighbours"] = err
	}
	_, _, calls["Lookup"] = s.Lookup("heat")
	_, calls["ID"] = s.ID(0)
	_, calls["Node"] = s.Node(t.Context(), "heat")
	_, calls["Vector"] = s.Vector(t.Context(), "heat", "image")
	_, calls["Modalities"] = s.Modalities(t.Context())
	_, calls["Types"] = s.Types(t.Context())
	_, calls["Stats"] = s.Stats(t.Context())
	_, calls["Meta"] = s.Meta(t.Context(), "k")
	calls["SetMeta"] = s.SetMeta(t.Context(), "k", nil)
	_, calls["CacheLookup"] = s.CacheLookup(t.Context(), nil)
	for name, err := range calls {
		if !errors.Is(err, graph.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
