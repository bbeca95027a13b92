package engine

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kenrec/ken/graph"
)

// What people do with a new item moves it in the next list of those who are like them, with every scorer.
func TestNewItemsJoin(t *testing.T) {
	for _, scorer := range []string{scorerCoChoice, scorerItemItem, scorerLikeMinded, ""} {
		e, d := world(t)
		cfg := quick()
		cfg.Scorers = []Weight{{scorerCoChoice, 0}, {scorerItemItem, 0}, {scorerLikeMinded, 0}}
		for n := range cfg.Scorers {
			if cfg.Scorers[n].Name == scorer {
				cfg.Scorers[n].Value = 0.4
			}
		}
		if _, err := e.Train(t.Context(), TrainOptions{Config: cfg}); err != nil {
			t.Fatal(err)
		}
		users := usersLike(t, e, d.Tastes[30].User, 12)
		if err := e.AddNode(t.Context(), graph.Node{ID: "fresh", Type: "item", Name: "Fresh"}, graph.Node{ID: "other", Type: "item", Name: "Other"}); err != nil {
			t.Fatal(err)
		}
		q := Query{User: users[0]}
		last := rankOf(t, e, q, "fresh")
		first := last
		for _, u := range append(users[1:], "stranger") {
			if err := e.AddInteraction(t.Context(), graph.Interaction{User: u, Item: "fresh"}); err != nil {
				t.Fatal(err)
			}
			now := scoreOf(t, e, users[0], "fresh")
			if math.IsNaN(now) {
				t.Fatalf("%q: score of the new item is %g", scorer, now)
			}
		}
		if now := rankOf(t, e, q, "fresh"); now > first/2 || now > 40 {
			t.Errorf("%q: the new item stands at %d after people alike chose it, %d before", scorer, now, first)
		}
		stepwise := recommend(t, e, Query{User: users[0], K: 500, IncludeSeen: true})
		for _, x := range stepwise.Items {
			if x.Item == "fresh" || x.Item == "other" {
				checkExplained(t, e, users[0], x)
			}
		}
		for _, x := range recommend(t, e, Query{User: users[3], K: 3}).Items {
			checkExplained(t, e, users[3], x) // has the new item in her history
		}
		if err := e.AddTriple(t.Context(), graph.Triple{Head: "far", Relation: "near", Tail: "away"}); err != nil {
			t.Fatal(err)
		}
		e.model.Load().live = nil // nothing is taken over: the view is made at once
		if whole := recommend(t, e, Query{User: users[0], K: 500, IncludeSeen: true}); !cmp.Equal(whole.Items[:20], stepwise.Items[:20]) {
			t.Errorf("%q: made at once\n%v\nstep by step\n%v", scorer, whole.Items[:20], stepwise.Items[:20])
		}
		if r := recommend(t, e, Query{User: "stranger", K: 3}); r.Basis != BasisFoldedIn || len(r.Items) != 3 {
			t.Errorf("%q: somebody with a new item only: %+v", scorer, r)
		}
	}
}

// usersLike lists a user and those whose factors are most like hers.
func usersLike(t *testing.T, e *Engine, user string, n int) []string {
	t.Helper()
	near, err := e.Similar(t.Context(), user, n)
	if err != nil {
		t.Fatal(err)
	}
	ids := []string{user}
	for _, s := range near {
		ids = append(ids, s.ID)
	}
	return ids
}

func scoreOf(t *testing.T, e *Engine, user, item string) float64 {
	t.Helper()
	x, err := e.Explain(t.Context(), user, item)
	if err != nil {
		t.Fatal(err)
	}
	return x.Score
}

// Dislikes push a new item down, and a type without strength says nothing.
func TestNewItemsJoinBySign(t *testing.T) {
	e, d := world(t)
	users := usersLike(t, e, d.Tastes[30].User, 8)
	var rows []string
	for _, u := range users[1:] {
		rows = append(rows, u+" liked 1", u+" hated -1")
	}
	linesTSV(t, e, Nodes, "liked item Liked", "hated item Hated")
	linesTSV(t, e, Interactions, rows...)
	if liked, hated := scoreOf(t, e, users[0], "liked"), scoreOf(t, e, users[0], "hated"); liked <= 0 || hated >= 0 {
		t.Errorf("liked %g, hated %g", liked, hated)
	}
	if r := recommend(t, e, Query{Likes: []string{"liked"}, K: 5}); r.Basis != BasisFoldedIn {
		t.Errorf("%+v", r)
	}
	if err := e.AddNode(t.Context(), graph.Node{ID: "nobody", Type: "user"}); err != nil {
		t.Fatal(err)
	}
	popular := recommend(t, e, Query{User: "nobody", K: 500})
	if at := slices.Index(idsOf(popular), "liked"); popular.Basis != BasisPopularity || at < 0 || popular.Items[at].Score != float64(len(users)-1) {
		t.Errorf("basis %q; the new item at %d: %+v", popular.Basis, at, fmt.Sprint(popular.Items[max(at, 0)]))
	}
}
