package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kenrec/ken/graph"
)

// What is like the items that a user dislikes stands lower in her list than without the dislikes.
func TestDislikesPushDown(t *testing.T) {
	for _, stage := range []string{"at training", "folded in"} {
		e, d := world(t)
		byUser := map[string][]string{}
		for _, x := range d.Interactions {
			byUser[x.User] = append(byUser[x.User], x.Item)
		}
		mine, theirs := byUser["user:40"][:6], []string(nil)
		for u := 41; theirs == nil; u++ { // somebody else's items, of which she has none
			if items := byUser[fmt.Sprintf("user:%d", u)]; !slices.ContainsFunc(items, func(i string) bool { return slices.Contains(mine, i) }) {
				theirs = items
			}
		}
		var rows []string
		for _, id := range mine {
			rows = append(rows, "fan "+id+" 1", "plain "+id+" 1", "picky "+id+" 1")
		}
		for _, id := range theirs[:8] {
			rows = append(rows, "fan "+id+" 1", "picky "+id+" -1")
		}
		linesTSV(t, e, Interactions, rows...)
		if stage == "at training" {
			trainQuick(t, e)
		}
		mean := func(user string) float64 { // place of their other items
			list := idsOf(recommend(t, e, Query{User: user, K: 500, IncludeSeen: true}))
			sum := 0.0
			for _, id := range theirs[8:] {
				sum += float64(slices.Index(list, id))
			}
			return sum / float64(len(theirs[8:]))
		}
		if fan, plain, picky := mean("fan"), mean("plain"), mean("picky"); fan > plain-10 || picky < plain+10 {
			t.Errorf("%s: items stand at %.0f for who likes such ones, at %.0f for who does not know them, at %.0f for who dislikes them", stage, fan, plain, picky)
		}
		r := recommend(t, e, Query{User: "picky", K: 500})
		for _, x := range r.Items {
			if slices.Contains(theirs[:8], x.Item) {
				t.Errorf("%s: %s is disliked and recommended as unseen", stage, x.Item)
			}
		}
		for _, x := range r.Items[:10] {
			checkExplained(t, e, "picky", x)
		}
	}
}

// Types of interaction count as much as the configuration says, at training and at query time alike.
func TestInteractionTypes(t *testing.T) {
	// view is a taste for the first half of the items, buy for the second
	build := func(types ...Weight) *Engine {
		e := memory(t)
		var events []graph.Interaction
		for u := range 60 {
			for j := range 6 {
				events = append(events,
					graph.Interaction{User: fmt.Sprintf("u%d", u), Item: fmt.Sprintf("v%d", (u%3)*8+(u*5+j)%8), Type: "view"},
					graph.Interaction{User: fmt.Sprintf("u%d", u), Item: fmt.Sprintf("b%d", (u%3)*8+(u*7+j)%8), Type: "buy"})
			}
		}
		events = append(events, graph.Interaction{User: "new", Item: "v0", Type: "view"}, graph.Interaction{User: "new", Item: "b9", Type: "buy"})
		if err := e.AddInteraction(t.Context(), events...); err != nil {
			t.Fatal(err)
		}
		c := quick()
		c.Types = types
		if _, err := e.Train(t.Context(), TrainOptions{Config: c}); err != nil {
			t.Fatal(err)
		}
		return e
	}
	for _, tc := range []struct {
		name  string
		types []Weight
		like  int // 0: what users with v0 choose, 1: those with b9
		why   string
	}{
		{"buy counts more", []Weight{{"view", 0.1}, {"buy", 4}}, 1, "she bought b9"},
		{"view counts more", []Weight{{"view", 4}, {"buy", 0.1}}, 0, "she viewed v0"},
		{"buy does not count", []Weight{{"buy", 0}}, 0, "only views are left"},
		{"view does not count", []Weight{{"view", 0}}, 1, "only purchases are left"},
	} {
		e := build(tc.types...)
		trained := recommend(t, e, Query{User: "new", K: 6})
		hits := 0
		for _, id := range idsOf(trained) {
			var n int
			if _, err := fmt.Sscanf(id[1:], "%d", &n); err != nil {
				t.Fatal(err)
			}
			if n/8 == tc.like {
				hits++
			}
		}
		if hits < 5 {
			t.Errorf("%s: %q, want those of group %d: %s", tc.name, idsOf(trained), tc.like, tc.why)
		}
		// The same history, folded in after training, gives the same items; some tie but for rounding.
		if err := e.AddInteraction(t.Context(), graph.Interaction{User: "late", Item: "v0", Type: "view"}, graph.Interaction{User: "late", Item: "b9", Type: "buy"}); err != nil {
			t.Fatal(err)
		}
		if late := recommend(t, e, Query{User: "late", K: 6}); late.Basis != BasisFoldedIn ||
			!slices.Equal(slices.Sorted(slices.Values(idsOf(late))), slices.Sorted(slices.Values(idsOf(trained)))) {
			t.Errorf("%s: trained %q, folded in by %q %q", tc.name, idsOf(trained), late.Basis, idsOf(late))
		}
		// The store has moved on; who was trained and has not changed keeps her very list.
		if again := recommend(t, e, Query{User: "new", K: 6}); again.Basis != BasisTrained || again.Items[0].Score != trained.Items[0].Score {
			t.Errorf("%s: after somebody else's interaction the list rests on %q and scores %v, before %v",
				tc.name, again.Basis, again.Items[0].Score, trained.Items[0].Score)
		}
	}
}

