package itemitem

import (
	"context"
	"fmt"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/sparse"
)

// EASE returns B = −P/diag(P) with P = (XᵀX + λI)⁻¹ and a zero diagonal: the linear model that predicts each item from
// the others (Steck 2019, eq. 8), each row (an item that a user has) cut to its keep entries of largest size.
// Values of x are ignored. Cost O(items³) and 12 bytes for each pair of items: for catalogues of some thousand items.
func EASE(ctx context.Context, x *sparse.CSR, lambda float64, keep, workers int) (*sparse.CSR, error) {
	n := x.Cols
	gram := make([]float64, n*n)
	for u := range x.Rows {
		items, _ := x.Row(u)
		for _, i := range items {
			row := gram[int(i)*n : int(i)*n+n]
			for _, j := range items {
				row[j]++
			}
		}
	}
	for i := range n {
		gram[i*n+i] += lambda
	}
	p, err := dense.InvertSPD(ctx, gram, n, workers)
	if err != nil {
		return nil, fmt.Errorf("itemitem: EASE: %w", err)
	}
	scratch := make([]*accumulator, max(workers, 1))
	return buildRows(ctx, n, workers, func(worker, i int) ([]int32, []float32) {
		if scratch[worker] == nil {
			scratch[worker] = &accumulator{sum: make([]float32, n)}
		}
		for j, v := range p.Row(i) {
			if v != 0 {
				scratch[worker].add(int32(j), -v/p.At(j, j))
			}
		}
		return scratch[worker].strongest(int32(i), keep)
	})
}
