// Package graphtest holds tiny graphs and the conformance suite that every way of opening a store passes.
package graphtest

import (
	"testing"

	"github.com/kenrec/ken/graph"
)

// Films returns a small graph by hand: films, people, genres, two users and one user without behaviour.
//
//	ann   ─view 5─▶ heat, collateral      heat, collateral ─directed_by─▶ mann
//	bob   ─view 1─▶ heat, −1 ─▶ up        up ─directed_by─▶ docter
//	carol ─likes─▶ mann                   heat, collateral ─genre─▶ crime; up ─genre─▶ animation
func Films() Graph {
	return Graph{
		Nodes: []graph.Node{
			{ID: "heat", Type: "item", Name: "Heat", Text: "A thief and a detective.", Attrs: []graph.Attr{
				{Key: "classic", Value: graph.Bool(true)},
				{Key: "tags", Value: graph.List("crime", "Los Angeles")},
				{Key: "year", Value: graph.Number(1995)},
			}},
			{ID: "collateral", Type: "item", Name: "Collateral", Attrs: []graph.Attr{{Key: "year", Value: graph.Number(2004)}}},
			{ID: "up", Type: "item", Name: "飞屋环游记", Text: "一座会飞的房子。"},
			{ID: "mann", Type: "director", Name: "Michael Mann"},
			{ID: "docter", Type: "director", Name: "Pete Docter"},
			{ID: "carol", Type: "user"},
		},
		Triples: []graph.Triple{
			{Head: "heat", Relation: "directed_by", Tail: "mann", Weight: 1, Confidence: 1, Source: "films.tsv"},
			{Head: "collateral", Relation: "directed_by", Tail: "mann", Weight: 1, Confidence: 1, Source: "films.tsv"},
			{Head: "up", Relation: "directed_by", Tail: "docter", Weight: 1, Confidence: 0.5, Source: "llm:small:1"},
			{Head: "heat", Relation: "genre", Tail: "crime", Weight: 1, Confidence: 1},
			{Head: "collateral", Relation: "genre", Tail: "crime", Weight: 2.5, Confidence: 1},
			{Head: "up", Relation: "genre", Tail: "animation", Weight: 1, Confidence: 1},
			{Head: "carol", Relation: "likes", Tail: "mann", Weight: 1, Confidence: 1},
		},
		Interactions: []graph.Interaction{
			{User: "ann", Item: "heat", Type: "view", Weight: 5, Time: 1000},
			{User: "ann", Item: "collateral", Type: "view", Weight: 5, Time: 2000},
			{User: "bob", Item: "heat", Type: "view", Weight: 1},
			{User: "bob", Item: "up", Type: "view", Weight: -1, Time: -5},
			{User: "bob", Item: "up", Type: "buy", Weight: 1, Time: -5},
		},
		Vectors: []Vector{
			{ID: "heat", Modality: "image", Model: "toy", Vec: []float32{1, 0, 0.5}},
			{ID: "up", Modality: "image", Model: "toy", Vec: []float32{0, 1, -0.25}},
		},
	}
}

// Graph is the content of a store.
type Graph struct {
	Nodes        []graph.Node
	Triples      []graph.Triple
	Interactions []graph.Interaction
	Vectors      []Vector
}

// Vector is the vector of a node.
type Vector struct {
	ID, Modality, Model string
	Vec                 []float32
}

// Put stores all of g in one batch and returns how many records that added or replaced.
func (g Graph) Put(t testing.TB, s *graph.Store) (changed int) {
	t.Helper()
	b, err := s.NewBatch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Cancel()
	count := func(c graph.Change, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if c != graph.Unchanged {
			changed++
		}
	}
	for _, n := range g.Nodes {
		count(b.PutNode(n))
	}
	for _, x := range g.Triples {
		count(b.PutTriple(x))
	}
	for _, x := range g.Interactions {
		count(b.PutInteraction(x))
	}
	for _, v := range g.Vectors {
		count(b.PutVector(v.ID, v.Modality, v.Model, v.Vec))
	}
	if _, err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	return changed
}

// Size returns how many records of its own g has.
func (g Graph) Size() int {
	return len(g.Nodes) + len(g.Triples) + len(g.Interactions) + len(g.Vectors)
}
