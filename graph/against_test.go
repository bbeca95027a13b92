//go:build unix

package graph_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"

	"github.com/kenrec/ken/graph"
)

// BenchmarkImportAgainstBadger writes the records of a graph as batches do and the same keys through Badger's own
// WriteBatch, in turn, both durable, and reports the ratio of the rates: above 1, we are faster. The smaller graph is of the
// size of a usual one of films (472 k statements).
func BenchmarkImportAgainstBadger(b *testing.B) {
	for name, n := range map[string]int{"470k": 470_000, "5M": 5_000_000} {
		b.Run("triples="+name, func(b *testing.B) {
			for b.Loop() {
				s, err := graph.Open(b.Context(), b.TempDir())
				if err != nil {
					b.Fatal(err)
				}
				start, cpu := time.Now(), cpuSeconds(b)
				importTriples(b, s, n)
				ours, busy := time.Since(start), cpuSeconds(b)-cpu
				stats, err := s.Stats(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				closeStore(b, s)
				cpu = cpuSeconds(b)
				raw := rawBadger(b, n, stats.Nodes)
				b.ReportMetric(cpuSeconds(b)-cpu, "raw-cpu-s")
				b.ReportMetric(busy, "cpu-s")
				b.ReportMetric(float64(n)/ours.Seconds(), "triples/s")
				b.ReportMetric(float64(n)/raw.Seconds(), "raw-triples/s")
				b.ReportMetric(raw.Seconds()/ours.Seconds(), "of-raw")
			}
		})
	}
}

// cpuSeconds is the CPU time of this process.
func cpuSeconds(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
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
