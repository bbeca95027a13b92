package solve

import (
	"errors"
	"fmt"
	"math"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/kernel"
	"github.com/kenrec/ken/engine/internal/sparse"
)

var (
	// ErrShape says that the sizes of the arguments do not fit together, or that an index is out of range.
	ErrShape = errors.New("solve: shapes do not match")
	// ErrConfidence says that a confidence is negative, NaN or infinite.
	ErrConfidence = errors.New("solve: confidence is not a number from 0 up")
	// ErrReg says that a regularisation is not a positive number.
	ErrReg = errors.New("solve: regularisation is not a positive number")
	// ErrGram says that a Gram matrix has a negative eigenvalue beyond rounding.
	ErrGram = errors.New("solve: Gram matrix is not positive semi-definite")
	// ErrNotFinite says that factors, targets or priors contain NaN or an infinity, or that the solution would.
	ErrNotFinite = errors.New("solve: not a finite number")
)

// Mode says how exactly a row is solved.
type Mode int

const (
	// Exact solves to the accuracy of float32.
	Exact Mode = iota
	// Approximate makes three steps of preconditioned conjugate gradients in the eigenbasis: faster, with an error
	// of a few per cent in the worst row.
	Approximate
)

// Problem is one half-step: row r minimises
//
//	Σ_j c_rj (t_rj − x·f_j)² + xᵀGx + λ_r |x − p_r|²
//
// over the entries j of the row. Entries with c = 0 count as absent.
type Problem struct {
	Rows   *sparse.CSR  // entries; Val is the confidence c, at least 0
	Target []float32    // t of each entry, parallel to Rows.Val; nil: all 1
	F      dense.Matrix // factors of the other side, Rows.Cols × f
	Gram   []float64    // G, row-major f×f, symmetric and positive semi-definite
	Reg    []float32    // λ of each row, above 0
	Prior  dense.Matrix // p of each row, Rows.Rows × f; the zero Matrix: all 0
	Mode   Mode
}

// check reports the first thing about p that does not fit. The kernels trust indices, so every one is looked at here.
func (p *Problem) check(f int, dst dense.Matrix) error {
	rows, cols := p.Rows.Rows, p.Rows.Cols
	switch {
	case p.F.Cols != f || p.F.Rows != cols:
		return fmt.Errorf("%w: other side is %d×%d, want %d×%d", ErrShape, p.F.Rows, p.F.Cols, cols, f)
	case len(p.Gram) != f*f:
		return fmt.Errorf("%w: Gram matrix has %d elements, want %d", ErrShape, len(p.Gram), f*f)
	case len(p.Reg) != rows:
		return fmt.Errorf("%w: %d regularisations for %d rows", ErrShape, len(p.Reg), rows)
	case p.Target != nil && len(p.Target) != p.Rows.NNZ():
		return fmt.Errorf("%w: %d targets for %d entries", ErrShape, len(p.Target), p.Rows.NNZ())
	case p.Prior.Rows != 0 && (p.Prior.Rows != rows || p.Prior.Cols != f):
		return fmt.Errorf("%w: prior is %d×%d, want %d×%d", ErrShape, p.Prior.Rows, p.Prior.Cols, rows, f)
	case dst.Rows != rows || dst.Cols != f:
		return fmt.Errorf("%w: destination is %d×%d, want %d×%d", ErrShape, dst.Rows, dst.Cols, rows, f)
	case !inRange(p.Rows.Idx, cols):
		return fmt.Errorf("%w: a column is outside [0, %d)", ErrShape, cols)
	}
	for r, v := range p.Reg {
		if !positive(v) {
			return fmt.Errorf("%w: row %d has %g", ErrReg, r, v)
		}
	}
	return nil
}

// inRange reports whether every index lies in [0, n).
func inRange(index []int32, n int) bool {
	var top uint32
	for _, i := range index {
		top = max(top, uint32(i)) // a negative index is a huge one
	}
	return len(index) == 0 || uint64(top) < uint64(n)
}

// positive reports whether v is a finite number above 0.
func positive(v float32) bool { return v > 0 && v <= math.MaxFloat32 }

// finite reports whether all numbers of v are finite.
func finite(v []float32) bool {
	if sum := kernel.Dot(v, v); sum-sum == 0 {
		return true // neither NaN nor an infinity, which is what the square of either would have made it
	}
	for _, x := range v { // the square may have overflowed
		if x-x != 0 {
			return false
		}
	}
	return true
}
