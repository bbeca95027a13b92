package mf

import (
	"context"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/sparse"
)

// fitUserPrior sets the prior of the users from what their own triples and texts say: a·(L Z)_u, the scaled mean of the
// contexts that share an end with the user's triples, plus W_uᵀ g_u, learned from users with behaviour.
func (f *fitter) fitUserPrior(ctx context.Context) error {
	if f.d.L == nil && f.d.UH.Rows == 0 {
		return nil
	}
	prior := dense.New(f.d.users(), f.cfg.Factors)
	if f.d.L != nil && f.z.Rows > 0 {
		if err := sparse.MulDenseInto(ctx, prior, f.d.L, f.z, f.workers); err != nil {
			return err
		}
		f.profile = projection(prior, f.u, f.ridgeUser)
		for i := range prior.Rows {
			row := prior.Row(i)
			for j := range row {
				row[j] *= f.profile
			}
		}
	}
	if f.d.UH.Rows > 0 {
		rest := dense.New(f.u.Rows, f.u.Cols)
		for i := range rest.Rows {
			dst, u, p := rest.Row(i), f.u.Row(i), prior.Row(i)
			for j := range dst {
				dst[j] = u[j] - p[j]
			}
		}
		wu, learned, err := ridge(ctx, f.d.UH, rest, f.ridgeUser, middleRidge(f.cfg), f.workers)
		if err != nil {
			return err
		}
		f.wu = wu
		for i := range prior.Rows {
			dst, src := prior.Row(i), learned.Row(i)
			for j := range dst {
				dst[j] += src[j]
			}
		}
	}
	f.pu = prior
	return nil
}

// projection returns the a that minimises Σ_i w_i ‖y_i − a x_i‖², not below 0: a profile that points away from what
// people do says nothing.
func projection(x, y dense.Matrix, w []float32) float32 {
	xy, xx := 0.0, 0.0
	for i := range x.Rows {
		if w[i] == 0 {
			continue
		}
		a, b := x.Row(i), y.Row(i)
		for j := range a {
			xy += float64(w[i]) * float64(a[j]) * float64(b[j])
			xx += float64(w[i]) * float64(a[j]) * float64(a[j])
		}
	}
	if xx == 0 || xy <= 0 {
		return 0
	}
	return float32(xy / xx)
}
