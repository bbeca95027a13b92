package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// buildMask applies candidates, exclusions and types, which are the same for every user.
func (s *session) buildMask(ctx context.Context) error {
	r, plain := s.m.ranking(), s.q.Candidates == nil && len(s.q.Exclude) == 0
	if plain && len(s.q.Types) == 0 {
		s.chosen = r.choose(nil)
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
	of, err := s.keepTypes(ctx)
	if err != nil {
		return err
	}
	if plain {
		s.chosen = of.choose(r, s.q.Types, s.mask)
	} else {
		s.chosen = r.choose(s.mask)
	}
	return nil
}

// keepTypes leaves in the mask items of the types asked for, as the store has them now, and returns what it went by.
func (s *session) keepTypes(ctx context.Context) (*typeSets, error) {
	if len(s.q.Types) == 0 {
		return nil, nil
	}
	of, err := s.e.typesOf(ctx, s.m)
	if err != nil {
		return nil, err
	}
	n := len(s.m.items)
	for w := range s.mask {
		keep := uint64(0)
		for _, kind := range s.q.Types {
			if set := of.items[kind]; w < len(set) {
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
			return nil, err
		}
		if !slices.Contains(s.q.Types, it.kind) {
			clearBit(s.mask, i)
		}
	}
	return of, nil
}

// typeSets is the items of a model by their types in the store, as of one state of it.
type typeSets struct {
	items map[string][]uint64 // bits; not changed any more

	mu     sync.Mutex
	chosen map[string]*choice // guarded by mu: by types, of queries that name nothing else
}

// choose returns the choice of the items of some types, mask being their bits.
func (t *typeSets) choose(r *ranking, types []string, mask []uint64) *choice {
	key := strings.Join(types, "\x00")
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.chosen[key]
	if c == nil {
		if len(t.chosen) >= maxChosen {
			clear(t.chosen)
		}
		c = r.choose(mask)
		t.chosen[key] = c
	}
	return c
}

// maxChosen bounds the memory of choices: queries may name types in any order and number.
const maxChosen = 16

// lazyTypes is the typeSets of a model for one sequence number. Its zero value is ready; it must not be copied.
type lazyTypes struct {
	mu  sync.Mutex
	seq uint64
	of  *typeSets
}

// typesOf returns the model's items by types. The nodes are read once for each state of the store.
func (e *Engine) typesOf(ctx context.Context, m *model) (*typeSets, error) {
	t := &m.types
	t.mu.Lock()
	defer t.mu.Unlock()
	seq := e.store.Seq()
	if t.of != nil && t.seq == seq {
		return t.of, nil
	}
	of := &typeSets{items: map[string][]uint64{}, chosen: map[string]*choice{}}
	for row, err := range e.store.Nodes(ctx) {
		if err != nil {
			return nil, fmt.Errorf("engine: types of items: %w", err)
		}
		i := m.itemRow(row.Idx)
		if i < 0 {
			continue
		}
		kind := row.Node.Type
		if of.items[kind] == nil {
			of.items[kind] = newBits(len(m.items))
		}
		setBit(of.items[kind], int(i))
	}
	t.of, t.seq = of, seq
	return of, nil
}

// advance notes that the commit with number seq changed no type.
func (t *lazyTypes) advance(seq uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.seq+1 == seq {
		t.seq = seq
	}
}
