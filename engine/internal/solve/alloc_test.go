package solve

import (
	"testing"

	"github.com/kenrec/ken/engine/internal/dense"
)

// Short tests run under the race detector, under which a sync.Pool forgets at random.
const forgets = "a sync.Pool forgets under the race detector"

func TestNoAllocationPerRow(t *testing.T) {
	if testing.Short() {
		t.Skip(forgets) // those of dense, for each block of a product
	}
	allocations := func(rows int) float64 {
		lens := make([]int, rows)
		for i := range lens {
			lens[i] = i * 7 % 90
		}
		p := shape{f: 64, cols: 100, lens: lens, alpha: .2, scale: .2, conf: 3, prior: true, target: true}.random(t, 1)
		s, dst := New(64, 1), dense.New(rows, 64)
		return testing.AllocsPerRun(3, func() {
			if err := s.HalfStep(t.Context(), p, dst); err != nil {
				t.Fatal(err)
			}
		})
	}
	// The list of chunks grows by doubling; rows themselves must cost nothing.
	if few, many := allocations(100), allocations(1500); many > few+12 {
		t.Errorf("%g allocations for 100 rows, %g for 1500", few, many)
	}
}

func TestNoAllocationPerSingleRow(t *testing.T) {
	if testing.Short() {
		t.Skip(forgets)
	}
	p := shape{f: 64, cols: 300, lens: []int{200}, alpha: .2, scale: .2, conf: 3, prior: true}.random(t, 1)
	b, err := NewBasis(p.Gram, 64)
	if err != nil {
		t.Fatal(err)
	}
	s, x := New(64, 1), make([]float32, 64)
	got := testing.AllocsPerRun(200, func() {
		if err := s.Row(t.Context(), b, p.row(0), x); err != nil {
			t.Fatal(err)
		}
	})
	if got > 1 { // the garbage collector may take the scratch memory now and then
		t.Errorf("%g allocations a row", got)
	}
}
