package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/enrich"
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
	Profile   float32       `json:"profile"`
	PriorOn   bool          `json:"prior_on"`
	Gain      float64       `json:"gain"`
	ColdScale float32       `json:"cold_scale"`
	UserMass  float64       `json:"user_mass"`
	WarmMass  float64       `json:"warm_mass"`
	ColdMass  float64       `json:"cold_mass"`
	Scorers   []savedScorer `json:"scorers"`
	ItemAttrs []savedAttr   `json:"item_attrs"`
	UserAttrs []savedAttr   `json:"user_attrs"`
	Items     []savedBlock  `json:"item_blocks"`
	Users     []savedBlock  `json:"user_blocks"`
}

type savedScorer struct {
	Name   string  `json:"name"`
	Weight float64 `json:"weight"`
}

// savedAttr is a context made by an attribute, at its place among the contexts.
type savedAttr struct {
	At    int32  `json:"at"`
	Key   string `json:"key"`
	Value string `json:"value"`
}

type savedBlock struct {
	Name     string   `json:"name"`
	Weight   float32  `json:"weight"`
	Cols     int      `json:"cols"`
	Modality string   `json:"modality,omitempty"`
	Kind     string   `json:"kind"` // "vectors", "words", "structure", "constant"
	Terms    []string `json:"terms,omitempty"`
}

// save writes the model to path and returns its size in bytes.
func (m *model) save(path string) (int64, error) {
	f := &snapshot.File{}
	k := m.factors
	s := savedModel{
		Config: m.config, Seq: m.seq, NodeCap: m.nodeCap, Seconds: m.seconds, Profile: k.Profile, PriorOn: k.PriorOn, Gain: k.Gain, ColdScale: k.ColdScale,
		UserMass: k.Grams.UserMass, WarmMass: k.Grams.WarmMass, ColdMass: k.Grams.ColdMass, Kinds: sortedSyms(m.kinds),
	}
	for _, x := range m.scorers {
		s.Scorers = append(s.Scorers, savedScorer{x.name, x.weight})
		f.AddCSR("scorer."+x.name, x.next)
	}
	s.ItemAttrs = addContexts(f, "item_contexts", m.know.items)
	s.UserAttrs = addContexts(f, "user_contexts", m.know.users)
	s.Items = addFeatures(f, "item_features", m.know.itemFeatures)
	s.Users = addFeatures(f, "user_features", m.know.userFeatures)
	if err := f.AddJSON("model", s); err != nil {
		return 0, err
	}
	for name, x := range matrices(k) {
		f.AddMatrix(name, *x)
	}
	for _, g := range grams(k) {
		f.AddFloat64s(g.name, *g.to)
	}
	f.AddInt32s("users", indices(m.users))
	f.AddInt32s("items", indices(m.items))
	f.AddCSR("history", m.history)
	f.AddFloat32s("target", m.target)
	f.AddCSR("links", m.links)
	f.AddFloat32s("context_conf", m.know.conf)
	return snapshot.Write(path, f)
}

