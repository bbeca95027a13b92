package dense

import (
	"context"
	"fmt"

	"github.com/kenrec/ken/engine/internal/kernel"
	"github.com/kenrec/ken/engine/internal/par"
)

const (
	// partRows is over how many rows products are summed in float32 before they go to float64: errors stay near one
	// rounding, and the conversion costs little.
	partRows = 512
	// subRows is how many rows of both factors fit the second-level cache.
	subRows = 128
	// taskRows is the least number of rows that a task sums: fewer would cost more to add up than to sum.
	taskRows = 2 * partRows
	// maxParts bounds how many partial results are kept, and with it the memory.
	maxParts = 16
	// blockRows is how many output rows one task makes when the output is large.
	blockRows = 64
	// largeOutput is from how many output elements on work is divided by output rows and not by input rows.
	largeOutput = 192 * 192
)

// MulTransAInto writes aᵀ·b to dst. Shapes: a n×k, b n×m, dst k×m; dst overlaps neither. The sum over the n rows is
// made in fixed parts that are added in float64. Errors: ErrShape, or ctx ended.
func MulTransAInto(ctx context.Context, dst, a, b Matrix, workers int) error {
	if a.Rows != b.Rows || dst.Rows != a.Cols || dst.Cols != b.Cols {
		return fmt.Errorf("%w: %d×%d = (%d×%d)ᵀ · %d×%d", ErrShape, dst.Rows, dst.Cols, a.Rows, a.Cols, b.Rows, b.Cols)
	}
	o := newOuter(a, b, nil, false)
	sum, err := o.run(ctx, workers)
	if err != nil {
		return err
	}
	for p := range dst.Rows {
		row := sum[p*o.cols:]
		for q := range dst.Row(p) {
			dst.Row(p)[q] = float32(row[q])
		}
	}
	return nil
}

// Gram returns Σ_i w_i a_i a_iᵀ over the rows of a as a row-major n×n matrix, n = a.Cols. A nil w means all ones. The result
// is symmetric to the bit. Errors: ErrShape when w has another length than a has rows, or ctx ended.
func Gram(ctx context.Context, a Matrix, w []float32, workers int) ([]float64, error) {
	if w != nil && len(w) != a.Rows {
		return nil, fmt.Errorf("%w: %d weights for %d rows", ErrShape, len(w), a.Rows)
	}
	n := a.Cols
	o := newOuter(a, a, w, true)
	sum, err := o.run(ctx, workers)
	if err != nil {
		return nil, err
	}
	for p := range n {
		copy(sum[p*n:(p+1)*n], sum[p*o.cols:p*o.cols+n]) // in place: rows only move up
	}
	sum = sum[:n*n]
	for p := range n {
		for q := range p {
			sum[p*n+q] = sum[q*n+p]
		}
	}
	return sum, nil
}

// outer is the sum of the outer products of the rows of a, weighted by w if there is one, and of b.
type outer struct {
	a, b       Matrix
	w          []float32
	upper      bool // only the upper triangle is wanted
	rows, cols int  // of the output, padded to whole vectors
}

func newOuter(a, b Matrix, w []float32, upper bool) outer {
	pad := func(n int) int { return (n + lane - 1) / lane * lane }
	return outer{a: a, b: b, w: w, upper: upper, rows: pad(a.Cols), cols: pad(b.Cols)}
}

// run returns the padded sum. How work is divided depends on the shapes only.
func (o outer) run(ctx context.Context, workers int) ([]float64, error) {
	if o.rows*o.cols >= largeOutput {
		return o.byOutput(ctx, workers)
	}
	size := max(taskRows, (o.a.Rows+maxParts-1)/maxParts)
	size = (size + partRows - 1) / partRows * partRows
	parts := make([][]float64, (o.a.Rows+size-1)/size)
	scratch := make([]outerScratch, max(workers, 1))
	err := par.Chunks(ctx, o.a.Rows, size, workers, func(worker, lo, hi int) error {
		part := make([]float64, o.rows*o.cols)
		o.add(part, &scratch[worker], lo, hi, 0, o.rows)
		parts[lo/size] = part
		return nil
	})
	if err != nil {
		return nil, err
	}
	sum := make([]float64, o.rows*o.cols)
	for _, part := range parts {
		for i, v := range part {
			sum[i] += v
		}
	}
	return sum, nil
}

// byOutput gives each task some rows of the output and all rows of the input.
func (o outer) byOutput(ctx context.Context, workers int) ([]float64, error) {
	sum := make([]float64, o.rows*o.cols)
	scratch := make([]outerScratch, max(workers, 1))
	err := par.Chunks(ctx, o.rows, blockRows, workers, func(worker, top, bottom int) error {
		const step = 16 * partRows
		for lo := 0; lo < o.a.Rows; lo += step {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("dense: stopped: %w", err)
			}
			o.add(sum[top*o.cols:bottom*o.cols], &scratch[worker], lo, min(lo+step, o.a.Rows), top, bottom)
		}
		return nil
	})
	return sum, err
}

// outerScratch is what one worker needs.
type outerScratch struct {
	part  []float32 // partial sums
	rows  []float32 // weighted rows of a
	index []int32
}

// add adds the input rows [lo, hi) to the output rows [top, bottom), which sum begins with.
func (o outer) add(sum []float64, sc *outerScratch, lo, hi, top, bottom int) {
	if sc.part == nil {
		sc.part = alignedFloats(min(o.rows, max(blockRows, bottom-top)) * o.cols)
	}
	for part := lo; part < hi; part += partRows {
		end, mode := min(part+partRows, hi), kernel.Set
		for from := part; from < end; from += subRows {
			o.addRows(sc, from, min(from+subRows, end), top, bottom, mode)
			mode = kernel.Add
		}
		for i := top; i < bottom; i++ {
			left := o.left(i &^ 7)
			out := sum[(i-top)*o.cols+left : (i-top+1)*o.cols]
			for j, v := range sc.part[(i-top)*o.cols+left:][:len(out)] {
				out[j] += float64(v)
			}
		}
	}
}

// left is the first column that is computed for the eight output rows from i on.
func (o outer) left(i int) int {
	if o.upper {
		return i &^ (lane - 1)
	}
	return 0
}

// addRows sums the input rows [lo, hi), at most subRows of them, in float32.
func (o outer) addRows(sc *outerScratch, lo, hi, top, bottom int, mode kernel.Mode) {
	a, lda := o.a.Data[lo*o.a.Stride:], o.a.Stride
	if o.w != nil {
		if sc.rows == nil {
			sc.rows, sc.index = alignedFloats(subRows*o.rows), make([]int32, subRows)
			for i := range sc.index {
				sc.index[i] = int32(i)
			}
		}
		kernel.GatherRows(sc.rows, o.rows, sc.index[:hi-lo], a, lda, o.w[lo:hi], o.rows)
		a, lda = sc.rows, o.rows
	}
	b := o.b.Data[lo*o.b.Stride:]
	for i := top; i < bottom; i += 8 {
		left := o.left(i)
		kernel.Mul8(sc.part[(i-top)*o.cols+left:], o.cols, a[i:], lda, b[left:], o.b.Stride, hi-lo, o.cols-left, mode)
	}
}