// Knowledge about a trained user that changed after training moves her list; unrelated changes do not.
func TestUserKnowledgeChanges(t *testing.T) {
	e, d := world(t)
	const user = "user:40"
	before := recommend(t, e, Query{User: user, K: 50})
	linesTSV(t, e, Triples, "user:41 prefers rel0:e3")
	if r := recommend(t, e, Query{User: user, K: 50}); r.Basis != BasisTrained || fmt.Sprint(r) != fmt.Sprint(before) {
		t.Errorf("somebody else's preference changed the list of %s", user)
	}
	linesTSV(t, e, Triples, user+" prefers rel0:e3", user+" prefers rel1:e4")
	if r := recommend(t, e, Query{User: user, K: 50}); fmt.Sprint(r) == fmt.Sprint(before) {
		t.Errorf("two new preferences left the list of %s as it was", user)
	}
	cold := d.ColdUsers[0]
	before = recommend(t, e, Query{User: cold, K: 50})
	linesTSV(t, e, Triples, cold+" prefers rel0:e5")
	if r := recommend(t, e, Query{User: cold, K: 50}); slices.Equal(idsOf(r), idsOf(before)) {
		t.Errorf("a new preference left the list of the cold user %s as it was", cold)
	}
}

// follow adds interactions between people: import wants ids of users and items apart, the store does not.
func follow(t *testing.T, e *Engine, pairs ...string) {
	t.Helper()
	for _, p := range pairs {
		user, item, _ := strings.Cut(p, " ")
		if err := e.AddInteraction(t.Context(), graph.Interaction{User: user, Item: item}); err != nil {
			t.Fatal(err)
		}
	}
}

// Stores that lack something: a sentence or a list, never a crash.
func TestPoorStores(t *testing.T) {
	for _, tc := range []struct {
		name string
		fill func(e *Engine)
		want error
		why  string
	}{
		{"empty", func(*Engine) {}, ErrNoData, "nothing at all"},
		{"no interactions", func(e *Engine) { linesTSV(t, e, Triples, "a r b", "c r b") }, ErrNoData, "knowledge without behaviour"},
		{"nodes only", func(e *Engine) { linesTSV(t, e, Nodes, "a item A", "u user U") }, ErrNoData, "the same"},
		{"one interaction", func(e *Engine) { linesTSV(t, e, Interactions, "u a 1") }, nil, "the smallest store that trains"},
		{"one item", func(e *Engine) { linesTSV(t, e, Interactions, "u a 1", "v a 1", "w a 1") }, nil, "nothing else to recommend"},
		{"no triples, no texts", func(e *Engine) { linesTSV(t, e, Interactions, "u a 1", "u b 1", "v a 1", "v c 1") }, nil, "plain factorisation"},
		{"only dislikes", func(e *Engine) { linesTSV(t, e, Interactions, "u a -1", "u b -1", "v a -1", "v c -1") }, nil, "nobody likes anything"},
		{"weights of zero", func(e *Engine) { linesTSV(t, e, Interactions, "u a 0", "v b 0") }, nil, "everything was seen, nothing chosen"},
		{"user and item at once", func(e *Engine) { follow(t, e, "u v", "v u", "u w") }, nil, "people who follow people"},
		{"oneself", func(e *Engine) {
			follow(t, e, "v u", "v w")
			linesTSV(t, e, Triples, "u knows u", "w knows w")
		}, nil, "loops"},
		{"users without a word in common", func(e *Engine) {
			linesTSV(t, e, Nodes, "u user X", "a item Y")
			linesTSV(t, e, Interactions, "u a 1", "u b 1", "v a 1")
		}, nil, "texts that tie nothing together"},
	} {
		e := memory(t)
		tc.fill(e)
		_, err := e.Train(t.Context(), TrainOptions{Config: &Config{Factors: 4, Iterations: 2}})
		if !errors.Is(err, tc.want) {
			t.Errorf("%s: train: %v, want %v: %s", tc.name, err, tc.want, tc.why)
		}
		if tc.want != nil {
			if _, err := e.Recommend(t.Context(), Query{User: "u", K: 1}); !errors.Is(err, ErrNotTrained) {
				t.Errorf("%s: recommend: %v, want ErrNotTrained", tc.name, err)
			}
			continue
		}
		for r, err := range e.RecommendAll(t.Context(), BatchQuery{Query: Query{K: 9, IncludeSeen: true, Explain: true}}) {
			if err != nil {
				t.Errorf("%s: %v: %s", tc.name, err, tc.why)
				continue
			}
			for _, x := range r.Items {
				checkExplained(t, e, r.User, x)
			}
		}
		linesTSV(t, e, Nodes, "late item Late", "stranger user")
		if r := recommend(t, e, Query{User: "stranger", K: 9, Explain: true}); r.Basis != BasisPopularity {
			t.Errorf("%s: a stranger's list rests on %q", tc.name, r.Basis)
		}
		if _, err := e.Similar(t.Context(), "u", 3); err != nil && !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: similar: %v", tc.name, err)
		}
		if _, err := e.Similar(t.Context(), "stranger", 3); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: similar to a stranger: %v, want ErrNotFound", tc.name, err)
		}
	}
}
