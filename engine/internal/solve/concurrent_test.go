package solve

import (
	"slices"
	"sync"
	"testing"

	"github.com/kenrec/ken/engine/internal/dense"
)

// TestRowBesideHalfStep solves single rows from many goroutines while a half-step runs; the race detector watches.
func TestRowBesideHalfStep(t *testing.T) {
	s := shape{f: 40, cols: 300, lens: []int{0, 1, 5, 30, 60, 200}, alpha: .2, scale: .2, conf: 3, prior: true}
	p := s.random(t, 7)
	b, err := NewBasis(p.Gram, s.f)
	if err != nil {
		t.Fatal(err)
	}
	solver := New(s.f, 2)
	want := dense.New(p.Rows.Rows, s.f)
	for r := range want.Rows {
		if err := solver.Row(t.Context(), b, p.row(r), want.Row(r)); err != nil {
			t.Fatal(err)
		}
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			x := make([]float32, s.f)
			for r := range want.Rows {
				if err := solver.Row(t.Context(), b, p.row(r), x); err != nil || !slices.Equal(x, want.Row(r)) {
					t.Errorf("row %d differs from the one solved alone, error %v", r, err)
				}
			}
		})
	}
	if err := solver.HalfStep(t.Context(), p, dense.New(p.Rows.Rows, s.f)); err != nil {
		t.Error(err)
	}
	group.Wait()
}

func TestSolverReused(t *testing.T) {
	// A solver's scratch memory must not carry anything from one problem to the next, larger or smaller.
	s := New(33, 1)
	for seed, lens := range [][]int{{300, 2}, {0, 1, 7}, {90, 40, 200}} {
		p := shape{f: 33, cols: 310, lens: lens, alpha: .2, scale: .2, conf: 3}.random(t, uint64(seed))
		got, want := dense.New(len(lens), 33), dense.New(len(lens), 33)
		if err := s.HalfStep(t.Context(), p, got); err != nil {
			t.Fatal(err)
		}
		if err := New(33, 1).HalfStep(t.Context(), p, want); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Data, want.Data) {
			t.Errorf("problem %d: a used solver gives another result than a new one", seed)
		}
	}
}

// TestApproximate bounds the error of the approximate mode, and shows that it is in effect.
func TestApproximate(t *testing.T) {
	s := shape{f: 64, cols: 600, lens: []int{0, 5, 12, 13, 50, 100, 300}, alpha: .1, scale: .1, conf: 1, prior: true}
	p := s.random(t, 8)
	p.Mode = Approximate
	dst := dense.New(p.Rows.Rows, s.f)
	if err := New(s.f, 1).HalfStep(t.Context(), p, dst); err != nil {
		t.Fatal(err)
	}
	worst := 0.0
	for r := range dst.Rows {
		e := relError(dst.Row(r), reference(p.Gram, p.row(r)))
		if p.Rows.Len(r) <= maxExactShort && e > 1e-5 {
			t.Errorf("row of %d entries: relative error %.2g, should be exact", p.Rows.Len(r), e)
		}
		worst = max(worst, e)
	}
	if worst > 0.1 || worst < 1e-6 {
		t.Errorf("worst relative error is %.2g", worst)
	}
}
