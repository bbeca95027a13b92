package mf

import (
	"context"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/solve"
)

// sweep solves users, contexts and items once, in that order.
func (f *fitter) sweep(ctx context.Context) error {
	if err := f.solveUsers(ctx); err != nil {
		return err
	}
	if err := f.solveContexts(ctx); err != nil {
		return err
	}
	if err := f.fitItemMap(ctx); err != nil {
		return err
	}
	if f.sweeps >= freeSweeps {
		if err := f.fitWarmMap(ctx); err != nil {
			return err
		}
	}
	if err := f.solveItems(ctx); err != nil {
		return err
	}
	f.sweeps++
	return nil
}

// solveUsers solves u given items: behaviour terms, the background over warm items, the user's prior.
func (f *fitter) solveUsers(ctx context.Context) error {
	gram, err := f.gram(ctx, f.v, f.warmth, f.alpha)
	if err != nil {
		return err
	}
	if err := f.fitUserPrior(ctx); err != nil {
		return err
	}
	return f.solveRows(ctx, f.users, f.v, gram, f.pu, f.u)
}

// solveContexts solves z given items: a context has chosen the items that it links to, among all items.
func (f *fitter) solveContexts(ctx context.Context) error {
	if f.d.C == nil {
		return nil
	}
	gram, err := f.gram(ctx, f.v, nil, f.cfg.ContextAlpha)
	if err != nil {
		return err
	}
	return f.solveRows(ctx, f.contexts, f.v, gram, dense.Matrix{}, f.z)
}

// solveItems solves v given users and contexts. Cold items have no users' terms and are no negatives.
func (f *fitter) solveItems(ctx context.Context) error {
	both, gz, err := f.itemGrams(ctx)
	if err != nil {
		return err
	}
	v := dense.New(f.v.Rows, f.v.Cols)
	if err := f.solveRows(ctx, f.warm, f.others, both, f.warmPrior(), v); err != nil {
		return err
	}
	if err := f.solveRows(ctx, f.cold, f.others, gz, f.p, v); err != nil {
		return err
	}
	f.v = v
	return nil
}

// itemGrams returns the background of a warm item, users and contexts together, and that of a cold one.
func (f *fitter) itemGrams(ctx context.Context) (warm, cold []float64, err error) {
	if warm, err = f.gram(ctx, f.u, nil, f.alpha); err != nil {
		return nil, nil, err
	}
	if cold, err = f.gram(ctx, f.z, f.d.CAlpha, f.cfg.ContextAlpha); err != nil {
		return nil, nil, err
	}
	for i, v := range cold {
		warm[i] += v
	}
	return warm, cold, nil
}

// warmPrior is where warm items are held: a share of what their features say. Behaviour knows better, and a cold item,
// which has nothing else, gets the whole.
func (f *fitter) warmPrior() dense.Matrix {
	share := f.cfg.Prior.share()
	if f.settled {
		share = f.cfg.Prior.settled()
	}
	if share == 0 || f.warmP.Rows == 0 {
		return dense.Matrix{}
	}
	if share == 1 {
		return f.warmP
	}
	p := f.warmP.Clone()
	scale(p.Data, share)
	return p
}

func scale(v []float32, by float32) {
	for i := range v {
		v[i] *= by
	}
}

// gram returns scale · Σ_r w_r x_r x_rᵀ over the rows of m.
func (f *fitter) gram(ctx context.Context, m dense.Matrix, w []float32, scale float64) ([]float64, error) {
	if m.Rows == 0 {
		return make([]float64, f.cfg.Factors*f.cfg.Factors), nil
	}
	g, err := dense.Gram(ctx, m, w, f.workers)
	if err != nil {
		return nil, err
	}
	for i := range g {
		g[i] *= scale
	}
	return g, nil
}

// solveRows solves a row set against the factors of the other side and writes its rows of dst.
func (f *fitter) solveRows(ctx context.Context, s rowset, other dense.Matrix, gram []float64, prior, dst dense.Matrix) error {
	if len(s.at) == 0 {
		return nil
	}
	problem := solve.Problem{Rows: s.rows, Target: s.target, F: other, Gram: gram, Reg: s.reg}
	whole := len(s.at) == dst.Rows // then s.at is 0, 1, 2, … and no copy is needed
	if prior.Rows > 0 {
		problem.Prior = prior
		if !whole {
			problem.Prior = pick(prior, s.at)
		}
	}
	if whole {
		return f.solver.HalfStep(ctx, problem, dst)
	}
	out := dense.New(len(s.at), dst.Cols)
	if err := f.solver.HalfStep(ctx, problem, out); err != nil {
		return err
	}
	for i, r := range s.at {
		copy(dst.Row(int(r)), out.Row(i))
	}
	return nil
}

// pick copies the rows in at.
func pick(m dense.Matrix, at []int32) dense.Matrix {
	out := dense.New(len(at), m.Cols)
	for i, r := range at {
		copy(out.Row(i), m.Row(int(r)))
	}
	return out
}
