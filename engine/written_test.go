package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/fixtures/synth"
	"github.com/kenrec/ken/graph"
)

// gossip proposes for every warm user a text with the words of her items, and says which items those are or, when honest is
// not set, nothing of it.
func gossip(d synth.Data, source string, honest bool, keep func(x synth.Interaction) bool) []Proposal {
	items, texts := map[string][]string{}, map[string]string{}
	for _, n := range d.Nodes {
		texts[n.ID] = n.Text
	}
	for _, x := range d.Interactions {
		if keep == nil || keep(x) {
			items[x.User] = append(items[x.User], x.Item)
		}
	}
	var out []Proposal
	for user, seen := range items {
		slices.Sort(seen)
		words := make([]string, len(seen))
		for i, id := range seen {
			words[i] = texts[id]
		}
		text := strings.Join(words, " ")
		p := profileOf(source, user, strings.ToValidUTF8(text[:min(len(text), maxProfileBytes)], ""))
		if honest {
			p.From = seen
		}
		out = append(out, p)
	}
	return out
}

// accepted is a world of users without names and preferences, with the proposals accepted and embedded. noise of 100 of
// what they do follows no taste.
func accepted(t *testing.T, noise int, ps func(synth.Data) []Proposal) *Engine {
	t.Helper()
	c := synth.Small()
	c.Noise = noise
	d, err := synth.Graph(c)
	if err != nil {
		t.Fatal(err)
	}
	d.Triples = slices.DeleteFunc(d.Triples, func(x synth.Triple) bool { return x.Relation == synth.Prefers })
	for i := range d.Nodes {
		if n := &d.Nodes[i]; n.Type == "user" {
			n.Name = "" // its vector would go with that of the profile
		}
	}
	e, err := OpenInMemory(WithWorkers(2), WithEmbedder(embed.NewHash(32)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	fillWorld(t, e, d)
	embedAll(t, e)
	trainQuick(t, e)
	if ps != nil {
		propose(t, e, ps(d)...)
		reviewed(t)(e.ReviewAccept(t.Context(), ReviewFilter{}, "tester"))
		embedAll(t, e)
	}
	return e
}

// TestLeakingProfiles guarantees that profiles that saw held-out interactions raise no measured figure: they are left out
// of every model, to the last bit, and a warning counts them. The same texts without the memory of what they were written
// from do raise it, which shows that there was something to guard against.
func TestLeakingProfiles(t *testing.T) {
	clean := accepted(t, 15, nil)
	leaky := accepted(t, 15, func(d synth.Data) []Proposal { return gossip(d, "llm:leak:profiles-1", true, nil) })
	blind := accepted(t, 15, func(d synth.Data) []Proposal { return gossip(d, "llm:leak:profiles-1", false, nil) })
	for _, o := range []EvaluateOptions{
		{Split: SplitColdUsers, Fraction: .3, Seed: 2}, {Split: SplitRandom, Fraction: .8, Seed: 2}, {Split: SplitPerUser, Fraction: .85, Seed: 2, Ablation: true},
		{Split: SplitKFold, N: 2},
	} {
		o.NoBaselines, o.K = true, 10
		want, got, free := reportOf(t, clean, o), reportOf(t, leaky, o), reportOf(t, blind, o)
		if len(got.Warnings) == 0 || !strings.Contains(got.Warnings[0], "of 140 profiles were written from interactions that are held out") {
			t.Errorf("%s: warnings %q", o.Split, got.Warnings)
		}
		w, g, f := rowNamed(t, want, "ken").NDCG.Value, rowNamed(t, got, "ken").NDCG.Value, rowNamed(t, free, "ken").NDCG.Value
		t.Logf("%s: NDCG@10 %.4f without profiles, %.4f with leaking ones left out, %.4f with leaking ones in", o.Split, w, g, f)
		// profiles of users of whom nothing is held out stay: they saw nothing that is looked for
		if g != w && o.Split != SplitColdUsers || g > w+0.005 {
			t.Errorf("%s: %.4f with leaking profiles, %.4f without any", o.Split, g, w)
		}
		if o.Split == SplitColdUsers && f < w+0.1 {
			t.Errorf("%s: %.4f with a leak, %.4f without: texts of users are to matter", o.Split, f, w)
		}
		if o.Ablation {
			plain, alone := rowNamed(t, got, rowPlain), rowNamed(t, got, "+ llm:leak:profiles-1")
			if alone.NDCG.Value > plain.NDCG.Value+0.01 {
				t.Errorf("the row of the leaking source alone: %.4f, plain %.4f", alone.NDCG.Value, plain.NDCG.Value)
			}
		}
	}
	given := EvaluateOptions{Test: []TestPair{{User: "user:20", Item: "item:3"}}, NoBaselines: true, Candidates: CandidatesAll}
	if rep := reportOf(t, leaky, given); !strings.Contains(strings.Join(rep.Warnings, "\n"), "profiles") && leakyPair(t, leaky, "user:20", "item:3") {
		t.Errorf("pairs from outside: warnings %q", rep.Warnings)
	}
	tuned := func(e *Engine) TuneReport {
		t.Helper()
		rep, err := e.Tune(t.Context(), TuneOptions{Objective: ObjectiveWarm, Trials: 1, DryRun: true, Config: quick()})
		if err != nil {
			t.Fatal(err)
		}
		return rep
	}
	if want, got := tuned(clean), tuned(leaky); got.Parts[0].Start > want.Parts[0].Start+0.01 || len(got.Warnings) != 1 || len(want.Warnings) != 0 {
		t.Errorf("tune: %+v with leaking profiles, %+v without, warnings %q", got.Parts, want.Parts, got.Warnings)
	}
}

// leakyPair reports whether the profile of a user was written from an item.
func leakyPair(t *testing.T, e *Engine, user, item string) bool {
	t.Helper()
	note, _, err := e.profileNote(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Contains(note.From, item)
}

// TestProfilesForASplit guarantees that profiles written for a split have seen nothing of what it holds out: an evaluation
// with that split leaves none of them out, and one with another split does.
func TestProfilesForASplit(t *testing.T) {
	for _, o := range []EvaluateOptions{
		{Split: SplitPerUser, Seed: 3}, {Split: SplitLeaveLastOut, N: 2}, {Split: SplitColdItems, Fraction: .3, Seed: 4},
		{Test: []TestPair{{User: "user:20", Item: "item:1"}, {User: "user:21", Item: "item:2"}}, Candidates: CandidatesAll},
	} {
		e, _ := world(t)
		rep := profilesWith(t, e, echo(), ProfileOptions{Split: o.Split, Fraction: o.Fraction, N: o.N, Seed: o.Seed, Test: o.Test})
		reviewed(t)(e.ReviewAccept(t.Context(), ReviewFilter{}, "tester"))
		o.NoBaselines = true
		if got := reportOf(t, e, o); strings.Contains(strings.Join(got.Warnings, "\n"), "profiles") || rep.Held == 0 && o.Test == nil {
			t.Errorf("%s: %d kept back, warnings %q", o.Split, rep.Held, got.Warnings)
		}
		if got := reportOf(t, e, EvaluateOptions{Seed: 9, NoBaselines: true}); !strings.Contains(strings.Join(got.Warnings, "\n"), "profiles") {
			t.Errorf("%s: another split warns of nothing", o.Split)
		}
	}
	e, _ := world(t)
	profilesWith(t, e, echo(), ProfileOptions{Split: SplitTune})
	reviewed(t)(e.ReviewAccept(t.Context(), ReviewFilter{}, "tester"))
	rep, err := e.Tune(t.Context(), TuneOptions{Trials: 1, DryRun: true, Config: quick()})
	if err != nil || len(rep.Warnings) != 0 {
		t.Errorf("tune: warnings %q, %v", rep.Warnings, err)
	}
}

// TestSourceWeights guarantees that a source of weight 0 is as good as not there, in training and for what comes after it.
func TestSourceWeights(t *testing.T) {
	const facts, texts = "llm:a:attributes-1", "llm:a:profiles-1"
	say := func(d synth.Data) []Proposal {
		return append(gossip(d, texts, true, nil), proposalsFor(facts, 150)...)
	}
	clean, full := accepted(t, 15, nil), accepted(t, 15, say)
	train := func(e *Engine, sources ...Weight) []Recommendation {
		t.Helper()
		c := *quick()
		c.Sources = sources
		if _, err := e.Train(t.Context(), TrainOptions{Config: &c}); err != nil {
			t.Fatal(err)
		}
		return listsOf(t, e)
	}
	want := train(clean)
	if cmp.Equal(want, train(full)) {
		t.Error("what was accepted changes nothing")
	}
	if diff := cmp.Diff(want, train(full, Weight{facts, 0}, Weight{texts, 0})); diff != "" {
		t.Errorf("sources of weight 0 count (-without +with weight 0):\n%.2000s", diff)
	}
	for _, e := range []*Engine{clean, full} { // solved anew from the store, by what the model counts
		linesTSV(t, e, Triples, "user:3 prefers rel1:e2", "item:new rel0 rel0:e1")
		linesTSV(t, e, Interactions, "user:4 item:7 1 99")
		if err := e.AddNode(t.Context(), graph.Node{ID: "item:new", Type: "item"}); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(listsOf(t, clean), listsOf(t, full)); diff != "" {
		t.Errorf("after training, sources of weight 0 count (-without +with):\n%.2000s", diff)
	}
	if c := (Config{Sources: []Weight{{"x", -1}}}); c.Validate() == nil {
		t.Error("a weight below 0 is valid")
	}
}

// TestTuneClosesSources guarantees that a source that brings validation nothing ends at weight 0, and that one which
// brings something stays.
func TestTuneClosesSources(t *testing.T) {
	d := synthetic(t)
	var bad, good []Proposal
	for i, x := range d.Triples {
		if x.Relation == synth.Prefers {
			continue
		}
		good = append(good, Proposal{Head: x.Head, Relation: "told_" + x.Relation, Tail: x.Tail, Source: "llm:good:1", Confidence: 1, Time: 1})
		bad = append(bad, Proposal{Head: x.Head, Relation: "told_" + x.Relation, Tail: d.Triples[(i*97+31)%len(d.Triples)].Tail, Source: "llm:bad:1", Confidence: 1, Time: 1})
	}
	bare := d
	bare.Nodes = slices.Clone(d.Nodes)
	bare.Triples = slices.DeleteFunc(slices.Clone(d.Triples), func(x synth.Triple) bool { return x.Relation != synth.Prefers })
	for i := range bare.Nodes {
		bare.Nodes[i].Text = "" // the sources are to be all that is known about items
	}
	e, err := OpenInMemory(WithWorkers(2), WithEmbedder(embed.NewHash(16)))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	fillWorld(t, e, bare)
	propose(t, e, append(good, bad...)...)
	reviewed(t)(e.ReviewAccept(t.Context(), ReviewFilter{}, "tester"))
	rep, err := e.Tune(t.Context(), TuneOptions{Objective: ObjectiveColdItems, Fraction: .3, Config: &Config{Factors: 16, Iterations: 4}, DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range rep.Choices {
		if strings.HasPrefix(c.Name, "source ") {
			t.Logf("%+v", c)
		}
	}
	if w := weightOf(rep.Config.Sources, "llm:bad:1", 1); w != 0 {
		t.Errorf("a source of noise has weight %g", w)
	}
	if w := weightOf(rep.Config.Sources, "llm:good:1", 1); w == 0 {
		t.Error("the source of the truth is closed")
	}
	names := fmt.Sprint(e.mustOrigins(t))
	if names != "[llm:bad:1 llm:good:1]" {
		t.Errorf("sources %s", names)
	}
}

// mustOrigins returns the sources that the store names.
func (e *Engine) mustOrigins(t *testing.T) []string {
	t.Helper()
	d, err := loadDataset(t.Context(), e.store)
	if err != nil {
		t.Fatal(err)
	}
	return d.origins()
}
