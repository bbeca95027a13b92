package dense

import (
	"context"
	"fmt"
	"sync"

	"github.com/kenrec/ken/engine/internal/kernel"
	"github.com/kenrec/ken/engine/internal/par"
)

// Blocks of a product: depth is how many steps of the inner dimension a packed panel holds. Every further pass reads and writes
// dst again, which costs more than panels that the second-level cache holds and not the first: they are read in order.
// mulRows is how many rows a worker takes at once, so that its part of a stays in the second-level cache as well. It is a
// multiple of every tile height. Of 128 to 1024 and 36 to 516, these came within 1 % of the best at 1024³.
const (
	depth   = 1024
	mulRows = 60
	// fewRows is up to how many rows packing b costs more than it saves.
	fewRows = 4
)

// MulInto writes a·b to dst. Shapes: a n×k, b k×m, dst n×m; dst overlaps neither. Errors: ErrShape, or ctx ended.
func MulInto(ctx context.Context, dst, a, b Matrix, workers int) error {
	if a.Cols != b.Rows || dst.Rows != a.Rows || dst.Cols != b.Cols {
		return fmt.Errorf("%w: %d×%d = %d×%d · %d×%d", ErrShape, dst.Rows, dst.Cols, a.Rows, a.Cols, b.Rows, b.Cols)
	}
	if a.Rows <= fewRows {
		return par.Chunks(ctx, a.Rows, 1, workers, func(_, lo, _ int) error {
			out := dst.padded(lo)
			clear(out)
			for p, v := range a.Row(lo) {
				kernel.Axpy(v, b.Row(p), out)
			}
			return nil
		})
	}
	return product{dst: dst, a: a, b: b}.run(ctx, workers)
}

// MulTransBInto writes a·bᵀ to dst. Shapes: a n×k, b m×k, dst n×m; dst overlaps neither. Errors: ErrShape, or ctx ended.
func MulTransBInto(ctx context.Context, dst, a, b Matrix, workers int) error {
	if a.Cols != b.Cols || dst.Rows != a.Rows || dst.Cols != b.Rows {
		return fmt.Errorf("%w: %d×%d = %d×%d · (%d×%d)ᵀ", ErrShape, dst.Rows, dst.Cols, a.Rows, a.Cols, b.Rows, b.Cols)
	}
	if a.Rows <= fewRows {
		return par.Chunks(ctx, a.Rows, 1, workers, func(_, lo, _ int) error {
			kernel.MulVec(dst.Row(lo), b.Data, b.Stride, a.padded(lo))
			return nil
		})
	}
	return product{dst: dst, a: a, b: b, trans: true}.run(ctx, workers)
}

// product is dst = a·b, or a·bᵀ when trans.
type product struct {
	dst, a, b Matrix
	trans     bool
}

// RotateInPlace replaces each row of m by row·q for a square q. Errors: ErrShape, or ctx ended; m is then spoilt.
func RotateInPlace(ctx context.Context, m, q Matrix, workers int) error {
	if q.Rows != q.Cols || m.Cols != q.Rows {
		return fmt.Errorf("%w: %d×%d rotated by %d×%d", ErrShape, m.Rows, m.Cols, q.Rows, q.Cols)
	}
	return product{dst: m, a: m, b: q}.run(ctx, workers)
}

