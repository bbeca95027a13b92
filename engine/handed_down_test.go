package engine

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kenrec/ken/engine/internal/sparse"
)

const (
	movements = 6
	authors   = 8 // of each movement; the books of the last three were never read
)

// library is a store of books by authors of movements, where readers stay with a movement or two authors of it. Nothing but
// the movement of their author tells anything about the cold books.
func library(t *testing.T, opts ...Option) *Engine {
	t.Helper()
	e, err := OpenInMemory(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	var nodes, facts, events []string
	for m := range movements {
		for a := range authors {
			author := fmt.Sprintf("a%d-%d", m, a)
			facts = append(facts, fmt.Sprintf("%s in_movement m%d", author, m))
			for b := range 3 {
				book := fmt.Sprintf("b%d-%d-%d", m, a, b)
				nodes = append(nodes, book+" book Book")
				facts = append(facts, fmt.Sprintf("%s by %s", book, author))
			}
		}
	}
	rng := rand.New(rand.NewPCG(7, 7))
	for u := range 120 {
		for range 8 {
			events = append(events, fmt.Sprintf("u%d b%d-%d-%d 1", u, u%movements, rng.IntN(authors-3), rng.IntN(3)))
		}
	}
	linesTSV(t, e, Nodes, nodes...)
	linesTSV(t, e, Triples, facts...)
	linesTSV(t, e, Interactions, events...)
	return e
}

// hitShare is the share of cold books of a reader's movement among the first nine cold books of her list; one in six by chance.
func hitShare(t *testing.T, e *Engine) float64 {
	t.Helper()
	var cold []string
	for m := range movements {
		for a := authors - 3; a < authors; a++ {
			for b := range 3 {
				cold = append(cold, fmt.Sprintf("b%d-%d-%d", m, a, b))
			}
		}
	}
	hits := 0
	const readers = 30
	for u := range readers {
		for _, id := range idsOf(recommend(t, e, Query{User: fmt.Sprintf("u%d", u), K: 9, Candidates: cold})) {
			if strings.HasPrefix(id, fmt.Sprintf("b%d-", u%movements)) {
				hits++
			}
		}
	}
	return float64(hits) / (9 * readers)
}

// Items whose only useful knowledge is two hops away are ranked by it without a flag, and by chance without it.
func TestHandedDownKnowledge(t *testing.T) {
	e := library(t)
	rep, err := e.Train(t.Context(), TrainOptions{})
	if err != nil {
		t.Fatal(err)
	}
	on := hitShare(t, e)
	if on < 0.9 || rep.Config.Hops != maxHops {
		t.Errorf("with %d hops %.2f of the first books are of the reader's movement, want 0.9", rep.Config.Hops, on)
	}
	if _, err := e.Train(t.Context(), TrainOptions{Config: &Config{Hops: 1}}); err != nil {
		t.Fatal(err)
	}
	off := hitShare(t, e)
	t.Logf("off %.3f", off)
	if off > 0.35 {
		t.Errorf("without handing down %.2f of the first books are of the reader's movement, want one in six", off)
	}
}

// With the relation in the middle switched off nothing comes over it, to items of the training and to one that came later;
// tune builds what training does.
func TestSwitchedOffHandsNothingDown(t *testing.T) {
	e := library(t)
	cfg := Config{Factors: 16, Iterations: 4, Relations: []Weight{{"by", 0}}}
	if _, err := e.Train(t.Context(), TrainOptions{Config: &cfg}); err != nil {
		t.Fatal(err)
	}
	if off := hitShare(t, e); off > 0.35 {
		t.Errorf("%.2f of the first books are of the reader's movement, want one in six", off)
	}
	linesTSV(t, e, Nodes, "new1 book New", "new2 book New")
	linesTSV(t, e, Triples, "new1 in a1-7", "new2 in a2-7", "new1 by a1-7", "new2 by a2-7")
	for _, id := range []string{"new1", "b1-7-0"} {
		r, err := e.tieReader(t.Context(), e.model.Load())
		if err != nil {
			t.Fatal(err)
		}
		ties, err := r.of(t.Context(), id)
		if handed := slices.ContainsFunc(ties, func(x tie) bool { return x.hop > 1 }); err != nil || handed != (id == "new1") {
			t.Errorf("%s: handed down: %v, %v; only what is not switched off hands down", id, handed, err)
		}
	}
	o := TuneOptions{Objective: ObjectiveColdItems, Config: tiny()}
	if err := o.fill(); err != nil {
		t.Fatal(err)
	}
	e = library(t)
	if _, err := e.Train(t.Context(), TrainOptions{Config: &cfg}); err != nil {
		t.Fatal(err)
	}
	tn, err := e.newTuning(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	tried, err := tn.knowledge(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(e.model.Load().links, tried.itemLinks, cmpopts.EquateEmpty(), cmp.AllowUnexported(sparse.CSR{})); diff != "" {
		t.Errorf("tune and training differ:\n%.500s", diff)
	}
}

// A book that comes after training, by an author who comes after training, stands where a trained one would; with the
// middle triple gone it does not. Users who point at an author hear of the movement, too.
func TestHandedDownToNewcomers(t *testing.T) {
	e := library(t)
	for u := range 60 {
		linesTSV(t, e, Triples, fmt.Sprintf("u%d reads a%d-%d", u, u%movements, u%5))
	}
	trainQuick(t, e)
	linesTSV(t, e, Nodes, "new book New", "fan user Fan")
	linesTSV(t, e, Triples, "new by a1-7", "late in_movement m1", "fan reads a1-7")
	score := func(user, item string) Recommendation {
		t.Helper()
		return recommend(t, e, Query{User: user, K: 1, Candidates: []string{item}}).Items[0]
	}
	twin, fresh := score("u1", "b1-7-0"), score("u1", "new")
	if math.Abs(twin.Score-passedOver*fresh.Score) > 1e-5 || fresh.Score <= 0 {
		t.Errorf("the new book scores %.5f, its trained twin %.5f, want that but for its chance", fresh.Score, twin.Score)
	}
	linesTSV(t, e, Nodes, "newer book Newer")
	linesTSV(t, e, Triples, "newer by late")
	newer := score("u1", "newer")
	if newer.Score < 0.5*fresh.Score {
		t.Errorf("by a new author of her movement: %.5f, by one who was there %.5f", newer.Score, fresh.Score)
	}
	if mine, other := score("fan", "b1-6-0"), score("fan", "b2-6-0"); mine.Score <= other.Score {
		t.Errorf("to a fan of an author a book of the movement scores %.5f, another %.5f", mine.Score, other.Score)
	}
	checkExplained(t, e, "fan", score("fan", "b1-6-0"))
	deleteTriple(t, e, "late", "in_movement", "m1")
	if after := score("u1", "newer"); after.Score > 0.2*newer.Score {
		t.Errorf("with the movement of its author gone the book still scores %.5f, before %.5f", after.Score, newer.Score)
	}
}

func deleteTriple(t *testing.T, e *Engine, head, relation, tail string) {
	t.Helper()
	b, err := e.Graph().NewBatch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := b.DeleteTriple(head, relation, tail); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// An explanation shows the way that was gone, its parts add up, and neither outlives the triple in the middle.
func TestExplainHandedDown(t *testing.T) {
	e := library(t)
	linesTSV(t, e, Nodes, "a1-7 person Poe", "a1-0 person Shelley", "m1 movement Gothic", "b1-7-0 book Raven", "b1-0-0 book Frankenstein")
	linesTSV(t, e, Interactions, "guest b1-0-0 1")
	trainQuick(t, e)
	explain := func(user string) Explanation {
		t.Helper()
		return checkExplained(t, e, user, recommend(t, e, Query{User: user, K: 1, Candidates: []string{"b1-7-0"}}).Items[0])
	}
	x := explain("guest")
	if want := "liked Frankenstein —by→ Shelley —in_movement→ Gothic ←in_movement— Poe ←by— Raven"; !slices.Contains(x.Paths, want) {
		t.Errorf("paths %q, want %q", x.Paths, want)
	}
	handed := func(p Part) bool {
		return p.Kind == partContext && p.ID == "m1" && p.Name == "by → Poe, in_movement → Gothic" && p.Value > 0
	}
	if !slices.ContainsFunc(x.Parts, handed) {
		t.Errorf("no part for what was handed down: %+v", x.Parts)
	}
	for _, how := range []struct {
		name string
		drop func()
	}{
		{"review", func() {
			deleteTriple(t, e, "a1-7", "in_movement", "m1")
			const source = "llm:fake:attributes-1"
			propose(t, e, Proposal{Head: "a1-7", Relation: "in_movement", Tail: "m1", Source: source, Confidence: 1, Time: 100})
			reviewed(t)(e.ReviewAccept(t.Context(), ReviewFilter{Source: source}, "tester"))
			trainQuick(t, e)
			if !slices.ContainsFunc(explain("guest").Parts, handed) {
				t.Error("an accepted triple hands nothing down")
			}
			reviewed(t)(e.ReviewRemove(t.Context(), source, "tester"))
		}},
		{"erase", func() {
			linesTSV(t, e, Triples, "a1-7 in_movement m1")
			trainQuick(t, e)
			if !slices.ContainsFunc(explain("guest").Parts, handed) {
				t.Error("the triple is back and hands nothing down")
			}
			if _, err := e.Erase(t.Context(), []string{"m1"}); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		how.drop()
		trainQuick(t, e)
		x := explain("guest")
		if slices.ContainsFunc(x.Parts, func(p Part) bool { return p.ID == "m1" }) || strings.Contains(strings.Join(x.Paths, "\n"), "Gothic") {
			t.Errorf("%s: what was taken away is still told: %q, %+v", how.name, x.Paths, x.Parts)
		}
	}
}

// Where no triple joins two nodes that are neither users nor items, the model is that of own facts alone, bit by bit: what
// has been measured on such graphs stays. Handing down is the same for any number of workers.
func TestHandDownLeavesFlatGraphsAlone(t *testing.T) {
	lists := map[string]string{}
	for _, hops := range []int{0, 1, 3} {
		e, _ := world(t)
		rep, err := e.Train(t.Context(), TrainOptions{Config: &Config{Factors: 16, Iterations: 4, Hops: hops}})
		if err != nil {
			t.Fatal(err)
		}
		if want := max(hops, 1); rep.Config.Hops != want {
			t.Errorf("%d hops are reported for %d, want %d", rep.Config.Hops, hops, want)
		}
		lists["flat"] = same(t, lists["flat"], everyList(t, e), fmt.Sprint(hops, " hops"))
	}
	for _, workers := range []int{1, 2} {
		e := library(t, WithWorkers(workers))
		trainQuick(t, e)
		lists["deep"] = same(t, lists["deep"], everyList(t, e), fmt.Sprint(workers, " workers"))
	}
}

func same(t *testing.T, want, got, what string) string {
	t.Helper()
	if want != "" && got != want {
		t.Errorf("%s: other lists: %s", what, firstDifference(want, got))
	}
	return got
}

// A triple that joins an older node to a new one is handed down to older items: an update of the model would miss it.
func TestHandedDownSinceLast(t *testing.T) {
	e := library(t)
	trainQuick(t, e)
	linesTSV(t, e, Triples, "a1-0 in_era era1")
	rep, err := e.Train(t.Context(), TrainOptions{Config: quick(), SinceLast: true})
	if err != nil || rep.Updated {
		t.Errorf("updated: %v, %v, want full training", rep.Updated, err)
	}
	rep, err = e.Train(t.Context(), TrainOptions{Config: quick(), SinceLast: true})
	if err != nil || !rep.Updated {
		t.Errorf("updated: %v, %v: %s", rep.Updated, err, rep.Why)
	}
}

// Tune tries hops where there is something to hand down.
func TestTuneHops(t *testing.T) {
	for _, tc := range []struct {
		e    *Engine
		want bool
	}{{library(t), true}, {tuneWorld(t, 2, nil), false}} {
		o := TuneOptions{Objective: ObjectiveColdItems, Config: tiny()}
		if err := o.fill(); err != nil {
			t.Fatal(err)
		}
		tn, err := tc.e.newTuning(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		knobs := tn.knobs()
		at := slices.IndexFunc(knobs, func(k knob) bool { return k.Name == "hops" })
		if at >= 0 != tc.want {
			t.Fatalf("hops are tried: %v, want %v", at >= 0, tc.want)
		}
		if at < 0 {
			continue
		}
		var c Config
		knobs[at].set(&c, 0, tn.scale)
		if k, err := tn.unweighted(t.Context(), c); err != nil || k.hops != 1 || c.Hops != 1 || knobs[at].labels[knobs[at].Start] != "3" {
			t.Errorf("the first choice is %+v, %v", c, err)
		}
	}
}
