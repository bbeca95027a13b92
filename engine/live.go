package engine

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/graph"
)

// live is the items that came into the store after training, placed by what is known about them and, once somebody has
// chosen one, by who did. It belongs to one sequence number of the store and never changes.
type live struct {
	seq   uint64
	items []graph.Idx
	vec   dense.Matrix // items × f, on the side of Q
	bags  []bag        // the contexts that placed each
	h     dense.Matrix // items × features; no rows without features
	joins []joined     // what those who chose each make of it
	deeds []uint64     // hash of what was done with each, when it joined
	stale []int        // items with which something was done since
}

// liveView returns what the store knows beyond the model, nil when that is nothing.
func (e *Engine) liveView(ctx context.Context, m *model) (*live, error) {
	m.liveMu.Lock()
	defer m.liveMu.Unlock()
	seq := e.store.Seq() // before reading: what comes in meanwhile counts the next time
	if seq == m.seq {
		return nil, nil
	}
	if m.live != nil && m.live.seq == seq && len(m.live.stale) == 0 {
		return m.live, nil
	}
	l, err := &live{seq: seq}, error(nil)
	if m.live != nil && m.live.seq == seq {
		*l = *m.live
		err = e.rejoin(ctx, m, l)
	} else {
		err = e.makeLive(ctx, m, l)
	}
	if err != nil {
		return nil, err
	}
	m.live = l
	return l, nil
}

// makeLive fills a view from the store. Items that are erased while it is made are left out, or stay as items that
// nobody chose: lists leave out what is not there.
func (e *Engine) makeLive(ctx context.Context, m *model, l *live) error {
	ids, err := e.newItems(ctx, m, l)
	if err != nil {
		return err
	}
	for {
		err := e.placeItems(ctx, m, l, ids)
		var gone *missing
		if !errors.As(err, &gone) {
			if err != nil {
				return err
			}
			break
		}
		ids = l.drop(e, ids, gone.at)
	}
	l.joins, l.deeds = make([]joined, len(ids)), make([]uint64, len(ids))
	for i, id := range ids {
		if err := e.joinItem(ctx, m, l, i, id); err != nil {
			return err
		}
	}
	return nil
}

// drop leaves out new item at, and others that the store does not hold any more: at least one, so that this ends.
func (l *live) drop(e *Engine, ids []string, at int) []string {
	var items []graph.Idx
	var left []string
	for i, n := range l.items {
		if i != at && e.idOf(n) != "" {
			items, left = append(items, n), append(left, ids[i])
		}
	}
	l.items = items
	return left
}

// rejoin lets the stale items of a copied view join again.
func (e *Engine) rejoin(ctx context.Context, m *model, l *live) error {
	l.joins, l.deeds = slices.Clone(l.joins), slices.Clone(l.deeds)
	for _, i := range l.stale {
		if err := e.joinItem(ctx, m, l, i, e.idOf(l.items[i])); err != nil {
			return err
		}
	}
	l.stale = nil
	return nil
}

// has reports whether a node is one of the new items.
func (l *live) has(n graph.Idx) bool {
	_, ok := slices.BinarySearch(l.items, n)
	return ok
}

// rows copies the rows of some of the new items: q as their knowledge makes them, v with those who chose them.
func (l *live) rows(of []graph.Idx) (q, v dense.Matrix) {
	if len(of) == 0 {
		return q, v
	}
	q, v = dense.New(len(of), l.vec.Cols), dense.New(len(of), l.vec.Cols)
	for i, n := range of {
		at, _ := slices.BinarySearch(l.items, n)
		copy(q.Row(i), l.vec.Row(at))
		copy(v.Row(i), l.row(at))
	}
	return q, v
}

// row is the row of a new item on the side of V.
func (l *live) row(at int) []float32 {
	if v := l.joins[at].v; v != nil {
		return v
	}
	return l.vec.Row(at)
}

// advance tells the model that the commit with number seq brought nothing but interactions of nodes whose part is known,
// so that its view of new items need not be made anew, but for those that something was done with.
func (m *model) advance(seq uint64, done []graph.Idx) {
	m.types.advance(seq)
	m.liveMu.Lock()
	defer m.liveMu.Unlock()
	if m.live != nil && m.live.seq+1 == seq {
		next := *m.live
		next.seq, next.stale = seq, slices.Clone(next.stale)
		for _, n := range done {
			if at, ok := slices.BinarySearch(next.items, n); ok && !slices.Contains(next.stale, at) {
				next.stale = append(next.stale, at)
			}
		}
		m.live = &next
	}
}

// newItems lists the nodes after the model's last that are items: of an item type, or with interactions. A node that was
// there at training and becomes an item later waits for the next training.
func (e *Engine) newItems(ctx context.Context, m *model, l *live) (ids []string, err error) {
	kinds := e.typeNames(m.kinds)
	for n := m.nodeCap; n < e.store.NodeCap(); n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return nil, fmt.Errorf("engine: new nodes: %w", ctx.Err())
		}
		id, node, err := e.nodeAt(ctx, n)
		if errors.Is(err, graph.ErrNotFound) {
			continue // erased
		}
		if err != nil {
			return nil, fmt.Errorf("engine: new nodes: %w", err)
		}
		is := kinds[node.Type]
		if !is {
			if is, err = some(e.store.ItemInteractions(ctx, id)); ignoreMissing(err) != nil {
				return nil, fmt.Errorf("engine: new node %q: %w", id, err)
			}
		}
		if is {
			l.items, ids = append(l.items, n), append(ids, id)
		}
	}
	return ids, nil
}

// typeNames names node types, which have other numbers outside the store.
func (e *Engine) typeNames(of map[graph.Sym]bool) map[string]bool {
	names := map[string]bool{}
	for k := range of {
		names[e.store.SymName(k)] = true
	}
	return names
}

// nodeAt reads a node by number.
func (e *Engine) nodeAt(ctx context.Context, n graph.Idx) (string, graph.Node, error) {
	id, err := e.store.ID(n)
	if err != nil {
		return "", graph.Node{}, err
	}
	node, err := e.store.Node(ctx, id)
	return id, node, err
}

// some reports whether a scan yields anything.
func some[T any](seq iter.Seq2[T, error]) (bool, error) {
	for _, err := range seq {
		return err == nil, err
	}
	return false, nil
}

// placeItems solves the new items' rows from their contexts and features, as training does for cold items.
func (e *Engine) placeItems(ctx context.Context, m *model, l *live, ids []string) error {
	reader, err := e.tieReader(ctx, m)
	if err != nil {
		return err
	}
	r, bags, err := e.rawOf(ctx, reader, m.know.items, m.know.itemFeatures, ids)
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
		v, err := m.factors.FoldInItem(ctx, bags[i].at, bags[i].weight, m.factors.ItemPrior(h, false))
		if err != nil {
			return err
		}
		copy(l.vec.Row(i), v)
	}
	return nil
}
