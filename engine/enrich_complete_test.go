package engine

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kenrec/ken/fixtures/synth"
	"github.com/kenrec/ken/graph"
)

// gaps is the synthetic graph without noise and without the triples of every ninth item in one relation.
func gaps(t *testing.T) (data synth.Data, gone []synth.Triple) {
	t.Helper()
	data, err := synth.Graph(synth.Config{Users: 120, Items: 160, Relations: 3, Entities: 24, PerUser: 15, Noise: 5, Seed: 4})
	if err != nil {
		t.Fatal(err)
	}
	kept := data.Triples[:0:0]
	for n, triple := range data.Triples {
		if triple.Relation == "has_rel1" && n%9 == 1 {
			gone = append(gone, triple)
			continue
		}
		kept = append(kept, triple)
	}
	data.Triples = kept
	return data, gone
}

func TestEnrichComplete(t *testing.T) {
	data, gone := gaps(t)
	true1 := map[[2]string]bool{}
	for _, triple := range gone {
		true1[[2]string{triple.Head, triple.Tail}] = true
	}
	var first []Proposal
	for _, workers := range []int{1, 2} {
		e := openWith(t, WithWorkers(workers))
		fillWorld(t, e, data)
		rep, err := e.EnrichComplete(t.Context(), CompleteOptions{Relations: []string{"has_rel1"}, PerItem: 1, Config: quick(), By: "ann"})
		if err != nil {
			t.Fatal(err)
		}
		list, err := e.ReviewList(t.Context(), ReviewFilter{})
		if err != nil {
			t.Fatal(err)
		}
		if rep.Proposed != len(list) || rep.Found != len(list) || rep.Source != "ken:complete:1" || rep.Items != len(list) {
			t.Errorf("%+v, %d in quarantine", rep, len(list))
		}
		right := 0
		for _, p := range list {
			if true1[[2]string{p.Head, p.Tail}] {
				right++
			}
			if p.Confidence < 0.5 || p.Relation != "has_rel1" || p.Match != matchPredicted || p.Time == 0 || p.State != Pending {
				t.Errorf("%+v", p)
			}
		}
		// Each group has one entity: most of what is more likely than not must be right.
		if len(list) < 5 || 2*right < len(list) {
			t.Errorf("%d proposals, %d of them right, of %d gone", len(list), right, len(gone))
		}
		if first == nil {
			first = list
		} else if diff := cmp.Diff(first, list, cmpopts.IgnoreFields(Proposal{}, "Time")); diff != "" {
			t.Errorf("%d workers, other proposals:\n%s", workers, diff)
		}
		if workers == 2 {
			acceptAndRepeat(t, e, rep)
		}
	}
}

// acceptAndRepeat: what was accepted is in the graph, is no evidence for the next run, and can be taken back.
func acceptAndRepeat(t *testing.T, e *Engine, before CompleteReport) {
	t.Helper()
	dump := func() string {
		var b bytes.Buffer
		if _, err := e.Export(t.Context(), Triples, TSV, &b, ExportOptions{}); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	clean := dump()
	if rep, err := e.ReviewAccept(t.Context(), ReviewFilter{Source: before.Source}, "ann"); err != nil || rep.Triples != before.Proposed {
		t.Fatalf("%+v, %v: want %d triples", rep, err, before.Proposed)
	}
	again, err := e.EnrichComplete(t.Context(), CompleteOptions{Relations: []string{"has_rel1"}, PerItem: 1, Config: quick()})
	if err != nil || again.Proposed != 0 || again.Known != before.Proposed {
		t.Errorf("%+v, %v: accepted guesses must change nothing", again, err)
	}
	if _, err := e.ReviewRemove(t.Context(), before.Source, "ann"); err != nil {
		t.Fatal(err)
	}
	if dump() != clean {
		t.Error("taken back, but not the same")
	}
}

// What is denied, what is there and what does not fit the type of an item is not proposed.
func TestCompleteLeavesOut(t *testing.T) {
	data, gone := gaps(t)
	e := memory(t)
	fillWorld(t, e, data)
	for _, triple := range gone {
		if err := e.AddTriple(t.Context(), graph.Triple{Head: triple.Head, Relation: triple.Relation, Tail: triple.Tail, Weight: -1}); err != nil {
			t.Fatal(err)
		}
	}
	linesTSV(t, e, Nodes, "b1 book One", "b2 book Two")
	linesTSV(t, e, Triples, "b1 has_rel0 rel0:e1", "b1 has_rel2 rel2:e1", "b2 has_rel0 rel0:e1", "b2 has_rel2 rel2:e1")
	linesTSV(t, e, Interactions, "user:1 b1 1", "user:9 b1 1", "user:1 b2 1", "user:17 b2 1")
	for _, types := range [][]string{nil, {"book"}} {
		rep, err := e.EnrichComplete(t.Context(), CompleteOptions{MinConfidence: 1e-4, PerItem: 100, Types: types, Config: quick()})
		if err != nil || rep.Found == 0 {
			t.Fatalf("%+v, %v", rep, err)
		}
		list, err := e.ReviewList(t.Context(), ReviewFilter{})
		if err != nil {
			t.Fatal(err)
		}
		present := map[[3]string]bool{}
		for _, triple := range append(data.Triples, gone...) {
			present[[3]string{triple.Head, triple.Relation, triple.Tail}] = true
		}
		for _, p := range list {
			switch {
			case present[[3]string{p.Head, p.Relation, p.Tail}]:
				t.Errorf("%+v is in the graph, or denied by it", p)
			case strings.HasPrefix(p.Head, "b") && p.Relation == "has_rel1":
				t.Errorf("%+v: no book has that relation", p)
			}
		}
	}
}

func TestEnrichCompleteRefused(t *testing.T) {
	e := memory(t)
	for _, tt := range []struct {
		o    CompleteOptions
		want error
		why  string
	}{
		{CompleteOptions{MinConfidence: 2}, ErrBadOption, "no confidence is that high"},
		{CompleteOptions{MinConfidence: -1}, ErrBadOption, "below 0"},
		{CompleteOptions{PerItem: -1}, ErrBadOption, "below 0"},
		{CompleteOptions{}, ErrNoData, "an empty store"},
	} {
		if _, err := e.EnrichComplete(t.Context(), tt.o); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.why, err, tt.want)
		}
	}
}
