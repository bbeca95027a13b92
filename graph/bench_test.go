package graph_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"

	"github.com/kenrec/ken/graph"
)

// importTriples puts n triples in batches of 10 000 rows: ten a head, tails spread over n/20 nodes.
func importTriples(tb testing.TB, s *graph.Store, n int) {
	tb.Helper()
	if err := putTriples(tb.Context(), s, n); err != nil {
		tb.Fatal(err)
	}
}

func putTriples(ctx context.Context, s *graph.Store, n int) error {
	r := rand.New(rand.NewPCG(1, 2))
	for i := 0; i < n; i += 10_000 {
		b, err := s.NewBatch(ctx)
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
		if _, err := b.Commit(ctx); err != nil {
			return err
		}
	}
	return nil
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

// BenchmarkImportAgainstBadger writes the records of a graph as batches do and the same keys through Badger's own
// WriteBatch, in turn, both durable, and reports the ratio of the rates: above 1, we are faster.
func BenchmarkImportAgainstBadger(b *testing.B) {
	const n = 500_000
	for b.Loop() {
		s, err := graph.Open(b.Context(), b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		importTriples(b, s, n)
		ours := time.Since(start)
		seq, err := s.Stats(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		closeStore(b, s)
		raw := rawBadger(b, n, seq.Nodes)
		b.ReportMetric(n/ours.Seconds(), "triples/s")
		b.ReportMetric(n/raw.Seconds(), "raw-triples/s")
		b.ReportMetric(raw.Seconds()/ours.Seconds(), "of-raw")
	}
}

// rawBadger writes two records a triple and two a node, of the lengths that ours have, in the order in which they come.
func rawBadger(b *testing.B, triples, nodes int) time.Duration {
	o := badger.DefaultOptions(b.TempDir()).WithSyncWrites(true).WithCompression(options.None).WithBlockCacheSize(0).
		WithMetricsEnabled(false).WithDetectConflicts(false).WithLogger(nil)
	db, err := badger.Open(o)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	r := rand.New(rand.NewPCG(1, 2))
	edge := func(kind byte, x, rel, y uint32) []byte {
		k := binary.BigEndian.AppendUint32([]byte{kind}, x)
		return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(k, rel), y)
	}
	start := time.Now()
	w := db.NewWriteBatch()
	set := func(key []byte, size int) {
		if err := w.Set(key, make([]byte, size)); err != nil {
			b.Fatal(err)
		}
	}
	node := 0
	for i := range triples {
		if i%10_000 == 0 && i > 0 { // durable in the same steps
			if err := w.Flush(); err != nil {
				b.Fatal(err)
			}
			w = db.NewWriteBatch()
		}
		head, tail := uint32(i/10), uint32(r.IntN(triples/20))
		set(edge('o', head, uint32(i%10), tail), 5)
		set(edge('i', tail, uint32(i%10), head), 5)
		for ; node < nodes && node*triples < (i+1)*nodes; node++ {
			set(fmt.Appendf([]byte{'d'}, "http://example.org/item/%d", node), 8)
			set(binary.BigEndian.AppendUint32([]byte{'n'}, uint32(node)), 36)
		}
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}
