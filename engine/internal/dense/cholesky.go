package dense

import (
	"context"
	"fmt"
	"math"
)

// Cholesky is the factor U of a symmetric positive definite matrix a = Uᵀ·U. It is safe for concurrent use.
type Cholesky struct {
	n int
	u []float64 // row-major, upper triangle
}

// NewCholesky factors the row-major n×n matrix a, of which only the upper triangle is read. Errors: ErrShape,
// ErrNotPositive, or ctx ended. Cost O(n³).
func NewCholesky(ctx context.Context, a []float64, n int) (*Cholesky, error) {
	if len(a) != n*n {
		return nil, fmt.Errorf("%w: %d elements for %d×%d", ErrShape, len(a), n, n)
	}
	u := append([]float64(nil), a...)
	for j := range n {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("dense: stopped: %w", err)
		}
		row := u[j*n : (j+1)*n]
		if !(row[j] > 0) || math.IsInf(row[j], 0) {
			return nil, fmt.Errorf("%w: pivot %d is %g", ErrNotPositive, j, row[j])
		}
		inv := 1 / math.Sqrt(row[j])
		for q := j; q < n; q++ {
			row[q] *= inv
		}
		for i := j + 1; i < n; i++ {
			f := row[i]
			below := u[i*n : (i+1)*n]
			for q := i; q < n; q++ {
				below[q] -= f * row[q]
			}
		}
	}
	return &Cholesky{n: n, u: u}, nil
}

// solveInPlace overwrites x with a⁻¹·x.
func (c *Cholesky) solveInPlace(x []float64) {
	n, u := c.n, c.u
	for i := range n {
		x[i] /= u[i*n+i]
		for q := i + 1; q < n; q++ {
			x[q] -= u[i*n+q] * x[i]
		}
	}
	for i := n - 1; i >= 0; i-- {
		s := x[i]
		for q := i + 1; q < n; q++ {
			s -= u[i*n+q] * x[q]
		}
		x[i] = s / u[i*n+i]
	}
}

// SolveSPD returns a⁻¹·b for the symmetric positive definite row-major n×n matrix a; b has n rows, one right-hand
// side a column. Errors: ErrShape, ErrNotPositive, or ctx ended.
func SolveSPD(ctx context.Context, a []float64, n int, b Matrix, workers int) (Matrix, error) {
	if b.Rows != n {
		return Matrix{}, fmt.Errorf("%w: %d×%d system, right-hand side of %d rows", ErrShape, n, n, b.Rows)
	}
	c, err := NewCholesky(ctx, a, n)
	if err != nil {
		return Matrix{}, err
	}
	x := New(n, b.Cols)
	col := make([]float64, n)
	for j := range b.Cols {
		for i := range col {
			col[i] = float64(b.At(i, j))
		}
		c.solveInPlace(col)
		for i, v := range col {
			x.Set(i, j, float32(v))
		}
	}
	return x, nil
}

// InvertSPD returns a⁻¹ for the symmetric positive definite row-major n×n matrix a. Errors: ErrShape,
// ErrNotPositive, or ctx ended.
func InvertSPD(ctx context.Context, a []float64, n, workers int) (Matrix, error) {
	eye := New(n, n)
	for i := range n {
		eye.Set(i, i, 1)
	}
	return SolveSPD(ctx, a, n, eye, workers)
}
