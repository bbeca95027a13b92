package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/kenrec/ken/engine/internal/par"
	"github.com/kenrec/ken/engine/internal/topk"
	"github.com/kenrec/ken/graph"
)

// session answers queries of one kind against one model and one state of the store.
type session struct {
	e      *Engine
	m      *model
	live   *live // nil when the store holds nothing beyond the model
	q      Query
	mask   []bool // by item of the model, then of live: may be listed; nil: all
	boards sync.Pool
	names  sync.Map // graph.Idx -> shown: what lists say about an item
}

// shown is what a list says about an item beside its score.
type shown struct {
	id, name, kind string
	gone           bool // erased since training
}

// session checks a query and prepares what all its lists share.
func (e *Engine) session(ctx context.Context, q Query) (*session, error) {
	if e.closed.Load() {
		return nil, ErrClosed
	}
	m := e.model.Load()
	if m == nil {
		return nil, ErrNotTrained
	}
	if q.K < 1 {
		return nil, fmt.Errorf("%w: list length k is %d, want 1 or more", ErrBadOption, q.K)
	}
	l, err := e.liveView(ctx, m)
	if err != nil {
		return nil, err
	}
	s := &session{e: e, m: m, live: l, q: q}
	s.boards.New = func() any { return newBoard(s.size()) }
	return s, s.buildMask(ctx)
}

// size is the number of items: the model's and those that came later.
func (s *session) size() int {
	if s.live == nil {
		return len(s.m.items)
	}
	return len(s.m.items) + len(s.live.items)
}

// node returns the node of an item position.
func (s *session) node(i int) graph.Idx {
	if i < len(s.m.items) {
		return s.m.items[i]
	}
	return s.live.items[i-len(s.m.items)]
}

// position returns the position of a node among the items, or -1.
func (s *session) position(n graph.Idx) int {
	if r := s.m.itemRow(n); r >= 0 {
		return int(r)
	}
	if s.live != nil {
		if r, ok := slices.BinarySearch(s.live.items, n); ok {
			return len(s.m.items) + r
		}
	}
	return -1
}

// buildMask applies candidates, exclusions and types, which are the same for every user.
func (s *session) buildMask(ctx context.Context) error {
	if s.q.Candidates == nil && len(s.q.Exclude) == 0 && len(s.q.Types) == 0 {
		return nil
	}
	s.mask = make([]bool, s.size())
	for i := range s.mask {
		s.mask[i] = s.q.Candidates == nil
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
			if i := s.position(n); i >= 0 {
				s.mask[i] = to
			} else if strict {
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

func (s *session) keepTypes(ctx context.Context) error {
	if len(s.q.Types) == 0 {
		return nil
	}
	for i, on := range s.mask {
		if !on {
			continue
		}
		it, err := s.show(ctx, i)
		if err != nil {
			return err
		}
		s.mask[i] = slices.Contains(s.q.Types, it.kind)
	}
	return nil
}

// show returns what lists say about an item, read from the store once a session.
func (s *session) show(ctx context.Context, i int) (shown, error) {
	n := s.node(i)
	if it, ok := s.names.Load(n); ok {
		return it.(shown), nil
	}
	it := shown{}
	id, node, err := s.e.nodeAt(ctx, n)
	if err == nil {
		it = shown{id: id, name: node.Name, kind: node.Type}
	}
	if errors.Is(err, graph.ErrNotFound) {
		it, err = shown{gone: true}, nil
	}
	if err != nil {
		return it, fmt.Errorf("engine: item: %w", err)
	}
	s.names.Store(n, it)
	return it, nil
}

// recommend returns the list of one user.
func (s *session) recommend(ctx context.Context, user string) (Recommendations, error) {
	q := s.q
	q.User = user
	p, err := s.e.find(ctx, s.m, s.live, q)
	if err != nil {
		return Recommendations{}, err
	}
	b := s.boards.Get().(*board)
	defer s.boards.Put(b)
	s.fill(p, b)
	r := Recommendations{User: user, Basis: p.basis, Items: []Recommendation{}}
	if err := s.list(ctx, p, b, &r); err != nil {
		return Recommendations{}, err
	}
	if !s.q.Explain {
		return r, nil
	}
	for i := range r.Items {
		why, err := s.explain(ctx, p, r.Items[i].Item)
		if err != nil {
			return Recommendations{}, err
		}
		r.Items[i].Reasons = why.sentences()
	}
	return r, nil
}

// fill scores all items, new ones included.
func (s *session) fill(p *person, b *board) (share []float32) {
	n := len(s.m.items)
	inner := &board{scores: b.scores[:n], one: b.one[:n], sum: b.sum[:n]}
	share = s.m.fill(p, inner)
	if s.live == nil {
		return share
	}
	for i := range s.live.items {
		b.scores[n+i] = s.m.scoreNew(p, s.live.vec.Row(i))
	}
	return share
}

// scoreNew scores an item that is known by knowledge alone.
func (m *model) scoreNew(p *person, v []float32) float32 {
	switch {
	case p.basis == BasisPopularity:
		return 0
	case p.head != nil:
		return m.factors.ColdScale * dot32(p.head, v)
	}
	return dot32(p.user, v)
}

// list selects the best items of a filled board. Items erased since training are left out, and others move up.
func (s *session) list(ctx context.Context, p *person, b *board, r *Recommendations) error {
	hidden := map[int]bool{}
	if !s.q.IncludeSeen {
		for _, n := range p.seenNew {
			if i := s.position(n); i >= 0 {
				hidden[i] = true
			}
		}
	}
	allowed := func(i int) bool {
		if s.mask != nil && !s.mask[i] || len(hidden) > 0 && hidden[i] {
			return false
		}
		if s.q.IncludeSeen || i >= len(s.m.items) {
			return true
		}
		_, seen := slices.BinarySearch(p.exclude, int32(i))
		return !seen
	}
	for {
		gone := false
		r.Items = r.Items[:0]
		best, _ := topk.Select(b.scores, min(s.q.K, len(b.scores)), allowed)
		for _, i := range best {
			it, err := s.show(ctx, int(i))
			if err != nil {
				return err
			}
			if it.gone {
				hidden[int(i)], gone = true, true
				continue
			}
			cold := int(i) >= len(s.m.items) || !s.m.factors.Warm[i]
			r.Items = append(r.Items, Recommendation{
				Rank: len(r.Items) + 1, Item: it.id, Name: it.name, Type: it.kind, Score: float64(b.scores[i]), Cold: cold,
			})
		}
		if !gone {
			return nil
		}
	}
}

// batch returns the lists of several users, in order.
func (s *session) batch(ctx context.Context, users []string) ([]Recommendations, error) {
	lists := make([]Recommendations, len(users))
	err := par.Chunks(ctx, len(users), 8, s.e.workers, func(_, lo, hi int) error {
		for i := lo; i < hi; i++ {
			var err error
			if lists[i], err = s.recommend(ctx, users[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return lists, nil
}
