//go:build unix

package engine

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kenrec/ken/graph"
)

// growthSize says how large a graph is.
type growthSize struct{ users, items, interactions, factors, triples int }

func (g growthSize) String() string {
	return fmt.Sprintf("users=%d/items=%d/interactions=%d/f=%d/triples=%d", g.users, g.items, g.interactions, g.factors, g.triples)
}

// dataset draws a graph: users are about as active as each other, items popular by a power of their rank, and each item has its
// share of triples, of ten relations.
func (g growthSize) dataset() *dataset {
	rng := rand.New(rand.NewPCG(1, 1))
	skewed := func(n int) int { return int(math.Pow(rng.Float64(), 2.5) * float64(n)) }
	things := max(g.triples/20, 1)
	relations := strings.Fields("made_by shows about part_of from in_year for_age near made_of like")
	d := &dataset{
		nodes:   make([]nodeInfo, g.users+g.items+things),
		events:  make([]event, g.interactions),
		triples: make([]graph.TripleRow, g.triples),
		symName: func(s graph.Sym) string { return append([]string{"", typeUser, typeItem, "view"}, relations...)[s] },
	}
	for n := range d.nodes {
		d.nodes[n].id = fmt.Sprint("n", n)
		switch {
		case n < g.users:
			d.nodes[n].typ = 1
		case n < g.users+g.items:
			d.nodes[n].typ = 2
		}
	}
	for i := range d.events {
		d.events[i] = event{user: int32(rng.IntN(g.users)), item: int32(g.users + skewed(g.items)), typ: 3, weight: 1}
	}
	for i := range d.triples {
		item := i * g.items / g.triples
		d.triples[i] = graph.TripleRow{
			Head: graph.Idx(g.users + item), Tail: graph.Idx(g.users + g.items + skewed(things)), Relation: graph.Sym(4 + i%len(relations)), Weight: 1, Confidence: 1,
		}
	}
	d.assignRoles()
	return d
}

// growthFamilies vary one thing at a time.
func growthFamilies() []growthSize {
	base := growthSize{20_000, 4_000, 400_000, 32, 20_000}
	var all []growthSize
	for _, by := range []int{1, 2, 4} {
		for _, grow := range []func(*growthSize){
			func(g *growthSize) { g.users *= by }, func(g *growthSize) { g.items *= by }, func(g *growthSize) { g.interactions *= by },
			func(g *growthSize) { g.factors *= by }, func(g *growthSize) { g.triples *= by },
		} {
			g := base
			if grow(&g); by == 1 && len(all) > 0 {
				continue
			}
			all = append(all, g)
		}
	}
	return all
}

// BenchmarkGrowth shows how training (three sweeps, the scorer of sparse data with it) and single requests grow with one
// thing at a time. Memory is that of arrays and model afterwards, and the most that the Go heap had; the store is not in it.
//
//	KEN_GROWTH="1000000 200000 50000000 64 0" go test ./engine -run xxx -bench Growth -benchtime 1x -timeout 3h
//
// runs one case of users, items, interactions, f and triples instead.
func BenchmarkGrowth(b *testing.B) {
	sizes := growthFamilies()
	if own := os.Getenv("KEN_GROWTH"); own != "" {
		var g growthSize
		if _, err := fmt.Sscan(own, &g.users, &g.items, &g.interactions, &g.factors, &g.triples); err != nil {
			b.Fatal("KEN_GROWTH: ", err)
		}
		sizes = []growthSize{g}
	}
	for _, g := range sizes {
		b.Run(g.String(), func(b *testing.B) {
			for b.Loop() {
				g.measure(b)
			}
		})
	}
}

func (g growthSize) measure(b *testing.B) {
	// EASE is fitted to small catalogues alone, whose bound on its cubic cost is a number of items.
	cfg := Config{Factors: g.factors, Iterations: 3, Scorers: []Weight{{scorerCoChoice, filterShare}, {scorerItemItem, 0}}}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	d := g.dataset()
	start, busy := time.Now(), cpuTime(b)
	k, err := buildKnowledge(b.Context(), d, cfg, 2)
	if err != nil {
		b.Fatal(err)
	}
	m, err := fit(b.Context(), d, k, nil, cfg, 2, nil)
	if err != nil {
		b.Fatal(err)
	}
	n := float64(g.interactions)
	b.ReportMetric((cpuTime(b)-busy)/n*1e6, "train-cpu-µs/interaction")
	b.ReportMetric(time.Since(start).Seconds(), "train-s")
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "kept-B/interaction")
	if peak := peakBytes(); os.Getenv("KEN_GROWTH") != "" && peak > 0 {
		b.ReportMetric(peak/n, "peak-B/interaction")
	}
	b.ReportMetric(g.request(b, m), "request-cpu-µs")
	runtime.KeepAlive(d)
}

// request returns the CPU time of a list of 20 for one user, in microseconds.
func (g growthSize) request(b *testing.B, m *model) float64 {
	const lists = 200
	chosen := m.ranking().choose(nil)
	list := func(u int) {
		p := m.personOfRow(int32(u % len(m.users)))
		if err := m.rank(context.Background(), []*ask{{p: p, exclude: p.exclude}}, 20, chosen); err != nil {
			b.Fatal(err)
		}
	}
	list(0)
	busy := cpuTime(b)
	for u := range lists {
		list(1 + u*7919)
	}
	return (cpuTime(b) - busy) / lists * 1e6
}

// peakBytes is the most memory that this process had, 0 where the system does not tell.
func peakBytes() float64 {
	text, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	var kib float64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		return 0
	}
	return kib * 1024
}