// run packs b once and multiplies blocks of rows. The order of additions depends on the shapes only. dst may be a.
func (p product) run(ctx context.Context, workers int) error {
	inner := p.a.Cols
	if inner == 0 {
		clear(p.dst.Data)
		return nil
	}
	rows, cols := kernel.Tile()
	panels := (p.dst.Cols + cols - 1) / cols
	borrowed := borrow(&packedPanels, inner*panels*cols)
	defer packedPanels.Put(borrowed)
	packed := *borrowed
	err := par.Chunks(ctx, panels, 8, workers, func(_, lo, hi int) error {
		for from := 0; from < inner; from += depth {
			k := min(depth, inner-from)
			p.packB(packed[from*panels*cols:], lo, hi, from, k, cols)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return par.Chunks(ctx, p.dst.Rows, mulRows, workers, func(_, lo, hi int) error {
		scratch := borrow(&packedRows, (mulRows+rows)*inner+rows*cols)
		defer packedRows.Put(scratch)
		p.rows(*scratch, packed, panels, lo, hi)
		return nil
	})
}

// Memory for what is packed, of any content. New memory for each product takes a twentieth of the time of one of 1024³.
var packedPanels, packedRows sync.Pool // of *[]float32

// borrow returns n numbers from a pool, aligned for the kernels.
func borrow(from *sync.Pool, n int) *[]float32 {
	v, ok := from.Get().(*[]float32)
	if !ok || cap(*v) < n {
		return new(alignedFloats(n))
	}
	*v = (*v)[:n]
	return v
}

// rows computes the rows [lo, hi) of dst. All of a's rows are packed before any of dst's is written.
func (p product) rows(scratch, packed []float32, panels, lo, hi int) {
	rows, cols := kernel.Tile()
	tile, left, inner := scratch[:rows*cols], scratch[rows*cols:], p.a.Cols
	height := (hi - lo + rows - 1) / rows * rows
	for i := lo; i < hi; i += rows {
		for from := 0; from < inner; from += depth {
			k := min(depth, inner-from)
			packRows(left[from*height+(i-lo)*k:], p.a, i, min(rows, hi-i), from, k, rows)
		}
	}
	for from := 0; from < inner; from += depth {
		k := min(depth, inner-from)
		p.block(tile, left[from*height:][:height*k], packed[from*panels*cols:][:panels*cols*k], lo, hi, from, k)
	}
}

// packB copies b's part for the panels [lo, hi) and the steps [from, from+k) to packed, panel by panel, in each one step a row.
func (p product) packB(packed []float32, lo, hi, from, k, cols int) {
	if p.trans {
		for j := lo; j < hi; j++ {
			packRows(packed[j*cols*k:], p.b, j*cols, min(cols, p.dst.Cols-j*cols), from, k, cols)
		}
		return
	}
	for s := range k {
		row := p.b.Row(from + s)
		for j := lo; j < hi; j++ { // b is read in its own order
			left := j * cols
			copy(packed[j*cols*k+s*cols:][:min(cols, len(row)-left)], row[left:])
		}
	}
}

// packRows copies the columns [from, from+k) of n rows of m, from row top on, to panel, one column of m a row of width numbers. What
// is beyond n stays as it is: it only reaches parts of a tile that are dropped.
func packRows(panel []float32, m Matrix, top, n, from, k, width int) {
	i := 0
	for ; i+4 <= n; i += 4 {
		kernel.PackFour(panel[i:], width, m.Data[(top+i)*m.Stride+from:], m.Stride, k)
	}
	for ; i < n; i++ {
		for s, v := range m.Row(top + i)[from:][:k] {
			panel[s*width+i] = v
		}
	}
}

// block computes the rows [lo, hi) of dst from the steps [from, from+k), whose packed parts of a and b are given. Its first pass fetches
// the rows of a that are packed next: with few columns they are most of the memory that a product touches.
func (p product) block(tile, packed, panels []float32, lo, hi, from, k int) {
	rows, cols := kernel.Tile()
	mode := kernel.Set
	if from > 0 {
		mode = kernel.Add
	}
	for left := 0; left < p.dst.Cols; left += cols {
		b := panels[left*k:][:cols*k]
		for i := lo; i < hi; i += rows {
			a := packed[(i-lo)*k:][:rows*k]
			if from == 0 && left == 0 {
				for next := i + mulRows; next < min(i+mulRows+rows, p.a.Rows); next++ {
					kernel.Prefetch(p.a.padded(next))
				}
			}
			if i+rows <= hi && left+cols <= p.dst.Cols {
				kernel.MulTile(p.dst.Data[i*p.dst.Stride+left:], p.dst.Stride, a, b, k, mode)
				continue
			}
			kernel.MulTile(tile, cols, a, b, k, kernel.Set)
			p.store(tile, cols, i, min(i+rows, hi), left, mode)
		}
	}
}

// store writes or adds the part of a tile that lies within dst.
func (p product) store(tile []float32, cols, lo, hi, left int, mode kernel.Mode) {
	for i := lo; i < hi; i++ {
		out := p.dst.Row(i)[left:]
		out = out[:min(cols, len(out))]
		row := tile[(i-lo)*cols:][:len(out)]
		if mode == kernel.Set {
			copy(out, row)
			continue
		}
		for j, v := range row {
			out[j] += v
		}
	}
}
