package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/sparse"
	"github.com/kenrec/ken/graph"
)

// live is the items that came into the store after training, placed by what is known about them. It belongs to one
// sequence number of the store and never changes.
type live struct {
	seq   uint64
	items []graph.Idx
	vec   dense.Matrix // items × f, on the side of Q
	bags  []bag        // the contexts that placed each
	h     dense.Matrix // items × features; no rows without features
}

// liveView returns what the store knows beyond the model, nil when that is nothing.
func (e *Engine) liveView(ctx context.Context, m *model) (*live, error) {
	seq := e.store.Seq()
	if seq == m.seq {
		return nil, nil
	}
	m.liveMu.Lock()
	defer m.liveMu.Unlock()
	if m.live != nil && m.live.seq == seq {
		return m.live, nil
	}
	l := &live{seq: seq}
	ids, err := e.newItems(ctx, m, l)
	if err != nil {
		return nil, err
	}
	if err := e.placeItems(ctx, m, l, ids); err != nil {
		return nil, err
	}
	m.live = l
	return l, nil
}

// newItems lists the nodes after the model's last that are items: of an item type, or with interactions.
func (e *Engine) newItems(ctx context.Context, m *model, l *live) (ids []string, err error) {
	kinds := map[string]bool{}
	for k := range m.kinds {
		kinds[e.store.SymName(k)] = true
	}
	for n := m.nodeCap; n < e.store.NodeCap(); n++ {
		id, err := e.store.ID(n)
		if errors.Is(err, graph.ErrNotFound) {
			continue // erased
		}
		if err != nil {
			return nil, fmt.Errorf("engine: new nodes: %w", err)
		}
		node, err := e.store.Node(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("engine: new node %q: %w", id, err)
		}
		if kinds[node.Type] {
			l.items, ids = append(l.items, n), append(ids, id)
		}
	}
	return ids, nil
}

// placeItems solves the new items' rows from their contexts and features, as training does for cold items.
func (e *Engine) placeItems(ctx context.Context, m *model, l *live, ids []string) error {
	r, bags, err := e.rawOf(ctx, m, m.know.items, ids)
	if err != nil {
		return err
	}
	if m.know.itemFeatures != nil && m.know.itemFeatures.cols > 0 {
		if l.h, err = m.know.itemFeatures.apply(ctx, r, e.workers); err != nil {
			return fmt.Errorf("engine: features of new items: %w", err)
		}
	}
	l.bags = bags
	l.vec = dense.New(len(ids), m.config.Factors)
	for i := range ids {
		for p, z := range bags[i].at {
			bags[i].weight[p] *= m.know.conf[z]
		}
		var h []float32
		if l.h.Rows > 0 {
			h = l.h.Row(i)
		}
		v, err := m.factors.FoldInItem(ctx, bags[i].at, bags[i].weight, m.factors.ItemPrior(h))
		if err != nil {
			return err
		}
		copy(l.vec.Row(i), v)
	}
	return nil
}

// rawOf gathers from the store what features need of some nodes, and their bags of contexts with the triples' weights.
func (e *Engine) rawOf(ctx context.Context, m *model, index *contextIndex, ids []string) (*raw, []bag, error) {
	r := &raw{rows: len(ids), texts: make([]string, len(ids)), dims: map[string]int{}}
	bags := make([]bag, len(ids))
	ends := make([][]graph.Idx, len(ids))
	var rows, cols []int32
	var vals []float32
	symbols := index.relations(e.store.SymName)
	for i, id := range ids {
		node, err := e.store.Node(ctx, id)
		if err != nil {
			return nil, nil, fmt.Errorf("engine: node %q: %w", id, err)
		}
		info := nodeInfo{name: node.Name, text: node.Text}
		r.texts[i] = info.words()
		links, weights, around, err := e.linksOf(ctx, id, symbols)
		if err != nil {
			return nil, nil, err
		}
		ends[i] = around
		bags[i] = index.of(links, weights, node.Attrs, false)
		for p, z := range bags[i].at {
			rows, cols = append(rows, int32(i)), append(cols, z)
			vals = append(vals, bags[i].weight[p]*index.rarity[z])
		}
	}
	r.bags = sparse.FromTriplets(len(ids), len(index.all), rows, cols, vals, func(a, b float32) float32 { return max(a, b) })
	r.vector = func(modality string, row int) []float32 { return e.vectorOf(ctx, modality, ids[row], r.texts[row]) }
	r.around = func(row int) []float32 { return e.meanAround(ctx, ends[row]) }
	return r, bags, nil
}

