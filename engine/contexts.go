package engine

import (
	"context"
	"math"
	"slices"

	"github.com/kenrec/ken/engine/internal/sparse"
	"github.com/kenrec/ken/graph"
)

// A context is what a node has in common with others: (relation, direction, other end), its own or handed down (see
// handDown), or an attribute with its value. The same end is another context in each relation: "directed by X" and
// "starring X" are two.
type contextInfo struct {
	link  linkKey
	attr  attrKey // of an attribute; link is zero then
	count int     // nodes that have it
}

type linkKey struct {
	relation graph.Sym
	in       bool // the node is the tail
	end      graph.Idx
}

type attrKey struct{ key, value string }

// source is the name by which a context's relation or attribute is weighted and reported.
func (c contextInfo) source(symName func(graph.Sym) string) string {
	if c.attr.key != "" {
		return c.attr.key
	}
	return symName(c.link.relation)
}

// contextIndex numbers the contexts of one kind of node.
type contextIndex struct {
	all    []contextInfo
	byLink map[linkKey]int32
	byAttr map[attrKey]int32
	rarity []float32 // of each context
}

func newContextIndex() *contextIndex {
	return &contextIndex{byLink: map[linkKey]int32{}, byAttr: map[attrKey]int32{}}
}

// bag is the contexts of one node, by number, without duplicates, with the triples' weights.
type bag struct {
	at     []int32
	weight []float32
}

// of numbers a node's contexts, adding unknown ones when grow is set and leaving them out otherwise. A context that the
// node has several times, through an alias or a list with repeats, counts once, with the largest weight; triples with negative weights do not count.
func (x *contextIndex) of(ties []tie, attrs []graph.Attr, grow bool) bag {
	var b bag
	var place map[int32]int // made for nodes with many contexts; few are looked through
	find := func(z int32) int {
		if place == nil {
			return slices.Index(b.at, z)
		}
		if i, ok := place[z]; ok {
			return i
		}
		return -1
	}
	put := func(z int32, weight float32) {
		if i := find(z); i >= 0 {
			b.weight[i] = max(b.weight[i], weight)
			return
		}
		if place == nil && len(b.at) == 16 {
			place = make(map[int32]int)
			for i, z := range b.at {
				place[z] = i
			}
		}
		if place != nil {
			place[z] = len(b.at)
		}
		b.at, b.weight = append(b.at, z), append(b.weight, weight)
	}
	for _, f := range ties {
		if !(f.weight > 0) {
			continue // "is not directed by": nothing that two nodes share
		}
		z, ok := x.byLink[f.link]
		if !ok && grow {
			z, ok = int32(len(x.all)), true
			x.byLink[f.link] = z
			x.all = append(x.all, contextInfo{link: f.link})
		}
		if ok {
			put(z, f.weight)
		}
	}
	for _, a := range attrs {
		for _, value := range categories(a.Value) {
			k := attrKey{a.Key, value}
			z, ok := x.byAttr[k]
			if !ok && grow {
				z, ok = int32(len(x.all)), true
				x.byAttr[k] = z
				x.all = append(x.all, contextInfo{attr: k})
			}
			if ok {
				put(z, 1)
			}
		}
	}
	return b
}

// categories returns the values of an attribute that nodes can share. Numbers and times are no categories.
func categories(v graph.Value) []string {
	switch v.Kind() {
	case graph.KindString:
		if s := v.String(); s != "" && len(s) <= 64 {
			return []string{s}
		}
	case graph.KindBool:
		return []string{v.String()}
	case graph.KindList:
		return v.Strings()
	}
	return nil
}

// buildContexts numbers the contexts of the given nodes, those handed down included, and returns nodes ×
// contexts with the triples' weights. Only contexts that at least two nodes and at most half of them have are kept: others
// tie nothing together or everything.
func buildContexts(ctx context.Context, nodes []graph.Idx, d *dataset, adj *adjacency, cfg Config) (*contextIndex, *sparse.CSR, error) {
	x, tiesOf := newContextIndex(), adj.reader(d, cfg)
	var rows, cols []int32
	var vals []float32
	for r, n := range nodes {
		if r%1024 == 0 && ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		b := x.of(tiesOf(n), d.nodes[n].attrs, true)
		for i, z := range b.at {
			rows, cols, vals = append(rows, int32(r)), append(cols, z), append(vals, b.weight[i])
		}
	}
	m := sparse.FromTriplets(len(nodes), len(x.all), rows, cols, vals, func(a, b float32) float32 { return max(a, b) })
	for z, c := range m.ColCounts() {
		x.all[z].count = int(c)
	}
	kept, links := x.prune(m, len(nodes))
	return kept, links, nil
}

// prune drops contexts that say nothing and renumbers the rest.
func (x *contextIndex) prune(m *sparse.CSR, nodes int) (*contextIndex, *sparse.CSR) {
	kept := newContextIndex()
	to := make([]int32, len(x.all))
	for z, c := range x.all {
		to[z] = -1
		if c.count < 2 || 2*c.count > nodes {
			continue
		}
		to[z] = int32(len(kept.all))
		kept.add(c, rarity(c.count, nodes))
	}
	out := &sparse.CSR{Rows: m.Rows, Cols: len(kept.all), Ptr: make([]int64, m.Rows+1)}
	for r := range m.Rows {
		idx, val := m.Row(r)
		for p, z := range idx {
			if to[z] >= 0 {
				out.Idx, out.Val = append(out.Idx, to[z]), append(out.Val, val[p])
			}
		}
		out.Ptr[r+1] = int64(len(out.Idx))
	}
	return kept, out
}

func (x *contextIndex) add(c contextInfo, rarity float32) {
	z := int32(len(x.all))
	x.all, x.rarity = append(x.all, c), append(x.rarity, rarity)
	if c.attr.key != "" {
		x.byAttr[c.attr] = z
	} else {
		x.byLink[c.link] = z
	}
}

// rarity is how much sharing a context says, 0 to 1: ln(n/count)/ln(n). Sharing a director says more than sharing a decade.
func rarity(count, nodes int) float32 {
	if nodes < 2 || count < 1 {
		return 0
	}
	return float32(math.Log(float64(nodes)/float64(count)) / math.Log(float64(nodes)))
}
