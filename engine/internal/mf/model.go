package mf

import (
	"context"
	"fmt"
	"math"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/solve"
	"github.com/kenrec/ken/engine/internal/sparse"
)

// Model is a fitted factorisation. It never changes after Fit (or Restore) and is safe for concurrent use.
type Model struct {
	Config  Config
	U       dense.Matrix // users × f, exact given V
	V       dense.Matrix // items × f; cold items from knowledge alone
	Z       dense.Matrix // contexts × f
	Q       dense.Matrix // items × f: what each item's row would be without interactions; no rows without knowledge
	Head    dense.Matrix // users × f, solved against Q: scores cold items; no rows without knowledge
	W       dense.Matrix // d × f, items' feature map
	WU      dense.Matrix // d' × f, users' feature map
	Profile float32      // scale of a user's context profile in her prior
	Warm    []bool       // items with interactions at training

	// ColdScale brings head scores to the scale of warm ones: the least-squares factor of u·v on head·q over warm cells.
	ColdScale float32
	Grams     Grams

	solver  *solve.Solver
	user    *solve.Basis // α Σ_warm v vᵀ
	head    *solve.Basis // α Σ_warm q qᵀ
	warmRow *solve.Basis // users' and contexts' background of a warm item
	coldRow *solve.Basis // contexts' background alone
}

// Grams are the shared parts of the four kinds of rows, f × f each, with the masses that regularisation grows with.
type Grams struct {
	User, Head, WarmItem, ColdItem []float64
	UserMass                       float64 // α · number of warm items
	WarmMass, ColdMass             float64 // background mass of a warm and of a cold item
}

// finish solves the rows that serving needs: contexts and item map for the last items, then users, exact given items and
// prior, then what follows from them and changes nothing else.
func (f *fitter) finish(ctx context.Context) (*Model, error) {
	for _, step := range []func(context.Context) error{f.solveContexts, f.fitItemMap, f.solveUsers} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	m := &Model{Config: f.cfg, U: f.u, V: f.v, Z: f.z, W: f.w, WU: f.wu, Profile: f.profile, Warm: f.isWarm, ColdScale: 1}
	if err := f.setGrams(ctx, m); err != nil {
		return nil, err
	}
	if f.d.C != nil || f.d.H.Rows > 0 {
		if err := f.solveKnowledge(ctx, m); err != nil {
			return nil, err
		}
	}
	f.placeInactive()
	return m, m.Prepare(f.workers)
}

// placeInactive puts users without interactions at their prior, where knowledge alone says they are. They take no part
// in training: the background would count every item as turned down by somebody who was never asked.
func (f *fitter) placeInactive() {
	if f.pu.Rows == 0 {
		return
	}
	for u := range f.d.users() {
		if f.d.X.Len(u) == 0 {
			copy(f.u.Row(u), f.pu.Row(u))
		}
	}
}

func (f *fitter) setGrams(ctx context.Context, m *Model) error {
	var err error
	g := &m.Grams
	if g.User, err = f.gram(ctx, f.v, f.warmth, f.cfg.Alpha); err != nil {
		return err
	}
	if g.ColdItem, err = f.gram(ctx, f.z, f.d.CAlpha, f.cfg.ContextAlpha); err != nil {
		return err
	}
	if g.WarmItem, err = f.gram(ctx, f.u, nil, f.cfg.Alpha); err != nil {
		return err
	}
	for i, v := range g.ColdItem {
		g.WarmItem[i] += v
	}
	g.UserMass = f.cfg.Alpha * float64(len(f.warm.at))
	g.ColdMass = f.contextBackground()
	g.WarmMass = g.ColdMass + f.cfg.Alpha*float64(len(f.users.at))
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
	var err error
	if m.Grams.Head, err = f.gram(ctx, m.Q, f.warmth, f.cfg.Alpha); err != nil {
		return err
	}
	head := f.users
	head.reg = make([]float32, len(f.users.at))
	mass := f.d.X.RowSums()
	for i, u := range f.users.at {
		head.reg[i] = f.cfg.headReg(mass[u] + m.Grams.UserMass)
	}
	m.Head = dense.New(f.d.users(), f.cfg.Factors)
	if err := f.solveRows(ctx, head, m.Q, m.Grams.Head, dense.Matrix{}, m.Head); err != nil {
		return err
	}
	m.ColdScale = coldScale(f.d.X, m)
	return nil
}

// coldScale regresses warm scores on head scores over a fixed sample of the users' warm cells.
func coldScale(x *sparse.CSR, m *Model) float32 {
	const users, items = 512, 512
	xy, xx := 0.0, 0.0
	stepU, stepI := max(1, x.Rows/users), max(1, x.Cols/items)
	for u := 0; u < x.Rows; u += stepU {
		for i := u % stepI; i < x.Cols; i += stepI {
			if !m.Warm[i] {
				continue
			}
			warm, head := dot(m.U.Row(u), m.V.Row(i)), dot(m.Head.Row(u), m.Q.Row(i))
			xy += warm * head
			xx += head * head
		}
	}
	if xx == 0 || xy <= 0 {
		return 1
	}
	return float32(xy / xx)
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

func (c Config) headReg(mass float64) float32 {
	return float32(c.HeadReg * math.Pow(mass+1, c.RegExponent))
}
