package dense

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/kenrec/ken/engine/internal/kernel"
	"github.com/kenrec/ken/engine/internal/par"
)

const (
	// maxRefinements bounds the corrections; one or two are the rule.
	maxRefinements = 6
	// refined is the size of a correction, relative to the solution, below which float32 holds no more of it.
	refined = 1e-7
	// solveCols is how many right-hand sides one task solves, a multiple of 16.
	solveCols = 32
)

// SolveSPD returns a⁻¹·b for the symmetric positive definite row-major n×n matrix a; b has n rows, one right-hand
// side a column. It factors in float32 and refines with residuals in float64; a matrix too ill-conditioned for that
// is factored in float64. Errors: ErrShape, ErrNotPositive, ErrNotFinite, or ctx ended.
func SolveSPD(ctx context.Context, a []float64, n int, b Matrix, workers int) (Matrix, error) {
	if len(a) != n*n || b.Rows != n {
		return Matrix{}, fmt.Errorf("%w: %d elements for %d×%d, right-hand side of %d rows", ErrShape, len(a), n, n, b.Rows)
	}
	x := New(n, b.Cols)
	if n == 0 || b.Cols == 0 {
		return x, nil
	}
	s := refiner{a: a, n: n, b: b, x: x, workers: workers}
	err := s.solve(ctx)
	if errors.Is(err, ErrNotPositive) {
		err = s.solveDouble(ctx)
	}
	if err != nil {
		return Matrix{}, err
	}
	return x, nil
}

// refiner is the state of SolveSPD.
type refiner struct {
	a       []float64
	n       int
	b, x    Matrix
	workers int

	upper, lower Matrix    // U and Uᵀ of D·a·D in float32, padded to whole vectors
	inv          []float32 // of U's diagonal
	scale        []float64 // D: makes the diagonal one, so that the scales of features do not cost digits
}

// solve factors in float32 and refines until the corrections vanish. ErrNotPositive says that float32 does not suffice.
func (s *refiner) solve(ctx context.Context) error {
	if err := s.factor(ctx); err != nil {
		return err
	}
	residual := New(s.upper.Rows, s.b.Cols)
	var last float64
	for step := 0; ; step++ {
		if err := s.residual(ctx, residual, step == 0); err != nil {
			return err
		}
		size, total, err := s.correct(ctx, residual)
		switch {
		case err != nil:
			return err
		case size <= refined*total, step > 0 && size*(size/last) <= refined*total:
			return nil // corrections shrink evenly: the next would be too small to matter
		case math.IsNaN(size) || step == maxRefinements || step > 0 && size > last/2:
			return fmt.Errorf("%w in float32: corrections do not shrink", ErrNotPositive)
		}
		last = size
	}
}

// factor fills upper, lower and inv.
func (s *refiner) factor(ctx context.Context) error {
	n := s.n
	padded := (n + lane - 1) / lane * lane
	s.upper, s.inv, s.scale = New(padded, padded), make([]float32, padded), make([]float64, n)
	for i := range n {
		d := s.a[i*n+i]
		if !(d > 0) || math.IsInf(d, 0) {
			return fmt.Errorf("%w: diagonal element %d is %g", ErrNotPositive, i, d)
		}
		s.scale[i] = 1 / math.Sqrt(d)
	}
	for i := range padded {
		row := s.upper.Row(i)
		if i >= n {
			row[i] = 1
			continue
		}
		for j := i; j < n; j++ {
			row[j] = float32(s.a[i*n+j] * s.scale[i] * s.scale[j])
		}
	}
	if err := factorBlocked(ctx, s.upper, s.inv, s.workers); err != nil {
		return err
	}
	s.lower = s.upper.Transpose()
	return nil
}

// residual writes D·(b − a·x) to r, computed in float64.
func (s *refiner) residual(ctx context.Context, r Matrix, first bool) error {
	n, cols := s.n, s.b.Cols
	wide := make([]float64, n*cols)
	for i := range n {
		for j, v := range s.x.Row(i) {
			wide[i*cols+j] = float64(v)
		}
	}
	sums := make([][]float64, max(s.workers, 1))
	return par.Chunks(ctx, n, 32, s.workers, func(worker, lo, hi int) error {
		if sums[worker] == nil {
			sums[worker] = make([]float64, cols)
		}
		sum := sums[worker]
		for i := lo; i < hi; i++ {
			for j, v := range s.b.Row(i) {
				sum[j] = float64(v)
			}
			if !first { // x is 0
				for k, v := range s.a[i*n : (i+1)*n] {
					kernel.Axpy64(-v, wide[k*cols:(k+1)*cols], sum)
				}
			}
			for j, v := range sum {
				r.Set(i, j, float32(v*s.scale[i]))
			}
		}
		return nil
	})
}

// correct solves for the residual, which it overwrites, and adds the result to x. It returns the norms of correction and of x.
func (s *refiner) correct(ctx context.Context, r Matrix) (size, total float64, err error) {
	n := s.upper.Rows
	for i := s.n; i < n; i++ {
		clear(r.padded(i))
	}
	width := r.Stride
	err = par.Chunks(ctx, width, solveCols, s.workers, func(_, lo, hi int) error {
		forward(s.upper.Data, s.upper.Stride, n, s.inv, r.Data[lo:], r.Stride, hi-lo)
		backward(s.lower.Data, s.lower.Stride, n, s.inv, r.Data[lo:], r.Stride, hi-lo)
		return nil
	})
	if err != nil {
		return 0, 0, err
	}
	for i := range s.n {
		row := s.x.Row(i)
		for j, v := range r.Row(i) {
			d := float64(v) * s.scale[i]
			row[j] = float32(float64(row[j]) + d)
			size += d * d
			total += float64(row[j]) * float64(row[j])
		}
	}
	return math.Sqrt(size), math.Sqrt(total), nil
}

