package graphtest

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/kenrec/ken/graph"
)

func testBadInput(t *testing.T, s *graph.Store) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	long := strings.Repeat("l", 1025)
	tests := []struct {
		why  string
		put  func(b *graph.Batch) (graph.Change, error)
		want error
	}{
		{"empty id", node(graph.Node{}), graph.ErrBadID},
		{"id too long", node(graph.Node{ID: long}), graph.ErrBadID},
		{"longest id", node(graph.Node{ID: long[1:]}), nil},
		{"id of any characters", node(graph.Node{ID: "a/b\x00\n\"é漢"}), nil},
		{"id not UTF-8", node(graph.Node{ID: "\xff"}), graph.ErrBadID},
		{"text not UTF-8", node(graph.Node{ID: "a", Text: "\xff"}), graph.ErrBadRecord},
		{"name not UTF-8", node(graph.Node{ID: "a", Name: "\xff"}), graph.ErrBadRecord},
		{"type too long", node(graph.Node{ID: "a", Type: long}), graph.ErrBadRecord},
		{"text too long", node(graph.Node{ID: "a", Text: strings.Repeat("x", graph.MaxRecord)}), graph.ErrBadRecord},
		{"attribute without key", node(graph.Node{ID: "a", Attrs: []graph.Attr{{}}}), graph.ErrBadRecord},
		{"attribute NaN", node(graph.Node{ID: "a", Attrs: []graph.Attr{{Key: "k", Value: graph.Number(math.NaN())}}}), graph.ErrBadRecord},
		{"attribute not UTF-8", node(graph.Node{ID: "a", Attrs: []graph.Attr{{Key: "k", Value: graph.List("\xff")}}}), graph.ErrBadRecord},
		{"triple without head", triple(graph.Triple{Relation: "r", Tail: "b"}), graph.ErrBadID},
		{"triple without tail", triple(graph.Triple{Head: "a", Relation: "r"}), graph.ErrBadID},
		{"triple without relation", triple(graph.Triple{Head: "a", Tail: "b"}), graph.ErrBadRecord},
		{"triple weight NaN", triple(graph.Triple{Head: "a", Relation: "r", Tail: "b", Weight: nan}), graph.ErrBadRecord},
		{"triple weight Inf", triple(graph.Triple{Head: "a", Relation: "r", Tail: "b", Weight: inf}), graph.ErrBadRecord},
		{"confidence above 1", triple(graph.Triple{Head: "a", Relation: "r", Tail: "b", Confidence: 1.5}), graph.ErrBadRecord},
		{"confidence NaN", triple(graph.Triple{Head: "a", Relation: "r", Tail: "b", Confidence: nan}), graph.ErrBadRecord},
		{"interaction without user", inter(graph.Interaction{Item: "b"}), graph.ErrBadID},
		{"interaction weight -Inf", inter(graph.Interaction{User: "a", Item: "b", Weight: -inf}), graph.ErrBadRecord},
		{"empty vector", vector("a", "m", nil), graph.ErrBadRecord},
		{"vector NaN", vector("a", "m", []float32{nan}), graph.ErrBadRecord},
		{"vector without modality", vector("a", "", []float32{1}), graph.ErrBadRecord},
		{"vector too long", vector("a", "m", make([]float32, graph.MaxDim+1)), graph.ErrBadRecord},
	}
	for _, tt := range tests {
		b, err := s.NewBatch(t.Context())
		fatal(t, err)
		if _, err := tt.put(b); !errors.Is(err, tt.want) {
			t.Errorf("%s: error %v, want %v", tt.why, err, tt.want)
		} else if err != nil && len(err.Error()) > 200 {
			t.Errorf("%s: error has %d bytes", tt.why, len(err.Error()))
		}
		seq := s.Seq()
		now, err := b.Commit(t.Context())
		fatal(t, err)
		if (now > seq) != (tt.want == nil) {
			t.Errorf("%s: sequence from %d to %d", tt.why, seq, now)
		}
	}
	if _, _, err := s.Lookup(""); !errors.Is(err, graph.ErrBadID) {
		t.Errorf("Lookup of the empty id: %v", err)
	}
	for _, err := range s.Neighbours(t.Context(), "nobody", graph.NeighbourOptions{}) {
		if !errors.Is(err, graph.ErrNotFound) {
			t.Errorf("Neighbours of an unknown node: %v", err)
		}
	}
}

func node(n graph.Node) func(*graph.Batch) (graph.Change, error) {
	return func(b *graph.Batch) (graph.Change, error) { return b.PutNode(n) }
}

func triple(x graph.Triple) func(*graph.Batch) (graph.Change, error) {
	return func(b *graph.Batch) (graph.Change, error) { return b.PutTriple(x) }
}

func inter(x graph.Interaction) func(*graph.Batch) (graph.Change, error) {
	return func(b *graph.Batch) (graph.Change, error) { return b.PutInteraction(x) }
}

func vector(id, modality string, v []float32) func(*graph.Batch) (graph.Change, error) {
	return func(b *graph.Batch) (graph.Change, error) { return b.PutVector(id, modality, "m", v) }
}
