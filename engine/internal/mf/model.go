package mf

import (
	"context"
	"fmt"
	"math"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/kernel"
	"github.com/kenrec/ken/engine/internal/par"
	"github.com/kenrec/ken/engine/internal/solve"
)

// Model is a fitted factorisation. It never changes after Fit (or Restore) and is safe for concurrent use.
type Model struct {
	Config   Config
	U        dense.Matrix // users × f, exact given V
	V        dense.Matrix // items × f; cold items from knowledge alone
	Z        dense.Matrix // contexts × f
	Q        dense.Matrix // items × f: what each item's row would be without interactions; no rows without knowledge
	Head     dense.Matrix // users × f, against Q: scores cold items, see mix; no rows without knowledge
	W        dense.Matrix // d × f, items' feature map
	WarmW    dense.Matrix // d × f, that of warm items; no rows, in files of old: they share W
	WU       dense.Matrix // d' × f, users' feature map
	Profile  float32      // a, scale of a user's context profile in her prior
	Centre   []float32    // c, mean of the users' context profiles, length f; nil: none has one
	MeanUser []float32    // mean of the users with behaviour, length f: where a user without starts from
	Warm     []bool       // items with interactions at training

	// ColdScale brings head scores to the scale of warm ones, see coldScale.
	ColdScale float32
	Grams     Grams

	solver  *solve.Solver
	user    *solve.Basis // α Σ_warm v vᵀ
	head    *solve.Basis // α Σ_warm q qᵀ
	warmRow *solve.Basis // users' and contexts' background of a warm item
	coldRow *solve.Basis // contexts' background alone
}

// coldShare is κ: the part of the users' background mass that a cold item's regularisation counts, so that its features
// keep their say beside a few triples. The more triples an item has on average, the less of it: 2 divided by them, within
// [0.1, 0.3]. NDCG@20 of cold items on validation data with 0.1 and 0.3: citeulike-a, 22 triples an item, .3763 and .3731;
// facebook-book, 2 triples, .2160 and .2216; anime, 4 triples, the same. 0 loses where triples are few, 3 where they are many.
func (d *Data) coldShare() float64 {
	if d.C == nil || d.C.NNZ() == 0 {
		return 0.3
	}
	return min(max(2*float64(d.items())/float64(d.C.NNZ()), 0.1), 0.3)
}

// Grams are the shared parts of the four kinds of rows, f × f each, with the masses that regularisation grows with.
type Grams struct {
	User, Head, WarmItem, ColdItem []float64
	Spread                         []float64 // covariance of Q over warm items; nil without knowledge
	UserMass, HeadMass             float64   // α · number of warm items
	WarmMass, ColdMass             float64   // background mass of a warm and of a cold item
}

// finish solves the rows that serving needs: contexts and item map for the last items, warm items once more where they are
// to be settled, then users, exact given items and prior, then what follows from them and changes nothing else.
func (f *fitter) finish(ctx context.Context) (*Model, error) {
	for _, step := range []func(context.Context) error{f.solveContexts, f.fitItemMap, f.settle, f.solveUsers} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	if f.d.H.Rows > 0 && f.warmW.Rows == 0 { // too few sweeps: features held no warm item
		f.warmW = dense.New(f.d.H.Cols, f.cfg.Factors)
	}
	m := &Model{Config: f.cfg, U: f.u, V: f.v, Z: f.z, W: f.w, WarmW: f.warmW, WU: f.wu, Profile: f.profile, Centre: f.centre, Warm: f.isWarm, ColdScale: 1}
	if err := f.setGrams(ctx, m); err != nil {
		return nil, err
	}
	if f.d.C != nil || f.d.H.Rows > 0 {
		if err := f.solveKnowledge(ctx, m); err != nil {
			return nil, err
		}
	}
	m.MeanUser = meanRow(f.u, func(u int) bool { return f.d.X.Len(u) > 0 })
	f.placeInactive(m.MeanUser)
	return m, m.Prepare(f.workers)
}

// placeInactive puts users without interactions of whom something is known at the mean user plus their prior. They take no
// part in training: the background would count every item as turned down by somebody who was never asked.
func (f *fitter) placeInactive(mean []float32) {
	if f.pu.Rows == 0 {
		return
	}
	for u := range f.d.users() {
		if f.d.X.Len(u) > 0 || dense.IsZero(f.pu.Row(u)) {
			continue
		}
		for j, v := range f.pu.Row(u) {
			f.u.Row(u)[j] = mean[j] + v
		}
	}
}

func (f *fitter) setGrams(ctx context.Context, m *Model) error {
	var err error
	g := &m.Grams
	if g.User, err = f.gram(ctx, f.v, f.warmth, f.alpha); err != nil {
		return err
	}
	if g.ColdItem, err = f.gram(ctx, f.z, f.d.CAlpha, f.cfg.ContextAlpha); err != nil {
		return err
	}
	if g.WarmItem, err = f.gram(ctx, f.u, nil, f.alpha); err != nil {
		return err
	}
	for i, v := range g.ColdItem {
		g.WarmItem[i] += v
	}
	g.UserMass = f.alpha * float64(len(f.warm.at))
	g.HeadMass = f.cfg.Alpha * float64(len(f.warm.at))
	g.ColdMass = f.contextBackground() + f.d.coldShare()*f.cfg.Alpha*float64(len(f.users.at))
	g.WarmMass = f.contextBackground() + f.alpha*float64(len(f.users.at))
	return nil
}

