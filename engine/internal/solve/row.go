package solve

import (
	"context"
	"fmt"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/kernel"
)

// Row is one row to solve, see Problem. Idx needs no order and may repeat: repeated entries are separate terms.
type Row struct {
	Idx    []int32      // rows of F
	Conf   []float32    // c of each entry, at least 0
	Target []float32    // t of each entry; nil: all 1
	F      dense.Matrix // factors of the other side, not rotated
	Reg    float32      // λ, above 0
	Prior  []float32    // p; nil: 0
}

// Row writes the solution of one row to dst, of length f. Errors as HalfStep. Cost O(n·f² + min(n, f)³); nothing is allocated but
// scratch memory that is used again.
func (s *Solver) Row(ctx context.Context, b *Basis, r Row, dst []float32) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("solve: stopped: %w", err)
	}
	switch {
	case b.f != s.f || len(dst) != s.f || len(r.Idx) != 0 && r.F.Cols != s.f || r.Prior != nil && len(r.Prior) != s.f:
		return fmt.Errorf("%w: row of %d factors, want %d", ErrShape, len(dst), s.f)
	case len(r.Conf) != len(r.Idx) || r.Target != nil && len(r.Target) != len(r.Idx):
		return fmt.Errorf("%w: %d entries, %d confidences, %d targets", ErrShape, len(r.Idx), len(r.Conf), len(r.Target))
	case !inRange(r.Idx, r.F.Rows):
		return fmt.Errorf("%w: an entry is outside [0, %d)", ErrShape, r.F.Rows)
	case !positive(r.Reg):
		return fmt.Errorf("%w: %g", ErrReg, r.Reg)
	}
	sc := s.pool.Get().(*scratch)
	defer s.pool.Put(sc)
	x, padded := sc.x(), sc.padded()
	if r.Prior != nil {
		copy(padded, r.Prior)
		kernel.MulVec(x[:s.f], b.qt.Data, b.qt.Stride, padded)
	}
	n := len(r.Idx)
	sc.localise(r, b)
	t := term{index: sc.count[:n], conf: r.Conf, target: r.Target, f: sc.local, values: b.values, reg: r.Reg, prior: r.Prior != nil}
	if err := sc.solve(t, x, Exact, sc.k/3); err != nil {
		return err
	}
	kernel.MulVec(dst, b.q.Data, b.q.Stride, x)
	return nil
}

// x and padded return two vectors that solve leaves alone, cleared.
func (sc *scratch) x() []float32 { clear(sc.vec[4]); return sc.vec[4] }

func (sc *scratch) padded() []float32 { clear(sc.vec[5]); return sc.vec[5] }

// localise rotates the factors of the row's entries into the basis, as the rows of sc.local in the order of the entries.
func (sc *scratch) localise(r Row, b *Basis) {
	n, k := len(r.Idx), sc.k
	n8 := (n + 7) &^ 7
	sc.grow(n8, 0)
	sc.panel = floats(sc.panel, 8*k)
	sc.local = dense.Matrix{Rows: n8, Cols: b.f, Stride: k, Data: floats(sc.local.Data, n8*k)}
	for i := 0; i < n; i += 8 {
		clear(sc.panel)
		for e := i; e < min(i+8, n); e++ {
			for p, v := range r.F.Row(int(r.Idx[e])) {
				sc.panel[p*8+e-i] = v
			}
		}
		kernel.Mul8(sc.local.Data[i*k:], k, sc.panel, 8, b.q.Data, b.q.Stride, b.f, k, kernel.Set)
	}
}
