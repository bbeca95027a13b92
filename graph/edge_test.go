package graph

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestEdgeWritesOrder puts the records of edges in the order of their keys, whatever bytes of the numbers differ.
func TestEdgeWritesOrder(t *testing.T) {
	wide := []uint32{0, 1, 255, 256, 1 << 16, 1<<24 + 7, math.MaxUint32 - 1}
	times := []int64{math.MinInt64, -1, 0, 1, 1 << 40, math.MaxInt64}
	r := rand.New(rand.NewPCG(1, 2))
	for name, c := range map[string]struct {
		edges int
		pick  func() uint32
		time  func() int64
	}{
		"none":        {0, func() uint32 { return 0 }, func() int64 { return 0 }},
		"one":         {1, func() uint32 { return 7 }, func() int64 { return 7 }},
		"small":       {300, func() uint32 { return r.Uint32N(9) }, func() int64 { return 0 }},
		"every byte":  {500, func() uint32 { return wide[r.IntN(len(wide))] }, func() int64 { return times[r.IntN(len(times))] }},
		"times alone": {300, func() uint32 { return 3 }, func() int64 { return r.Int64() - r.Int64() }},
	} {
		b := &Batch{triples: map[tripleKey]edit[tripleVal]{}, inters: map[interKey]edit[float32]{}}
		for range c.edges {
			b.triples[tripleKey{Idx(c.pick()), Sym(c.pick()), Idx(c.pick())}] = edit[tripleVal]{has: true}
			b.inters[interKey{Idx(c.pick()), Idx(c.pick()), Sym(c.pick()), c.time()}] = edit[float32]{has: true}
		}
		out := b.edgeWrites(nil, map[counter]int64{})
		if want := 2 * (len(b.triples) + len(b.inters)); len(out) != want {
			t.Errorf("%s: %d records, not %d", name, len(out), want)
		}
		for kind, want := range map[byte]int{kindIn: len(b.triples), kindOut: len(b.triples), kindItem: len(b.inters), kindUser: len(b.inters)} {
			keys := [][]byte{}
			for _, w := range out {
				if w.key[0] == kind {
					keys = append(keys, w.key)
				}
			}
			if !slices.IsSortedFunc(keys, bytes.Compare) || len(slices.CompactFunc(keys, bytes.Equal)) != want {
				t.Errorf("%s: records of kind %q are out of order or missing", name, kind)
			}
		}
	}
}
