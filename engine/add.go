package engine

import (
	"context"
	"fmt"

	"github.com/kenrec/ken/graph"
)

// AddInteraction stores interactions as one durable batch: when it returns nil the next Recommend for these users counts
// them, without training, and for items that came after it the lists of others do. Missing nodes are created, with the
// types user and item. A Weight of 0 is stored as 1, as in a triple; a neutral 0 ("saw it and did not care") comes in
// through Import. Interactions of the same user, item, type and time are one: the last one counts. Time is in Unix
// seconds, 0 for unknown.
//
// Each call waits for the disk, so many interactions go into one call. Safe for concurrent use.
// Errors: ErrBadRecord (an id or a number that cannot be stored, one id for both ends: nothing is stored), ErrClosed, an error wrapping ctx.Err().
func (e *Engine) AddInteraction(ctx context.Context, interactions ...graph.Interaction) (err error) {
	defer border(&err)
	seq, err := e.commit(ctx, "add interaction", func(b *graph.Batch) error {
		for _, x := range interactions {
			if x.Weight == 0 {
				x.Weight = 1
			}
			if err := checkEnds(x); err != nil {
				return fmt.Errorf("%w: %w", graph.ErrBadRecord, err)
			}
			if _, err := b.PutInteraction(x); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	e.noteInteractions(ctx, seq, interactions)
	return nil
}

// AddTriple stores triples as one durable batch; missing nodes are created without a type. New items and the users
// themselves are placed by them from the next Recommend on; facts about items of the model wait for the next Train.
// Errors: as AddInteraction.
func (e *Engine) AddTriple(ctx context.Context, triples ...graph.Triple) (err error) {
	defer border(&err)
	_, err = e.commit(ctx, "add triple", func(b *graph.Batch) error {
		for _, t := range triples {
			if _, err := b.PutTriple(t); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// AddNode stores nodes as one durable batch. What a node leaves empty stays as it is in the store. A node of a type that
// the model recommends is in the lists from the next Recommend on, ranked by its text, its attributes and its triples.
// Errors: as AddInteraction.
func (e *Engine) AddNode(ctx context.Context, nodes ...graph.Node) (err error) {
	defer border(&err)
	_, err = e.commit(ctx, "add node", func(b *graph.Batch) error {
		for _, n := range nodes {
			if _, err := b.PutNode(n); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// commit runs put on a batch and commits it.
func (e *Engine) commit(ctx context.Context, verb string, put func(*graph.Batch) error) (seq uint64, err error) {
	if e.closed.Load() {
		return 0, ErrClosed
	}
	b, err := e.store.NewBatch(ctx)
	if err == nil {
		defer b.Cancel()
		err = put(b)
	}
	if err == nil {
		seq, err = b.Commit(ctx)
	}
	if err != nil {
		return 0, fmt.Errorf("engine: %s: %w", verb, err)
	}
	return seq, nil
}

// noteInteractions spares the next query a look at all new items when a commit brought interactions of known items only.
// In doubt it does nothing: the next query then looks.
func (e *Engine) noteInteractions(ctx context.Context, seq uint64, interactions []graph.Interaction) {
	m := e.model.Load()
	if m == nil {
		return
	}
	m.liveMu.Lock()
	l := m.live
	m.liveMu.Unlock()
	if l == nil || l.seq+1 != seq {
		return
	}
	kinds := e.typeNames(m.kinds)
	settled := func(id string, user bool) bool {
		n, ok, err := e.store.Lookup(id)
		if err != nil || !ok {
			return false
		}
		if n < m.nodeCap || l.has(n) {
			return true
		}
		if !user {
			return false // an item by this very interaction
		}
		node, err := e.store.Node(ctx, id)
		return err == nil && !kinds[node.Type]
	}
	var done []graph.Idx
	for _, x := range interactions {
		if !settled(x.User, true) || !settled(x.Item, false) {
			return
		}
		if n, ok, err := e.store.Lookup(x.Item); err == nil && ok {
			done = append(done, n)
		}
	}
	m.advance(seq, done)
}
