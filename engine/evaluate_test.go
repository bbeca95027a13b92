package engine

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/kenrec/ken/graph"
)

func testRun(ctx context.Context, d *dataset, sources []string, o EvaluateOptions, fit fitter) (EvaluateReport, error) {
	ev := &evaluation{o: o, data: d, sources: sources, fit: fit, workers: 2}
	return ev.evaluate(ctx, Config{})
}

func mustEvaluate(t *testing.T, d *dataset, o EvaluateOptions, fit fitter) EvaluateReport {
	t.Helper()
	rep, err := testRun(t.Context(), d, []string{"group", "text"}, o, fit)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

func rowNamed(t *testing.T, rep EvaluateReport, name string) EvaluateRow {
	t.Helper()
	for _, r := range rep.Rows {
		if r.Name == name {
			return r
		}
	}
	t.Fatalf("no row %q", name)
	return EvaluateRow{}
}

func hasWarning(rep EvaluateReport, part string) bool {
	return slices.ContainsFunc(rep.Warnings, func(w string) bool { return strings.Contains(w, part) })
}

// Popularity on four items, worked out on paper.
func TestEvaluateByHand(t *testing.T) {
	d := blank(4, 5, 0).likes(0, 0, 1).likes(1, 0, 2).likes(2, 0, 1).likes(3, 3)
	d.events = append(d.events, event{user: 3, item: 2, weight: -1})
	rep := mustEvaluate(t, d, EvaluateOptions{K: 2, Test: []TestPair{
		{User: "u0", Item: "i2"},                           // ranked: 2, 3 (0 and 1 are theirs; 2 and 3 have one user each)
		{User: "u1", Item: "i1"}, {User: "u1", Item: "i4"}, // ranked: 1, 3; i4 is cold
		{User: "u3", Item: "i1"}, {User: "u3", Item: "iX"}, // ranked: 0, 1; iX is unknown; disliked 2 is theirs
		{User: "nobody", Item: "i1"},
	}}, fitPlanted(d))
	row := rowNamed(t, rep, "popularity")
	for _, m := range []struct {
		name      string
		got, want float64
		why       string
	}{
		{"recall", row.Recall.Value, (1 + .5 + .5) / 3, "1/1, 1/2 (cold counts), 1/2 (unknown counts)"},
		{"precision", row.Precision.Value, .5, "one of two each"},
		{"hr", row.HR.Value, 1, "everybody has a hit"},
		{"mrr", row.MRR.Value, (1 + 1 + .5) / 3, "u3's hit is second"},
		{"map", row.MAP.Value, (1 + .5 + .25) / 3, "u3: (1/2)/2"},
		{"ndcg", row.NDCG.Value, (1 + 1/1.6309298 + .6309298/1.6309298) / 3, "ideal over min(k, |T|)"},
		{"coverage", row.Catalogue.Coverage, 1, "0, 1, 2 and 3 of four warm items"},
		{"popularity", row.Catalogue.Popularity, (1 + 1.5 + 2.5) / 3, "users of 2, 3; 1, 3; 0, 1"},
	} {
		if math.Abs(m.got-m.want) > 1e-6 {
			t.Errorf("%s = %v, want %v: %s", m.name, m.got, m.want, m.why)
		}
	}
	if rep.Users != 3 || rep.TestPairs != 5 || rep.Ranked != 4 || rep.Candidates != CandidatesWarm || rep.Split != SplitGiven || rep.TrainRows != 8 {
		t.Errorf("%+v", rep)
	}
	want := []LeftOut{{Reason: "unknown to the store", Users: 1}, {Reason: "nothing held out", Users: 1}}
	if diff := cmp.Diff(want, rep.LeftOut); diff != "" {
		t.Error(diff)
	}
	if !hasWarning(rep, "1 of 6 test pairs name an item") || !hasWarning(rep, "1 of 5 held-out pairs are of items that are not candidates") {
		t.Errorf("warnings: %q", rep.Warnings)
	}
}

func TestEvaluateEverySplit(t *testing.T) {
	for _, kind := range []SplitKind{SplitRandom, SplitPerUser, SplitLeaveLastOut, SplitByTime, SplitColdItems, SplitColdUsers, SplitKFold} {
		t.Run(string(kind), func(t *testing.T) {
			d := planted(1)
			o := EvaluateOptions{Split: kind, K: 5, Seed: 3, Buckets: true, Ablation: true}
			rep := mustEvaluate(t, d, o, fitPlanted(d))
			ken, plain := rowNamed(t, rep, "ken"), rowNamed(t, rep, "plain MF")
			if ken.NDCG.Value < plain.NDCG.Value+.1 || ken.NDCG.Low > ken.NDCG.Value || ken.NDCG.High < ken.NDCG.Value {
				t.Errorf("ken %+v, plain %+v: the planted groups are not found", ken.NDCG, plain.NDCG)
			}
			if v := ken.Versus; len(v) != 2 || v[1].Against != rowScorers || v[0].Against != "plain MF" || v[0].NDCG.P > .05 || v[0].NDCG.Delta < .1 {
				t.Errorf("versus %+v", v)
			}
			var names []string
			for _, r := range rep.Rows {
				names = append(names, r.Name)
				for _, x := range []float64{r.Recall.Value, r.NDCG.Value, r.HR.Value, r.MRR.Value, r.MAP.Value, r.Precision.Value, r.Catalogue.Coverage, r.Catalogue.Gini, r.Catalogue.Diversity} {
					if !(x >= 0 && x <= 1) {
						t.Errorf("%s: %v outside [0, 1]", r.Name, x)
					}
				}
			}
			if diff := cmp.Diff([]string{"popularity", "plain MF", "+ group", "+ text", rowKnowledge, rowShuffled, rowScorers, "ken"}, names); diff != "" {
				t.Error(diff)
			}
			wantRule := CandidatesWarm
			if kind == SplitColdItems {
				wantRule = CandidatesTest
			}
			if rep.Candidates != wantRule || rep.Users == 0 || rep.TestPairs < rep.Users {
				t.Errorf("candidates %s, %d users, %d pairs", rep.Candidates, rep.Users, rep.TestPairs)
			}
			again := mustEvaluate(t, d, o, fitPlanted(d))
			if diff := cmp.Diff(rep, again, cmpopts.IgnoreFields(EvaluateReport{}, "Seconds"), cmpopts.IgnoreFields(EvaluateRow{}, "Seconds")); diff != "" {
				t.Errorf("same options, another report:\n%s", diff)
			}
		})
	}
}

// What is held out never reaches a fit, and cold means cold.
func TestEvaluateHidesWhatIsHeldOut(t *testing.T) {
	d := planted(2)
	for _, kind := range []SplitKind{SplitRandom, SplitColdItems, SplitColdUsers} {
		trained := map[[2]int32]bool{}
		users, items := map[int32]bool{}, map[int32]bool{}
		fit := func(ctx context.Context, train []int32, cfg Config, v variant) (ranker, error) {
			for _, r := range train {
				e := d.events[r]
				trained[[2]int32{e.user, e.item}], users[e.user], items[e.item] = true, true, true
			}
			return fitPlanted(d)(ctx, train, cfg, v)
		}
		rep := mustEvaluate(t, d, EvaluateOptions{Split: kind, Seed: 1}, fit)
		distinct := map[[2]int32]bool{}
		for _, e := range d.events {
			distinct[[2]int32{e.user, e.item}] = true
		}
		if len(trained)+rep.TestPairs != len(distinct) {
			t.Errorf("%s: %d pairs trained on and %d held out of %d", kind, len(trained), rep.TestPairs, len(distinct))
		}
		if kind == SplitColdUsers && len(users) != 48 || kind == SplitColdItems && len(items) != 32 {
			t.Errorf("%s: %d users and %d items in training", kind, len(users), len(items))
		}
	}
}

func TestEvaluateWarnsOfLeaks(t *testing.T) {
	d := blank(2, 3, 0).likes(0, 0, 1).likes(1, 1)
	d.triples = []graph.TripleRow{{Head: d.items[0], Tail: d.users[1]}}
	rep := mustEvaluate(t, d, EvaluateOptions{Test: []TestPair{{User: "u0", Item: "i1"}, {User: "u1", Item: "i0"}}}, fitPlanted(d))
	if !hasWarning(rep, "leak: 1 of 2 held-out pairs are in the training data") {
		t.Errorf("leaked pair: %q", rep.Warnings)
	}
	if !hasWarning(rep, "leak: a triple joins the user and the item of 1 of 2") {
		t.Errorf("telling triple: %q", rep.Warnings)
	}
	if clean := mustEvaluate(t, planted(1), EvaluateOptions{}, fitPlanted(planted(1))); len(clean.Warnings) != 0 {
		t.Errorf("clean data: %q", clean.Warnings)
	}
}

func TestEvaluateCountsByWeight(t *testing.T) {
	d := blank(2, 4, 0).likes(0, 0).likes(1, 1)
	rep := mustEvaluate(t, d, EvaluateOptions{MinWeight: 4, Candidates: CandidatesAll, Test: []TestPair{
		{"u0", "i2", 5}, {"u0", "i3", 3}, {"u1", "i2", 3}, {"u1", "i3", -5},
	}}, fitPlanted(d))
	if rep.TestPairs != 1 || rep.Users != 1 || rep.Ranked != 4 {
		t.Errorf("%d pairs of %d users, %d ranked; only (u0, i2) reaches weight 4", rep.TestPairs, rep.Users, rep.Ranked)
	}
	if diff := cmp.Diff([]LeftOut{{"held-out weights too low", 1}}, rep.LeftOut); diff != "" {
		t.Error(diff)
	}
}

func TestEvaluateCompare(t *testing.T) {
	d := planted(3)
	fit := func(ctx context.Context, train []int32, cfg Config, v variant) (ranker, error) {
		if v.kind == variantFull && cfg.Seed == 7 {
			return newScript(d, train, noise), nil
		}
		return fitPlanted(d)(ctx, train, cfg, v)
	}
	o := EvaluateOptions{K: 5, Compare: []NamedConfig{{Name: "a"}, {Name: "b", Config: Config{Seed: 7}}}}
	rep := mustEvaluate(t, d, o, fit)
	b := rowNamed(t, rep, "b")
	if len(rep.Rows) != 4 || b.Config == nil || b.Config.Seed != 7 {
		t.Errorf("%d rows, config %+v", len(rep.Rows), b.Config)
	}
	if len(b.Versus) != 2 || b.Versus[0].NDCG.P != 1 || b.Versus[1].Against != "a" || b.Versus[1].NDCG.Delta >= 0 || b.Versus[1].NDCG.P > .05 {
		t.Errorf("b is plain MF and worse than a: %+v", b.Versus)
	}
	o.NoBaselines = true
	if rep = mustEvaluate(t, d, o, fit); len(rep.Rows) != 2 || len(rep.Rows[0].Versus) != 0 || len(rep.Rows[1].Versus) != 1 {
		t.Errorf("without baselines: %+v", rep.Rows)
	}
}

func TestEvaluateBuckets(t *testing.T) {
	d := planted(4)
	rep := mustEvaluate(t, d, EvaluateOptions{Split: SplitKFold, N: 3, Buckets: true, NoBaselines: true}, fitPlanted(d))
	n := map[string]int{}
	for _, b := range rep.Buckets {
		n[b.Of] += b.N
		if b.Recall < 0 || b.Recall > 1 || (b.NDCG != nil) != (b.Of == BucketUsers) {
			t.Errorf("%+v", b)
		}
	}
	if n[BucketItems] != rep.TestPairs || n[BucketLinks] != rep.TestPairs || n[BucketUsers] < rep.Users {
		t.Errorf("buckets hold %v of %d pairs and %d users", n, rep.TestPairs, rep.Users)
	}
}

func TestEvaluateFoldIn(t *testing.T) {
	d := planted(5)
	rep := mustEvaluate(t, d, EvaluateOptions{K: 5, FoldIn: true, NoBaselines: true}, fitPlanted(d))
	var of []string
	for _, f := range rep.FoldIn {
		of = append(of, f.Of)
		if f.N == 0 || f.Trained == 0 || f.Ratio != 1 || f.Low != 1 || f.High != 1 {
			t.Errorf("%+v: the script ranks the same folded in", f)
		}
	}
	if want := []string{FoldInUsers, FoldInStayed, FoldInItems, FoldInAmong, FoldInLists}; !slices.Equal(of, want) {
		t.Errorf("rows %q, want %q", of, want)
	}
	rep = mustEvaluate(t, d, EvaluateOptions{FoldIn: true}, func(_ context.Context, train []int32, _ Config, _ variant) (ranker, error) {
		return newPopularityRanker(d, train, 1), nil
	})
	if !hasWarning(rep, "cannot take in rows") {
		t.Errorf("a ranker without fold-in: %q", rep.Warnings)
	}
}

func TestFoldInRoundsEnd(t *testing.T) {
	for _, c := range []struct {
		name   string
		lists  int
		spread float64
		want   bool
		why    string
	}{
		{"few", 99, 0, false, "an interval of so few may be narrow by chance"},
		{"alike", 100, 0.01, true, "the interval is narrow"},
		{"scattered", 100, 0.5, false, "a loss of two per cent would not be seen"},
		{"many", 4000, 0.5, true, "lists make up for scatter"},
	} {
		trained, folded := make([]float64, c.lists), make([]float64, c.lists)
		for n := range trained {
			trained[n] = 1
			folded[n] = 1 + c.spread*float64(n%2*2-1)
		}
		if row := foldInRow(c.name, trained, folded, 1); row.sure() != c.want {
			t.Errorf("%+v: sure is %v, want %v: %s", row, row.sure(), c.want, c.why)
		}
	}
}

func TestDeal(t *testing.T) {
	for _, c := range []struct {
		name    string
		n, size int
		sets    int
		why     string
	}{
		{"even", 50, 10, 5, "everybody once"},
		{"rest", 50, 12, 5, "the rest is a set too"},
		{"single", 3, 1, 3, "a set is never empty"},
		{"large", 3, 10, 1, "all that there are"},
		{"none", 0, 1, 0, "nobody to take out"},
	} {
		var from []int32
		for j := range c.n {
			from = append(from, int32(2*j))
		}
		sets := deal(rand.New(rand.NewPCG(1, 1)), from, c.size, 2*c.n)
		var all []int32
		for n, set := range sets {
			size := 0
			bitsOf(set, 2*c.n, func(j int) {
				all = append(all, int32(j))
				size++
			})
			if size != c.size && n < len(sets)-1 {
				t.Errorf("%s: a set of %d, want %d", c.name, size, c.size)
			}
		}
		slices.Sort(all)
		if len(sets) != c.sets || !slices.Equal(all, from) {
			t.Errorf("%s: %d sets of %v, want %d: %s", c.name, len(sets), all, c.sets, c.why)
		}
	}
}

func TestEvaluateErrors(t *testing.T) {
	d := planted(1)
	pair := []TestPair{{User: "u0", Item: "i0"}}
	tests := []struct {
		name string
		data *dataset
		o    EvaluateOptions
		want error
	}{
		{"unknown split", d, EvaluateOptions{Split: "half"}, ErrBadOption},
		{"unknown candidates", d, EvaluateOptions{Candidates: "some"}, ErrBadOption},
		{"k below 1", d, EvaluateOptions{K: -1}, ErrBadOption},
		{"fraction 2", d, EvaluateOptions{Fraction: 2}, ErrBadOption},
		{"one fold", d, EvaluateOptions{Split: SplitKFold, N: 1}, ErrBadOption},
		{"given without pairs", d, EvaluateOptions{Split: SplitGiven}, ErrBadOption},
		{"pairs with a split", d, EvaluateOptions{Split: SplitRandom, Test: pair}, ErrBadOption},
		{"fold-in of all", d, EvaluateOptions{FoldIn: true, FoldInShare: 1}, ErrBadOption},
		{"fold-in of cold users", d, EvaluateOptions{Split: SplitColdUsers, FoldIn: true}, ErrBadOption},
		{"labels in folds", d, EvaluateOptions{Split: SplitKFold, Labels: true}, ErrBadOption},
		{"n for a random split", d, EvaluateOptions{N: 3}, ErrBadOption},
		{"fraction of folds", d, EvaluateOptions{Split: SplitKFold, Fraction: .2}, ErrBadOption},
		{"nameless configuration", d, EvaluateOptions{Compare: []NamedConfig{{}}}, ErrBadOption},
		{"name twice", d, EvaluateOptions{Compare: []NamedConfig{{Name: "a"}, {Name: "a"}}}, ErrBadOption},
		{"empty store", blank(1, 1, 0), EvaluateOptions{}, ErrNoData},
		{"no times", blank(1, 2, 0).likes(0, 0, 1), EvaluateOptions{Split: SplitByTime}, ErrNoData},
		{"nobody known", d, EvaluateOptions{Test: []TestPair{{User: "x", Item: "i0"}}}, ErrNoData},
		{"no test pair", d, EvaluateOptions{Test: []TestPair{}}, ErrNoData},
	}
	for _, tt := range tests {
		rep, err := testRun(t.Context(), tt.data, nil, tt.o, fitPlanted(tt.data))
		if !errors.Is(err, tt.want) || len(rep.Rows) != 0 {
			t.Errorf("%s: %v, want %v and no report", tt.name, err, tt.want)
		}
	}
}

func TestEvaluateCancelled(t *testing.T) {
	d := planted(1)
	ctx, cancel := context.WithCancel(t.Context())
	fits := 0
	fit := func(c context.Context, train []int32, cfg Config, v variant) (ranker, error) {
		if fits++; fits == 2 {
			cancel()
		}
		return fitPlanted(d)(c, train, cfg, v)
	}
	if _, err := testRun(ctx, d, nil, EvaluateOptions{Split: SplitKFold}, fit); !errors.Is(err, context.Canceled) || fits != 2 {
		t.Errorf("%v after %d fits, want context.Canceled after 2", err, fits)
	}
}

// A model that breaks the protocol is refused, not praised.
func TestEvaluateRefusesBadLists(t *testing.T) {
	d := blank(2, 4, 0).likes(0, 0, 1).likes(1, 2, 3)
	for name, list := range map[string][]int32{"seen": {0}, "twice": {2, 2}, "unknown": {9}, "too long": {2, 3, 1}} {
		fit := func(context.Context, []int32, Config, variant) (ranker, error) { return fixedRanker(list), nil }
		o := EvaluateOptions{K: 2, NoBaselines: true, Test: []TestPair{{User: "u0", Item: "i2"}}}
		if _, err := testRun(t.Context(), d, nil, o, fit); err == nil {
			t.Errorf("%s: %v accepted", name, list)
		}
	}
}

type fixedRanker []int32

func (f fixedRanker) TopK(_ context.Context, users []int32, _ int, _ []int32, _ bool) ([][]int32, [][]float32, error) {
	lists := make([][]int32, len(users))
	for j := range lists {
		lists[j] = f
	}
	return lists, make([][]float32, len(users)), nil
}

func TestEvaluateReportsProgress(t *testing.T) {
	d := planted(1)
	var seen []int64
	mustEvaluate(t, d, EvaluateOptions{Split: SplitKFold, N: 2, FoldIn: true, FoldInShare: 0.5, Progress: func(p Progress) {
		if p.Stage != "evaluate" || p.Total != 10 || p.Unit != "models" {
			t.Errorf("%+v", p)
		}
		seen = append(seen, p.Done)
	}}, fitPlanted(d))
	if diff := cmp.Diff([]int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, seen); diff != "" {
		t.Error(diff)
	}
}