// solveKnowledge solves Q, the items from knowledge alone, replaces the cold rows of V by it, and solves the head.
func (f *fitter) solveKnowledge(ctx context.Context, m *Model) error {
	ni := f.d.items()
	links := f.d.links()
	reg := make([]float32, ni)
	for i, mass := range links.RowSums() {
		reg[i] = f.cfg.reg(mass + m.Grams.ColdMass)
	}
	m.Q = dense.New(ni, f.cfg.Factors)
	all := rowset{at: count(ni), rows: links, reg: reg}
	if err := f.solveRows(ctx, all, f.z, m.Grams.ColdItem, f.p, m.Q); err != nil {
		return err
	}
	for _, i := range f.cold.at {
		copy(m.V.Row(int(i)), m.Q.Row(int(i)))
	}
	if err := f.solveHead(ctx, m); err != nil {
		return err
	}
	var err error
	m.ColdScale, err = coldScale(ctx, f.d.X, m, f.workers)
	return err
}

// solveHead solves the users against Q and mixes the result with their factors.
func (f *fitter) solveHead(ctx context.Context, m *Model) error {
	var err error
	if m.Grams.Head, err = f.gram(ctx, m.Q, f.warmth, f.cfg.Alpha); err != nil {
		return err
	}
	head := f.users
	head.reg = make([]float32, len(f.users.at))
	mass := f.d.X.RowSums()
	for i, u := range f.users.at {
		head.reg[i] = f.cfg.headReg(mass[u] + m.Grams.HeadMass)
	}
	m.Head = dense.New(f.d.users(), f.cfg.Factors)
	if err := f.solveRows(ctx, head, m.Q, m.Grams.Head, dense.Matrix{}, m.Head); err != nil {
		return err
	}
	if err := f.setSpread(ctx, m); err != nil {
		return err
	}
	return par.Chunks(ctx, len(f.users.at), 64, f.workers, func(_, lo, hi int) error {
		for _, u := range f.users.at[lo:hi] {
			m.mix(m.U.Row(int(u)), m.Head.Row(int(u)))
		}
		return nil
	})
}

// setSpread sets the covariance of Q over warm items: xᵀ Spread x is the variance of the scores x·q.
func (f *fitter) setSpread(ctx context.Context, m *Model) error {
	k, n := f.cfg.Factors, float64(max(len(f.warm.at), 1))
	var err error
	if m.Grams.Spread, err = f.gram(ctx, m.Q, f.warmth, 1/n); err != nil {
		return err
	}
	mean := make([]float64, k)
	for _, i := range f.warm.at {
		for j, v := range m.Q.Row(int(i)) {
			mean[j] += float64(v) / n
		}
	}
	for i := range k {
		for j := range k {
			m.Grams.Spread[i*k+j] -= mean[i] * mean[j]
		}
	}
	return nil
}

// mix turns a user's vector h against Q into the knowledge head: h and the user's factors u, each divided by the spread
// of its scores over warm items, in equal parts. Measured: either alone is better on some data, the mix nearly the better
// everywhere. A vector whose scores do not spread says nothing and takes no part.
func (m *Model) mix(u, h []float32) {
	su, sh := m.spread(u), m.spread(h)
	a, b := float32(0), float32(0)
	if su > 0 {
		a = float32(0.5 / su)
	}
	if sh > 0 {
		b = float32(0.5 / sh)
	}
	for j := range h {
		h[j] = a*u[j] + b*h[j]
	}
}

// spread is the standard deviation of x·q over warm items.
func (m *Model) spread(x []float32) float64 {
	k, v := len(x), 0.0
	wide := make([]float64, k)
	for i, a := range x {
		wide[i] = float64(a)
	}
	for i, a := range wide {
		v += a * kernel.Dot64(wide, m.Grams.Spread[i*k:i*k+k])
	}
	return math.Sqrt(max(v, 0))
}

func dot(a, b []float32) float64 {
	s := 0.0
	for i, v := range a {
		s += float64(v) * float64(b[i])
	}
	return s
}

// Prepare builds what fold-in needs from Grams. Fit has done it; a model read from a file needs it before use.
func (m *Model) Prepare(workers int) error {
	f := m.Config.Factors
	m.solver = solve.New(f, workers)
	for _, b := range []struct {
		to   **solve.Basis
		gram []float64
	}{{&m.user, m.Grams.User}, {&m.head, m.Grams.Head}, {&m.warmRow, m.Grams.WarmItem}, {&m.coldRow, m.Grams.ColdItem}} {
		if b.gram == nil {
			continue
		}
		basis, err := solve.NewBasis(b.gram, f)
		if err != nil {
			return fmt.Errorf("mf: prepare fold-in: %w", err)
		}
		*b.to = basis
	}
	return nil
}

// reg is the regularisation of a row whose terms have this mass; 1 is added so that a row without any is still held.
func (c Config) reg(mass float64) float32 {
	return float32(c.Reg * math.Pow(mass+1, c.RegExponent))
}

// warmReg is reg for the last solution of users and warm items.
func (c Config) warmReg(mass float64) float32 {
	if c.WarmAlpha > 0 {
		c.Reg = c.WarmReg
	}
	return c.reg(mass)
}

func (c Config) headReg(mass float64) float32 {
	return float32(c.HeadReg * math.Pow(mass+1, c.RegExponent))
}
