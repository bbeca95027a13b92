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
	"github.com/kenrec/ken/graph"
)

// tasteGraph is a store in memory with planted tastes: 8 makers with 12 items each, 160 users who like two makers and
// take 10 items, mostly of theirs. Items name their maker in a triple, and so do half of the users.
func tasteGraph(t *testing.T) *Engine {
	t.Helper()
	const makers, each, users = 8, 12, 160
	e, err := OpenInMemory(WithWorkers(2))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	b, err := e.store.NewBatch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	put := func(_ graph.Change, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range makers * each {
		id := fmt.Sprintf("item%03d", i)
		put(b.PutNode(graph.Node{ID: id, Type: "item", Name: id}))
		put(b.PutTriple(graph.Triple{Head: id, Relation: "made_by", Tail: fmt.Sprintf("maker%d", i%makers)}))
	}
	rng := rand.New(rand.NewPCG(11, 0))
	for u := range users {
		id := fmt.Sprintf("user%03d", u)
		put(b.PutNode(graph.Node{ID: id, Type: "user"}))
		loved := rng.Perm(makers)[:2]
		if u%2 == 0 {
			for _, m := range loved {
				put(b.PutTriple(graph.Triple{Head: id, Relation: "prefers", Tail: fmt.Sprintf("maker%d", m)}))
			}
		}
		for at := range 10 {
			item := rng.IntN(each)*makers + loved[at%2]
			if rng.IntN(6) == 0 {
				item = rng.IntN(makers * each)
			}
			put(b.PutInteraction(graph.Interaction{User: id, Item: fmt.Sprintf("item%03d", item), Weight: 1, Time: int64(1000 + 10*u + at)}))
		}
	}
	if _, err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}

// small keeps the tests quick.
func small() *Config { return &Config{Factors: 16, Iterations: 4} }

func reportOf(t *testing.T, e *Engine, o EvaluateOptions) EvaluateReport {
	t.Helper()
	if o.Config == nil && o.Compare == nil {
		o.Config = small()
	}
	rep, err := e.Evaluate(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

func TestEvaluateEngineWarm(t *testing.T) {
	e := tasteGraph(t)
	o := EvaluateOptions{Split: SplitPerUser, K: 10, Seed: 1, Ablation: true, Buckets: true, FoldIn: true, FoldInShare: .2}
	rep := reportOf(t, e, o)
	popularity, ken := rowNamed(t, rep, "popularity"), rowNamed(t, rep, "ken")
	if ken.NDCG.Value < popularity.NDCG.Value+.1 {
		t.Errorf("ken %+v, popularity %+v", ken.NDCG, popularity.NDCG)
	}
	made, shuffled := rowNamed(t, rep, "+ made_by"), rowNamed(t, rep, rowShuffled)
	if made.NDCG.Value <= shuffled.NDCG.Value {
		t.Errorf("the makers %+v, shuffled %+v: meaning should help, its loss should not", made.NDCG, shuffled.NDCG)
	}
	rowNamed(t, rep, "+ user side")
	for _, f := range rep.FoldIn {
		if f.Ratio < .8 || f.Of == FoldInItems && f.Ratio < .95 || f.Low > f.Ratio || f.High < f.Ratio {
			t.Errorf("fold-in: %+v", f)
		}
	}
	o.Ablation, o.FoldIn = false, false
	e.workers = 1
	a := reportOf(t, e, o)
	e.workers = 3
	b := reportOf(t, e, o)
	if diff := cmp.Diff(a, b, cmpopts.IgnoreFields(EvaluateReport{}, "Seconds"), cmpopts.IgnoreFields(EvaluateRow{}, "Seconds")); diff != "" {
		t.Errorf("1 and 3 workers differ:\n%s", diff)
	}
}

// Knowledge is what finds readers for cold items and items for cold users.
func TestEvaluateEngineCold(t *testing.T) {
	e := tasteGraph(t)
	for _, kind := range []SplitKind{SplitColdItems, SplitColdUsers} {
		rep := reportOf(t, e, EvaluateOptions{Split: kind, K: 10, Seed: 2})
		ken, plain := rowNamed(t, rep, "ken"), rowNamed(t, rep, rowPlain)
		if ken.NDCG.Value < plain.NDCG.Value+.1 || ken.Versus[0].NDCG.P > .01 {
			t.Errorf("%s: ken %+v, plain %+v, %+v", kind, ken.NDCG, plain.NDCG, ken.Versus)
		}
	}
}

func TestEvaluateEngineLeavesTheModelAlone(t *testing.T) {
	e := tasteGraph(t)
	before, seq := e.model.Load(), e.store.Seq()
	reportOf(t, e, EvaluateOptions{NoBaselines: true})
	if e.model.Load() != before || e.store.Seq() != seq {
		t.Error("Evaluate published a model or wrote to the store")
	}
}

// A weight of a name that the store does not have is probably a slip.
func TestEvaluateWarnsOfNames(t *testing.T) {
	e := tasteGraph(t)
	c := small()
	c.Relations, c.Blocks, c.Types = []Weight{{"made_by", 1}, {"makes", 2}}, []Weight{{blockStructure, 1}, {"image", 1}}, []Weight{{"buy", 1}}
	rep := reportOf(t, e, EvaluateOptions{Config: c, NoBaselines: true})
	for name, want := range map[string]bool{"made_by": false, "makes": true, blockStructure: false, "image": true, "buy": true} {
		if hasWarning(rep, fmt.Sprintf("%q", name)) != want {
			t.Errorf("warned of %s: %v, want %v: %q", name, !want, want, rep.Warnings)
		}
	}
}

func TestEvaluateEngineErrors(t *testing.T) {
	empty, err := OpenInMemory()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := empty.Evaluate(t.Context(), EvaluateOptions{}); !errors.Is(err, ErrNoData) {
		t.Errorf("empty store: %v", err)
	}
	if err := empty.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := empty.Evaluate(t.Context(), EvaluateOptions{}); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	e := tasteGraph(t)
	bad := Config{Factors: -1}
	for name, o := range map[string]EvaluateOptions{"config": {Config: &bad}, "compared": {Compare: []NamedConfig{{"x", bad}}},
		"scorer": {Config: &Config{Scorers: []Weight{{"coo-choice", 1}}}}} {
		if _, err := e.Evaluate(t.Context(), o); !errors.Is(err, ErrBadOption) {
			t.Errorf("bad %s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Evaluate(ctx, EvaluateOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// Shuffling keeps the shape of the data and parts each item from its own knowledge.
func TestShuffledKeepsShape(t *testing.T) {
	e := tasteGraph(t)
	d, err := loadDataset(t.Context(), e.store)
	if err != nil {
		t.Fatal(err)
	}
	s := shuffled(d, 1)
	if len(s.triples) != len(d.triples) || !slices.IsSortedFunc(s.triples, func(a, b graph.TripleRow) int { return int(a.Head) - int(b.Head) }) {
		t.Error("triples lost or out of order")
	}
	moved := 0
	for _, n := range d.items {
		if s.nodes[n].id != d.nodes[n].id {
			t.Fatal("ids belong to the node, not to what is known about it")
		}
		if s.nodes[n].name != d.nodes[n].name {
			moved++
		}
	}
	if moved < len(d.items)/2 {
		t.Errorf("%d of %d items have other knowledge", moved, len(d.items))
	}
}

// Plain MF has neither knowledge nor scorers; each of the rows above it adds one thing.
func TestAblationAddsOneThing(t *testing.T) {
	e := tasteGraph(t)
	b, err := e.store.NewBatch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 96 {
		if _, err := b.PutTriple(graph.Triple{Head: fmt.Sprintf("item%03d", i), Relation: "feels_like", Tail: fmt.Sprintf("mood%d", i%8), Source: "llm:m:1"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	alone := small().unblended()
	cold := reportOf(t, e, EvaluateOptions{Split: SplitColdItems, K: 10, Seed: 1, Ablation: true})
	for _, row := range []struct {
		name string
		gain bool
		why  string
	}{
		{"+ made_by", true, "the makers of cold items are known"},
		{"+ llm:m:1", true, "the moods say the same as the makers"},
		{"+ user side", true, "what users prefer, and which items have it"},
		{rowKnowledge, true, "all of it"},
		{rowShuffled, false, "the makers of other items"},
		{rowScorers, false, "cold items have no company"},
	} {
		got := rowNamed(t, cold, row.name).NDCG.Value - rowNamed(t, cold, rowPlain).NDCG.Value
		if (got > .1) != row.gain {
			t.Errorf("%s: gain %.3f: %s", row.name, got, row.why)
		}
	}
	rep := reportOf(t, e, EvaluateOptions{K: 10, Seed: 1, Ablation: true})
	same := reportOf(t, e, EvaluateOptions{K: 10, Seed: 1, Config: &alone})
	if diff := cmp.Diff(rowNamed(t, same, rowPlain).NDCG, rowNamed(t, rep, rowPlain).NDCG); diff != "" {
		t.Errorf("plain MF has scorers:\n%s", diff)
	}
	if diff := cmp.Diff(rowNamed(t, same, "ken").NDCG, rowNamed(t, rep, rowKnowledge).NDCG); diff != "" {
		t.Errorf("all knowledge is not ken without scorers:\n%s", diff)
	}
}
