package graph_test

import (
	"errors"
	"testing"

	"github.com/kenrec/ken/graph"
)

func TestNodeType(t *testing.T) {
	s := openDir(t, t.TempDir())
	defer closeStore(t, s)
	b, err := s.NewBatch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []graph.Node{{ID: "bare"}, {ID: "film", Type: "film"}, {ID: "gone", Type: "film"}} {
		if _, err := b.PutNode(n); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.PutInteraction(graph.Interaction{User: "u", Item: "film"}); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		id, typ string
		found   bool
		why     string
	}{
		{"bare", "", true, "a node without a type"},
		{"film", "film", true, "an interaction leaves a type that is there; the batch's own symbol"},
		{"u", graph.TypeUser, true, "an interaction gives a type"},
		{"gone", "film", true, "before it is deleted"},
		{"nobody", "", false, "no such node"},
	}
	look := func(b *graph.Batch, when string) {
		t.Helper()
		for _, tt := range tests {
			for range 2 { // the second time from memory
				typ, found, err := b.NodeType(tt.id)
				if typ != tt.typ || found != tt.found || err != nil {
					t.Errorf("%s, %s: got %q, %v, %v (%s)", when, tt.id, typ, found, err, tt.why)
				}
			}
		}
	}
	look(b, "in the batch")
	if _, err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.NodeType("u"); !errors.Is(err, graph.ErrBatchDone) {
		t.Errorf("a batch that is done: %v", err)
	}
	if b, err = s.NewBatch(t.Context()); err != nil {
		t.Fatal(err)
	}
	look(b, "after the commit")
	if _, _, err := b.NodeType(""); !errors.Is(err, graph.ErrBadID) {
		t.Errorf("an empty id: %v", err)
	}
	if err := b.DeleteNode("gone"); err != nil {
		t.Fatal(err)
	}
	tests[3].typ, tests[3].found = "", false
	look(b, "after a deletion")
	if _, err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b, err = s.NewBatch(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer b.Cancel()
	look(b, "after its commit")
}
