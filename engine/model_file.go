package engine

import (
	"context"
	"fmt"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/mf"
	"github.com/kenrec/ken/engine/internal/snapshot"
	"github.com/kenrec/ken/graph"
)

// savedModel is the part of a model file that is JSON; arrays are sections of their own.
type savedModel struct {
	Config    Config        `json:"config"`
	Seq       uint64        `json:"seq"`
	NodeCap   graph.Idx     `json:"node_cap"`
	Seconds   float64       `json:"seconds"`
	Kinds     []graph.Sym   `json:"kinds"`
	UserKinds []graph.Sym   `json:"user_kinds"`
	Witness   []witness     `json:"witness"`
	Origin    origin        `json:"origin"`
	Profile   float32       `json:"profile"`
	Ratings   ratings       `json:"ratings"`
	Ages      ages          `json:"ages"`
	ColdScale float32       `json:"cold_scale"`
	UserMass  float64       `json:"user_mass"`
	HeadMass  float64       `json:"head_mass"`
	WarmMass  float64       `json:"warm_mass"`
	ColdMass  float64       `json:"cold_mass"`
	Scorers   []savedScorer `json:"scorers"`
	ItemAttrs []savedAttr   `json:"item_attrs"`
	UserAttrs []savedAttr   `json:"user_attrs"`
	Shaped    []savedAttr   `json:"shaped_attrs"` // of the contexts that the structure of items is about
	Items     []savedBlock  `json:"item_blocks"`
	Users     []savedBlock  `json:"user_blocks"`
}

type savedScorer struct {
	Name   string  `json:"name"`
	Weight float64 `json:"weight"`
}

// save writes the model to path and returns its size in bytes. A cancelled ctx leaves the file before it in place.
func (m *model) save(ctx context.Context, path string) (int64, error) {
	f := &snapshot.File{}
	k := m.factors
	s := savedModel{
		Config: m.config, Seq: m.seq, NodeCap: m.nodeCap, Seconds: m.seconds, Profile: k.Profile, Ratings: m.ratings, Ages: m.ages, Origin: m.origin, ColdScale: k.ColdScale,
		UserMass: k.Grams.UserMass, HeadMass: k.Grams.HeadMass, WarmMass: k.Grams.WarmMass, ColdMass: k.Grams.ColdMass, Kinds: sortedSyms(m.kinds),
		UserKinds: sortedSyms(m.userKinds), Witness: m.witness,
	}
	for _, x := range m.scorers {
		s.Scorers = append(s.Scorers, savedScorer{x.name, x.weight})
		f.AddCSR("scorer."+x.name, x.next)
	}
	s.ItemAttrs = addContexts(f, "item_contexts", m.know.items)
	s.UserAttrs = addContexts(f, "user_contexts", m.know.users)
	if _, yes := m.know.itemFeatures.shaped(); yes {
		s.Shaped = addContexts(f, "shaped_contexts", m.know.itemFeatures.contexts)
	}
	var err error
	if s.Items, err = addFeatures(f, "item_features", m.know.itemFeatures); err != nil {
		return 0, err
	}
	if s.Users, err = addFeatures(f, "user_features", m.know.userFeatures); err != nil {
		return 0, err
	}
	if err := f.AddJSON("model", s); err != nil {
		return 0, err
	}
	for name, x := range matrices(k) {
		f.AddMatrix(name, *x)
	}
	for _, g := range grams(k) {
		f.AddFloat64s(g.name, *g.to)
	}
	f.AddFloat32s("mean_user", k.MeanUser)
	f.AddFloat32s("profile_centre", k.Centre)
	f.AddInt32s("users", indices(m.users))
	f.AddInt32s("items", indices(m.items))
	f.AddCSR("history", m.history)
	f.AddFloat32s("target", m.target)
	f.AddCSR("links", m.links)
	f.AddFloat32s("context_conf", m.know.conf)
	f.AddInt64s("user_known", m.known)
	return snapshot.Write(ctx, path, f)
}

// matrices names the factors of a model in the order of the file.
func matrices(k *mf.Model) func(yield func(string, *dense.Matrix) bool) {
	return func(yield func(string, *dense.Matrix) bool) {
		for _, x := range []struct {
			name string
			to   *dense.Matrix
		}{{"U", &k.U}, {"V", &k.V}, {"Z", &k.Z}, {"Q", &k.Q}, {"head", &k.Head}, {"W", &k.W}, {"warm W", &k.WarmW}, {"WU", &k.WU}} {
			if !yield(x.name, x.to) {
				return
			}
		}
	}
}

type namedGram struct {
	name string
	to   *[]float64
}

func grams(k *mf.Model) []namedGram {
	g := &k.Grams
	return []namedGram{{"gram.user", &g.User}, {"gram.head", &g.Head}, {"gram.warm", &g.WarmItem}, {"gram.cold", &g.ColdItem}, {"spread", &g.Spread}}
}

