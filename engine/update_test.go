package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/fixtures/synth"
	"github.com/kenrec/ken/graph"
)

// heldBack returns the synthetic graph without every twentieth interaction, and those.
func heldBack(t testing.TB) (d synth.Data, later []synth.Interaction) {
	t.Helper()
	d = synthetic(t)
	all := d.Interactions
	d.Interactions = nil
	for n, x := range all {
		if n%20 == 7 {
			later = append(later, x)
		} else {
			d.Interactions = append(d.Interactions, x)
		}
	}
	return d, later
}

// fullWorld is an engine trained on d.
func fullWorld(t testing.TB, d synth.Data) *Engine {
	t.Helper()
	e, err := OpenInMemory(WithWorkers(2), WithEmbedder(embed.NewHash(32)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	fillWorld(t, e, d)
	if _, err := e.Embed(t.Context(), EmbedOptions{}); err != nil {
		t.Fatal(err)
	}
	trainQuick(t, e)
	return e
}

// newcomers brings the interactions that were held back, a new user, and a new item with facts and a fan.
func newcomers(t testing.TB, e *Engine, later []synth.Interaction) {
	t.Helper()
	linesTSV(t, e, Nodes, "fresh item Fresh")
	linesTSV(t, e, Triples, "fresh has_rel0 rel0:e1", "fresh has_rel1 rel1:e2")
	events := []graph.Interaction{{User: "newbie", Item: "item:3"}, {User: "newbie", Item: "item:14"}, {User: "newbie", Item: "fresh"}, {User: "user:3", Item: "fresh"}}
	for _, x := range later {
		events = append(events, graph.Interaction{User: x.User, Item: x.Item})
	}
	if err := e.AddInteraction(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
}

func updateQuick(t testing.TB, e *Engine) TrainReport {
	t.Helper()
	rep, err := e.Train(t.Context(), TrainOptions{Config: quick(), SinceLast: true})
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// An update takes in new interactions, users and items, and gives nearly the lists of a full training: the same bytes for
// any number of workers and from the file that it leaves.
func TestTrainSinceLast(t *testing.T) {
	d, later := heldBack(t)
	dir, want := t.TempDir(), ""
	var updated *Engine
	for _, workers := range []int{1, 3} {
		e, err := Open(t.Context(), fmt.Sprint(dir, workers), WithWorkers(workers), WithEmbedder(embed.NewHash(32)))
		if err != nil {
			t.Fatal(err)
		}
		fillWorld(t, e, d)
		if _, err := e.Embed(t.Context(), EmbedOptions{}); err != nil {
			t.Fatal(err)
		}
		trainQuick(t, e)
		newcomers(t, e, later)
		rep := updateQuick(t, e)
		if !rep.Updated || rep.Changed != len(later)+4 || rep.Why != "" || rep.Items != len(e.model.Load().items) {
			t.Fatalf("%+v, want %d pairs changed", rep, len(later)+4)
		}
		got := everyList(t, e)
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("%d workers: %s", workers, firstDifference(want, got))
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if updated, err = Open(t.Context(), fmt.Sprint(dir, workers), WithWorkers(workers), WithEmbedder(embed.NewHash(32))); err != nil {
			t.Fatal(err)
		}
		defer updated.Close()
		if got := everyList(t, updated); got != want {
			t.Errorf("opened again: %s", firstDifference(want, got))
		}
	}
	full := fullWorld(t, d)
	newcomers(t, full, later)
	trainQuick(t, full)
	same, n := 0, 0
	for r, err := range full.RecommendAll(t.Context(), BatchQuery{Query: Query{K: 10}}) {
		if err != nil {
			t.Fatal(err)
		}
		theirs := idsOf(recommend(t, updated, Query{User: r.User, K: 10}))
		for _, x := range r.Items {
			n++
			if slices.Contains(theirs, x.Item) {
				same++
			}
		}
	}
	if share := float64(same) / float64(n); share < 0.85 {
		t.Errorf("an update and a full training have %.3f of their items in common, want 0.85", share)
	}
	r := recommend(t, updated, Query{User: "newbie", K: 10})
	if r.Basis != BasisTrained {
		t.Errorf("the new user's list is by %s", r.Basis)
	}
	for _, x := range r.Items {
		checkExplained(t, updated, "newbie", x)
	}
	if r := recommend(t, updated, Query{User: "user:9", K: 1, Candidates: []string{"fresh"}}); len(r.Items) != 1 || r.Items[0].Cold {
		t.Errorf("the new item has interactions now: %+v", r.Items)
	}
}

// An update of nothing is the model that there is.
// Automatic fields of a configuration, whatever the data fill them with, do not make it another one.
func TestAgrees(t *testing.T) {
	sparse, dense := scale{users: 100, items: 50, events: 900}, scale{users: 100, items: 50, events: 4000, links: 30}
	for _, tc := range []struct {
		why  string
		now  Config
		was  Config
		want bool
	}{
		{"sparse data settle no warm items", Config{}, Config{}.filled(sparse), true},
		{"dense data do", Config{}, Config{}.filled(dense), true},
		{"a value that was given stays", Config{Alpha: 0.2}, Config{Alpha: 0.2}.filled(dense), true},
		{"another α", Config{Alpha: 0.1}, Config{Alpha: 0.2}.filled(dense), false},
		{"another share of a scorer", Config{Scorers: []Weight{{"item-item", 0.1}}}, Config{}.filled(dense), false},
	} {
		if got := tc.now.agrees(tc.was); got != tc.want {
			t.Errorf("%s: %v", tc.why, got)
		}
	}
}

func TestTrainSinceLastOfNothing(t *testing.T) {
	d, _ := heldBack(t)
	e := fullWorld(t, d)
	want := everyList(t, e)
	if rep := updateQuick(t, e); !rep.Updated || rep.Changed != 0 {
		t.Errorf("%+v", rep)
	}
	if got := everyList(t, e); got != want {
		t.Error(firstDifference(want, got))
	}
}

// What an update cannot take in leads to a full training, the very one that would have been made without asking for less.
func TestTrainSinceLastInFull(t *testing.T) {
	d, later := heldBack(t)
	for _, tc := range []struct {
		name   string
		change func(e *Engine)
		why    string // part of what is said
	}{
		{"another text", func(e *Engine) { linesTSV(t, e, Nodes, "item:3 item Renamed") }, "what is known"},
		{"another fact about an item", func(e *Engine) { linesTSV(t, e, Triples, "item:3 has_rel0 rel0:e1") }, "what is known"},
		{"a wish of a user", func(e *Engine) { linesTSV(t, e, Triples, "user:3 prefers rel0:e1") }, "what is known"},
		{"a context becomes an item", func(e *Engine) { linesTSV(t, e, Interactions, "user:3 rel0:e1 1") }, "have become"},
		{"too much", func(e *Engine) {
			for u := range 40 {
				var rows []string
				for i := range 60 {
					rows = append(rows, fmt.Sprintf("user:%d item:%d 1", u, (u*7+i)%150))
				}
				linesTSV(t, e, Interactions, rows...)
			}
		}, "more than"},
		{"a user is erased", func(e *Engine) {
			if _, err := e.Erase(t.Context(), []string{"user:7"}); err != nil {
				t.Fatal(err)
			}
		}, "no model"},
	} {
		e := fullWorld(t, d)
		newcomers(t, e, later[:3])
		tc.change(e)
		rep := updateQuick(t, e)
		if rep.Updated || !strings.Contains(rep.Why, tc.why) {
			t.Errorf("%s: updated %v, %q, want %q", tc.name, rep.Updated, rep.Why, tc.why)
		}
		got := everyList(t, e)
		trainQuick(t, e)
		if want := everyList(t, e); got != want {
			t.Errorf("%s: %s", tc.name, firstDifference(want, got))
		}
	}
	e := fullWorld(t, d)
	c := quick()
	c.Reg = 0.5
	if rep, err := e.Train(t.Context(), TrainOptions{Config: c, SinceLast: true}); err != nil || rep.Updated || !strings.Contains(rep.Why, "configuration") {
		t.Errorf("another configuration: %+v, %v", rep, err)
	}
}
