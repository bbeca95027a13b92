package engine

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kenrec/ken/graph"
)

// twoDomains is a graph of films and books that share themes: items 0 to 59 are films, the next 60 books. A user's theme
// decides, but for some noise, what is liked in both. The node type is that of the domain, and a triple says it again. A
// third of the users know films only.
func twoDomains(seed uint64) *dataset {
	const users, each, themes, per = 120, 60, 5, 8
	const film, book, isA, about = graph.Sym(1), graph.Sym(2), graph.Sym(3), graph.Sym(4)
	names := []string{"", "film", "book", "is_a", "about"}
	d := blank(users, 2*each, 2+themes)
	d.symName = func(s graph.Sym) string { return names[s] }
	first := graph.Idx(users + 2*each)
	d.nodes[first].name, d.nodes[first+1].name = "film", "book"
	for i, n := range d.items {
		d.nodes[n].typ = film + graph.Sym(i/each)
		d.triples = append(d.triples,
			graph.TripleRow{Head: n, Relation: isA, Tail: first + graph.Idx(i/each), Weight: 1, Confidence: 1},
			graph.TripleRow{Head: n, Relation: about, Tail: first + 2 + graph.Idx(i%themes), Weight: 1, Confidence: 1})
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	for u := range int32(users) {
		for domain := range 2 - int(u%3)/2 {
			for _, n := range rng.Perm(each / themes)[:per] {
				i := n*themes + int(u)%themes
				if rng.IntN(6) == 0 {
					i = rng.IntN(each)
				}
				d.likes(u, int32(domain*each+i))
			}
		}
	}
	return d
}

func fitReal(d *dataset, workers int) fitter {
	t := &trainer{d: d, workers: workers, known: map[string]*knowledge{}}
	return t.fit
}

// What users do with films says what books they like, whether the domains are node types or tails of a relation, and
// the same whatever the number of workers.
func TestCrossDomain(t *testing.T) {
	d := twoDomains(1)
	run := func(o EvaluateOptions, workers int) EvaluateReport {
		t.Helper()
		ev := &evaluation{o: o, data: d, fit: fitReal(d, workers), workers: workers}
		rep, err := ev.evaluate(t.Context(), *quick())
		if err != nil {
			t.Fatal(err)
		}
		return rep
	}
	byType := run(EvaluateOptions{Domains: Domains{Source: "film", Target: "book"}, Fraction: 0.3, K: 10, Seed: 2}, 1)
	popularity, ken := rowNamed(t, byType, "popularity"), rowNamed(t, byType, "ken")
	if ken.Recall.Low <= popularity.Recall.High || ken.NDCG.Low <= popularity.NDCG.High {
		t.Errorf("ken %+v is not above popularity %+v", ken.Recall, popularity.Recall)
	}
	if byType.Split != SplitCrossDomain || byType.InBoth != 80 || byType.Users != 24 || byType.Ranked != 60 {
		t.Errorf("%s: %d in both, %d users, %d ranked; want 80, 24 and the 60 books", byType.Split, byType.InBoth, byType.Users, byType.Ranked)
	}
	byRelation := run(EvaluateOptions{Domains: Domains{Source: "film", Target: "book", By: "is_a"}, Fraction: 0.3, K: 10, Seed: 2}, 2)
	byRelation.Domains.By = ""
	if diff := cmp.Diff(byType, byRelation, cmpopts.IgnoreFields(EvaluateReport{}, "Seconds"), cmpopts.IgnoreFields(EvaluateRow{}, "Seconds")); diff != "" {
		t.Errorf("the same domains, another report:\n%s", diff)
	}
}

// No held-out user keeps a row of the target or of a third domain, and nobody else loses one.
func TestCrossDomainHoldsAllOut(t *testing.T) {
	d := twoDomains(3)
	for _, n := range d.items[:10] {
		d.nodes[n].typ = 0 // a third domain
	}
	ev := &evaluation{o: EvaluateOptions{Domains: Domains{Source: "film", Target: "book"}}, data: d}
	if err := ev.o.fill(); err != nil {
		t.Fatal(err)
	}
	h, err := ev.crossDomain()
	if err != nil {
		t.Fatal(err)
	}
	tested := map[int32]bool{}
	for _, u := range h.users {
		tested[u] = true
	}
	target := map[int32]int{}
	for _, r := range h.train {
		e := d.events[r]
		if tested[e.user] && (e.item < 10 || e.item >= 60) {
			t.Errorf("user %d is tested and trained on item %d", e.user, e.item)
		}
		target[e.user]++
	}
	for _, e := range d.events {
		if !tested[e.user] {
			target[e.user]--
		}
	}
	for u, n := range target {
		if !tested[u] && n != 0 {
			t.Errorf("user %d is not tested and has %d rows more than in the store", u, n)
		}
	}
	for _, i := range h.ranked {
		if i < 60 {
			t.Errorf("film %d is ranked", i)
		}
	}
}

func TestDomainsRefused(t *testing.T) {
	d := twoDomains(1)
	for _, tt := range []struct {
		o    EvaluateOptions
		want error
		why  string
	}{
		{EvaluateOptions{Split: SplitCrossDomain}, ErrBadOption, "no domains"},
		{EvaluateOptions{Split: SplitRandom, Domains: Domains{Source: "film", Target: "book"}}, ErrBadOption, "another split"},
		{EvaluateOptions{Domains: Domains{Source: "film"}}, ErrBadOption, "no target"},
		{EvaluateOptions{Domains: Domains{Source: "film", Target: "film"}}, ErrBadOption, "one domain"},
		{EvaluateOptions{Domains: Domains{Source: "film", Target: "book"}, Types: []string{"book"}}, ErrBadOption, "types and domains"},
		{EvaluateOptions{Domains: Domains{Source: "film", Target: "game"}}, ErrNoData, "no such items"},
		{EvaluateOptions{Types: []string{"game"}}, ErrNoData, "no such items"},
		{EvaluateOptions{MinWeight: float32(math.NaN())}, ErrBadOption, "nothing is at least not a number"},
	} {
		if _, err := testRun(t.Context(), d, nil, tt.o, fitPlanted(d)); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.why, err, tt.want)
		}
	}
}

// With types, all is trained on and only items of these types are ranked and looked for.
func TestEvaluateTypes(t *testing.T) {
	d := twoDomains(1)
	rep := mustEvaluate(t, d, EvaluateOptions{Types: []string{"book"}, K: 60, NoBaselines: true}, fitPlanted(d))
	if rep.Ranked > 60 || rep.Users == 0 || rep.Rows[0].Recall.Value < 0.99 {
		t.Errorf("%d ranked, recall@60 of %d users is %g: all books in a list hold every held-out one", rep.Ranked, rep.Users, rep.Rows[0].Recall.Value)
	}
	if fmt.Sprint(rep.Types) != "[book]" || len(rep.LeftOut) == 0 {
		t.Errorf("types %v, left out %v: want book, and users of films alone", rep.Types, rep.LeftOut)
	}
}
