package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/kenrec/ken/graph"
)

// tieReader reads the facts of nodes from the store as adjacency.reader does from arrays: of nodes that came after
// training, and for explanations. It is for one call, not for concurrent use.
type tieReader struct {
	e    *Engine
	m    *model
	same []string            // relations that say that two nodes are one
	told map[graph.Idx][]tie // what nodes hand down, as far as read
	last struct {            // the node read last: what reads its facts for the features is followed by what names them
		id   string
		ties []tie
	}
}

func (e *Engine) tieReader(ctx context.Context, m *model) (*tieReader, error) {
	same, err := e.sameRelations(ctx)
	return &tieReader{e: e, m: m, same: same, told: map[graph.Idx][]tie{}}, err
}

// of returns the facts of a node, those handed down to it included; they belong to the reader. Errors: graph.ErrNotFound.
func (r *tieReader) of(ctx context.Context, id string) ([]tie, error) {
	if id == r.last.id {
		return r.last.ties, nil // no id is empty
	}
	ties, err := r.read(ctx, id)
	if err == nil {
		r.last.id, r.last.ties = id, ties
	}
	return ties, err
}

func (r *tieReader) read(ctx context.Context, id string) ([]tie, error) {
	self, ok, err := r.e.store.Lookup(id)
	if err == nil && !ok {
		err = graph.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("engine: node %q: %w", id, err)
	}
	var own []tie
	err = r.each(ctx, self, id, graph.Both, func(f tie) (bool, error) {
		own = append(own, f)
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	counts := func(s graph.Sym) bool { return r.m.config.counts(r.e.store.SymName(s)) }
	return handDown(self, own, r.m.config.Hops, counts, func(n graph.Idx) ([]tie, error) { return r.tells(ctx, n) })
}

// tells returns what a node hands down.
func (r *tieReader) tells(ctx context.Context, n graph.Idx) ([]tie, error) {
	if facts, ok := r.told[n]; ok {
		return facts, nil
	}
	var t telling
	plain, err := r.plain(ctx, n)
	if err != nil {
		return nil, err
	}
	if id := r.e.idOf(n); plain && id != "" {
		err = r.each(ctx, n, id, graph.Out, func(f tie) (bool, error) {
			plain, err := r.plain(ctx, f.link.end)
			return err == nil && t.add(f, plain), err
		})
	}
	if ignoreMissing(err) != nil { // erased meanwhile: it hands nothing more down
		return nil, err
	}
	r.told[n] = t.facts
	return t.facts, nil
}

// each calls f for the triples of a node, and of the entities it is the same as, with the other end resolved as
// adjacency.each does, until f says that it has enough. Weights are multiplied by those of the triples' sources; at 0 a
// triple is not there.
func (r *tieReader) each(ctx context.Context, self graph.Idx, id string, way graph.Direction, f func(tie) (more bool, err error)) error {
	var entities []string
	visit := func(id string, first bool) (more bool, err error) {
		for t, err := range r.e.store.Neighbours(ctx, id, graph.NeighbourOptions{Direction: way}) {
			if err != nil {
				return false, fmt.Errorf("engine: triples of %q: %w", id, err)
			}
			other, in := t.Tail, false
			if t.Head != id {
				other, in = t.Head, true
			}
			if first && !in && slices.Contains(r.same, t.Relation) {
				entities = append(entities, other)
			}
			end, ok, err := r.e.canonical(ctx, other, r.same)
			if err != nil {
				return false, err
			}
			trust := float32(weightOf(r.m.config.Sources, t.Source, 1))
			relation, named := r.e.store.SymOf(t.Relation)
			if !ok || !named || end == self || trust == 0 {
				continue
			}
			more, err := f(tie{link: linkKey{relation, in, end}, weight: t.Weight * trust * t.Confidence, hop: 1, via: -1})
			if err != nil || !more {
				return false, err
			}
		}
		return true, nil
	}
	more, err := visit(id, true)
	for _, entity := range entities {
		if err != nil || !more {
			return err
		}
		if more, err = visit(entity, false); errors.Is(err, graph.ErrNotFound) {
			more, err = true, nil
		}
	}
	return err
}

// plain reports whether a node is neither a user nor an item: to the model, or, if it came later, to the next one.
func (r *tieReader) plain(ctx context.Context, n graph.Idx) (bool, error) {
	if r.m.itemRow(n) >= 0 || r.m.userRow(n) >= 0 {
		return false, nil
	}
	if n < r.m.nodeCap {
		return true, nil
	}
	id, node, err := r.e.nodeAt(ctx, n)
	if errors.Is(err, graph.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("engine: node %d: %w", n, err)
	}
	typ, named := r.e.store.SymOf(node.Type)
	if node.Type == typeUser || named && (r.m.kinds[typ] || r.m.userKinds[typ]) {
		return false, nil
	}
	chosen, err := some(r.e.store.ItemInteractions(ctx, id))
	if err == nil && !chosen {
		chosen, err = some(r.e.store.UserInteractions(ctx, id))
	}
	if ignoreMissing(err) != nil {
		return false, fmt.Errorf("engine: interactions of %q: %w", id, err)
	}
	return err == nil && !chosen, nil
}

// sameRelations lists the relations of the store that say that two nodes are one.
func (e *Engine) sameRelations(ctx context.Context) ([]string, error) {
	all, err := e.store.Relations(ctx)
	if err != nil {
		return nil, fmt.Errorf("engine: relations: %w", err)
	}
	var same []string
	for _, r := range all {
		if isSame(r.Name) {
			same = append(same, r.Name)
		}
	}
	return same, nil
}

// canonical returns the number of a node, that of the item which is the same if there is one; ok is false for a node that
// was erased.
func (e *Engine) canonical(ctx context.Context, id string, same []string) (n graph.Idx, ok bool, err error) {
	last := id
	for _, relation := range same {
		for t, err := range e.store.Neighbours(ctx, id, graph.NeighbourOptions{Relation: relation, Direction: graph.In}) {
			if errors.Is(err, graph.ErrNotFound) {
				return 0, false, nil
			}
			if err != nil {
				return 0, false, fmt.Errorf("engine: triples of %q: %w", id, err)
			}
			last = t.Head
		}
	}
	if n, ok, err = e.store.Lookup(last); err != nil {
		return 0, false, fmt.Errorf("engine: node %q: %w", last, err)
	}
	return n, ok, nil
}
