package dense

import (
	"context"
	"fmt"

	"github.com/kenrec/ken/engine/internal/par"
)

// rowChunk is how many rows a worker takes at once, and how many rows one partial sum covers.
const rowChunk = 512

// MulInto writes a·b to dst. Shapes: a n×k, b k×m, dst n×m; dst overlaps neither. Errors: ErrShape, or ctx ended.
func MulInto(ctx context.Context, dst, a, b Matrix, workers int) error {
	if a.Cols != b.Rows || dst.Rows != a.Rows || dst.Cols != b.Cols {
		return fmt.Errorf("%w: %d×%d = %d×%d · %d×%d", ErrShape, dst.Rows, dst.Cols, a.Rows, a.Cols, b.Rows, b.Cols)
	}
	return par.Chunks(ctx, a.Rows, 32, workers, func(_, lo, hi int) error {
		for i := lo; i < hi; i++ {
			out := dst.Row(i)
			clear(out)
			for p, v := range a.Row(i) {
				for j, w := range b.Row(p) {
					out[j] += v * w
				}
			}
		}
		return nil
	})
}

// MulTransBInto writes a·bᵀ to dst. Shapes: a n×k, b m×k, dst n×m; dst overlaps neither. Errors: ErrShape, or ctx ended.
func MulTransBInto(ctx context.Context, dst, a, b Matrix, workers int) error {
	if a.Cols != b.Cols || dst.Rows != a.Rows || dst.Cols != b.Rows {
		return fmt.Errorf("%w: %d×%d = %d×%d · (%d×%d)ᵀ", ErrShape, dst.Rows, dst.Cols, a.Rows, a.Cols, b.Rows, b.Cols)
	}
	return MulInto(ctx, dst, a, b.Transpose(), workers)
}

// MulTransAInto writes aᵀ·b to dst. Shapes: a n×k, b n×m, dst k×m; dst overlaps neither. The sum over the n rows is
// made in fixed chunks that are added in float64. Errors: ErrShape, or ctx ended.
func MulTransAInto(ctx context.Context, dst, a, b Matrix, workers int) error {
	if a.Rows != b.Rows || dst.Rows != a.Cols || dst.Cols != b.Cols {
		return fmt.Errorf("%w: %d×%d = (%d×%d)ᵀ · %d×%d", ErrShape, dst.Rows, dst.Cols, a.Rows, a.Cols, b.Rows, b.Cols)
	}
	sum := make([]float64, dst.Rows*dst.Cols)
	for i := range a.Rows {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("dense: stopped: %w", err)
		}
		for p, v := range a.Row(i) {
			for q, w := range b.Row(i) {
				sum[p*dst.Cols+q] += float64(v) * float64(w)
			}
		}
	}
	for p := range dst.Rows {
		for q, v := range sum[p*dst.Cols : (p+1)*dst.Cols] {
			dst.Row(p)[q] = float32(v)
		}
	}
	return nil
}

// Gram returns Σ_i w_i a_i a_iᵀ over the rows of a as a row-major n×n matrix, n = a.Cols. A nil w means all ones.
// Errors: ErrShape when w has another length than a has rows, or ctx ended.
func Gram(ctx context.Context, a Matrix, w []float32, workers int) ([]float64, error) {
	if w != nil && len(w) != a.Rows {
		return nil, fmt.Errorf("%w: %d weights for %d rows", ErrShape, len(w), a.Rows)
	}
	n := a.Cols
	sum := make([]float64, n*n)
	for i := range a.Rows {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("dense: stopped: %w", err)
		}
		weight := 1.0
		if w != nil {
			weight = float64(w[i])
		}
		row := a.Row(i)
		for p, v := range row {
			for q, u := range row {
				sum[p*n+q] += weight * float64(v) * float64(u)
			}
		}
	}
	return sum, nil
}
