package dense

import (
	"context"
	"fmt"
	"math"

	"github.com/kenrec/ken/engine/internal/kernel"
	"github.com/kenrec/ken/engine/internal/par"
)

// panelRows is how many rows the blocked factorisation eliminates at once, a multiple of 16.
const panelRows = 192

// factorBlocked is FactorUpper for large matrices, on several workers. m is n×n with n a multiple of 16; its upper triangle becomes
// U, its lower one is spoilt. The order of operations depends on n only.
func factorBlocked(ctx context.Context, m Matrix, inv []float32, workers int) error {
	n, ld := m.Rows, m.Stride
	for k := 0; k < n; k += panelRows {
		height := min(panelRows, n-k)
		right := k + height
		diagonal := m.Data[k*ld+k:]
		if !FactorUpper(diagonal, height, ld, height, inv[k:]) {
			return fmt.Errorf("%w in float32, rows %d to %d", ErrNotPositive, k, right)
		}
		err := par.Chunks(ctx, n-right, 256, workers, func(_, lo, hi int) error {
			forward(diagonal, ld, height, inv[k:], m.Data[k*ld+right+lo:], ld, hi-lo)
			return nil
		})
		if err != nil {
			return err
		}
		err = par.Chunks(ctx, n-right, 64, workers, func(_, lo, hi int) error {
			eliminate(m, k, height, right+lo, right+hi)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// eliminate subtracts the products of the panel of height rows from k on from the upper triangle of the rows [lo, hi).
func eliminate(m Matrix, k, height, lo, hi int) {
	const width = 512 // the panel's columns stay in the second-level cache
	n, ld := m.Rows, m.Stride
	panel := m.Data[k*ld:]
	for left := lo &^ (lane - 1); left < n; left += width {
		right := min(left+width, n)
		for i := lo; i < hi; i += 8 {
			if from := max(left, i&^(lane-1)); from < right {
				kernel.Mul8(m.Data[i*ld+from:], ld, panel[i:], ld, panel[from:], ld, height, right-from, kernel.Sub)
			}
		}
	}
}

// forward overwrites r, n rows and cols columns, a multiple of 16, by U⁻ᵀ·r for the n×n factor that u begins with.
func forward(u []float32, ld, n int, inv, r []float32, ldr, cols int) {
	var block [64]float32
	for j := 0; j < n; j += 8 {
		kernel.Mul8(r[j*ldr:], ldr, u[j:], ld, r, ldr, j, cols, kernel.Sub)
		for p := range 8 {
			copy(block[p*8:p*8+8], u[(j+p)*ld+j:])
		}
		kernel.Forward8(&block, inv[j:], r[j*ldr:], ldr, cols)
	}
}

// backward overwrites r, n rows and cols columns, by U⁻¹·r, given Uᵀ, lower triangular.
func backward(lower []float32, ld, n int, inv, r []float32, ldr, cols int) {
	for j := n - 8; j >= 0; j -= 8 {
		if below := j + 8; below < n {
			kernel.Mul8(r[j*ldr:], ldr, lower[below*ld+j:], ld, r[below*ldr:], ldr, n-below, cols, kernel.Sub)
		}
		for i := j + 7; i >= j; i-- {
			row := r[i*ldr:][:cols]
			for q := i + 1; q < j+8; q++ {
				kernel.Axpy(-lower[q*ld+i], r[q*ldr:][:cols], row)
			}
			kernel.Scale(row, inv[i], row)
		}
	}
}

// Cholesky is the float64 factor U of a symmetric positive definite matrix a = Uᵀ·U. It is safe for concurrent use.
type Cholesky struct {
	n int
	u []float64 // row-major, upper triangle
}

// NewCholesky factors the row-major n×n matrix a, of which only the upper triangle is read, in float64. Errors: ErrShape,
// ErrNotPositive, or ctx ended. Cost n³/3 on one core; SolveSPD is several times faster.
func NewCholesky(ctx context.Context, a []float64, n int) (*Cholesky, error) {
	const height = 32 // rows that each earlier row is subtracted from while it is in the cache
	if len(a) != n*n {
		return nil, fmt.Errorf("%w: %d elements for %d×%d", ErrShape, len(a), n, n)
	}
	u := append([]float64(nil), a...)
	for top := 0; top < n; top += height {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("dense: stopped: %w", err)
		}
		bottom := min(top+height, n)
		for p := range top {
			for j := top; j < bottom; j++ {
				kernel.Axpy64(-u[p*n+j], u[p*n+j:(p+1)*n], u[j*n+j:])
			}
		}
		for j := top; j < bottom; j++ {
			row := u[j*n : (j+1)*n]
			for p := top; p < j; p++ {
				kernel.Axpy64(-u[p*n+j], u[p*n+j:(p+1)*n], row[j:])
			}
			if !(row[j] > 0) || math.IsInf(row[j], 0) {
				return nil, fmt.Errorf("%w: pivot %d is %g", ErrNotPositive, j, row[j])
			}
			scale := 1 / math.Sqrt(row[j])
			for q := j; q < n; q++ {
				row[q] *= scale
			}
		}
	}
	return &Cholesky{n: n, u: u}, nil
}

// SolveInto writes a⁻¹·b to x; both have n elements, and x may be b.
func (c *Cholesky) SolveInto(x, b []float64) {
	n, u := c.n, c.u
	copy(x, b[:n])
	for i := range n {
		x[i] /= u[i*n+i]
		kernel.Axpy64(-x[i], u[i*n+i+1:(i+1)*n], x[i+1:])
	}
	for i := n - 1; i >= 0; i-- {
		x[i] = (x[i] - kernel.Dot64(u[i*n+i+1:(i+1)*n], x[i+1:])) / u[i*n+i]
	}
}
