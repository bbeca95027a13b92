package engine

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"
)

// crowded is a trained engine over a catalogue that is large enough to be scanned: some items cold, a few users with
// dislikes, both item-to-item scorers off or co-choice on by the default for sparse data.
func crowded(t testing.TB, users, items, each int, cfg Config) *Engine {
	t.Helper()
	e, err := OpenInMemory(WithWorkers(2))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	rng := rand.New(rand.NewPCG(7, 7))
	var nodes, triples, inter bytes.Buffer
	for i := range items {
		fmt.Fprintf(&nodes, "i%d\t%s\tItem %d\n", i, []string{"item", "film", "item"}[i%3], i)
		fmt.Fprintf(&triples, "i%d\tkind\tk%d\n", i, i%37)
	}
	for u := range users {
		for n := range each {
			weight := 1
			if u%10 == 0 && n%5 == 0 {
				weight = -1
			}
			fmt.Fprintf(&inter, "u%d\ti%d\t%d\n", u, rng.IntN(items), weight)
		}
	}
	for _, src := range []Source{{Kind: Nodes, Reader: &nodes}, {Kind: Triples, Reader: &triples}, {Kind: Interactions, Reader: &inter}} {
		src.Format, src.Header = TSV, HeaderNo
		if _, err := e.Import(t.Context(), src); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.Train(t.Context(), TrainOptions{Config: &cfg}); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestScanEqualsScoringAll(t *testing.T) {
	e := crowded(t, 400, 2500, 10, Config{Factors: 16, Iterations: 2})
	m := e.model.Load()
	if m.ranking().items == nil || m.ranking().cold == nil || len(m.scorers) == 0 {
		t.Fatal("the model tests nothing: no scan, no cold items or no scorer")
	}
	var asks, singles []*ask
	for u := range m.users {
		p := m.personOfRow(int32(u))
		asks, singles = append(asks, &ask{p: p, exclude: p.exclude}), append(singles, &ask{p: p, exclude: p.exclude})
	}
	odd := newBits(len(m.items))
	for i := 1; i < len(m.items); i += 2 {
		setBit(odd, i)
	}
	for _, allowed := range [][]uint64{nil, odd} {
		chosen := m.ranking().choose(allowed)
		if err := m.rank(t.Context(), asks, 20, chosen); err != nil {
			t.Fatal(err)
		}
		scanned := 0
		for n, a := range asks {
			if err := m.rank(t.Context(), singles[n:n+1], 20, chosen); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(a, singles[n]) {
				t.Fatalf("user %d: another list in a batch", n)
			}
			b := m.board()
			v := m.voice(a.p, b)
			all := &ask{p: a.p, exclude: a.exclude}
			m.rankAll(all, &v, b, 20, allowed)
			if !v.spread {
				scanned++
			}
			m.putBoard(b)
			// Where the scan is by bytes, its scores are those of the scalar product to the bit.
			if !slices.Equal(all.ids, a.ids) || !near(all.best, a.best) {
				t.Fatalf("user %d: scanned %v %v, want %v %v", n, a.ids, a.best, all.ids, all.best)
			}
		}
		if scanned < len(asks)/2 {
			t.Fatalf("%d of %d lists were scanned: too few to test", scanned, len(asks))
		}
	}
}

func near(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return max(x-y, y-x) <= 1e-6*max(1, x, -x) })
}

func TestBatchEqualsSingle(t *testing.T) {
	e := crowded(t, 300, 2500, 10, Config{Factors: 16, Iterations: 2})
	linesTSV(t, e, Nodes, "late item Late")
	linesTSV(t, e, Triples, "late kind k1")
	linesTSV(t, e, Interactions, "u3 i4", "fresh i5", "fresh late")
	for _, q := range []Query{{K: 10}, {K: 10, Types: []string{"film"}, Exclude: []string{"i1", "late"}}, {K: 5, Candidates: []string{"i1", "i2", "i7", "late"}, IncludeSeen: true}} {
		n := 0
		for r, err := range e.RecommendAll(t.Context(), BatchQuery{Query: q}) {
			if err != nil {
				t.Fatal(err)
			}
			q.User = r.User
			if one := recommend(t, e, q); !reflect.DeepEqual(one, r) {
				t.Fatalf("%+v:\nalone  %+v\nbatch  %+v", q, one, r)
			}
			for _, x := range r.Items {
				if q.Types != nil && x.Type != "film" {
					t.Fatalf("%s is of type %q", x.Item, x.Type)
				}
			}
			n++
		}
		if n != 301 {
			t.Fatalf("%d lists, want 301", n)
		}
	}
}

// BenchmarkRecommend measures one request after the other, over a catalogue of 100 k items.
func BenchmarkRecommend(b *testing.B) {
	const users, items = 5_000, 100_000
	with := func(facts int) func() *Engine {
		return sync.OnceValue(func() *Engine {
			e := crowded(b, users, items, 40, Config{Factors: 128, Iterations: 1})
			for k := range facts {
				linesTSV(b, e, Triples, fmt.Sprintf("new prefers k%d", k), fmt.Sprintf("k%d about t%d", k, k%7))
			}
			return e
		})
	}
	// Where something came after training every request has to look at it, so a new user has a store of her own.
	trained, grown := with(0), with(30)
	for _, bc := range []struct {
		name   string
		engine func() *Engine
		query  func(rng *rand.Rand) Query
	}{
		{"warm", trained, func(rng *rand.Rand) Query { return Query{User: fmt.Sprint("u", rng.IntN(users)), K: 20} }},
		{"fold-in=50", trained, func(rng *rand.Rand) Query {
			q := Query{K: 20}
			for range 50 {
				q.Likes = append(q.Likes, fmt.Sprint("i", rng.IntN(items)))
			}
			return q
		}},
		{"new user", grown, func(*rand.Rand) Query { return Query{User: "new", K: 20, Candidates: []string{"i1", "i2"}} }},
		{"filters", trained, func(rng *rand.Rand) Query {
			q := Query{User: fmt.Sprint("u", rng.IntN(users)), K: 20, Types: []string{"film"}}
			for range 20 {
				q.Exclude = append(q.Exclude, fmt.Sprint("i", rng.IntN(items)))
			}
			return q
		}},
	} {
		b.Run("items=100k/f=128/"+bc.name, func(b *testing.B) {
			e, rng := bc.engine(), rand.New(rand.NewPCG(1, 2))
			var took []float64
			recommend(b, e, bc.query(rng)) // prepares the scan
			b.ReportAllocs()
			for b.Loop() {
				q := bc.query(rng)
				start := time.Now()
				recommend(b, e, q)
				took = append(took, time.Since(start).Seconds()*1e3)
			}
			slices.Sort(took)
			b.ReportMetric(took[len(took)/2], "p50-ms")
			b.ReportMetric(took[len(took)*99/100], "p99-ms")
		})
	}
}
