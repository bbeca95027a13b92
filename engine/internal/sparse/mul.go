package sparse

import (
	"context"
	"errors"
	"fmt"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/kernel"
	"github.com/kenrec/ken/engine/internal/par"
)

// ErrShape says that the sizes of the arguments do not fit together, or that an index is out of range.
var ErrShape = errors.New("sparse: shapes do not match")

// mulChunks is into about how many parts of equal cost the rows are cut.
const mulChunks = 256

// MulDenseInto writes a·x to dst. Shapes: a n×m, x m×d, dst n×d; dst does not overlap x. Each row of dst is made by
// one worker, in the order of the row's entries. Errors: ErrShape, or ctx ended.
func MulDenseInto(ctx context.Context, dst dense.Matrix, a *CSR, x dense.Matrix, workers int) error {
	if a.Cols != x.Rows || dst.Rows != a.Rows || dst.Cols != x.Cols {
		return fmt.Errorf("%w: %d×%d = %d×%d · %d×%d", ErrShape, dst.Rows, dst.Cols, a.Rows, a.Cols, x.Rows, x.Cols)
	}
	if !a.inRange() { // the kernel trusts indices
		return fmt.Errorf("%w: a column is outside [0, %d)", ErrShape, a.Cols)
	}
	width := (x.Cols + kernel.Lane - 1) / kernel.Lane * kernel.Lane
	return par.Weighted(ctx, a.bounds(), workers, func(_, lo, hi int) error {
		for r := lo; r < hi; r++ {
			_, val := a.Row(r)
			kernel.Combine(dst.Data[r*dst.Stride:][:width], a.Idx[a.Ptr[r]:], val, x.Data, x.Stride, false)
		}
		return nil
	})
}

// inRange reports whether every column lies in [0, m.Cols).
func (m *CSR) inRange() bool {
	var top uint32
	for _, c := range m.Idx {
		top = max(top, uint32(c)) // a negative index is a huge one
	}
	return len(m.Idx) == 0 || uint64(top) < uint64(m.Cols)
}

// bounds cuts the rows into chunks of about as many entries each; a row costs as much as two entries, with or without any.
func (m *CSR) bounds() []int {
	limit := int64(m.NNZ()+2*m.Rows)/mulChunks + 1
	b, last := []int{0}, int64(0)
	for r := range m.Rows {
		if spent := m.Ptr[r+1] + 2*int64(r+1); spent-last >= limit || r == m.Rows-1 {
			b, last = append(b, r+1), spent
		}
	}
	return b
}
