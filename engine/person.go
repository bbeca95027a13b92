package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/kenrec/ken/engine/internal/mf"
	"github.com/kenrec/ken/graph"
)

// find returns the person that a query is about: as she was trained when nothing about her changed, else folded in from
// what the store holds now and from the query's likes.
func (e *Engine) find(ctx context.Context, m *model, l *live, q Query) (*person, error) {
	p, err := e.place(ctx, m, l, q)
	if err != nil {
		return nil, err
	}
	p.id = q.User
	return p, nil
}

func (e *Engine) place(ctx context.Context, m *model, l *live, q Query) (*person, error) {
	if q.User == "" && len(q.Likes) == 0 {
		return nil, fmt.Errorf("%w: a query needs a user or likes", ErrBadOption)
	}
	row := int32(-1)
	if q.User != "" {
		n, err := e.need("user", q.User)
		if err != nil {
			return nil, err
		}
		row = m.userRow(n)
		if row >= 0 && l == nil && len(q.Likes) == 0 {
			return m.personOfRow(row), nil
		}
	}
	past, extra, late, err := e.pastNow(ctx, m, l, q)
	if err != nil {
		return nil, err
	}
	if row >= 0 && len(q.Likes) == 0 && samePast(past, m.pastOf(row)) {
		known, err := e.knownNow(ctx, q.User)
		if err != nil {
			return nil, err
		}
		if known == m.known[row] {
			p := m.personOfRow(row)
			p.seenNew = extra
			return p, nil
		}
	}
	var prior []float32
	if q.User != "" {
		reader, err := e.tieReader(ctx, m)
		if err != nil {
			return nil, err
		}
		if prior, err = e.userPrior(ctx, reader, q.User); err != nil {
			return nil, err
		}
	}
	p, err := m.personOfHistory(ctx, past, prior)
	if err != nil {
		return nil, err
	}
	p.seenNew, p.late, p.self = extra, late, row+1
	return p, nil
}

func samePast(a, b mf.History) bool {
	return slices.Equal(a.Items, b.Items) && slices.Equal(a.Conf, b.Conf) && slices.Equal(a.Target, b.Target)
}

// deeds are the summed strengths of the events of one user and item, and the sum of strength times target.
type deeds struct{ seen, pull float32 }

// deedsOf sums a user's interactions in the store and the query's likes by item. It reads events as behaviour does.
func (e *Engine) deedsOf(ctx context.Context, m *model, q Query) (map[graph.Idx]deeds, error) {
	byItem := map[graph.Idx]deeds{}
	events, err := e.eventsOf(ctx, q.User)
	if err != nil {
		return nil, err
	}
	means := m.ratings.means(events)
	for _, it := range events {
		n, ok, err := e.store.Lookup(it.Item)
		if err != nil {
			return nil, fmt.Errorf("engine: item %q of %q: %w", it.Item, q.User, err)
		}
		if !ok {
			continue // erased between the two reads
		}
		strength := float32(weightOf(m.config.Types, it.Type, 1)) * m.ages.weight(it.Time)
		s := byItem[n]
		byItem[n] = deeds{s.seen + strength, s.pull + strength*m.targetOf(it, means)}
	}
	for _, id := range q.Likes {
		n, err := e.need("liked item", id)
		if err != nil {
			return nil, err
		}
		byItem[n] = deeds{1, 1}
	}
	return byItem, nil
}

// pastNow returns a user's history from the store and the query's likes, by rows of the model, then by rows of what came
// after it; all nodes in it that the model does not know as items; and those of them that the live view places.
func (e *Engine) pastNow(ctx context.Context, m *model, l *live, q Query) (h mf.History, unknown, late []graph.Idx, err error) {
	byItem, err := e.deedsOf(ctx, m, q)
	if err != nil {
		return h, nil, nil, err
	}
	for n, s := range byItem {
		if r := m.itemRow(n); r < 0 {
			unknown = append(unknown, n)
		} else if s.seen > 0 {
			h.Items = append(h.Items, r)
		}
	}
	slices.Sort(h.Items)
	slices.Sort(unknown)
	plain := true
	put := func(n graph.Idx) {
		conf, target := cell(byItem[n].seen, byItem[n].pull)
		h.Conf, h.Target = append(h.Conf, conf), append(h.Target, target)
		plain = plain && target == 1
	}
	for _, r := range h.Items {
		put(m.items[r])
	}
	for _, n := range unknown {
		if l != nil && l.has(n) && byItem[n].seen > 0 {
			late = append(late, n)
			put(n)
		}
	}
	h.Late, h.LateV = l.rows(late)
	if plain && m.target == nil {
		h.Target = nil
	}
	return h, unknown, late, nil
}

// eventsOf reads the interactions of a user, none for no user.
func (e *Engine) eventsOf(ctx context.Context, user string) ([]graph.Interaction, error) {
	if user == "" {
		return nil, nil
	}
	events, err := collect(e.store.UserInteractions(ctx, user))
	if err != nil {
		return nil, fmt.Errorf("engine: interactions of %q: %w", user, err)
	}
	return events, nil
}
