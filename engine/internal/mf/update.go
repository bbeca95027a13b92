package mf

import (
	"context"
	"fmt"
	"slices"

	"github.com/kenrec/ken/engine/internal/dense"
)

// Change is what came into the data since a model was fitted. Rows of users and items that the model does not have are
// those after its last.
type Change struct {
	Items     []int32      // items whose interactions changed, ascending
	Prior     dense.Matrix // HW of these as warm items, a row for each; no rows: none
	UserPrior dense.Matrix // users × f, see UserPrior; no rows: none
	Placed    dense.Matrix // rows of Q of the new items, as FoldInItem places them
}

// Update returns the model for data that a few interactions were added to, or taken from, since old was fitted. What is
// said of users and items (C, CAlpha and the features behind the priors) must be what it was, with rows for what is new.
// Users and the items that changed are solved anew; contexts, feature maps, Q and the scale of cold scores stay. The users
// are solved last, exactly as in Fit. A cancelled ctx returns an error wrapping its cause.
func Update(ctx context.Context, d *Data, old *Model, c Change, workers int) (*Model, error) {
	f := newFitter(d, old.Config, workers)
	f.weighWarm()
	f.resume(old, c)
	some := func(ctx context.Context) error { return f.solveSome(ctx, c.Items) }
	for _, step := range []func(context.Context) error{f.resolveUsers, some, f.resolveUsers} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("mf: update: %w", err)
		}
	}
	m := &Model{
		Config: f.cfg, U: f.u, V: f.v, Z: f.z, W: old.W, WarmW: old.WarmW, WU: old.WU, Profile: old.Profile, Centre: old.Centre,
		Warm: f.isWarm, ColdScale: old.ColdScale,
	}
	if err := f.setGrams(ctx, m); err != nil {
		return nil, fmt.Errorf("mf: update: %w", err)
	}
	if old.Q.Rows > 0 {
		m.Q = below(old.Q, c.Placed)
		for _, i := range f.cold.at {
			copy(m.V.Row(int(i)), m.Q.Row(int(i)))
		}
		if err := f.solveHead(ctx, m); err != nil {
			return nil, fmt.Errorf("mf: update: %w", err)
		}
	}
	m.MeanUser = meanRow(f.u, func(u int) bool { return d.X.Len(u) > 0 })
	f.placeInactive(m.MeanUser)
	return m, m.Prepare(workers)
}

// resume sets the factors to where old left them.
func (f *fitter) resume(old *Model, c Change) {
	for u := range old.U.Rows {
		copy(f.u.Row(u), old.U.Row(u))
	}
	for z := range old.Z.Rows {
		copy(f.z.Row(z), old.Z.Row(z))
	}
	f.v = below(old.V, c.Placed)
	f.pu = c.UserPrior
	if c.Prior.Rows > 0 {
		f.warmP = dense.New(f.d.items(), f.cfg.Factors)
		for n, i := range c.Items {
			copy(f.warmP.Row(int(i)), c.Prior.Row(n))
		}
	}
}

// below returns a copy of a with the rows of b after its own.
func below(a, b dense.Matrix) dense.Matrix {
	out := dense.New(a.Rows+b.Rows, a.Cols)
	for i := range a.Rows {
		copy(out.Row(i), a.Row(i))
	}
	for i := range b.Rows {
		copy(out.Row(a.Rows+i), b.Row(i))
	}
	return out
}

// resolveUsers is solveUsers with the prior that is given.
func (f *fitter) resolveUsers(ctx context.Context) error {
	gram, err := f.gram(ctx, f.v, f.warmth, f.alpha)
	if err != nil {
		return err
	}
	return f.solveRows(ctx, f.users, f.v, gram, f.pu, f.u)
}

// solveSome solves the rows of those items that have interactions, given users and contexts.
func (f *fitter) solveSome(ctx context.Context, items []int32) error {
	gram, _, err := f.itemGrams(ctx)
	if err != nil {
		return err
	}
	var places, warm []int32
	for n, i := range f.warm.at {
		if _, ok := slices.BinarySearch(items, i); ok {
			places, warm = append(places, int32(n)), append(warm, i)
		}
	}
	some := selectRows(f.warm.rows, f.warm.target, f.warm.reg, places)
	some.at = warm
	return f.solveRows(ctx, some, f.others, gram, f.warmPrior(), f.v)
}
