package mf

import (
	"context"
	"fmt"
	"math"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/par"
	"github.com/kenrec/ken/engine/internal/solve"
	"github.com/kenrec/ken/engine/internal/sparse"
)

// startScale is the spread of the starting item factors: small against 1/√f, so that the first user step is near zero
// and the data, not the seed, decides where the factors go.
const startScale = 0.1

// Fit minimises the loss of the package for cfg.Iterations sweeps and returns the model with users solved last, so that a
// user's factors are the exact solution given the items' (what fold-in and explanations rely on).
// after, if not nil, is called after every sweep. A cancelled ctx returns an error wrapping its cause.
func Fit(ctx context.Context, d *Data, cfg Config, workers int, after func(sweep int)) (*Model, error) {
	return Continue(ctx, d, cfg, workers, nil, after)
}

// State is where a fit stood between two sweeps. Zero: at its start.
type State struct {
	sweeps    int
	others, v dense.Matrix
	warmRidge float64
	warmW     dense.Matrix
}

// Continue is Fit from where a fit of the same data and the same configuration but for Iterations stood, as if it had not
// stopped: the model has the same bytes. It leaves in at where it stood after the last sweep; a state beyond
// cfg.Iterations is not used. at may be nil.
func Continue(ctx context.Context, d *Data, cfg Config, workers int, at *State, after func(sweep int)) (*Model, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("mf: %w", err)
	}
	f := newFitter(d, cfg, workers)
	if d.H.Rows > 0 {
		var err error
		if f.regress, err = newRegression(ctx, d.H, f.ridgeItem, workers); err != nil {
			return nil, fmt.Errorf("mf: features: %w", err)
		}
	}
	if at != nil && at.sweeps > 0 && at.sweeps <= cfg.Iterations {
		f.sweeps, f.warmRidge, f.warmW = at.sweeps, at.warmRidge, at.warmW
		f.v = at.v.Clone()
		copy(f.others.Data, at.others.Data)
	}
	for f.sweeps < cfg.Iterations {
		if err := f.sweep(ctx); err != nil {
			return nil, fmt.Errorf("mf: sweep %d of %d: %w", f.sweeps+1, cfg.Iterations, err)
		}
		if after != nil {
			after(f.sweeps)
		}
	}
	if at != nil { // finish changes the factors
		*at = State{sweeps: f.sweeps, others: f.others.Clone(), v: f.v.Clone(), warmRidge: f.warmRidge, warmW: f.warmW}
	}
	m, err := f.finish(ctx)
	if err != nil {
		return nil, fmt.Errorf("mf: last step: %w", err)
	}
	return m, nil
}

// fitter is the state between half-steps. Matrices are rows × f.
type fitter struct {
	d       *Data
	cfg     Config
	workers int
	solver  *solve.Solver
	alpha   float64 // of users and warm items: cfg.Alpha, then cfg.WarmAlpha

	others     dense.Matrix // u above z in one piece of memory: the other side of an item
	u, v, z    dense.Matrix
	p, pu      dense.Matrix // priors of items and users; no rows: none
	w, wu      dense.Matrix // feature maps d × f
	regress    *regression  // of items on their features; nil: they have none
	right      dense.Matrix // its right side for v
	warmRidge  float64      // ridge of the map of warm items; 0: not chosen yet
	own        []float32    // part of each warm item in what that map says of it; nil: not known
	warmW      dense.Matrix // that map,
	warmP      dense.Matrix // and their prior; no rows: none yet
	sweeps     int          // done
	settled    bool         // weighWarm has set the weights
	profile    float32      // a, scale of a user's context profile in her prior
	centre     []float32    // c, mean of the profiles
	meanUser   []float32    // mean of the users with behaviour
	users      rowset       // those with interactions: one without has not turned anything down
	contexts   rowset
	warm, cold rowset    // rows of items: terms of users, then of contexts
	isWarm     []bool    // items with at least one interaction
	warmth     []float32 // 1 for warm items, 0 for cold: weights of the items' Gram
	ridgeItem  []float32 // weight of each item in the fit of W: 0 for cold items
	ridgeUser  []float32
}

