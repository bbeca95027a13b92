package graph_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/kenrec/ken/graph"
)

// importTriples puts n triples in batches of 10 000 rows, one filled while the one before is written as the engine does: ten a
// head, tails spread over n/20 nodes.
func importTriples(tb testing.TB, s *graph.Store, n int) {
	tb.Helper()
	if err := putTriples(tb.Context(), s, n); err != nil {
		tb.Fatal(err)
	}
}

func putTriples(ctx context.Context, s *graph.Store, n int) error {
	r := rand.New(rand.NewPCG(1, 2))
	var last *graph.Commit
	for i := 0; i < n; i += 10_000 {
		b, err := s.NewBatchBehind(ctx, last)
		if err != nil {
			return err
		}
		for j := i; j < min(i+10_000, n); j++ {
			x := graph.Triple{
				Head:     fmt.Sprintf("http://example.org/item/%d", j/10),
				Relation: fmt.Sprintf("rel%d", j%10),
				Tail:     fmt.Sprintf("http://example.org/thing/%d", r.IntN(n/20)),
			}
			if _, err := b.PutTriple(x); err != nil {
				return err
			}
		}
		last = b.CommitBehind(ctx)
	}
	if last == nil {
		return nil
	}
	_, err := last.Wait() // it fails when one before it did
	return err
}

func BenchmarkImportTriples(b *testing.B) {
	const n = 1_000_000
	for b.Loop() {
		dir := b.TempDir()
		s, err := graph.Open(b.Context(), dir)
		if err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		importTriples(b, s, n)
		b.ReportMetric(n/time.Since(start).Seconds(), "triples/s")
		start = time.Now()
		importTriples(b, s, n)
		b.ReportMetric(n/time.Since(start).Seconds(), "unchanged/s")
		start = time.Now()
		rows := 0
		for _, err := range s.Triples(b.Context()) {
			if err != nil {
				b.Fatal(err)
			}
			rows++
		}
		b.ReportMetric(float64(rows)/time.Since(start).Seconds(), "scanned/s")
		killed := filepath.Join(b.TempDir(), "killed")
		readImage(b, dir).write(b, killed)
		closeStore(b, s)
		for name, dir := range map[string]string{"ms/open": dir, "ms/open-killed": killed} {
			start = time.Now()
			s := openDir(b, dir)
			b.ReportMetric(float64(time.Since(start).Milliseconds()), name)
			closeStore(b, s)
		}
	}
}
