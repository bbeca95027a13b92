package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/kenrec/ken/engine/internal/par"
	"github.com/kenrec/ken/graph"
)

// session answers queries of one kind against one model and one state of the store.
type session struct {
	e     *Engine
	m     *model
	live  *live // nil when the store holds nothing beyond the model
	q     Query
	mask  []uint64 // bits of the items of the model, then of live, that may be listed; nil: all
	names sync.Map // graph.Idx -> shown: what lists say about an item

	chosen *choice // the part of mask that is the model's

	whoever bool // the users are those that the store has: one that is erased meanwhile gets no list and is no error
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
	lists, err := s.lists(ctx, []string{user})
	if err != nil {
		return Recommendations{}, err
	}
	return lists[0], nil
}

// lists returns the lists of some users, in order, on one core.
func (s *session) lists(ctx context.Context, users []string) ([]Recommendations, error) {
	asks := make([]*ask, 0, len(users))
	for _, user := range users {
		q := s.q
		q.User = user
		p, err := s.e.find(ctx, s.m, s.live, q)
		if s.whoever && notThere(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		asks = append(asks, s.ask(p))
	}
	k := min(s.q.K, s.size())
	if err := s.m.rank(ctx, asks, k, s.chosen); err != nil {
		return nil, err
	}
	out := make([]Recommendations, 0, len(asks))
	for _, a := range asks {
		r := Recommendations{User: a.p.id, Basis: a.p.basis, Items: []Recommendation{}}
		err := s.present(ctx, a, k, &r)
		if s.whoever && notThere(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// ask prepares the list of one person: what she has is left out, new items are scored.
func (s *session) ask(p *person) *ask {
	a := &ask{p: p}
	var hidden []graph.Idx
	if !s.q.IncludeSeen {
		a.exclude, hidden = p.exclude, p.seenNew
	}
	for _, n := range hidden {
		if i := s.m.itemRow(n); i >= 0 {
			a.leaveOut(i)
		}
	}
	if s.live == nil {
		return a
	}
	var places []int
	for n, node := range s.live.items {
		if i := len(s.m.items) + n; (s.mask == nil || hasBit(s.mask, i)) && !slices.Contains(hidden, node) {
			places, a.extra = append(places, n), append(a.extra, int32(i))
		}
	}
	a.scores = s.scoreLive(p, places)
	return a
}

// scoreLive scores some of the new items: those that nobody has chosen yet as cold items are, the others as warm ones.
func (s *session) scoreLive(p *person, places []int) []float32 {
	scores := make([]float32, len(places))
	var v voice
	if slices.ContainsFunc(places, func(n int) bool { return s.live.joins[n].v != nil }) {
		b := s.m.board()
		defer s.m.putBoard(b)
		v = s.m.voice(p, b)
	}
	cold := s.m.newVoice(p)
	for at, n := range places {
		switch j := &s.live.joins[n]; {
		case j.v == nil:
			scores[at] = scoreNew(cold, s.live.vec.Row(n))
		case p.basis == BasisPopularity:
			scores[at] = float32(j.likes)
		default:
			scores[at] = dot32(v.user, j.v) + s.m.bonus(j, p.past, &v)
		}
	}
	return scores
}

// row is the row of an item position on the side of V.
func (s *session) row(at int) []float32 {
	if at < len(s.m.items) {
		return s.m.factors.V.Row(at)
	}
	return s.live.row(at - len(s.m.items))
}

// warm reports whether somebody has chosen the item at a position: at training, or a new one since.
func (s *session) warm(at int) bool {
	if at < len(s.m.items) {
		return s.m.factors.Warm[at]
	}
	return s.live.joins[at-len(s.m.items)].v != nil
}

// leaveOut adds a place of an item to those left out.
func (a *ask) leaveOut(i int32) {
	if n, found := slices.BinarySearch(a.exclude, i); !found {
		a.exclude = slices.Insert(slices.Clone(a.exclude), n, i) // it may be the model's
	}
	if n := slices.Index(a.extra, i); n >= 0 {
		a.extra, a.scores = slices.Delete(a.extra, n, n+1), slices.Delete(a.scores, n, n+1)
	}
}

// newVoice is what the score of an item is taken with that is known by knowledge alone; nil: it is 0.
func (m *model) newVoice(p *person) []float32 {
	switch {
	case p.basis == BasisPopularity:
		return nil
	case p.head != nil:
		return scaled(p.head, m.factors.ColdScale)
	}
	return p.user
}

func scoreNew(voice, v []float32) float32 {
	if voice == nil {
		return 0
	}
	return dot32(voice, v)
}

// notThere reports whether err says that a node is not in the store.
func notThere(err error) bool {
	return errors.Is(err, graph.ErrNotFound) || errors.Is(err, ErrNotFound)
}

// present says what a list holds. Items erased since training are left out, and others move up.
func (s *session) present(ctx context.Context, a *ask, k int, r *Recommendations) error {
	for {
		gone := false
		r.Items = r.Items[:0]
		for n, i := range a.ids {
			it, err := s.show(ctx, int(i))
			if err != nil {
				return err
			}
			if it.gone {
				gone = true
				a.leaveOut(i)
				continue
			}
			cold := int(i) >= len(s.m.items) || !s.m.factors.Warm[i]
			r.Items = append(r.Items, Recommendation{
				Rank: len(r.Items) + 1, Item: it.id, Name: it.name, Type: it.kind, Score: float64(a.best[n]), Cold: cold,
			})
		}
		if !gone {
			var err error
			if gone, err = s.reasons(ctx, a, r); err != nil || !gone {
				return err
			}
		}
		if err := s.m.rank(ctx, []*ask{a}, k, s.chosen); err != nil {
			return err
		}
	}
}

// reasons explains a list, if the query asks for it. It leaves out an item of a for the next try, and says so, when that
// was erased since the list was made.
func (s *session) reasons(ctx context.Context, a *ask, r *Recommendations) (gone bool, err error) {
	if !s.q.Explain {
		return false, nil
	}
	for n, i := range a.ids {
		why, err := s.explain(ctx, a.p, r.Items[n].Item)
		if notThere(err) {
			if a.p.id != "" {
				if _, err := s.e.need("user", a.p.id); err != nil {
					return false, err // it was she
				}
			}
			a.leaveOut(i)
			return true, nil
		}
		if err != nil {
			return false, err
		}
		r.Items[n].Reasons = why.sentences()
	}
	return false, nil
}

// chunkUsers is how many users are scored together: four tiles of the scan.
const chunkUsers = 56

// batch returns the lists of several users, in order.
func (s *session) batch(ctx context.Context, users []string) ([]Recommendations, error) {
	lists := make([][]Recommendations, (len(users)+chunkUsers-1)/chunkUsers)
	err := par.Chunks(ctx, len(users), chunkUsers, s.e.workers, func(_, lo, hi int) (err error) {
		lists[lo/chunkUsers], err = s.lists(ctx, users[lo:hi])
		return err
	})
	if err != nil {
		return nil, err
	}
	return slices.Concat(lists...), nil
}