func newFitter(d *Data, cfg Config, workers int) *fitter {
	f := &fitter{d: d, cfg: cfg, workers: workers, solver: solve.New(cfg.Factors, workers), alpha: cfg.Alpha}
	xt, tt := transposeTargets(d.X, d.Target)
	nu, ni := d.users(), d.items()
	f.isWarm, f.warmth = make([]bool, ni), make([]float32, ni)
	var warm, cold []int32
	for i := range ni {
		if xt.Ptr[i+1] > xt.Ptr[i] {
			f.isWarm[i], f.warmth[i] = true, 1
			warm = append(warm, int32(i))
		} else {
			cold = append(cold, int32(i))
		}
	}
	var active []int32
	regU := make([]float32, nu)
	for u, mass := range d.X.RowSums() {
		regU[u] = cfg.reg(mass + cfg.Alpha*float64(len(warm)))
		if d.X.Len(u) > 0 {
			active = append(active, int32(u))
		}
	}
	f.users = selectRows(d.X, d.Target, regU, active)

	if d.C != nil {
		f.contexts = f.contextRows()
	}
	links := d.links()
	linkMass, background := links.RowSums(), f.contextBackground()
	regI, share := make([]float32, ni), d.coldShare()
	for i, mass := range xt.RowSums() {
		regI[i] = cfg.reg(mass + linkMass[i] + background + cfg.Alpha*float64(len(active))*max(float64(f.warmth[i]), share))
	}
	rows, target := beside(xt, tt, links)
	f.warm = selectRows(rows, target, regI, warm)
	f.cold = selectRows(rows, target, regI, cold)
	f.ridgeItem = ridgeWeights(xt)
	f.ridgeUser = ridgeWeights(d.X)
	f.start()
	return f
}

// contextRows are the rows of C with their regularisation. A context whose background has the factor a is divided by a,
// which leaves its solution alone and lets all contexts share one Gram matrix.
func (f *fitter) contextRows() rowset {
	c := f.d.C
	regZ := make([]float32, c.Rows)
	for z, mass := range c.RowSums() {
		regZ[z] = f.cfg.reg(mass + f.cfg.ContextAlpha*f.contextScale(z)*float64(c.Cols))
	}
	s := selectRows(c, nil, regZ, count(c.Rows))
	if f.d.CAlpha == nil {
		return s
	}
	for z := range c.Rows {
		inv := 1 / f.d.CAlpha[z]
		_, val := s.rows.Row(z)
		for j := range val {
			val[j] *= inv
		}
		s.reg[z] *= inv
	}
	return s
}

// contextScale is the background factor of one context.
func (f *fitter) contextScale(z int) float64 {
	if f.d.CAlpha == nil {
		return 1
	}
	return float64(f.d.CAlpha[z])
}

// contextBackground is the background mass that the contexts lay on every item.
func (f *fitter) contextBackground() float64 {
	sum := 0.0
	for z := range f.d.contexts() {
		sum += f.cfg.ContextAlpha * f.contextScale(z)
	}
	return sum
}

// start draws the item factors, each row from its own stream, so that adding an item leaves the others' start alone.
func (f *fitter) start() {
	k := f.cfg.Factors
	f.v = dense.New(f.d.items(), k)
	f.others = dense.New(f.d.users()+f.d.contexts(), k)
	f.u, f.z = f.others.Slice(0, f.d.users()), f.others.Slice(f.d.users(), f.others.Rows)
	scale := startScale / math.Sqrt(float64(k))
	for i := range f.v.Rows {
		rng := par.Stream(f.cfg.Seed, uint64(i))
		row := f.v.Row(i)
		for j := range row {
			row[j] = float32(rng.NormFloat64() * scale)
		}
	}
}

// ridgeWeights weighs a row in the fit of its feature map by the root of its entries, scaled to mean 1 over the rows that
// have any, so that ρ means the same on every data set. Measured on cold items: the root ranks better than equal weights,
// logarithms or the entries themselves.
func ridgeWeights(a *sparse.CSR) []float32 {
	w := make([]float32, a.Rows)
	sum, n := 0.0, 0
	for r := range w {
		if c := a.Len(r); c > 0 {
			w[r] = float32(math.Sqrt(float64(c)))
			sum += float64(w[r])
			n++
		}
	}
	if n == 0 {
		return w
	}
	scale := float32(float64(n) / sum)
	for r := range w {
		w[r] *= scale
	}
	return w
}

func count(n int) []int32 {
	at := make([]int32, n)
	for i := range at {
		at[i] = int32(i)
	}
	return at
}