// readModel reads a model file and checks that its parts fit together.
func readModel(path string) (*model, error) {
	f, err := snapshot.Read(path)
	if err != nil {
		return nil, err
	}
	var s savedModel
	if err := f.JSON("model", &s); err != nil {
		return nil, err
	}
	if err := s.Config.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", snapshot.ErrDamaged, err)
	}
	k := &mf.Model{Config: s.Config.factorisation(), Profile: s.Profile, ColdScale: s.ColdScale}
	k.Grams.UserMass, k.Grams.HeadMass, k.Grams.WarmMass, k.Grams.ColdMass = s.UserMass, s.HeadMass, s.WarmMass, s.ColdMass
	for name, to := range matrices(k) {
		if *to, err = f.Matrix(name); err != nil {
			return nil, err
		}
	}
	for _, g := range grams(k) {
		if *g.to, err = f.Float64s(g.name); err != nil {
			return nil, err
		}
		if len(*g.to) == 0 {
			*g.to = nil
		}
	}
	if k.MeanUser, err = f.Float32s("mean_user"); err != nil {
		return nil, err
	}
	if k.Centre, err = f.Float32s("profile_centre"); err != nil {
		return nil, err
	}
	m := &model{config: s.Config, seq: s.Seq, nodeCap: s.NodeCap, reading: reading{s.Ratings, s.Ages}, seconds: s.Seconds, origin: s.Origin, factors: k, kinds: symSet(s.Kinds), userKinds: symSet(s.UserKinds), witness: s.Witness}
	if err := m.readArrays(f, &s); err != nil {
		return nil, err
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	m.index()
	k.Warm = make([]bool, len(m.items))
	for _, i := range m.history.Idx {
		k.Warm[i] = true
	}
	return m, k.Prepare(1)
}

func (m *model) readArrays(f *snapshot.File, s *savedModel) error {
	users, err := f.Int32s("users")
	if err != nil {
		return err
	}
	items, err := f.Int32s("items")
	if err != nil {
		return err
	}
	m.users, m.items = nodes(users), nodes(items)
	if m.known, err = f.Int64s("user_known"); err != nil {
		return err
	}
	if m.history, err = f.CSR("history"); err != nil {
		return err
	}
	if m.target, err = f.Float32s("target"); err != nil {
		return err
	}
	if len(m.target) == 0 {
		m.target = nil
	}
	if m.links, err = f.CSR("links"); err != nil {
		return err
	}
	if m.know.conf, err = f.Float32s("context_conf"); err != nil {
		return err
	}
	for _, x := range s.Scorers {
		next, err := f.CSR("scorer." + x.Name)
		if err != nil {
			return err
		}
		m.scorers = append(m.scorers, scorer{x.Name, x.Weight, next})
	}
	if m.know.items, err = readContexts(f, "item_contexts", s.ItemAttrs); err != nil {
		return err
	}
	if m.know.users, err = readContexts(f, "user_contexts", s.UserAttrs); err != nil {
		return err
	}
	if m.know.itemFeatures, err = readFeatures(f, "item_features", s.Items); err != nil {
		return err
	}
	if m.know.userFeatures, err = readFeatures(f, "user_features", s.Users); err != nil {
		return err
	}
	if m.know.userFeatures != nil {
		m.know.userFeatures.contexts = m.know.users
	}
	if m.know.itemFeatures != nil {
		m.know.itemFeatures.contexts = m.know.items
	}
	if _, yes := m.know.itemFeatures.shaped(); yes {
		m.know.itemFeatures.contexts, err = readContexts(f, "shaped_contexts", s.Shaped)
	}
	return err
}

// check reports arrays whose sizes do not fit together: every later access relies on them.
func (m *model) check() error {
	k, f := m.factors, m.config.Factors
	bad := func(what string) error { return fmt.Errorf("%w: %s contradict each other", snapshot.ErrDamaged, what) }
	fits := func(x dense.Matrix, rows int, optional bool) bool {
		return optional && x.Rows == 0 || x.Rows == rows && x.Cols == f
	}
	nu, ni, nz := len(m.users), len(m.items), len(m.know.items.all)
	switch {
	case m.history == nil || m.links == nil:
		return bad("sections")
	case len(k.MeanUser) != f || len(k.Centre) != f && len(k.Centre) != 0:
		return bad("mean users")
	case !ascending(m.users, m.nodeCap) || !ascending(m.items, m.nodeCap) || len(m.known) != nu:
		return bad("numbers of nodes")
	case m.history.Rows != nu || m.history.Cols != ni || m.target != nil && len(m.target) != m.history.NNZ():
		return bad("users, items and history")
	case !fits(k.U, nu, false) || !fits(k.V, ni, false) || !fits(k.Q, ni, true) || !fits(k.Head, nu, true):
		return bad("factors")
	case (k.Q.Rows == 0) != (k.Head.Rows == 0) || (k.Q.Rows == 0) != (k.Grams.Head == nil) || (k.Q.Rows == 0) != (k.Grams.Spread == nil):
		return bad("factors of the knowledge head")
	case m.links.Rows != ni || m.links.Cols != nz || len(m.know.conf) != nz || !fits(k.Z, nz, true) || nz > 0 && k.Z.Rows == 0 && m.links.NNZ() > 0:
		return bad("contexts")
	case !fits(k.W, m.know.itemFeatures.width(), true) || !fits(k.WarmW, m.know.itemFeatures.width(), true) || !fits(k.WU, m.know.userFeatures.width(), true):
		return bad("features")
	}
	for _, f := range []*features{m.know.itemFeatures, m.know.userFeatures} {
		if n, yes := f.shaped(); yes && n != len(f.contexts.all) {
			return bad("features and their contexts")
		}
	}
	for _, g := range grams(k) {
		if *g.to != nil && len(*g.to) != f*f || *g.to == nil && g.name != "gram.head" && g.name != "spread" {
			return bad("Gram matrices")
		}
	}
	for _, s := range m.scorers {
		if s.next == nil || s.next.Rows != ni || s.next.Cols != ni {
			return bad("scorers")
		}
	}
	return nil
}

// ascending reports whether node numbers ascend and are below limit: rows are found by binary search.
func ascending(of []graph.Idx, limit graph.Idx) bool {
	for i, n := range of {
		if n >= limit || i > 0 && n <= of[i-1] {
			return false
		}
	}
	return true
}

func symSet(of []graph.Sym) map[graph.Sym]bool {
	set := map[graph.Sym]bool{}
	for _, k := range of {
		set[k] = true
	}
	return set
}
