package engine

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/kenrec/ken/graph"
)

func TestAdd(t *testing.T) {
	e, _ := world(t)
	ctx := t.Context()
	if err := e.AddInteraction(ctx, graph.Interaction{User: "guest", Item: "item:3"}, graph.Interaction{User: "guest", Item: "item:11", Weight: 2, Type: "buy", Time: 7}); err != nil {
		t.Fatal(err)
	}
	var got []graph.Interaction
	for x, err := range e.Graph().UserInteractions(ctx, "guest") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, x)
	}
	want := []graph.Interaction{{User: "guest", Item: "item:3", Weight: 1}, {User: "guest", Item: "item:11", Type: "buy", Weight: 2, Time: 7}}
	if !slices.Equal(got, want) {
		t.Errorf("stored %+v, want %+v: a weight that is not given is 1", got, want)
	}
	r := recommend(t, e, Query{User: "guest", K: 300})
	if r.Basis != BasisFoldedIn || slices.Contains(idsOf(r), "item:3") || len(r.Items) != 198 {
		t.Errorf("the next list rests on %q and holds %d items", r.Basis, len(r.Items))
	}
	before := r.Items[0]
	if err := e.AddInteraction(ctx, graph.Interaction{User: "guest", Item: before.Item}); err != nil {
		t.Fatal(err)
	}
	if r := recommend(t, e, Query{User: "guest", K: 300}); slices.Contains(idsOf(r), before.Item) || len(r.Items) != 197 {
		t.Errorf("%s is still listed after it was chosen", before.Item)
	}
}

func TestAddErrors(t *testing.T) {
	e := memory(t)
	seq := e.Graph().Seq()
	ok := graph.Interaction{User: "u", Item: "i"}
	for _, tc := range []struct {
		name string
		call func() error
		why  string
	}{
		{"no user", func() error { return e.AddInteraction(t.Context(), ok, graph.Interaction{Item: "i"}) }, "an empty id, after a good row"},
		{"no weight", func() error {
			return e.AddInteraction(t.Context(), ok, graph.Interaction{User: "u", Item: "i", Weight: float32(math.NaN())})
		}, "a number that is none"},
		{"one id", func() error { return e.AddInteraction(t.Context(), ok, graph.Interaction{User: "i", Item: "i"}) }, "nobody is an item"},
		{"no relation", func() error { return e.AddTriple(t.Context(), graph.Triple{Head: "a", Tail: "b"}) }, "a triple says something"},
		{"no id", func() error { return e.AddNode(t.Context(), graph.Node{ID: "x"}, graph.Node{Name: "nobody"}) }, "an empty id"},
		{"bad text", func() error { return e.AddNode(t.Context(), graph.Node{ID: "x", Text: "\xff"}) }, "text that is not UTF-8"},
	} {
		if err := tc.call(); !errors.Is(err, ErrBadRecord) {
			t.Errorf("%s: %v, want ErrBadRecord: %s", tc.name, err, tc.why)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := e.AddInteraction(ctx, ok); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if e.Graph().Seq() != seq {
		t.Error("something was stored: a call is one batch")
	}
	if err := e.AddNode(t.Context()); err != nil || e.Graph().Seq() != seq {
		t.Errorf("nothing to add: %v", err)
	}
}

// Interactions of known items leave the view of new items as it is; whatever could change it makes it anew.
func TestAddInteractionSparesTheView(t *testing.T) {
	e, _ := world(t)
	ctx := t.Context()
	if err := e.AddNode(ctx, graph.Node{ID: "fresh", Type: "item"}, graph.Node{ID: "song", Type: "song"}, graph.Node{ID: "guest", Type: "user"}); err != nil {
		t.Fatal(err)
	}
	recommend(t, e, Query{User: "user:40"})
	items := func() []graph.Idx { return e.model.Load().live.items }
	for _, tc := range []struct {
		name  string
		x     graph.Interaction
		spare bool
		why   string
	}{
		{"known", graph.Interaction{User: "user:40", Item: "item:3"}, true, "both were there at training"},
		{"new item", graph.Interaction{User: "user:40", Item: "fresh"}, true, "it is in the view already"},
		{"known newcomer", graph.Interaction{User: "guest", Item: "item:3"}, true, "a user of a user's type"},
		{"new user", graph.Interaction{User: "guest2", Item: "item:4"}, true, "the same, made by the interaction"},
		{"other type", graph.Interaction{User: "user:40", Item: "song"}, false, "the interaction makes it an item"},
		{"item by the way", graph.Interaction{User: "user:40", Item: "unheard"}, false, "a new node"},
	} {
		before, seq := items(), e.model.Load().live.seq
		if err := e.AddInteraction(ctx, tc.x); err != nil {
			t.Fatal(err)
		}
		spared := e.model.Load().live.seq == seq+1
		recommend(t, e, Query{User: "user:40"})
		if spared != tc.spare || tc.spare != slices.Equal(before, items()) {
			t.Errorf("%s: spared %v, the view changed %v, want %v: %s", tc.name, spared, !slices.Equal(before, items()), tc.spare, tc.why)
		}
	}
	seq := e.model.Load().live.seq
	if err := e.AddTriple(ctx, graph.Triple{Head: "fresh", Relation: "has_rel0", Tail: "rel0:e2"}); err != nil {
		t.Fatal(err)
	}
	if err := e.AddInteraction(ctx, graph.Interaction{User: "user:40", Item: "item:5"}); err != nil {
		t.Fatal(err)
	}
	if e.model.Load().live.seq != seq {
		t.Error("a view that misses a triple was taken for one of now")
	}
	recommend(t, e, Query{User: "user:40"})
	if l := e.model.Load().live; l.seq != e.Graph().Seq() || len(l.bags[0].at) != 1 {
		t.Errorf("the view is of %d, the store of %d, contexts %v", l.seq, e.Graph().Seq(), l.bags[0])
	}
}
