package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/mf"
	"github.com/kenrec/ken/engine/internal/sparse"
	"github.com/kenrec/ken/graph"
)

// minKnownUsers is how many users must have knowledge of their own before a map from it to factors is fitted.
const minKnownUsers = 20

// knowledge is what the graph says about users and items, in the form that the factorisation takes. It does not depend
// on behaviour, so one serves every split of an evaluation.
type knowledge struct {
	d              *dataset
	adj            *adjacency
	hops           int  // over which facts reach items and users; 1: their own
	deep           bool // there are facts to hand down
	items          *contextIndex
	itemLinks      *sparse.CSR // items × contexts, weight of the triple × weight of the relation × rarity
	contextAlpha   []float32   // by context: density of its relation's links: the background that balances them
	relationWeight []float32   // by context
	itemFeatures   *features
	h              dense.Matrix
	links          float64 // sum of the rarities of all links
	users          *contextIndex
	userFeatures   *features
	uh             dense.Matrix
	profiles       *sparse.CSR // users × contexts of items, rows sum to 1
	profiler       profiler
}

// data returns what package mf fits to.
func (k *knowledge) data(x *sparse.CSR, target []float32) *mf.Data {
	d := &mf.Data{X: x, Target: target}
	if k == nil {
		return d
	}
	if k.itemLinks.NNZ() > 0 {
		d.C, d.CAlpha = k.itemLinks.Transpose(), k.contextAlpha
	}
	d.H, d.UH = k.h, k.uh
	if k.profiles != nil && d.C != nil {
		d.L = k.profiles
	}
	return d
}

