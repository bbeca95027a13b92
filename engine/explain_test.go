package engine

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/kenrec/ken/graph"
)

// The parts of every explanation add up to the score in the list: for warm, cold and new items, for users with a history,
// without one, folded in, and for likes alone.
func TestExplainAddsUp(t *testing.T) {
	e, d := world(t)
	changed := false // what was known of some item, since training
	check := func(user string) map[string]bool {
		t.Helper()
		kinds := map[string]bool{}
		r := recommend(t, e, Query{User: user, K: 500, IncludeSeen: true})
		for i, x := range r.Items {
			if i%7 == 0 || i == len(r.Items)-1 || x.Cold {
				for _, p := range checkExplained(t, e, user, x).Parts {
					kinds[p.Kind] = true
					if p.Kind == partEarlier && !changed {
						t.Errorf("%s, %s: %.6f of the score is not explained", user, x.Item, p.Value)
					}
				}
			}
		}
		return kinds
	}
	if k := check("user:40"); !k[partHistory] || !k[partContext] {
		t.Errorf("a warm user's scores come from %v", k)
	}
	if k := check(d.ColdUsers[0]); !k[partPreference] {
		t.Errorf("a cold user's scores come from %v", k)
	}
	linesTSV(t, e, Nodes, "fresh item Fresh", "blank item Blank")
	linesTSV(t, e, Triples, "fresh has_rel0 rel0:e1", "fresh has_rel1 rel1:e1", "newB prefers rel0:e1")
	linesTSV(t, e, Interactions, "user:41 item:3 1", "user:42 fresh 1", "newA item:7 1", "newA item:9 -1", "newA fresh 1")
	for _, user := range []string{"user:40", "user:41", "user:42", "newA", "newB", d.ColdUsers[1]} {
		check(user)
	}
	// what was known of a cold item has changed since training: its row has not
	linesTSV(t, e, Triples, d.ColdItems[0]+" has_rel2 rel2:e3")
	linesTSV(t, e, Nodes, d.ColdItems[1]+" item Other other-words-than-before")
	changed = true
	if !check("user:40")[partEarlier] {
		t.Error("no part says that the item was known otherwise")
	}
}

func TestExplainQuery(t *testing.T) {
	e, _ := world(t)
	r := recommend(t, e, Query{User: "user:40", K: 5, Explain: true})
	for _, x := range r.Items {
		if len(x.Reasons) == 0 || len(x.Reasons) > 3 {
			t.Errorf("%s has the reasons %q", x.Item, x.Reasons)
		}
	}
	for _, x := range recommend(t, e, Query{Likes: []string{"item:1", "item:9"}, K: 5, Explain: true}).Items {
		if len(x.Reasons) == 0 {
			t.Errorf("for likes %s has no reasons", x.Item)
		}
	}
	for _, tc := range []struct{ name, user, item string }{
		{"user", "ann", "item:1"}, {"item", "user:1", "heat"}, {"entity", "user:1", "rel0:e1"},
	} {
		if _, err := e.Explain(t.Context(), tc.user, tc.item); !errors.Is(err, ErrNotFound) {
			t.Errorf("unknown %s: %v", tc.name, err)
		}
	}
	if _, err := e.Explain(t.Context(), "", "item:1"); !errors.Is(err, ErrBadOption) {
		t.Errorf("no user: %v", err)
	}
}

