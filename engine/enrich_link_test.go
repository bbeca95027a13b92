package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenrec/ken/graph"
	"github.com/kenrec/ken/graph/graphtest"
)

func TestEnrichLink(t *testing.T) {
	e := filmStore(t)
	text := func(id, text string) graph.Node { return graph.Node{ID: id, Type: "film", Name: "N " + id, Text: text} }
	if err := e.AddNode(t.Context(),
		text("t1", "Like HEAT, this is by Michael Mann; shot in París."), text("t2", "The heat of Michael's town."), text("t3", "New York, and New York City!"),
		text("t4", "宮崎駿の映画"), text("t5", "An Ann and Bob film. Twin, twins."), text("t6", "By Jean-Pierre Jeunet. Jean Pierre Jeunet!"),
		graph.Node{ID: "ny", Type: "place", Name: "New York"}, graph.Node{ID: "nyc", Type: "place", Name: "New York City"},
		graph.Node{ID: "miyazaki", Type: "person", Name: "宮崎駿の"}, graph.Node{ID: "ann", Type: "person", Name: "Ann"}, graph.Node{ID: "bob", Type: "user", Name: "Bob Film"},
		graph.Node{ID: "twin1", Type: "person", Name: "Twin"}, graph.Node{ID: "twin2", Type: "person", Name: "TWIN"},
	); err != nil {
		t.Fatal(err)
	}
	if err := e.AddTriple(t.Context(), graph.Triple{Head: "t6", Relation: "directed_by", Tail: "p2"}); err != nil {
		t.Fatal(err)
	}
	before := graphtest.Dump(t, e.store)
	o := LinkOptions{Types: []string{"film"}, By: "tester"}
	dry := o
	dry.DryRun = true
	if rep, err := e.EnrichLink(t.Context(), dry); err != nil || rep.Found == 0 || len(listed(t, e, ReviewFilter{})) != 0 {
		t.Errorf("dry run: %+v, %v", rep, err)
	}
	rep, err := e.EnrichLink(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range listed(t, e, ReviewFilter{}) {
		if p.Relation != "mentions" || p.Source != rep.Source || p.New {
			t.Errorf("%+v", p)
		}
		got = append(got, p.Head+" "+p.Tail)
	}
	slices.Sort(got)
	want := []string{"t1 f1", "t1 l1", "t1 p1", "t2 f1", "t3 ny", "t3 nyc", "t4 miyazaki"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if rep.Ambiguous != 1 || rep.Present != 1 || rep.Proposed != 7 {
		t.Errorf("%+v: the twins are ambiguous, the director of t6 is known", rep)
	}
	reviewed(t)(e.ReviewAccept(t.Context(), ReviewFilter{Source: rep.Source}, "tester"))
	if again, err := e.EnrichLink(t.Context(), o); err != nil || again.Known != 7 || again.Proposed != 0 {
		t.Errorf("again: %+v, %v", again, err)
	}
	reviewed(t)(e.ReviewRemove(t.Context(), rep.Source, "tester"))
	if diff := cmp.Diff(before, graphtest.Dump(t, e.store)); diff != "" {
		t.Errorf("taken back:\n%s", diff)
	}
	if _, err := e.EnrichLink(t.Context(), LinkOptions{Types: []string{"ghost"}}); !errors.Is(err, ErrNoData) {
		t.Errorf("no texts: %v", err)
	}
	if _, err := e.EnrichLink(t.Context(), LinkOptions{Limit: -1}); !errors.Is(err, ErrBadOption) {
		t.Errorf("negative limit: %v", err)
	}
}

func TestWords(t *testing.T) {
	for in, want := range map[string]string{"new york": "new|york", "宮崎駿 film2": "宮|崎|駿|film2", "a千b": "a|千|b", "": ""} {
		if got := strings.Join(words(in), "|"); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
	root := &trie{}
	root.add(words("new york"), "ny")
	if id, n := root.longest(words("new yorker")); n != 0 {
		t.Errorf("found %s in a longer word", id)
	}
	root.add(words("new york city hall"), "hall")
	if id, n := root.longest(words("new york city")); id != "ny" || n != 2 {
		t.Error(fmt.Sprint("a name that goes on but does not end hides the shorter one: ", id, n))
	}
}