// matrices names the factors of a model in the order of the file.
func matrices(k *mf.Model) func(yield func(string, *dense.Matrix) bool) {
	return func(yield func(string, *dense.Matrix) bool) {
		for _, x := range []struct {
			name string
			to   *dense.Matrix
		}{{"U", &k.U}, {"V", &k.V}, {"Z", &k.Z}, {"Q", &k.Q}, {"head", &k.Head}, {"W", &k.W}, {"WU", &k.WU}} {
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

// loadModel reads the model beside the store and publishes it. No file is no error: nothing was trained yet. A damaged
// one is kept as the reason that ModelError gives.
func (e *Engine) loadModel(ctx context.Context) error {
	m, err := readModel(e.modelPath())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		e.modelErr = fmt.Errorf("%w: %w: run train again", ErrSnapshot, err)
		e.log.Warn("model not loaded", "error", err)
		return nil
	}
	// The file holds contexts by number; what users' triples speak of is found again by the names in the store.
	m.know.profiler = newProfiler(m.know.items, func(n graph.Idx) string {
		node, err := e.store.Node(ctx, e.idOf(n))
		if err != nil {
			return "" // erased since
		}
		return node.Name
	})
	e.model.Store(m)
	return nil
}

// ModelError returns why the model file beside the store could not be loaded at Open, nil when it was or when there is
// none. Train replaces the file.
func (e *Engine) ModelError() error { return e.modelErr }

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
	k := &mf.Model{Config: s.Config.factorisation(), Profile: s.Profile, PriorOn: s.PriorOn, Gain: s.Gain, ColdScale: s.ColdScale}
	k.Grams.UserMass, k.Grams.WarmMass, k.Grams.ColdMass = s.UserMass, s.WarmMass, s.ColdMass
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
	m := &model{config: s.Config, seq: s.Seq, nodeCap: s.NodeCap, seconds: s.Seconds, factors: k, kinds: map[graph.Sym]bool{}}
	for _, kind := range s.Kinds {
		m.kinds[kind] = true
	}
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
	m.know.userFeatures, err = readFeatures(f, "user_features", s.Users)
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
	case m.history.Rows != nu || m.history.Cols != ni || m.target != nil && len(m.target) != m.history.NNZ():
		return bad("users, items and history")
	case !fits(k.U, nu, false) || !fits(k.V, ni, false) || !fits(k.Q, ni, true) || !fits(k.Head, nu, true):
		return bad("factors")
	case (k.Q.Rows == 0) != (k.Head.Rows == 0) || (k.Q.Rows == 0) != (k.Grams.Head == nil) || (k.Q.Rows == 0) != (k.Grams.Spread == nil):
		return bad("factors of the knowledge head")
	case m.links.Rows != ni || m.links.Cols != nz || len(m.know.conf) != nz || !fits(k.Z, nz, true) || nz > 0 && k.Z.Rows == 0 && m.links.NNZ() > 0:
		return bad("contexts")
	case !fits(k.W, m.know.itemFeatures.width(), true) || !fits(k.WU, m.know.userFeatures.width(), true):
		return bad("features")
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

// addContexts writes an index as columns and returns its attributes.
func addContexts(f *snapshot.File, name string, x *contextIndex) []savedAttr {
	n := len(x.all)
	relation, in, end, count := make([]int32, n), make([]int32, n), make([]int32, n), make([]int32, n)
	var attrs []savedAttr
	for z, c := range x.all {
		if c.attr.key != "" {
			attrs = append(attrs, savedAttr{int32(z), c.attr.key, c.attr.value})
		}
		relation[z], end[z], count[z] = int32(c.link.relation), int32(c.link.end), int32(c.count)
		if c.link.in {
			in[z] = 1
		}
	}
	f.AddInt32s(name+".relation", relation)
	f.AddInt32s(name+".in", in)
	f.AddInt32s(name+".end", end)
	f.AddInt32s(name+".count", count)
	f.AddFloat32s(name+".rarity", x.rarity)
	return attrs
}

func readContexts(f *snapshot.File, name string, attrs []savedAttr) (*contextIndex, error) {
	var columns [4][]int32
	for i, column := range []string{".relation", ".in", ".end", ".count"} {
		var err error
		if columns[i], err = f.Int32s(name + column); err != nil {
			return nil, err
		}
	}
	rare, err := f.Float32s(name + ".rarity")
	if err != nil {
		return nil, err
	}
	x := newContextIndex()
	for z := range rare {
		for _, c := range columns {
			if len(c) != len(rare) {
				return nil, fmt.Errorf("%w: columns of %s differ in length", snapshot.ErrDamaged, name)
			}
		}
		c := contextInfo{count: int(columns[3][z])}
		if len(attrs) > 0 && int(attrs[0].At) == z {
			c.attr = attrKey{attrs[0].Key, attrs[0].Value}
			attrs = attrs[1:]
		} else {
			c.link = linkKey{graph.Sym(columns[0][z]), columns[1][z] == 1, graph.Idx(columns[2][z])}
		}
		x.add(c, rare[z])
	}
	return x, nil
}

func addFeatures(f *snapshot.File, name string, x *features) []savedBlock {
	if x == nil {
		return nil
	}
	var blocks []savedBlock
	for _, b := range x.blocks {
		s := savedBlock{Name: b.name, Weight: b.weight, Cols: b.to - b.from, Modality: b.modality, Kind: "constant"}
		at := name + "." + b.name
		switch {
		case b.whitener != nil:
			s.Kind = "vectors"
			f.AddFloat32s(at+".mean", b.whitener.Mean)
			f.AddMatrix(at+".map", b.whitener.Map)
		case b.lsa != nil:
			s.Kind, s.Terms = "words", nil
			f.AddMatrix(at+".map", b.lsa.Map)
			// a name beside the directory's budget: terms are a section of their own
			_ = f.AddJSON(at+".terms", b.lsa.Terms)
		case b.shape != nil:
			s.Kind = "structure"
			f.AddMatrix(at+".map", b.shape.Map)
		}
		blocks = append(blocks, s)
	}
	return blocks
}

func readFeatures(f *snapshot.File, name string, blocks []savedBlock) (*features, error) {
	if len(blocks) == 0 {
		return nil, nil
	}
	x := &features{}
	for _, s := range blocks {
		b := block{name: s.Name, weight: s.Weight, modality: s.Modality}
		at := name + "." + s.Name
		var m dense.Matrix
		var err error
		if s.Kind != "constant" {
			if m, err = f.Matrix(at + ".map"); err != nil {
				return nil, err
			}
		}
		switch s.Kind {
		case "vectors":
			b.whitener = &enrich.Whitener{Map: m}
			if b.whitener.Mean, err = f.Float32s(at + ".mean"); err != nil {
				return nil, err
			}
			if len(b.whitener.Mean) != m.Rows {
				return nil, fmt.Errorf("%w: block %q", snapshot.ErrDamaged, s.Name)
			}
		case "words":
			b.lsa = &enrich.LSA{Map: m}
			if err := f.JSON(at+".terms", &b.lsa.Terms); err != nil {
				return nil, err
			}
			if len(b.lsa.Terms) != m.Rows {
				return nil, fmt.Errorf("%w: block %q", snapshot.ErrDamaged, s.Name)
			}
		case "structure":
			b.shape = &enrich.Structure{Map: m}
		case "constant":
			m.Cols = 1
		default:
			return nil, fmt.Errorf("%w: block %q of kind %q", snapshot.ErrDamaged, s.Name, s.Kind)
		}
		if s.Cols != m.Cols {
			return nil, fmt.Errorf("%w: block %q", snapshot.ErrDamaged, s.Name)
		}
		x.add(b, s.Cols)
	}
	return x, nil
}