// films is a small graph in words, to read paths in.
func films(t *testing.T) *Engine {
	t.Helper()
	e := memory(t)
	put := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	node := func(id, typ, name string) graph.Node { return graph.Node{ID: id, Type: typ, Name: name} }
	put(e.AddNode(t.Context(), node("f1", "film", "Heat"), node("f2", "film", "Collateral"), node("f3", "film", "Bambi"),
		node("f4", "film", "Dumbo"), node("f5", "film", "Ronin"), node("f6", "film", "Fantasia"), node("p1", "person", "Michael Mann"),
		node("p2", "person", "Walt Disney"), node("g1", "genre", "crime"), node("g2", "genre", "cartoon"), node("ann", "user", "Ann")))
	put(e.AddTriple(t.Context(),
		graph.Triple{Head: "f1", Relation: "directed_by", Tail: "p1"}, graph.Triple{Head: "f2", Relation: "directed_by", Tail: "p1"},
		graph.Triple{Head: "f3", Relation: "made_by", Tail: "p2"}, graph.Triple{Head: "f4", Relation: "made_by", Tail: "p2"},
		graph.Triple{Head: "f1", Relation: "has_genre", Tail: "g1"}, graph.Triple{Head: "f2", Relation: "has_genre", Tail: "g1"},
		graph.Triple{Head: "f5", Relation: "has_genre", Tail: "g1"}, graph.Triple{Head: "f3", Relation: "has_genre", Tail: "g2"},
		graph.Triple{Head: "f4", Relation: "has_genre", Tail: "g2"}, graph.Triple{Head: "f6", Relation: "has_genre", Tail: "g2"},
		graph.Triple{Head: "p1", Relation: "known_for", Tail: "f1"}, graph.Triple{Head: "p1", Relation: "known_for", Tail: "f2"},
		graph.Triple{Head: "ann", Relation: "prefers", Tail: "p1"},
	))
	like := func(user, item string) graph.Interaction { return graph.Interaction{User: user, Item: item} }
	put(e.AddInteraction(t.Context(), like("bo", "f1"), like("bo", "f5"), like("cy", "f1"), like("cy", "f2"), like("cy", "f5"),
		like("di", "f3"), like("di", "f4"), like("ed", "f3"), like("ed", "f4"), like("ed", "f6"), like("flo", "f4"), like("flo", "f6")))
	trainQuick(t, e)
	return e
}

func TestPathsInWords(t *testing.T) {
	e := films(t)
	for _, tc := range []struct {
		user, item string
		want       []string
		why        string
	}{
		{"bo", "f2", []string{
			"liked Heat —directed_by→ Michael Mann ←directed_by— Collateral",
			"liked Heat —has_genre→ crime ←has_genre— Collateral",
			"liked Ronin —has_genre→ crime ←has_genre— Collateral",
		}, "the rarest first, two from one item at most"},
		{"ann", "f2", []string{"Ann —prefers→ Michael Mann ←directed_by— Collateral", "Ann —prefers→ Michael Mann —known_for→ Collateral"},
			"from what she prefers; she has done nothing"},
		{"di", "f2", nil, "no two triples lead there"},
		{"bo", "f1", []string{"liked Ronin —has_genre→ crime ←has_genre— Heat"}, "an item that he has leads to itself, which says nothing"},
	} {
		x, err := e.Explain(t.Context(), tc.user, tc.item)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(x.Paths, tc.want) && len(x.Paths)+len(tc.want) > 0 {
			t.Errorf("%s, %s: %q, want %q: %s", tc.user, tc.item, x.Paths, tc.want, tc.why)
		}
	}
	if r := recommend(t, e, Query{User: "bo", K: 1, Explain: true}).Items[0]; r.Item != "f2" || r.Reasons[0] != "liked Heat —directed_by→ Michael Mann ←directed_by— Collateral" {
		t.Errorf("bo is told %+v", r)
	}
}

// Two things that are each said to be the same as the other must not send an explanation round in circles.
func TestSameAsInCircles(t *testing.T) {
	e := films(t)
	linesTSV(t, e, Triples, "f2 same_as x", "x same_as f2", "x about theft", "f1 same_as f1", "f5 same_as y", "y same_as z", "z same_as y")
	check := func() {
		t.Helper()
		for _, user := range []string{"bo", "ann", "cy"} {
			for _, r := range recommend(t, e, Query{User: user, K: 9, IncludeSeen: true, Explain: true}).Items {
				checkExplained(t, e, user, r)
			}
		}
	}
	check()
	trainQuick(t, e)
	check()
}