// solveDouble solves in float64.
func (s *refiner) solveDouble(ctx context.Context) error {
	c, err := NewCholesky(ctx, s.a, s.n)
	if err != nil {
		return err
	}
	cols := make([][]float64, max(s.workers, 1))
	return par.Chunks(ctx, s.b.Cols, 1, s.workers, func(worker, j, _ int) error {
		if cols[worker] == nil {
			cols[worker] = make([]float64, s.n)
		}
		col := cols[worker]
		for i := range col {
			col[i] = float64(s.b.At(i, j))
		}
		c.SolveInto(col, col)
		for i, v := range col {
			if math.IsNaN(v) || math.IsInf(float64(float32(v)), 0) {
				return fmt.Errorf("%w: solution %d has %g", ErrNotFinite, j, v)
			}
			s.x.Set(i, j, float32(v))
		}
		return nil
	})
}

// InvertSPD returns a⁻¹ for the symmetric positive definite row-major n×n matrix a, computed in float32; relative errors are about
// 1e-7 times the condition number. Memory 8n² bytes beside a. Errors: ErrShape, ErrNotPositive, or ctx ended.
func InvertSPD(ctx context.Context, a []float64, n, workers int) (Matrix, error) {
	if len(a) != n*n {
		return Matrix{}, fmt.Errorf("%w: %d elements for %d×%d", ErrShape, len(a), n, n)
	}
	m := New(n, n)
	for i := range n {
		row := m.Row(i)
		for j := i; j < n; j++ {
			row[j] = float32(a[i*n+j])
		}
	}
	if err := InvertInPlace(ctx, &m, workers); err != nil {
		return Matrix{}, err
	}
	return m, nil
}

// InvertInPlace replaces the symmetric positive definite matrix m, of which only the upper triangle is read, by its inverse, whole.
// It needs as much memory again. Cost n³. Errors as InvertSPD; m is then spoilt.
func InvertInPlace(ctx context.Context, m *Matrix, workers int) error {
	n := m.Rows
	if m.Cols != n {
		return fmt.Errorf("%w: %d×%d is not square", ErrShape, m.Rows, m.Cols)
	}
	padded := (n + lane - 1) / lane * lane
	u := *m
	if padded != n { // the factorisation wants whole vectors of rows too
		u = New(padded, padded)
		for i := range padded {
			if i < n {
				copy(u.Row(i)[i:], m.Row(i)[i:])
			} else {
				u.Set(i, i, 1)
			}
		}
	}
	inv := make([]float32, padded)
	if err := factorBlocked(ctx, u, inv, workers); err != nil {
		return err
	}
	y, err := invertUpper(ctx, u, inv, workers)
	if err != nil {
		return err
	}
	return gramLower(ctx, *m, y, workers)
}

// invertUpper returns U⁻ᵀ, lower triangular, for the factor U.
func invertUpper(ctx context.Context, u Matrix, inv []float32, workers int) (Matrix, error) {
	const width = 128
	n := u.Rows
	y := New(n, n)
	return y, par.Chunks(ctx, n, width, workers, func(_, left, right int) error {
		cols := right - left
		for i := left; i < right; i++ {
			y.Set(i, i, 1)
		}
		for k := left; k < n; k += panelRows {
			height := min(panelRows, n-k)
			panel := y.Data[k*y.Stride+left:]
			forward(u.Data[k*u.Stride+k:], u.Stride, height, inv[k:], panel, y.Stride, cols)
			for i := k + height; i < n; i += 8 {
				kernel.Mul8(y.Data[i*y.Stride+left:], y.Stride, u.Data[k*u.Stride+i:], u.Stride, panel, y.Stride, height, cols, kernel.Sub)
			}
		}
		return nil
	})
}

// gramLower writes yᵀ·y to dst, for a lower triangular y with at least as many rows, both triangles of it.
func gramLower(ctx context.Context, dst, y Matrix, workers int) error {
	const height = 64
	n := y.Rows
	return par.Chunks(ctx, dst.Rows, height, workers, func(_, lo, hi int) error {
		strip := New(height, n)
		for p := lo; p < n; p += panelRows { // rows above lo have nothing in these columns
			steps := min(panelRows, n-p)
			for i := lo; i < lo+height && i < n; i += 8 {
				// Columns up to i only: the rest is the mirror image.
				cols := min((i+8+lane-1)&^(lane-1), n)
				kernel.Mul8(strip.Data[(i-lo)*strip.Stride:], strip.Stride, y.Data[p*y.Stride+i:], y.Stride, y.Data[p*y.Stride:], y.Stride, steps, cols, kernel.Add)
			}
		}
		for i := lo; i < hi; i++ {
			copy(dst.Row(i)[:i+1], strip.Row(i-lo))
			for j, v := range strip.Row(i - lo)[:i] {
				dst.Set(j, i, v)
			}
		}
		return nil
	})
}
