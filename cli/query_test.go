package cli

import (
	"context"
	"testing"

	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/graph"
)

// erasing is a context that erases a node when its n-th question is asked.
type erasing struct {
	context.Context
	asked, n int
	erase    func()
}

func (c *erasing) Err() error {
	if c.asked++; c.asked == c.n {
		c.erase()
	}
	return c.Context.Err()
}

// TestQueryErasedMidway: a node that is erased while the walk is under way is left out, at whatever place.
func TestQueryErasedMidway(t *testing.T) {
	for n := 1; ; n++ {
		e, err := engine.OpenInMemory()
		if err != nil {
			t.Fatal(err)
		}
		if err := e.AddTriple(t.Context(), graph.Triple{Head: "a", Relation: "r", Tail: "b"}, graph.Triple{Head: "a", Relation: "r", Tail: "d"},
			graph.Triple{Head: "b", Relation: "r", Tail: "c"}, graph.Triple{Head: "d", Relation: "r", Tail: "e"}); err != nil {
			t.Fatal(err)
		}
		ctx := &erasing{Context: t.Context(), n: n, erase: func() {
			if _, err := e.Erase(context.Background(), []string{"b"}); err != nil {
				t.Error(err)
			}
		}}
		v := nodeView{ID: "a"}
		if err := v.walk(ctx, e.Graph(), queryOptions{hops: 3}); err != nil {
			t.Errorf("erased at question %d: %v", n, err)
		} else if last := v.Triples[len(v.Triples)-1]; last.Tail != "e" && last.Tail != "c" {
			t.Errorf("erased at question %d: the walk ends with %+v", n, last)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		if ctx.asked < n {
			return
		}
	}
}
