package graph

import (
	"hash/maphash"
	"testing"
)

func TestSieve(t *testing.T) {
	s := sieve{seed: maphash.MakeSeed()}
	key := func(i int) uint64 { return s.inter(interKey{user: Idx(i % 1000), item: Idx(i / 1000), time: int64(i)}) }
	if s.has(key(0)) {
		t.Fatal("the zero sieve knows an edge")
	}
	const n = 300_000 // into the second layer
	for i := range n {
		s.add(key(i))
	}
	alarms := 0
	for i := range n {
		if !s.has(key(i)) {
			t.Fatalf("edge %d was noted and is not known", i)
		}
		if s.has(key(n + i)) {
			alarms++
		}
	}
	if len(s.layers) != 2 || alarms > n/100 {
		t.Fatalf("%d layers, %d false alarms among %d", len(s.layers), alarms, n)
	}
	if k := (tripleKey{1, 2, 3}); s.triple(k) == s.triple(tripleKey{3, 2, 1}) {
		t.Error("the direction of a triple does not count")
	}
}

// TestSieveFull fills a sieve beyond its last layer: it must not forget.
func TestSieveFull(t *testing.T) {
	s := sieve{layers: [][]uint64{make([]uint64, 64)}}
	for len(s.layers) < len(sieveWords) {
		s.layers = append(s.layers, make([]uint64, 64))
	}
	hash := func(i uint64) uint64 { return i * 0x9E3779B97F4A7C15 }
	for i := range uint64(5000) {
		s.add(hash(i))
	}
	for i := range uint64(5000) {
		if !s.has(hash(i)) {
			t.Fatalf("key %d is forgotten", i)
		}
	}
	if len(s.layers) != len(sieveWords) {
		t.Fatalf("%d layers", len(s.layers))
	}
}
