package engine

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kenrec/ken/graph"
)

// The planted graph says what tails an item has: those of its group, which most of its triples, words and readers are of.
func TestEvaluateTriples(t *testing.T) {
	var first TriplesReport
	for _, workers := range []int{1, 2} {
		e := openWorld(t, WithWorkers(workers))
		rep, err := e.EvaluateTriples(t.Context(), TriplesOptions{Seed: 3, Config: quick()})
		if err != nil {
			t.Fatal(err)
		}
		if first.Rows == nil {
			first = rep
		} else if diff := cmp.Diff(first, rep, cmpopts.IgnoreFields(TriplesReport{}, "Seconds")); diff != "" {
			t.Errorf("%d workers, another report:\n%s", workers, diff)
		}
	}
	frequency, ken := first.Rows[0], first.Rows[len(first.Rows)-1]
	if frequency.Name != rowFrequency || ken.Name != rowKen || ken.MRR.Low <= frequency.MRR.High || ken.Hits10.Low <= frequency.Hits10.High || ken.Versus.P > 0.001 {
		t.Errorf("%+v is not above %+v", ken, frequency)
	}
	for _, r := range first.Rows {
		if !(r.Hits1.Value <= r.Hits3.Value && r.Hits3.Value <= r.Hits10.Value && r.Hits1.Value <= r.MRR.Value && r.MRR.Value <= 1) {
			t.Errorf("%+v is impossible", r)
		}
	}
	if n := len(first.Relations); n != 3 || first.HeldOut != 3*40 || first.Links+first.HeldOut != 600 {
		t.Errorf("%d relations, %d held out, %d trained on; want 3, a fifth of 600, and the rest", n, first.HeldOut, first.Links)
	}
}

// openWorld is an engine over the synthetic graph, not trained.
func openWorld(t *testing.T, opts ...Option) *Engine {
	t.Helper()
	e := openWith(t, opts...)
	fillWorld(t, e, synthetic(t))
	return e
}

func openWith(t *testing.T, opts ...Option) *Engine {
	t.Helper()
	e, err := OpenInMemory(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// No triple that training sees joins a held-out pair, by whatever relation, in either direction, or through an alias.
func TestHeldOutPairsLeaveTraining(t *testing.T) {
	e := memory(t)
	linesTSV(t, e, Nodes, "a item A", "b item B", "c item C", "d item D", "A' entity", "x person X")
	linesTSV(t, e, Interactions, "u a 1", "u b 1", "v c 1", "v d 1")
	linesTSV(t, e, Triples, "a next b", "b previous a", "c next d", "d previous c", "a same_as A'", "A' by x", "a made_by x", "b by x", "y wrote a", "u prefers x", "c by c")
	d, err := loadDataset(t.Context(), e.store)
	if err != nil {
		t.Fatal(err)
	}
	adj := buildAdjacency(d)
	sides := linkSides(d, adj)
	var names []string
	for s := range sides {
		names = append(names, sides[s].name(d))
	}
	if diff := cmp.Diff([]string{"by", "made_by", "next", "previous", "←wrote"}, names); diff != "" {
		t.Errorf("relations of items: neither same_as nor what users prefer\n%s", diff)
	}
	at := func(id string) graph.Idx {
		n, ok, err := e.store.Lookup(id)
		if err != nil || !ok {
			t.Fatal(id, err)
		}
		return n
	}
	less := d.withoutPairs(adj, pairSet{ordered(at("b"), at("a")): true, ordered(at("a"), at("x")): true})
	var left []string
	for _, triple := range less.triples {
		left = append(left, d.nodes[triple.Head].id+" "+d.symName(triple.Relation)+" "+d.nodes[triple.Tail].id)
	}
	slices.Sort(left)
	want := []string{"a same_as A'", "b by x", "c by c", "c next d", "d previous c", "u prefers x", "y wrote a"}
	if diff := cmp.Diff(want, left); diff != "" {
		t.Error(diff)
	}
}

func TestTextsTell(t *testing.T) {
	d := blank(0, 1, 4)
	d.nodes[0] = nodeInfo{id: "heat", name: "Heat", text: "A duel, staged by michael  Mann in Los-Angeles.", attrs: []graph.Attr{{Key: "genre", Value: graph.String("Crime")}}}
	d.nodes[1] = nodeInfo{id: "person:1", name: "Michael Mann"}
	d.nodes[2] = nodeInfo{id: "genre:crime"}
	d.nodes[3] = nodeInfo{id: "place:la", name: "Los Angeles County"}
	d.nodes[4] = nodeInfo{id: "award:9", name: "Award", text: "Given to Heat in 1996"}
	teller := newPairTeller(d)
	for n, tt := range []struct {
		want bool
		why  string
	}{
		1: {true, "the text has the name, in another case"},
		2: {true, "an attribute is what stands last in the id of a node without a name"},
		3: {false, "only a part of the name"},
		4: {true, "the text of the other end names the item"},
	} {
		if n > 0 && teller.tells(0, graph.Idx(n)) != tt.want {
			t.Errorf("%s: %v, want %v: %s", d.nodes[n].id, !tt.want, tt.want, tt.why)
		}
	}
}

func TestEvaluateTriplesRefused(t *testing.T) {
	e := openWorld(t)
	empty := memory(t)
	closed := memory(t)
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		e    *Engine
		ctx  context.Context
		o    TriplesOptions
		want error
		why  string
	}{
		{e, t.Context(), TriplesOptions{Fraction: 1}, ErrBadOption, "nothing left to train on"},
		{e, t.Context(), TriplesOptions{Relations: []string{"has_colour"}}, ErrBadOption, "no such relation"},
		{e, t.Context(), TriplesOptions{Config: &Config{Factors: -1}}, ErrBadOption, "a configuration out of range"},
		{empty, t.Context(), TriplesOptions{}, ErrNoData, "an empty store"},
		{closed, t.Context(), TriplesOptions{}, ErrClosed, "closed"},
		{e, cancelled, TriplesOptions{}, context.Canceled, "cancelled"},
	} {
		if rep, err := tt.e.EvaluateTriples(tt.ctx, tt.o); !errors.Is(err, tt.want) || rep.Rows != nil {
			t.Errorf("%s: %v, want %v and no report", tt.why, err, tt.want)
		}
	}
}