// The triples of the entity that an item is the same as are the item's: at training, for a new item, and in words.
func TestSameAs(t *testing.T) {
	direct, linked := films(t), films(t)
	linesTSV(t, direct, Nodes, "new film New")
	linesTSV(t, direct, Triples, "new directed_by p1", "new has_genre g1")
	linesTSV(t, linked, Nodes, "new film New")
	linesTSV(t, linked, Triples, "new same_as kb:1", "kb:1 directed_by p1", "kb:1 has_genre g1")
	for _, stage := range []string{"new", "trained"} {
		a := recommend(t, direct, Query{User: "bo", K: 9, IncludeSeen: true})
		b := recommend(t, linked, Query{User: "bo", K: 9, IncludeSeen: true})
		if !slices.Equal(idsOf(a), idsOf(b)) {
			t.Errorf("%s: %q with triples of its own, %q through same_as", stage, idsOf(a), idsOf(b))
		}
		for i := range a.Items {
			if math.Abs(a.Items[i].Score-b.Items[i].Score) > 1e-5 {
				t.Errorf("%s: %s scores %.6f, through same_as %.6f", stage, a.Items[i].Item, a.Items[i].Score, b.Items[i].Score)
			}
			checkExplained(t, linked, "bo", b.Items[i])
		}
		x, err := linked.Explain(t.Context(), "bo", "new")
		if err != nil || !slices.Contains(x.Paths, "liked Heat —directed_by→ Michael Mann ←directed_by— New") {
			t.Errorf("%s: paths %q, %v", stage, x.Paths, err)
		}
		trainQuick(t, direct)
		trainQuick(t, linked)
	}
}

// "Ann prefers American", where a cuisine is called American: the preference means the cuisine.
func TestPreferencesByName(t *testing.T) {
	for _, tc := range []struct{ name, end, why string }{
		{"id", "CARTOON", "the end has no name: its id is one, whatever the case"},
		{"name", "pref:7", "the end has a name of its own"},
	} {
		e := films(t)
		linesTSV(t, e, Nodes, "pref:7 preference Cartoon")
		linesTSV(t, e, Triples, "bo prefers g1", "cy prefers g1", "di prefers g2", "ed prefers g2", "flo prefers g2")
		trainQuick(t, e) // now it knows users of whom both words and deeds are known
		linesTSV(t, e, Triples, "gus prefers "+tc.end)
		for _, stage := range []string{"new", "trained"} {
			r := recommend(t, e, Query{User: "gus", K: 3})
			if got := idsOf(r); r.Basis != BasisKnowledge || slices.Contains(got, "f1") || slices.Contains(got, "f2") || slices.Contains(got, "f5") {
				t.Errorf("%s, %s: %q by %q, want cartoons: %s", tc.name, stage, got, r.Basis, tc.why)
			}
			for _, x := range r.Items {
				x := checkExplained(t, e, "gus", x)
				if !slices.ContainsFunc(x.Parts, func(p Part) bool { return p.Kind == partPreference && p.Name == "cartoon" }) {
					t.Errorf("%s, %s: no part for the preference: %+v", tc.name, stage, x.Parts)
				}
			}
			trainQuick(t, e)
		}
	}
}

