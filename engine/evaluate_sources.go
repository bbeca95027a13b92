package engine

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/graph"
)

// ablationRelations is how many relations have a row of their own; the rest share one. A graph with hundreds of
// relations would otherwise cost hundreds of trainings.
const ablationRelations = 12

// source is one source of knowledge: relations and attributes, a block of features, or both under one name; or what is
// known about users; or what one machine proposed.
type source struct {
	name      string
	relations []string
	block     string
	users     bool
	origin    string // source of triples and profiles
}

// rowUserSide is what the source of users' own triples and features is called.
const rowUserSide = "user side"

// listSources lists what the full model knows from: relations by the number of links, most first, then feature blocks, what
// is known about users, and accepted triples and profiles by who proposed them.
func (t *trainer) listSources(ctx context.Context, cfg Config) ([]source, error) {
	k, err := t.knowledge(ctx, cfg, variant{})
	if err != nil {
		return nil, err
	}
	all := withBlocks(groupRelations(k, t.d.symName), k.itemFeatures)
	if k.profiles != nil || k.uh.Rows > 0 {
		all = append(all, source{name: rowUserSide, users: true})
	}
	for _, name := range t.d.origins() {
		all = append(all, source{name: name, origin: name})
	}
	return all, nil
}

// withBlocks adds the blocks of features; one that has the name of a relation goes with it.
func withBlocks(all []source, f *features) []source {
	if f == nil {
		return all
	}
	for _, b := range f.blocks {
		if b.name == blockPopularity {
			continue // no knowledge: the mean item
		}
		at := slices.IndexFunc(all, func(s source) bool { return s.name == b.name })
		if at >= 0 {
			all[at].block = b.name
		} else {
			all = append(all, source{name: b.name, block: b.name})
		}
	}
	return all
}

// only returns the knowledge of one source.
func (t *trainer) only(ctx context.Context, s source, cfg Config) (*knowledge, error) {
	switch {
	case s.users:
		return buildKnowledge(ctx, userSide(t.d), cfg, t.workers)
	case s.origin != "":
		return buildKnowledge(ctx, t.d.only(s.origin), cfg, t.workers)
	}
	return buildKnowledge(ctx, t.d, s.alone(cfg, t.sources), t.workers)
}

// userSide is the dataset with what is known about users, and of items only the triples to what users' triples speak of:
// a preference says nothing before it is known which items have it.
func userSide(d *dataset) *dataset {
	isUser := func(n graph.Idx) bool { return d.userRow[n] >= 0 }
	spoken, names := map[graph.Idx]bool{}, map[string]bool{}
	for _, t := range d.triples {
		for _, ends := range [][2]graph.Idx{{t.Head, t.Tail}, {t.Tail, t.Head}} {
			if isUser(ends[0]) {
				spoken[ends[1]] = true
				names[strings.ToLower(d.label(ends[1]))] = true
			}
		}
	}
	about := func(n graph.Idx) bool { return isUser(n) || spoken[n] || names[strings.ToLower(d.label(n))] }
	return d.bare(func(n graph.Idx) bool { return d.itemRow[n] < 0 }, func(t graph.TripleRow) bool {
		return isUser(t.Head) || isUser(t.Tail) || d.itemRow[t.Head] >= 0 && about(t.Tail) || d.itemRow[t.Tail] >= 0 && about(t.Head)
	})
}

// bare is the dataset without the triples and without the names, texts, attributes and vectors of the nodes that are not kept.
func (d *dataset) bare(keepNode func(graph.Idx) bool, keepTriple func(graph.TripleRow) bool) *dataset {
	out := *d
	out.nodes = slices.Clone(d.nodes)
	for n := range out.nodes {
		if keepNode(graph.Idx(n)) {
			continue
		}
		node := &out.nodes[n]
		node.name, node.text, node.attrs = "", "", nil
	}
	out.triples = nil
	for _, t := range d.triples {
		if keepTriple(t) {
			out.triples = append(out.triples, t)
		}
	}
	out.vectors = nil
	for _, m := range d.vectors {
		if kept := m.only(keepNode); len(kept.at) > 0 {
			out.vectors = append(out.vectors, kept)
		}
	}
	return &out
}

