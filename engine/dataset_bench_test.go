//go:build unix

package engine

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/kenrec/ken/graph"
)

// BenchmarkLoadDataset reads a store of triples into arrays, as training does first, and into a sparse matrix of its
// contexts.
func BenchmarkLoadDataset(b *testing.B) {
	const n = 1_000_000
	b.Run("triples=1M", func(b *testing.B) {
		s, err := graph.OpenInMemory()
		if err != nil {
			b.Fatal(err)
		}
		defer s.Close()
		r := rand.New(rand.NewPCG(1, 2))
		for from := 0; from < n; from += 20_000 {
			batch, err := s.NewBatch(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			for i := from; i < from+20_000; i++ {
				t := graph.Triple{Head: fmt.Sprint("item", i/10), Relation: fmt.Sprint("rel", i%10), Tail: fmt.Sprint("thing", r.IntN(n/20))}
				if _, err := batch.PutTriple(t); err != nil {
					b.Fatal(err)
				}
			}
			if _, err := batch.Commit(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportAllocs()
		for b.Loop() {
			start, busy := time.Now(), cpuTime(b)
			d, err := loadDataset(b.Context(), s)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(len(d.triples))/time.Since(start).Seconds(), "triples/s")
			b.ReportMetric(float64(len(d.triples))/(cpuTime(b)-busy), "triples/cpu-s")
			var heads []graph.Idx
			for i := range n / 10 {
				at, ok, err := s.Lookup(fmt.Sprint("item", i))
				if !ok || err != nil {
					b.Fatal(ok, err)
				}
				heads = append(heads, at)
			}
			start = time.Now()
			_, m, err := buildContexts(b.Context(), heads, d, buildAdjacency(d), Config{Hops: 1})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(m.NNZ())/time.Since(start).Seconds(), "links/s")
		}
	})
}
