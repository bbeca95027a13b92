package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// buildMask applies candidates, exclusions and types, which are the same for every user.
func (s *session) buildMask(ctx context.Context) error {
	if s.q.Candidates == nil && len(s.q.Exclude) == 0 && len(s.q.Types) == 0 {
		return nil
	}
	s.mask = newBits(s.size())
	if s.q.Candidates == nil {
		fillBits(s.mask, s.size())
	}
	set := func(ids []string, to, strict bool) error {
		for _, id := range ids {
			n, err := s.e.need("candidate", id)
			if errors.Is(err, ErrNotFound) && !strict {
				continue
			}
			if err != nil {
				return err
			}
			switch i := s.position(n); {
			case i >= 0 && to:
				setBit(s.mask, i)
			case i >= 0:
				clearBit(s.mask, i)
			case strict:
				return fmt.Errorf("%w: candidate %q is no item", ErrNotFound, id)
			}
		}
		return nil
	}
	if err := set(s.q.Candidates, true, true); err != nil {
		return err
	}
	if err := set(s.q.Exclude, false, false); err != nil {
		return err
	}
	return s.keepTypes(ctx)
}

// keepTypes leaves in the mask items of the types asked for, as the store has them now.
func (s *session) keepTypes(ctx context.Context) error {
	if len(s.q.Types) == 0 {
		return nil
	}
	of, err := s.e.typesOf(ctx, s.m, s.q.Types)
	if err != nil {
		return err
	}
	n := len(s.m.items)
	for w := range s.mask {
		keep := uint64(0)
		for _, set := range of {
			if w < len(set) {
				keep |= set[w]
			}
		}
		if w == n/64 {
			keep |= ^uint64(0) << (n % 64) // new items, which are judged below
		} else if w > n/64 {
			keep = ^uint64(0)
		}
		s.mask[w] &= keep
	}
	for i := n; i < s.size(); i++ {
		if !hasBit(s.mask, i) {
			continue
		}
		it, err := s.show(ctx, i)
		if err != nil {
			return err
		}
		if !slices.Contains(s.q.Types, it.kind) {
			clearBit(s.mask, i)
		}
	}
	return nil
}

// typeSets is the items of a model by their types in the store, for one sequence number.
type typeSets struct {
	mu  sync.Mutex
	seq uint64
	of  map[string][]uint64 // bits; nil: not read yet. What is in it does not change
}

// typesOf returns the model's items of each of some types. The nodes are read once for each state of the store.
func (e *Engine) typesOf(ctx context.Context, m *model, types []string) ([][]uint64, error) {
	t := &m.types
	t.mu.Lock()
	defer t.mu.Unlock()
	if seq := e.store.Seq(); t.of == nil || t.seq != seq {
		of := map[string][]uint64{}
		for row, err := range e.store.Nodes(ctx) {
			if err != nil {
				return nil, fmt.Errorf("engine: types of items: %w", err)
			}
			i := m.itemRow(row.Idx)
			if i < 0 {
				continue
			}
			kind := row.Node.Type
			if of[kind] == nil {
				of[kind] = newBits(len(m.items))
			}
			setBit(of[kind], int(i))
		}
		t.of, t.seq = of, seq
	}
	sets := make([][]uint64, 0, len(types))
	for _, kind := range types {
		if set := t.of[kind]; set != nil {
			sets = append(sets, set)
		}
	}
	return sets, nil
}

// advance notes that the commit with number seq changed no type.
func (t *typeSets) advance(seq uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.seq+1 == seq {
		t.seq = seq
	}
}
