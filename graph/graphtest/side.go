package graphtest

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenrec/ken/graph"
)

func testVectors(t *testing.T, s *graph.Store) {
	put := func(id, model string, v ...float32) (c graph.Change, err error) {
		b, err := s.NewBatch(t.Context())
		fatal(t, err)
		defer b.Cancel()
		if c, err = b.PutVector(id, "text", model, v); err != nil {
			return c, err
		}
		_, err = b.Commit(t.Context())
		return c, err
	}
	for _, st := range []struct {
		why    string
		id     string
		model  string
		v      []float32
		change graph.Change
		err    error
	}{
		{"the first fixes length and model", "a", "m1", []float32{1, 2}, graph.Added, nil},
		{"another length", "b", "m1", []float32{1, 2, 3}, 0, graph.ErrDimension},
		{"another model", "b", "m2", []float32{1, 2}, 0, graph.ErrDimension},
		{"the same again", "a", "m1", []float32{1, 2}, graph.Unchanged, nil},
		{"another value", "a", "m1", []float32{1, 3}, graph.Replaced, nil},
	} {
		if c, err := put(st.id, st.model, st.v...); c != st.change || !errors.Is(err, st.err) {
			t.Errorf("%s: %v, %v", st.why, c, err)
		}
	}
	if _, ok, _ := s.Lookup("b"); ok {
		t.Error("a refused vector made a node")
	}
	b, err := s.NewBatch(t.Context())
	fatal(t, err)
	fatal(t, b.DeleteVector("a", "text"))
	if _, err := b.PutVector("a", "text", "m2", []float32{1, 2, 3}); err != nil {
		t.Errorf("a modality without vectors is not free: %v", err)
	}
	_, err = b.Commit(t.Context())
	fatal(t, err)
	mods, err := s.Modalities(t.Context())
	fatal(t, err)
	if d := cmp.Diff([]graph.Modality{{Name: "text", Model: "m2", Dim: 3, Count: 1}}, mods); d != "" {
		t.Error(d)
	}
	for row, err := range s.Vectors(t.Context(), "nothing of this name") {
		t.Errorf("vector %v, %v of an unknown modality", row, err)
	}
	if _, err := s.Vector(t.Context(), "a", "image"); !errors.Is(err, graph.ErrNotFound) {
		t.Errorf("missing vector: %v", err)
	}
}

func testMeta(t *testing.T, s *graph.Store) {
	if _, err := s.Meta(t.Context(), "k"); !errors.Is(err, graph.ErrNotFound) {
		t.Errorf("missing setting: %v", err)
	}
	for _, v := range []string{"", "v", strings.Repeat("w", graph.MaxRecord)} {
		fatal(t, s.SetMeta(t.Context(), "k", []byte(v)))
		got, err := s.Meta(t.Context(), "k")
		if string(got) != v || err != nil {
			t.Errorf("setting of %d bytes: got %d bytes, %v", len(v), len(got), err)
		}
	}
	for _, k := range []string{"", "\xff", strings.Repeat("k", 1025)} {
		if err := s.SetMeta(t.Context(), k, nil); !errors.Is(err, graph.ErrBadRecord) {
			t.Errorf("name of %d bytes: %v", len(k), err)
		}
	}
	if err := s.SetMeta(t.Context(), "k", make([]byte, graph.MaxRecord+1)); !errors.Is(err, graph.ErrBadRecord) {
		t.Errorf("setting too long: %v", err)
	}
	if s.Seq() != 0 {
		t.Errorf("settings count as batches: %d", s.Seq())
	}
}

func testCache(t *testing.T, s *graph.Store) {
	a, b, c := [32]byte{1}, [32]byte{2}, [32]byte{0xff, 3}
	fatal(t, s.CacheStore(t.Context(), [][32]byte{a, b, a}, [][]float32{{9}, nil, {1, 2}}))
	fatal(t, s.CacheStore(t.Context(), [][32]byte{a, c}, [][]float32{{1, 2}, {3}}))
	got, err := s.CacheLookup(t.Context(), [][32]byte{c, b, a})
	fatal(t, err)
	if d := cmp.Diff([][]float32{{3}, nil, {1, 2}}, got); d != "" {
		t.Error(d)
	}
	st, err := s.Stats(t.Context())
	fatal(t, err)
	if st.CacheEntries != 2 || st.Seq != 0 {
		t.Errorf("stats %+v", st)
	}
	Graph{Nodes: []graph.Node{{ID: "n"}}}.Put(t, s)
	if n, err := s.PruneCache(t.Context(), func(graph.Node) [][32]byte { return [][32]byte{b, c} }); err != nil || n != 1 {
		t.Errorf("pruned %d, %v: want the one of no node", n, err)
	}
	if got, err = s.CacheLookup(t.Context(), [][32]byte{c, a}); err != nil || got[0] == nil || got[1] != nil {
		t.Errorf("after pruning %v, %v", got, err)
	}
	if err := s.CacheStore(t.Context(), [][32]byte{a}, nil); !errors.Is(err, graph.ErrBadRecord) {
		t.Errorf("keys without vectors: %v", err)
	}
}
