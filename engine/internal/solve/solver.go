package solve

import (
	"context"
	"fmt"
	"sync"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/page"
	"github.com/kenrec/ken/engine/internal/par"
)

// Solver solves rows with f factors. It keeps scratch memory between calls, so one Solver should live as long as
// the fit. HalfStep must not be called concurrently; Row is safe for concurrent use, also beside HalfStep.
type Solver struct {
	f, workers int
	scratch    []*scratch   // one a worker of HalfStep
	rotated    dense.Matrix // the other side in the eigenbasis
	pool       sync.Pool    // of *scratch, for Row
}

// New returns a Solver for rows of f factors, f from 1 up, that uses at most workers goroutines. Speed is best when f is a multiple
// of 16.
func New(f, workers int) *Solver {
	s := &Solver{f: f, workers: max(workers, 1)}
	s.scratch = make([]*scratch, s.workers)
	s.pool.New = func() any { return newScratch(f) }
	return s
}

// HalfStep solves all rows of p and writes them to dst (Rows.Rows × f, no overlap with p). A row without entries
// gets λ(G+λI)⁻¹p. The result has the same bytes for any number of workers. Errors: ErrShape, ErrReg, ErrGram,
// ErrConfidence, ErrNotFinite, or ctx ended; dst is then undefined.
//
// Everything happens in the eigenbasis of G, where G is a diagonal: the other side is rotated into it once, rows are solved
// there and rotated back.
func (s *Solver) HalfStep(ctx context.Context, p Problem, dst dense.Matrix) error {
	if err := p.check(s.f, dst); err != nil {
		return err
	}
	if p.Rows.Rows == 0 {
		return nil
	}
	b, err := NewBasis(p.Gram, s.f)
	if err != nil {
		return err
	}
	if err := s.rotate(ctx, p, b, dst); err != nil {
		return err
	}
	for i := range s.scratch {
		if s.scratch[i] == nil {
			s.scratch[i] = newScratch(s.f)
		}
	}
	short, err := s.shortRows(ctx, p, b, dst)
	if err != nil {
		return err
	}
	err = par.Weighted(ctx, bounds(p.Rows, s.f), s.workers, func(worker, lo, hi int) error {
		return s.solveRows(s.scratch[worker], p, b, dst, lo, hi, short)
	})
	if err != nil {
		return err
	}
	return dense.RotateInPlace(ctx, dst, b.qt, s.workers)
}

// rotate brings the other side into the basis, and the priors, for which dst serves as memory.
func (s *Solver) rotate(ctx context.Context, p Problem, b *Basis, dst dense.Matrix) error {
	if cap(s.rotated.Data) < p.F.Rows*b.q.Stride {
		s.rotated = dense.New(p.F.Rows, s.f)
		page.Huge(s.rotated.Data) // rows of it are fetched from anywhere, once an entry
	}
	s.rotated.Rows, s.rotated.Data = p.F.Rows, s.rotated.Data[:p.F.Rows*b.q.Stride]
	if err := dense.MulInto(ctx, s.rotated, p.F, b.q, s.workers); err != nil {
		return err
	}
	if p.Prior.Rows == 0 {
		return nil
	}
	return dense.MulInto(ctx, dst, p.Prior, b.q, s.workers)
}

// probes is from how many rows the number of steps is estimated, out of triedRows looked at, each of at least probeEntries entries.
const (
	probes       = 8
	triedRows    = 512
	probeEntries = 24
)

// shortRows returns below which length rows are solved through a system of that length: it depends on how many conjugate gradient
// steps rows take, which a few of them, always the same, tell.
func (s *Solver) shortRows(ctx context.Context, p Problem, b *Basis, dst dense.Matrix) (int, error) {
	var tried []int
	for i := 0; i < triedRows && len(tried) < probes; i++ {
		r := i * p.Rows.Rows / triedRows
		if n := p.Rows.Len(r); n >= probeEntries && n*s.scratch[0].k <= heldFloats {
			tried = append(tried, r)
		}
	}
	if len(tried) == 0 {
		return s.scratch[0].k / 3, nil
	}
	steps := make([]int, len(tried))
	err := par.Chunks(ctx, len(tried), 1, s.workers, func(worker, i, _ int) error {
		sc, t := s.scratch[worker], s.term(p, b, tried[i])
		if sc.keep(&t) != nil {
			return nil // solveRows reports the error
		}
		x := sc.x()
		copy(x, dst.Data[tried[i]*dst.Stride:])
		steps[i], _ = sc.gradients(t, sc.takePrior(t, x), x, 4*probeEntries)
		return nil
	})
	sum := 0
	for _, n := range steps {
		sum += n
	}
	return min(int(entriesPerStep*float64(sum)/float64(len(tried))), s.scratch[0].k), err
}

// term returns row r as it stands in the basis.
func (s *Solver) term(p Problem, b *Basis, r int) term {
	t := term{f: s.rotated, values: b.values, prior: p.Prior.Rows != 0, reg: p.Reg[r]}
	_, t.conf = p.Rows.Row(r)
	t.index = p.Rows.Idx[p.Rows.Ptr[r]:]
	if p.Target != nil {
		t.target = p.Target[p.Rows.Ptr[r]:p.Rows.Ptr[r+1]]
	}
	return t
}

// solveRows solves the rows [lo, hi) in the basis.
func (s *Solver) solveRows(sc *scratch, p Problem, b *Basis, dst dense.Matrix, lo, hi, short int) error {
	for r := lo; r < hi; r++ {
		if err := sc.solve(s.term(p, b, r), dst.Data[r*dst.Stride:(r+1)*dst.Stride], p.Mode, short); err != nil {
			return fmt.Errorf("row %d: %w", r, err)
		}
	}
	return nil
}
