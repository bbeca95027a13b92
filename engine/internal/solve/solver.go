package solve

import (
	"context"
	"fmt"
	"sync"

	"github.com/kenrec/ken/engine/internal/dense"
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
	short := s.shortRows(p, b, dst)
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
func (s *Solver) shortRows(p Problem, b *Basis, dst dense.Matrix) int {
	sc := s.scratch[0]
	x, steps, count := make([]float32, sc.k), 0, 0
	for i := 0; i < triedRows && count < probes; i++ {
		r := i * p.Rows.Rows / triedRows
		t := s.term(p, b, r)
		if n := len(t.index); n < probeEntries || n*sc.k > heldFloats || sc.keep(&t) != nil {
			continue // solveRows reports the error
		}
		copy(x, dst.Data[r*dst.Stride:])
		n, _ := sc.gradients(t, sc.takePrior(t, x), x, 4*probeEntries)
		steps += n
		count++
	}
	if count == 0 {
		return sc.k / 3
	}
	return min(int(entriesPerStep*float64(steps)/float64(count)), sc.k)
}

// term returns row r as it stands in the basis.
func (s *Solver) term(p Problem, b *Basis, r int) term {
	t := term{f: s.rotated, values: b.values, prior: p.Prior.Rows != 0, reg: p.Reg[r]}
	t.index, t.conf = p.Rows.Row(r)
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
