package itemitem

import (
	"context"
	"fmt"
	"slices"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/par"
	"github.com/kenrec/ken/engine/internal/sparse"
)

// EASE returns B = −P/diag(P) with P = (XᵀX + λI)⁻¹ and a zero diagonal: the linear model that predicts each item from
// the others (Steck 2019, eq. 8), each row (an item that a user has) cut to its keep entries of largest size.
// Values of x are ignored; items without entries have empty rows and columns. Cost O(items³) and 8 bytes for each pair
// of items with entries: for catalogues of some thousand items.
func EASE(ctx context.Context, x *sparse.CSR, lambda float64, keep, workers int) (*sparse.CSR, error) {
	warm, place := occupied(x)
	n := len(warm)
	p := dense.New(n, n) // counts are whole numbers below 2²⁴: float32 holds them exactly
	xt := x.Transpose()
	err := par.Chunks(ctx, n, rowChunk, workers, func(_, lo, hi int) error {
		for at := lo; at < hi; at++ {
			row, i := p.Row(at), warm[at]
			users, _ := xt.Row(int(i))
			for _, u := range users {
				items, _ := x.Row(int(u))
				from, _ := slices.BinarySearch(items, i) // columns ascend, and so do their places: the upper triangle
				for _, j := range items[from:] {
					row[place[j]]++
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range n {
		p.Row(i)[i] += float32(lambda)
	}
	if err := dense.InvertInPlace(ctx, &p, workers); err != nil {
		return nil, fmt.Errorf("itemitem: EASE: %w", err)
	}
	diagonal := make([]float32, n)
	for j := range diagonal {
		diagonal[j] = p.At(j, j)
	}
	scratch := make([]*accumulator, max(workers, 1))
	return buildRows(ctx, x.Cols, workers, func(worker, i int) ([]int32, []float32) {
		if place[i] < 0 {
			return nil, nil
		}
		if scratch[worker] == nil {
			scratch[worker] = &accumulator{sum: make([]float32, x.Cols)}
		}
		for j, v := range p.Row(int(place[i])) {
			if v != 0 {
				scratch[worker].add(warm[j], -v/diagonal[j])
			}
		}
		return scratch[worker].strongest(int32(i), keep)
	})
}

// occupied lists the columns of x that have entries, and the place of each column in that list, -1 for the others.
func occupied(x *sparse.CSR) (columns, place []int32) {
	place = make([]int32, x.Cols)
	for c, n := range x.ColCounts() {
		place[c] = -1
		if n > 0 {
			place[c] = int32(len(columns))
			columns = append(columns, int32(c))
		}
	}
	return columns, place
}