// relations maps relation names to the symbols that the index knows.
func (x *contextIndex) relations(symName func(graph.Sym) string) map[string]graph.Sym {
	names := map[string]graph.Sym{}
	for _, c := range x.all {
		if c.attr.key == "" {
			names[symName(c.link.relation)] = c.link.relation
		}
	}
	return names
}

// linksOf reads the triples of a node from the store.
func (e *Engine) linksOf(ctx context.Context, id string, symbols map[string]graph.Sym) (keys []linkKey, weights []float32, ends []graph.Idx, err error) {
	for t, err := range e.store.Neighbours(ctx, id, graph.NeighbourOptions{}) {
		if err != nil {
			return nil, nil, nil, fmt.Errorf("engine: triples of %q: %w", id, err)
		}
		other, in := t.Tail, false
		if other == id {
			other, in = t.Head, true
		}
		end, ok, err := e.store.Lookup(other)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("engine: node %q: %w", other, err)
		}
		if !ok {
			continue
		}
		ends = append(ends, end)
		if rel, known := symbols[t.Relation]; known {
			keys = append(keys, linkKey{relation: rel, in: in, end: end})
			weights = append(weights, t.Weight*t.Confidence)
		}
	}
	return keys, weights, ends, nil
}

// vectorOf returns a node's vector: the stored one, else, for text, one made now if the engine has an embedder of the
// same model. nil: none, which counts as the mean.
func (e *Engine) vectorOf(ctx context.Context, modality, id, text string) []float32 {
	v, err := e.store.Vector(ctx, id, modality)
	if err == nil || modality != modalityText || text == "" || e.embedder == nil {
		return v
	}
	kinds, err := e.store.Modalities(ctx)
	if err != nil {
		return nil
	}
	for _, k := range kinds {
		if k.Name == modalityText && k.Model == e.embedder.Model().Name {
			if vs, err := e.embedder.Embed(ctx, []string{text}); err == nil && len(vs) == 1 {
				return vs[0]
			}
		}
	}
	return nil
}

func (e *Engine) meanAround(ctx context.Context, ends []graph.Idx) []float32 {
	var sum []float32
	n := float32(0)
	for _, end := range ends {
		id, err := e.store.ID(end)
		if err != nil {
			continue
		}
		v, err := e.store.Vector(ctx, id, modalityText)
		if err != nil {
			continue
		}
		if sum == nil {
			sum = make([]float32, len(v))
		}
		for j, x := range v {
			sum[j] += x
		}
		n++
	}
	for j := range sum {
		sum[j] /= n
	}
	return sum
}

// userPrior returns what the triples, attributes and texts of a user say, nil when that is nothing.
func (e *Engine) userPrior(ctx context.Context, m *model, id string) ([]float32, error) {
	r, _, err := e.rawOf(ctx, m, m.know.users, []string{id})
	if err != nil {
		return nil, err
	}
	_, _, ends, err := e.linksOf(ctx, id, nil)
	if err != nil {
		return nil, err
	}
	at, weight := m.know.profiler.profile(ends, func(n graph.Idx) string {
		name, err := e.store.ID(n)
		if err != nil {
			return ""
		}
		return name
	})
	var h []float32
	if f := m.know.userFeatures; f != nil && f.cols > 0 && (r.bags.NNZ() > 0 || strings.TrimSpace(r.texts[0]) != "") {
		features, err := f.apply(ctx, r, e.workers)
		if err != nil {
			return nil, fmt.Errorf("engine: features of user %q: %w", id, err)
		}
		h = features.Row(0)
	}
	if len(at) == 0 && h == nil {
		return nil, nil
	}
	return m.factors.UserPrior(at, weight, h), nil
}