// Attributes are contexts as triples are.
func TestAttributesAreContexts(t *testing.T) {
	e := memory(t)
	var nodes []graph.Node
	var events []graph.Interaction
	for i := range 20 {
		colour := []string{"red", "blue"}[i%2]
		nodes = append(nodes, graph.Node{ID: "i" + string(rune('a'+i)), Type: "item", Attrs: []graph.Attr{
			{Key: "colour", Value: graph.String(colour)}, {Key: "price", Value: graph.Number(float64(i))},
			{Key: "tags", Value: graph.List(colour+"ish", colour+"ish", "x")},
		}})
	}
	for u := range 24 {
		for j := range 5 {
			events = append(events, graph.Interaction{User: "u" + string(rune('a'+u)), Item: nodes[(2*(u*3+j*2)+u%2)%16].ID})
		}
	}
	if err := errors.Join(e.AddNode(t.Context(), nodes...), e.AddInteraction(t.Context(), events...)); err != nil {
		t.Fatal(err)
	}
	trainQuick(t, e)
	nodes[18].ID = "new"
	if err := e.AddNode(t.Context(), nodes[18]); err != nil {
		t.Fatal(err)
	}
	q := Query{User: "ua", K: 9, Candidates: []string{"iq", "ir", "is", "it", "new"}} // the last four are cold, red and blue in turn
	r := recommend(t, e, q)
	if got := idsOf(r); slices.Index(got, "ir") < 3 || slices.Index(got, "it") < 3 || got[0] != "new" ||
		math.Abs(passedOver*r.Items[0].Score-r.Items[2].Score) > 1e-5 {
		t.Errorf("somebody who takes what is red gets %+v, want red ones first and the new one level with them but for its chance", r.Items)
	}
	x := checkExplained(t, e, "ua", r.Items[0])
	if !slices.ContainsFunc(x.Parts, func(p Part) bool { return p.Name == "colour is red" && p.ID == "colour=red" }) {
		t.Errorf("parts %+v, want one for the colour", x.Parts)
	}
	if slices.ContainsFunc(x.Parts, func(p Part) bool { return strings.Contains(p.Name, "price") }) {
		t.Errorf("a number is no category: %+v", x.Parts)
	}
}

// With a relation and a source of weight 0 and every feature block on, new items are placed as if they had been there, and negative
// triples, which only come in from Go, say nothing.
func TestRelationsLeftOut(t *testing.T) {
	e := films(t)
	linesTSV(t, e, Triples, "f1 noise x", "f3 noise x", "f2 noise y", "f4 noise y")
	not := func(head, tail string) graph.Triple {
		return graph.Triple{Head: head, Relation: "not_by", Tail: tail, Weight: -1}
	}
	if err := e.AddTriple(t.Context(), not("f1", "p2"), not("f2", "p2"), not("f3", "p1"), not("f4", "p1")); err != nil {
		t.Fatal(err)
	}
	if err := e.AddTriple(t.Context(), graph.Triple{Head: "f1", Relation: "in", Tail: "y", Weight: 1, Source: "guess"}, graph.Triple{Head: "f2", Relation: "in", Tail: "y", Weight: 1, Source: "guess"}); err != nil {
		t.Fatal(err)
	}
	c := &Config{Factors: 8, Iterations: 3, Relations: []Weight{{"noise", 0}, {"has_genre", 2}}, Sources: []Weight{{"guess", 0}}, Blocks: []Weight{{"structure", 1}}}
	if _, err := e.Train(t.Context(), TrainOptions{Config: c}); err != nil {
		t.Fatal(err)
	}
	linesTSV(t, e, Nodes, "a film Twin", "b film Twin")
	linesTSV(t, e, Triples, "a has_genre g1", "a directed_by p1", "b has_genre g1", "b directed_by p1")
	if err := e.AddTriple(t.Context(), not("a", "p2")); err != nil {
		t.Fatal(err)
	}
	q := Query{User: "bo", K: 9, IncludeSeen: true}
	r := recommend(t, e, q)
	for _, x := range r.Items {
		explained := checkExplained(t, e, "bo", x)
		for _, p := range explained.Paths {
			if strings.Contains(p, "noise") || strings.Contains(p, "not_by") || strings.Contains(p, "—in→") {
				t.Errorf("%s: a path through what is left out: %s", x.Item, p)
			}
		}
		for _, p := range explained.Parts {
			if strings.HasPrefix(p.Name, "noise") || strings.HasPrefix(p.Name, "not_by") || p.Kind == partEarlier {
				t.Errorf("%s: a part for what is left out: %+v", x.Item, p)
			}
		}
	}
	score := func(id string) float64 { return r.Items[slices.Index(idsOf(r), id)].Score }
	if math.Abs(score("a")-score("b")) > 1e-6 {
		t.Errorf("a negative triple moves a new item: %.6f, without it %.6f", score("a"), score("b"))
	}
}