// only keeps the vectors of some nodes.
func (m vectorSet) only(keep func(graph.Idx) bool) vectorSet {
	out := vectorSet{name: m.name, model: m.model}
	for _, n := range m.at {
		if keep(n) {
			out.at = append(out.at, n)
		}
	}
	out.vec = dense.New(len(out.at), m.vec.Cols)
	for r, n := range out.at {
		copy(out.vec.Row(r), m.row(n))
	}
	return out
}

// groupRelations lists the relations and attributes of items by the number of links, most first; those beyond the first
// dozen share one source.
func groupRelations(k *knowledge, symName func(graph.Sym) string) []source {
	links := map[string]int{}
	var names []string
	for _, c := range k.items.all {
		name := c.source(symName)
		if links[name] == 0 {
			names = append(names, name)
		}
		links[name] += c.count
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(links[b], links[a]), cmp.Compare(a, b)) })
	var all []source
	for at, name := range names {
		if at < ablationRelations || len(names) == ablationRelations+1 {
			all = append(all, source{name: name, relations: []string{name}})
			continue
		}
		all = append(all, source{name: "other relations", relations: names[at:]})
		break
	}
	return all
}

// alone is the configuration with every other source at weight 0.
func (s source) alone(cfg Config, all []source) Config {
	relations, blocks := cfg.Relations, cfg.Blocks
	cfg.Relations, cfg.Blocks = nil, nil
	for _, other := range all {
		for _, r := range other.relations {
			w := 0.0
			if slices.Contains(s.relations, r) {
				w = weightOf(relations, r, 1)
			}
			cfg.Relations = append(cfg.Relations, Weight{r, w})
		}
		if other.block != "" {
			w := 0.0
			if s.block == other.block {
				w = weightOf(blocks, s.block, weightOf(blockDefaults, s.block, 1))
			}
			cfg.Blocks = append(cfg.Blocks, Weight{other.block, w})
		}
	}
	return cfg
}

// shuffled returns the dataset with what is known about each item dealt to another item, and likewise for users: triples,
// names, texts, attributes and vectors keep their number and their inner structure and lose their meaning. Knowledge
// built from it must bring nothing; if it does, the gain of real knowledge is in doubt.
func shuffled(d *dataset, seed uint64) *dataset {
	rng := rand.New(rand.NewPCG(seed, 2))
	to := make([]graph.Idx, len(d.nodes))
	for n := range to {
		to[n] = graph.Idx(n)
	}
	for _, group := range [][]graph.Idx{d.items, d.users} {
		for j, at := range rng.Perm(len(group)) {
			to[group[j]] = group[at]
		}
	}
	out := *d
	out.nodes = slices.Clone(d.nodes)
	for n, target := range to {
		given := &out.nodes[target]
		given.name, given.text, given.attrs = d.nodes[n].name, d.nodes[n].text, d.nodes[n].attrs
	}
	out.triples = slices.Clone(d.triples)
	for j := range out.triples {
		t := &out.triples[j]
		t.Head, t.Tail = to[t.Head], to[t.Tail]
	}
	slices.SortStableFunc(out.triples, func(a, b graph.TripleRow) int { // readers rely on the order of heads
		return cmp.Or(cmp.Compare(a.Head, b.Head), cmp.Compare(a.Relation, b.Relation), cmp.Compare(a.Tail, b.Tail))
	})
	out.vectors = make([]vectorSet, len(d.vectors))
	for v, m := range d.vectors {
		out.vectors[v] = m.moved(to)
	}
	return &out
}

// moved gives the vector of node n to node to[n].
func (m vectorSet) moved(to []graph.Idx) vectorSet {
	order := make([]int, len(m.at))
	for r := range order {
		order[r] = r
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(to[m.at[a]], to[m.at[b]]) })
	out := vectorSet{name: m.name, model: m.model, at: make([]graph.Idx, len(m.at)), vec: dense.New(m.vec.Rows, m.vec.Cols)}
	for r, from := range order {
		out.at[r] = to[m.at[from]]
		copy(out.vec.Row(r), m.vec.Row(from))
	}
	return out
}
