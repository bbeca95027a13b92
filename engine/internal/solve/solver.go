package solve

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/par"
)

// Solver solves rows with f factors. It keeps scratch memory between calls, so one Solver should live as long as
// the fit. HalfStep must not be called concurrently; Row is safe for concurrent use, also beside HalfStep.
type Solver struct {
	f, workers int
	pool       sync.Pool // of *scratch
}

// scratch is what one goroutine needs to solve rows.
type scratch struct {
	a, x []float64
}

// New returns a Solver for rows of f factors, f in [1, 512], that uses at most workers goroutines.
func New(f, workers int) *Solver {
	s := &Solver{f: f, workers: max(workers, 1)}
	s.pool.New = func() any { return &scratch{a: make([]float64, f*f), x: make([]float64, f)} }
	return s
}

// HalfStep solves all rows of p and writes them to dst (Rows.Rows × f, no overlap with p). A row without entries
// gets λ(G+λI)⁻¹p. Errors: ErrShape, ErrReg, ErrConfidence, ErrNotFinite, or ctx ended; dst is then undefined.
func (s *Solver) HalfStep(ctx context.Context, p Problem, dst dense.Matrix) error {
	if err := p.check(s.f, dst); err != nil {
		return err
	}
	return par.Chunks(ctx, p.Rows.Rows, 64, s.workers, func(_, lo, hi int) error {
		sc := s.pool.Get().(*scratch)
		defer s.pool.Put(sc)
		for r := lo; r < hi; r++ {
			row := Row{F: p.F, Reg: p.Reg[r]}
			row.Idx, row.Conf = p.Rows.Row(r)
			if p.Target != nil {
				row.Target = p.Target[p.Rows.Ptr[r]:p.Rows.Ptr[r+1]]
			}
			if p.Prior.Rows != 0 {
				row.Prior = p.Prior.Row(r)
			}
			if err := sc.solve(s.f, p.Gram, row, dst.Row(r)); err != nil {
				return fmt.Errorf("row %d: %w", r, err)
			}
		}
		return nil
	})
}

// Basis is a Gram matrix prepared for solving many single rows. It never changes and is safe for concurrent use.
type Basis struct {
	f    int
	gram []float64
}

// NewBasis prepares the row-major f×f matrix gram, symmetric and positive semi-definite. Cost O(f³).
func NewBasis(gram []float64, f int) (*Basis, error) {
	if len(gram) != f*f {
		return nil, fmt.Errorf("%w: Gram matrix has %d elements, want %d", ErrShape, len(gram), f*f)
	}
	return &Basis{f: f, gram: append([]float64(nil), gram...)}, nil
}

// Row is one row to solve, see Problem. Idx needs no order and may repeat: repeated entries are separate terms.
type Row struct {
	Idx    []int32      // rows of F
	Conf   []float32    // c of each entry
	Target []float32    // t of each entry; nil: all 1
	F      dense.Matrix // factors of the other side
	Reg    float32      // λ
	Prior  []float32    // p; nil: 0
}

// Row writes the solution of one row to dst, of length f. Errors as HalfStep.
func (s *Solver) Row(ctx context.Context, b *Basis, r Row, dst []float32) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("solve: stopped: %w", err)
	}
	if b.f != s.f || len(dst) != s.f || r.F.Cols != s.f || len(r.Conf) != len(r.Idx) ||
		r.Target != nil && len(r.Target) != len(r.Idx) || r.Prior != nil && len(r.Prior) != s.f {
		return fmt.Errorf("%w: row of %d entries, %d factors", ErrShape, len(r.Idx), s.f)
	}
	if !positive(r.Reg) {
		return fmt.Errorf("%w: %g", ErrReg, r.Reg)
	}
	sc := s.pool.Get().(*scratch)
	defer s.pool.Put(sc)
	return sc.solve(s.f, b.gram, r, dst)
}

// solve sets up the f×f system of a row and solves it by Cholesky.
func (sc *scratch) solve(f int, gram []float64, r Row, dst []float32) error {
	a, x := sc.a, sc.x
	copy(a, gram)
	for i := range f {
		a[i*f+i] += float64(r.Reg)
		x[i] = 0
		if r.Prior != nil {
			x[i] = float64(r.Reg) * float64(r.Prior[i])
		}
	}
	for p, j := range r.Idx {
		c, t := float64(r.Conf[p]), 1.0
		if !(c >= 0) || math.IsInf(c, 0) {
			return fmt.Errorf("%w: %g", ErrConfidence, c)
		}
		if r.Target != nil {
			t = float64(r.Target[p])
		}
		v := r.F.Row(int(j))
		for i := range f {
			cv := c * float64(v[i])
			x[i] += t * cv
			row := a[i*f : i*f+f]
			for q := i; q < f; q++ {
				row[q] += cv * float64(v[q])
			}
		}
	}
	for i := range f {
		row := a[i*f : i*f+f]
		if !(row[i] > 0) || math.IsInf(row[i], 0) {
			return fmt.Errorf("%w: pivot %d is %g", ErrNotFinite, i, row[i])
		}
		inv := 1 / math.Sqrt(row[i])
		for q := i; q < f; q++ {
			row[q] *= inv
		}
		x[i] *= inv
		for q := i + 1; q < f; q++ {
			x[q] -= row[q] * x[i]
			below, v := a[q*f:q*f+f], row[q]
			for k := q; k < f; k++ {
				below[k] -= v * row[k]
			}
		}
	}
	for i := f - 1; i >= 0; i-- {
		for q := i + 1; q < f; q++ {
			x[i] -= a[i*f+q] * x[q]
		}
		x[i] /= a[i*f+i]
		dst[i] = float32(x[i])
	}
	return nil
}
