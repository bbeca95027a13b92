package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kenrec/ken/engine/internal/sparse"
	"github.com/kenrec/ken/engine/internal/tune"
	"github.com/kenrec/ken/fixtures/synth"
)

// tuneWorld is an untrained engine in memory over a synthetic graph that change may spoil.
func tuneWorld(t testing.TB, workers int, change func(d *synth.Data)) *Engine {
	t.Helper()
	d := synthetic(t)
	if change != nil {
		change(&d)
	}
	e, err := OpenInMemory(WithWorkers(workers))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	fillWorld(t, e, d)
	return e
}

// tiny is where the tests start from: small enough to be tuned in a second.
func tiny() *Config { return &Config{Factors: 8, Iterations: 3} }

func mustTune(t testing.TB, e *Engine, o TuneOptions) TuneReport {
	t.Helper()
	if o.Config == nil {
		o.Config = tiny()
	}
	rep, err := e.Tune(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// sameTune ignores what may differ between two runs that end alike.
var sameTune = cmpopts.IgnoreFields(TuneReport{}, "Seconds", "Resumed")

func choiceNamed(t testing.TB, rep TuneReport, name string) TuneChoice {
	t.Helper()
	at := slices.IndexFunc(rep.Choices, func(c TuneChoice) bool { return c.Name == name })
	if at < 0 {
		t.Fatalf("no choice %q in %+v", name, rep.Choices)
	}
	return rep.Choices[at]
}

// A start that smothers every factor is left behind, and Train takes over what was found.
func TestTuneLeavesABadStart(t *testing.T) {
	e := tuneWorld(t, 2, nil)
	bad := tiny()
	bad.Reg, bad.Scorers = 0.2, []Weight{{scorerCoChoice, 0}, {scorerItemItem, 0}}
	rep := mustTune(t, e, TuneOptions{Config: bad, Objective: ObjectiveWarm, DryRun: true})
	if p := rep.Parts[0]; p.Name != partWarm || p.Tuned < p.Start+0.03 || p.Users == 0 {
		t.Errorf("%+v: nothing gained", rep.Parts)
	}
	if tuned, err := e.Tuned(t.Context()); tuned || err != nil || rep.Stored {
		t.Errorf("a dry run stored its configuration: %v", err)
	}
	again := mustTune(t, e, TuneOptions{Config: bad, Objective: ObjectiveWarm})
	if again.Resumed != again.Trials || !again.Stored {
		t.Errorf("the second run repeated %d of %d trials, stored %v", again.Trials-again.Resumed, again.Trials, again.Stored)
	}
	trained, err := e.Train(t.Context(), TrainOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if tuned, err := e.Tuned(t.Context()); !tuned || err != nil || trained.Config.Factors != again.Config.Factors {
		t.Errorf("Train used %+v, Tune found %+v, %v", trained.Config, again.Config, err)
	}
}

// Links drawn by chance that drown those that mean something are turned down.
func TestTuneTurnsDownAHarmfulRelation(t *testing.T) {
	e := tuneWorld(t, 2, func(d *synth.Data) {
		rng := rand.New(rand.NewPCG(3, 0))
		for i := range 200 {
			for range 4 {
				d.Triples = append(d.Triples, synth.Triple{Head: fmt.Sprintf("item:%d", i), Relation: "lucky_number", Tail: fmt.Sprintf("number:%d", rng.IntN(30))})
			}
		}
	})
	start := tiny()
	start.Relations = []Weight{{"lucky_number", 30}}
	rep := mustTune(t, e, TuneOptions{K: 5, Config: start, Trials: 40})
	if w := weightOf(rep.Config.Relations, "lucky_number", 1); w == 30 {
		t.Errorf("the harmful relation has weight %g: %+v", w, rep.Choices)
	}
	if p := rep.Parts[0]; p.Name != partColdItems || p.Tuned < p.Start+0.03 {
		t.Errorf("%+v: nothing gained", p)
	}
	if c := rep.Check; c == nil || !c.holds() {
		t.Errorf("worse than without knowledge: %+v", c)
	}
}

// Knowledge of the wrong items does no harm: warm lists end no worse than without any.
func TestTuneBearsShuffledKnowledge(t *testing.T) {
	e := tuneWorld(t, 2, func(d *synth.Data) {
		rng := rand.New(rand.NewPCG(5, 0))
		rng.Shuffle(len(d.Triples), func(a, b int) { d.Triples[a].Tail, d.Triples[b].Tail = d.Triples[b].Tail, d.Triples[a].Tail })
		for n := range d.Nodes {
			d.Nodes[n].Text = ""
		}
	})
	rep := mustTune(t, e, TuneOptions{K: 5, Objective: ObjectiveWarm, Trials: 25})
	if c := rep.Check; c == nil || !c.holds() {
		t.Errorf("worse than without knowledge: %+v", c)
	}
}

// However a run is broken off, it ends as one that was not; and for any number of workers.
func TestTuneResumes(t *testing.T) {
	const most = 16
	whole := mustTune(t, tuneWorld(t, 1, nil), TuneOptions{K: 5, Seed: 2, Trials: most})
	if whole.Trials < most || !whole.Spent || len(whole.Choices) < 5 {
		t.Fatalf("%+v", whole)
	}
	e := tuneWorld(t, 2, nil)
	part := mustTune(t, e, TuneOptions{K: 5, Seed: 2, Trials: 5, DryRun: true})
	if !part.Spent || part.Trials < 5 || part.Trials > 12 { // the checks at the end are not in the budget
		t.Errorf("%d trials, budget spent: %v", part.Trials, part.Spent)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := e.Tune(ctx, TuneOptions{K: 5, Seed: 2, Config: tiny(), Progress: func(p Progress) {
		if p.Done == 9 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if tuned, err := e.Tuned(t.Context()); tuned || err != nil {
		t.Errorf("a cancelled run stored a configuration: %v", err)
	}
	e.workers = 3
	resumed := mustTune(t, e, TuneOptions{K: 5, Seed: 2, Trials: most})
	if diff := cmp.Diff(whole, resumed, sameTune); diff != "" {
		t.Errorf("interrupted and whole runs differ:\n%s", diff)
	}
	if resumed.Resumed < 9 {
		t.Errorf("%d trials were taken over, want at least the nine before the cancel", resumed.Resumed)
	}
	if other := mustTune(t, e, TuneOptions{K: 5, Seed: 3, Trials: 2, DryRun: true}); other.Resumed != 0 {
		t.Error("trials of another seed were taken over")
	}
	if fresh := mustTune(t, e, TuneOptions{K: 5, Seed: 3, Trials: 2, DryRun: true, Fresh: true}); fresh.Resumed != 0 {
		t.Error("trials were taken over by a run that asked to forget them")
	}
}

func TestTuneObjectives(t *testing.T) {
	e := tuneWorld(t, 2, nil)
	d := synthetic(t)
	var held []TestPair
	for _, h := range d.Interactions[:200] {
		held = append(held, TestPair{User: h.User, Item: h.Item})
	}
	held = append(held, TestPair{User: "stranger", Item: "item:0"})
	tests := []struct {
		o    TuneOptions
		want []string
		why  string
	}{
		{TuneOptions{}, []string{partColdItems, partWarm}, "the store has knowledge"},
		{TuneOptions{Objective: ObjectiveColdItems}, []string{partColdItems}, ""},
		{TuneOptions{Objective: ObjectiveColdUsers}, []string{partColdUsers}, ""},
		{TuneOptions{Valid: held, Objective: ObjectiveWarm}, []string{partGiven}, ""},
		{TuneOptions{Valid: held}, []string{partColdItems, partGiven}, "given pairs are the warm part of the mix"},
	}
	for _, tt := range tests {
		tt.o.Trials, tt.o.DryRun, tt.o.K = 3, true, 5
		rep := mustTune(t, e, tt.o)
		var names []string
		for _, p := range rep.Parts {
			names = append(names, p.Name)
			if p.Start <= 0 || p.Users == 0 {
				t.Errorf("%+v: nothing found at the start", p)
			}
		}
		if diff := cmp.Diff(tt.want, names); diff != "" {
			t.Errorf("%s: %s\n%s", tt.o.Objective, tt.why, diff)
		}
	}
}

func TestTuneErrors(t *testing.T) {
	e := tuneWorld(t, 2, nil)
	bad := Config{Factors: -1}
	tests := []struct {
		name string
		o    TuneOptions
		want error
	}{
		{"objective", TuneOptions{Objective: "best"}, ErrBadOption},
		{"fraction", TuneOptions{Fraction: 1}, ErrBadOption},
		{"length", TuneOptions{K: -1}, ErrBadOption},
		{"trials", TuneOptions{Trials: -1}, ErrBadOption},
		{"no pairs", TuneOptions{Valid: []TestPair{}}, ErrBadOption},
		{"strangers", TuneOptions{Valid: []TestPair{{User: "x", Item: "y"}}}, ErrNoData},
		{"config", TuneOptions{Config: &bad}, ErrBadOption},
	}
	for _, tt := range tests {
		if _, err := e.Tune(t.Context(), tt.o); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	empty, err := OpenInMemory()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := empty.Tune(t.Context(), TuneOptions{}); !errors.Is(err, ErrNoData) {
		t.Errorf("empty store: %v", err)
	}
	if err := empty.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := empty.Tune(t.Context(), TuneOptions{}); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

// Weighing anew is building anew, without the cost.
func TestReweighedKnowledge(t *testing.T) {
	e := tuneWorld(t, 2, nil)
	d, err := loadDataset(t.Context(), e.store)
	if err != nil {
		t.Fatal(err)
	}
	base, err := buildKnowledge(t.Context(), d, Config{}.unweighted(), 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, cfg := range []Config{{}, {ContextWeight: 0.7}, {Relations: []Weight{{"has_rel1", 0}, {"has_rel0", 3}}}} {
		want, err := buildKnowledge(t.Context(), d, cfg, 2)
		if err != nil {
			t.Fatal(err)
		}
		got := base.reweighed(cfg)
		for name, pair := range map[string][2]any{
			"links":      {want.itemLinks, got.itemLinks},
			"background": {want.contextAlpha, got.contextAlpha},
			"weights":    {want.relationWeight, got.relationWeight},
			"profiles":   {want.profiles, got.profiles},
			"features":   {want.h.Data, got.h.Data},
		} {
			if diff := cmp.Diff(pair[0], pair[1], cmpopts.EquateEmpty(), cmp.AllowUnexported(sparse.CSR{})); diff != "" {
				t.Errorf("%s with %+v differ:\n%.500s", name, cfg, diff)
			}
		}
	}
}

func FuzzDecodeTrial(f *testing.F) {
	f.Add((&trial{key: trialKey{1, 2}, seconds: 1.5, values: tune.Values{{Users: []float64{0, 1}}, {Users: []float64{coarse(0.3)}, Items: []float64{2}}}}).encode())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, ok := decodeTrial(raw)
		if !ok {
			return
		}
		again, ok := decodeTrial(got.encode())
		if diff := cmp.Diff(got, again, cmp.AllowUnexported(trial{})); !ok || diff != "" {
			t.Errorf("another trial after a round trip:\n%s", diff)
		}
	})
}

// What confirms looks for other pairs than the search did; by time, too, where chance has no part in the split.
func TestTuneConfirmsOnOtherPairs(t *testing.T) {
	e := tuneWorld(t, 2, func(d *synth.Data) {
		for i := range d.Interactions {
			d.Interactions[i].Time = int64(1 + i)
		}
	})
	for _, objective := range []Objective{ObjectiveWarm, ObjectiveByTime} {
		o := TuneOptions{Objective: objective, K: 5, Config: tiny()}
		if err := o.fill(); err != nil {
			t.Fatal(err)
		}
		tn, err := e.newTuning(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if len(tn.fresh) != len(tn.search) {
			t.Errorf("%s: %d splits to confirm %d", objective, len(tn.fresh), len(tn.search))
		}
		sought := map[labelRow]bool{}
		for _, r := range tn.search[0].parts[0].rows {
			sought[r] = true
		}
		same := 0
		for _, r := range tn.fresh[0].parts[0].rows {
			if sought[r] {
				same++
			}
		}
		if 4*same > len(sought) {
			t.Errorf("%s: %d of %d pairs are looked for again", objective, same, len(sought))
		}
	}
}
