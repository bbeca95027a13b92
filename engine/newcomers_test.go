package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A new item is ranked right after its import, without training.
func TestNewItems(t *testing.T) {
	e, d := world(t)
	taste := d.Tastes[30]
	before := e.model.Load()
	linesTSV(t, e, Nodes, "fresh item Fresh", "blank item Blank", "rel0:new rel0 Entity")
	var facts []string
	for i, z := range taste.Entities {
		facts = append(facts, fmt.Sprintf("fresh has_%s %s", z[:4], taste.Entities[i]))
	}
	linesTSV(t, e, Triples, facts...)
	if e.model.Load() != before {
		t.Fatal("the model was trained anew")
	}
	all := append(slices.Clone(d.ColdItems), "fresh", "blank")
	r := recommend(t, e, Query{User: taste.User, K: 30, Candidates: all})
	at := slices.Index(idsOf(r), "fresh")
	if at < 0 || at > 5 || !r.Items[at].Cold || r.Items[at].Name != "Fresh" {
		t.Errorf("the new item stands at %d of %d cold ones: %q", at, len(r.Items), idsOf(r))
	} else {
		x := checkExplained(t, e, taste.User, r.Items[at])
		if len(x.Paths) == 0 {
			t.Error("no path leads to the new item")
		}
	}
	if slices.Contains(idsOf(recommend(t, e, Query{User: taste.User, K: 500})), "rel0:new") {
		t.Error("a new entity is listed as an item")
	}
	// what she does with it takes it out of her list, and others' lists keep it
	linesTSV(t, e, Interactions, taste.User+" fresh 1")
	if got := rankOf(t, e, Query{User: taste.User}, "fresh"); got < 0 {
		t.Error("a seen item is not there with IncludeSeen")
	}
	if slices.Contains(idsOf(recommend(t, e, Query{User: taste.User, K: 500})), "fresh") {
		t.Error("the new item is still listed after she chose it")
	}
	if rankOf(t, e, Query{User: "user:50"}, "fresh") < 0 {
		t.Error("the new item left the lists of others")
	}
	// an item of a type that nobody had chosen before, known by its first interaction
	linesTSV(t, e, Nodes, "song song Song")
	if rankOf(t, e, Query{User: "user:50"}, "song") >= 0 {
		t.Error("a node of an unknown type is listed without an interaction")
	}
	linesTSV(t, e, Interactions, "user:60 song 1")
	if rankOf(t, e, Query{User: "user:50"}, "song") < 0 {
		t.Error("a node with an interaction is not listed")
	}
}

func TestErased(t *testing.T) {
	e, _ := world(t)
	const user = "user:40"
	linesTSV(t, e, Nodes, "fresh item Fresh")
	r := recommend(t, e, Query{User: user, K: 20})
	gone := []string{r.Items[0].Item, r.Items[4].Item, "user:41", "fresh"}
	b, err := e.Graph().NewBatch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range gone {
		if err := b.DeleteNode(id); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	now := recommend(t, e, Query{User: user, K: 20})
	if len(now.Items) != 20 {
		t.Errorf("%d items, want 20: others move up", len(now.Items))
	}
	for _, id := range idsOf(now) {
		if slices.Contains(gone, id) {
			t.Errorf("%s was erased and is listed", id)
		}
	}
	for i, x := range now.Items {
		if x.Rank != i+1 {
			t.Errorf("place %d has rank %d", i, x.Rank)
		}
	}
	for _, tc := range []struct {
		name string
		call func() error
	}{
		{"recommend", func() error { _, err := e.Recommend(t.Context(), Query{User: "user:41", K: 3}); return err }},
		{"explain", func() error { _, err := e.Explain(t.Context(), user, gone[0]); return err }},
		{"candidate", func() error {
			_, err := e.Recommend(t.Context(), Query{User: user, K: 3, Candidates: gone[:1]})
			return err
		}},
		{"similar", func() error { _, err := e.Similar(t.Context(), "fresh", 3); return err }},
	} {
		if err := tc.call(); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s of an erased node: %v", tc.name, err)
		}
	}
	similar, err := e.Similar(t.Context(), now.Items[0].Item, 300)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range similar {
		if slices.Contains(gone, s.ID) || s.Rank != i+1 {
			t.Errorf("similar: %+v", s)
		}
	}
	for x, err := range e.RecommendAll(t.Context(), BatchQuery{Query: Query{K: 1}}) {
		if err != nil || slices.Contains(gone, x.User) {
			t.Errorf("batch: %q, %v", x.User, err)
		}
	}
	trainQuick(t, e)
	if got := len(recommend(t, e, Query{User: user, K: 500, IncludeSeen: true}).Items); got != 198 {
		t.Errorf("%d items after training, want 198", got)
	}
}

// Somebody who knows nothing but new items is placed by them; what a trained user does with them counts too.
func TestHistoryOfNewItems(t *testing.T) {
	e, d := world(t)
	taste := d.Tastes[30]
	var rows, facts []string
	for i := range 4 {
		rows = append(rows, fmt.Sprintf("fresh%d item Fresh%d", i, i))
		for rel := range 3 {
			facts = append(facts, fmt.Sprintf("fresh%d has_rel%d %s", i, rel, taste.Entities[slices.IndexFunc(taste.Entities, func(z string) bool { return strings.HasPrefix(z, fmt.Sprintf("rel%d:", rel)) })]))
		}
	}
	linesTSV(t, e, Nodes, append(rows, "guest user Guest")...)
	linesTSV(t, e, Triples, facts...)
	before := recommend(t, e, Query{User: "user:50", K: 50})
	linesTSV(t, e, Interactions, "guest fresh0 1", "guest fresh1 1", "user:50 fresh2 1")
	want := idsOf(recommend(t, e, Query{User: taste.User, K: 30, IncludeSeen: true}))
	for _, q := range []Query{{User: "guest", K: 30}, {Likes: []string{"fresh0", "fresh1"}, K: 30}} {
		r := recommend(t, e, q)
		both := 0
		for _, id := range idsOf(r) {
			if slices.Contains(want, id) {
				both++
			}
		}
		if r.Basis != BasisFoldedIn || both < 10 || slices.Contains(idsOf(r), "fresh0") {
			t.Errorf("%+v: basis %q, %d of 30 in common with somebody of that taste, want 10", q, r.Basis, both)
		}
		if q.User == "" {
			continue
		}
		history := false
		for _, x := range r.Items {
			for _, p := range checkExplained(t, e, q.User, x).Parts {
				history = history || p.Kind == partHistory && strings.HasPrefix(p.ID, "fresh")
			}
		}
		if !history {
			t.Error("no part of any score comes from the new items")
		}
	}
	after := recommend(t, e, Query{User: "user:50", K: 50})
	if after.Basis != BasisFoldedIn || cmp.Equal(before.Items, after.Items) {
		t.Errorf("a new item in the history of a trained user changes nothing; basis %q", after.Basis)
	}
}
