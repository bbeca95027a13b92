package itemitem

import (
	"context"
	"math"

	"github.com/kenrec/ken/engine/internal/par"
	"github.com/kenrec/ken/engine/internal/sparse"
)

// FilterConfig is the hyper-parameters of Filter.
type FilterConfig struct {
	ItemPower float64 // p, 0 to 1: how far an item's popularity is divided out
	UserPower float64 // q, 0 to 1: how far a user's activity is divided out
	Keep      int     // strongest neighbours kept for each item
}

// Filter returns the graph filter S = D_i^-p Rᵀ D_u^-2q R D_i^-p over x (users × items, values ignored), its diagonal
// left out and each row cut to its Keep largest entries. Shape: items × items; columns ascend within a row.
// Cost Σ_u n_u² additions and one dense row of scratch a worker, so memory stays bounded at a million items.
// Source: the linear low-pass filter of Shen et al. 2021 (GF-CF), with the two powers free.
func Filter(ctx context.Context, x *sparse.CSR, cfg FilterConfig, workers int) (*sparse.CSR, error) {
	xt := x.Transpose()
	user, item := powers(x, -2*cfg.UserPower), powers(xt, -cfg.ItemPower)
	scratch := make([]*accumulator, max(workers, 1))
	return buildRows(ctx, x.Cols, workers, func(worker, i int) ([]int32, []float32) {
		if scratch[worker] == nil {
			scratch[worker] = &accumulator{sum: make([]float32, x.Cols)}
		}
		a := scratch[worker]
		users, _ := xt.Row(i)
		for _, u := range users {
			items, _ := x.Row(int(u))
			for _, j := range items {
				a.add(j, user[u])
			}
		}
		for _, j := range a.touched {
			a.sum[j] *= item[i] * item[j]
		}
		return a.strongest(int32(i), cfg.Keep)
	})
}

// powers returns (entries of row)^e for each row, 0 for empty rows.
func powers(m *sparse.CSR, e float64) []float32 {
	out := make([]float32, m.Rows)
	for r := range out {
		if n := m.Len(r); n > 0 {
			out[r] = float32(math.Pow(float64(n), e))
		}
	}
	return out
}

// rowChunk is how many rows a worker builds at once.
const rowChunk = 16

// buildRows builds a square sparse matrix row by row; row may use its worker number to find scratch memory. What row
// returns is copied.
func buildRows(ctx context.Context, n, workers int, row func(worker, i int) ([]int32, []float32)) (*sparse.CSR, error) {
	idx, val := make([][]int32, n), make([][]float32, n)
	err := par.Chunks(ctx, n, rowChunk, workers, func(worker, lo, hi int) error {
		for i := lo; i < hi; i++ {
			c, v := row(worker, i)
			idx[i], val[i] = append([]int32(nil), c...), append([]float32(nil), v...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	all := 0
	for i := range n {
		all += len(idx[i])
	}
	m := &sparse.CSR{Rows: n, Cols: n, Ptr: make([]int64, n+1), Idx: make([]int32, 0, all), Val: make([]float32, 0, all)}
	for i := range n {
		m.Idx, m.Val = append(m.Idx, idx[i]...), append(m.Val, val[i]...)
		m.Ptr[i+1] = int64(len(m.Idx))
		idx[i], val[i] = nil, nil
	}
	return m, nil
}