// buildKnowledge gathers the contexts and features of all items and users.
func buildKnowledge(ctx context.Context, d *dataset, cfg Config, workers int) (*knowledge, error) {
	d = d.weighed(cfg.Sources)
	k := &knowledge{d: d, adj: buildAdjacency(d), hops: cmp.Or(cfg.Hops, maxHops)}
	if k.deep = k.adj.deep(d); !k.deep && cfg.Hops == 0 {
		k.hops = 1
	}
	cfg.Hops = k.hops
	if err := k.buildItems(ctx, cfg, workers); err != nil {
		return nil, fmt.Errorf("engine: features of items: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("engine: features: %w", err)
	}
	if err := k.buildUsers(ctx, cfg, workers); err != nil {
		return nil, fmt.Errorf("engine: features of users: %w", err)
	}
	return k, nil
}

func (k *knowledge) buildItems(ctx context.Context, cfg Config, workers int) error {
	index, links, err := buildContexts(ctx, k.d.items, k.d, k.adj, cfg)
	if err != nil {
		return err
	}
	rare := rarities(index, links)
	for _, v := range rare.Val {
		k.links += float64(v)
	}
	r := k.raw(k.d.items, rare)
	if k.itemFeatures, k.h, err = fitFeatures(ctx, r, cfg, workers); err != nil {
		return err
	}
	k.itemFeatures.contexts = index
	k.weigh(index, rare, cfg)
	return nil
}

// weigh sets what follows from the contexts of items and the weights that the configuration gives to their relations.
func (k *knowledge) weigh(index *contextIndex, rare *sparse.CSR, cfg Config) {
	k.items, k.itemLinks, k.relationWeight = weighContexts(index, rare, cfg.filled(k.d.scale(k.links)), k.d.symName)
	k.contextAlpha = k.densities()
	k.profiler = newProfiler(k.items, func(n graph.Idx) string { return k.d.nodes[n].name })
}

// densities returns for each context Σ confidence / (contexts · items) of its relation: with it as the background, absent
// cells weigh as much in total as present ones, whether a relation has two links an item or two hundred.
func (k *knowledge) densities() []float32 {
	type tally struct{ sum, contexts float64 }
	bySource := map[string]*tally{}
	of := make([]*tally, len(k.items.all))
	for z, c := range k.items.all {
		name := c.source(k.d.symName)
		if bySource[name] == nil {
			bySource[name] = &tally{}
		}
		of[z] = bySource[name]
		of[z].contexts++
	}
	for p, z := range k.itemLinks.Idx {
		of[z].sum += float64(k.itemLinks.Val[p])
	}
	alpha := make([]float32, len(of))
	for z, t := range of {
		alpha[z] = float32(max(t.sum/(t.contexts*float64(len(k.d.items))), 1e-9))
	}
	return alpha
}

func (k *knowledge) buildUsers(ctx context.Context, cfg Config, workers int) error {
	index, links, err := buildContexts(ctx, k.d.users, k.d, k.adj, cfg)
	if err != nil {
		return err
	}
	rare := rarities(index, links)
	r := k.raw(k.d.users, rare)
	known := 0
	for i := range r.rows {
		if r.known(i) {
			known++
		}
	}
	k.users = index
	if known >= minKnownUsers {
		if k.userFeatures, k.uh, err = fitFeatures(ctx, r, cfg, workers); err != nil {
			return err
		}
		k.userFeatures.contexts = index
		for i := range k.uh.Rows {
			if !r.known(i) {
				clear(k.uh.Row(i)) // nothing is known: no prior rather than that of the mean user
			}
		}
	}
	k.buildProfiles(cfg)
	return nil
}

// buildProfiles finds the contexts of items that each user's own triples speak of.
func (k *knowledge) buildProfiles(cfg Config) {
	k.profiles = &sparse.CSR{Rows: len(k.d.users), Cols: len(k.items.all), Ptr: make([]int64, len(k.d.users)+1)}
	tiesOf := k.adj.reader(k.d, cfg)
	for u, n := range k.d.users {
		at, weight := k.profiler.profile(tiesOf(n), k.d.label)
		k.profiles.Idx, k.profiles.Val = append(k.profiles.Idx, at...), append(k.profiles.Val, weight...)
		k.profiles.Ptr[u+1] = int64(len(k.profiles.Idx))
	}
	if k.profiles.NNZ() == 0 {
		k.profiles = nil
	}
}

// unweighted is cfg with weight 1 for every triple: what reweighed starts from.
func (c Config) unweighted() Config {
	c.ContextWeight, c.Relations = 1, nil
	return c
}

// reweighed returns what buildKnowledge makes with cfg, given that k was built with cfg.unweighted() and that cuts is false.
// Features do not depend on the weights of relations then and are shared.
func (k *knowledge) reweighed(cfg Config) *knowledge {
	out := *k
	out.weigh(k.items, k.itemLinks, cfg)
	cfg.Hops = k.hops
	out.buildProfiles(cfg)
	return &out
}

// cuts reports whether cfg leaves out a relation over which facts could be handed down.
func (k *knowledge) cuts(cfg Config) bool {
	return k.deep && k.hops > 1 && slices.ContainsFunc(cfg.Relations, func(w Weight) bool { return !cfg.counts(w.Name) })
}

// rarities returns links with each weight multiplied by the rarity of its context.
func rarities(x *contextIndex, links *sparse.CSR) *sparse.CSR {
	out := &sparse.CSR{Rows: links.Rows, Cols: links.Cols, Ptr: links.Ptr, Idx: links.Idx, Val: make([]float32, len(links.Val))}
	for p, z := range links.Idx {
		out.Val[p] = links.Val[p] * x.rarity[z]
	}
	return out
}

// weighContexts multiplies links by the weights of their relations and drops relations of weight 0.
func weighContexts(x *contextIndex, links *sparse.CSR, cfg Config, symName func(graph.Sym) string) (*contextIndex, *sparse.CSR, []float32) {
	kept := newContextIndex()
	to, alpha := make([]int32, len(x.all)), []float32(nil)
	for z, c := range x.all {
		to[z] = -1
		if w := cfg.ContextWeight * weightOf(cfg.Relations, c.source(symName), 1); w > 0 {
			to[z] = int32(len(kept.all))
			kept.add(c, x.rarity[z])
			alpha = append(alpha, float32(w))
		}
	}
	out := &sparse.CSR{Rows: links.Rows, Cols: len(kept.all), Ptr: make([]int64, links.Rows+1)}
	for r := range links.Rows {
		idx, val := links.Row(r)
		for p, z := range idx {
			if t := to[z]; t >= 0 && val[p] > 0 {
				out.Idx, out.Val = append(out.Idx, t), append(out.Val, val[p]*alpha[t])
			}
		}
		out.Ptr[r+1] = int64(len(out.Idx))
	}
	return kept, out, alpha
}

// raw gathers what is known about nodes, for features.
func (k *knowledge) raw(nodes []graph.Idx, bags *sparse.CSR) *raw {
	r := &raw{rows: len(nodes), bags: bags, texts: make([]string, len(nodes)), told: make([]bool, len(nodes)), dims: map[string]int{}}
	byName := map[string]*vectorSet{}
	for i := range k.d.vectors {
		m := &k.d.vectors[i]
		byName[m.name] = m
		r.modality = append(r.modality, m.name)
		r.dims[m.name] = m.vec.Cols
	}
	for i, n := range nodes {
		r.texts[i], r.told[i] = k.d.nodes[n].words(), k.d.nodes[n].text != ""
	}
	r.vector = func(modality string, row int) []float32 { return byName[modality].row(nodes[row]) }
	if text := byName[modalityText]; text != nil {
		r.around = func(row int) []float32 { return meanVector(text, ends(k.adj.ties(nodes[row]))) }
	}
	return r
}

// serving returns what of k is kept with a model.
func (k *knowledge) serving() serving {
	s := serving{items: k.items, itemFeatures: k.itemFeatures, users: k.users, userFeatures: k.userFeatures, profiler: k.profiler}
	s.conf = make([]float32, len(k.items.all))
	for z, w := range k.relationWeight {
		s.conf[z] = w * k.items.rarity[z]
	}
	return s
}
