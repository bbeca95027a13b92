package sparse

import (
	"context"
	"errors"
	"fmt"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/par"
)

// ErrShape says that the sizes of the arguments do not fit together.
var ErrShape = errors.New("sparse: shapes do not match")

// MulDenseInto writes a·x to dst. Shapes: a n×m, x m×d, dst n×d; dst does not overlap x. Each row of dst is made by
// one worker, in the order of the row's entries. Errors: ErrShape, or ctx ended.
func MulDenseInto(ctx context.Context, dst dense.Matrix, a *CSR, x dense.Matrix, workers int) error {
	if a.Cols != x.Rows || dst.Rows != a.Rows || dst.Cols != x.Cols {
		return fmt.Errorf("%w: %d×%d = %d×%d · %d×%d", ErrShape, dst.Rows, dst.Cols, a.Rows, a.Cols, x.Rows, x.Cols)
	}
	return par.Chunks(ctx, a.Rows, 256, workers, func(_, lo, hi int) error {
		for r := lo; r < hi; r++ {
			out := dst.Row(r)
			clear(out)
			idx, val := a.Row(r)
			for p, c := range idx {
				for j, v := range x.Row(int(c)) {
					out[j] += val[p] * v
				}
			}
		}
		return nil
	})
}
