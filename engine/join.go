package engine

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"sync"

	"github.com/kenrec/ken/engine/internal/itemitem"
	"github.com/kenrec/ken/engine/internal/mf"
	"github.com/kenrec/ken/engine/internal/sparse"
	"github.com/kenrec/ken/graph"
)

// joined is an item that the model took in after training: its factors as a half-step of training would solve them, and
// what the item-to-item scorers say about it.
type joined struct {
	v     []float32 // nil: nobody chose it
	by    mf.Fans   // what v was solved from
	likes int       // fans who like it
	heard []heard   // by scorer
	fans  []int32   // users of the model who like it, ascending
}

// heard is a column of a scorer: entry n is what having item at[n] says about the item.
type heard struct {
	at  []int32
	val []float32
}

// fan is somebody who chose an item that joins: the factors, and the other items that the model knows her to like,
// ascending.
type fan struct {
	user         []float32
	items        []int32
	conf, target float32
	row          int32 // of the model, -1: none
}

// join takes in an item chosen by fans, with what is known about it: contexts with confidences and the prior of its
// features (nil: none).
// before, which may be nil, is what the scorers said when the fans were the same.
func (m *model) join(ctx context.Context, fans []fan, contexts []int32, conf, prior []float32, before []heard) (joined, error) {
	terms := mf.Fans{}
	plain := true
	var liked itemitem.Newcomer
	var likers []int32
	for _, f := range fans {
		terms.Users = append(terms.Users, f.user)
		terms.Conf, terms.Target = append(terms.Conf, f.conf), append(terms.Target, f.target)
		plain = plain && f.target == 1
		if f.target > 0 {
			liked.Fans = append(liked.Fans, f.items)
			if f.row >= 0 {
				likers = append(likers, f.row)
			}
		}
	}
	if plain {
		terms.Target = nil
	}
	v, err := m.factors.FoldInWarmItem(ctx, terms, contexts, conf, prior)
	if err != nil {
		return joined{}, err
	}
	slices.Sort(likers)
	j := joined{v: v, by: terms, likes: len(liked.Fans), fans: likers}
	if before != nil {
		j.heard = before
		return j, nil
	}
	for _, s := range m.scorers {
		var h heard
		var err error
		if s.name == scorerItemItem {
			var columns *itemitem.Columns
			if columns, err = m.columns(ctx, s.next); err == nil {
				h.at, h.val, err = columns.Of(ctx, liked)
			}
		} else {
			h.at, h.val, err = m.joins(s.next).Of(ctx, liked)
		}
		if err != nil {
			return joined{}, fmt.Errorf("engine: %s scorer: %w", s.name, err)
		}
		j.heard = append(j.heard, h)
	}
	return j, nil
}

// bonus is what the scorers say about a joined item to somebody with a history and a voice.
func (m *model) bonus(j *joined, past mf.History, v *voice) float32 {
	sum, share := float32(0), v.share
	for n, h := range j.heard {
		if share[n+1] == 0 {
			continue
		}
		one := float32(0)
		for p, i := range past.Items {
			if at, ok := slices.BinarySearch(h.at, i); ok {
				one += m.pull(past, p) * h.val[at]
			}
		}
		sum += share[n+1] * one
	}
	for _, x := range v.peers {
		if _, fan := slices.BinarySearch(j.fans, x.user); fan {
			sum += share[len(share)-1] * x.weight
		}
	}
	return sum
}

// mostFans is how many of those who chose an item are heard when it joins: a view of new items is made in passing, and
// an item that more have chosen is known well enough until the next training.
const mostFans = 512

// joinItem lets new item i of a view join, if somebody has chosen it. One that was erased has been chosen by nobody.
func (e *Engine) joinItem(ctx context.Context, m *model, l *live, i int, id string) error {
	var events []graph.Interaction
	var err error
	if id != "" {
		if events, err = collect(e.store.ItemInteractions(ctx, id)); ignoreMissing(err) != nil {
			return fmt.Errorf("engine: interactions of %q: %w", id, err)
		}
	}
	fans, err := e.fansOf(ctx, m, events)
	if err != nil {
		return err
	}
	l.joins[i], l.deeds[i] = joined{}, hashOf(events)
	if len(fans) == 0 {
		return nil
	}
	var before []heard
	if was := m.live; was != nil {
		if at, ok := slices.BinarySearch(was.items, l.items[i]); ok && was.deeds[at] == l.deeds[i] {
			before = was.joins[at].heard
		}
	}
	var h []float32
	if l.h.Rows > 0 {
		h = l.h.Row(i)
	}
	l.joins[i], err = m.join(ctx, fans, l.bags[i].at, l.bags[i].weight, m.factors.ItemPrior(h, true), before)
	return err
}

// hashOf hashes events.
func hashOf(events []graph.Interaction) uint64 {
	h := fnv.New64a()
	for _, x := range events {
		fmt.Fprintf(h, "%q %q %g %d\n", x.User, x.Type, x.Weight, x.Time)
	}
	return h.Sum64()
}

// fansOf returns who is behind the events of one item, which come in the order of users.
func (e *Engine) fansOf(ctx context.Context, m *model, events []graph.Interaction) ([]fan, error) {
	var users [][]graph.Interaction
	for from := 0; from < len(events); {
		to := from
		for to < len(events) && events[to].User == events[from].User {
			to++
		}
		users, from = append(users, events[from:to]), to
	}
	if step := (len(users) + mostFans - 1) / mostFans; step > 1 {
		some := users[:0]
		for n := 0; n < len(users); n += step {
			some = append(some, users[n])
		}
		users = some
	}
	var fans []fan
	for _, own := range users {
		f, ok, err := e.fanOf(ctx, m, own)
		if errors.Is(err, graph.ErrNotFound) {
			continue // erased since the events were read
		}
		if err != nil {
			return nil, err
		}
		if ok {
			fans = append(fans, f)
		}
	}
	return fans, nil
}

// fanOf makes a fan of what one user did with one item: as she was trained, else folded in from her history, else the mean
// user. ok is false when nothing of it counts.
func (e *Engine) fanOf(ctx context.Context, m *model, events []graph.Interaction) (f fan, ok bool, err error) {
	id := events[0].User
	means := map[string]float64{}
	if m.ratings.Slope != 0 {
		all, err := e.eventsOf(ctx, id)
		if err != nil {
			return f, false, err
		}
		means = m.ratings.means(all)
	}
	var d deeds
	for _, x := range events {
		strength := float32(weightOf(m.config.Types, x.Type, 1)) * m.ages.weight(x.Time)
		d = deeds{d.seen + strength, d.pull + strength*m.targetOf(x, means)}
	}
	if d.seen == 0 {
		return f, false, nil
	}
	f.conf, f.target = cell(d.seen, d.pull)
	f.row = -1
	n, there, err := e.store.Lookup(id)
	if err != nil || !there {
		return f, false, err
	}
	if row := m.userRow(n); row >= 0 && m.history.Len(int(row)) > 0 {
		f.user, f.items, f.row = m.factors.U.Row(int(row)), m.likedBy(int(row)), row
		return f, true, nil
	}
	past, _, _, err := e.pastNow(ctx, m, nil, Query{User: id})
	if err != nil {
		return f, false, err
	}
	f.user = m.factors.MeanUser
	if past.Len() > 0 {
		p, err := m.personOfHistory(ctx, past, nil)
		if err != nil {
			return f, false, err
		}
		f.user = p.user
	}
	for p, i := range past.Items {
		if past.TargetOf(p) > 0 {
			f.items = append(f.items, i)
		}
	}
	return f, true, nil
}

// targetOf is the target of one event of a user whose positive weights have these shrunk means by type.
func (m *model) targetOf(x graph.Interaction, means map[string]float64) float32 {
	if s, ok := m.ratings.scale(x.Type); ok && x.Weight > 0 {
		return m.ratings.target(s, x.Weight, means[x.Type])
	}
	return sign(x.Weight)
}

// lazyColumns makes what columns of the scorers are solved with, when the first item joins. Its zero value is ready.
type lazyColumns struct {
	mu sync.Mutex // guards the others
	c  *itemitem.Columns
	j  *itemitem.Joins
}

// joins returns what columns of next, which co-choice is to the model's history, are solved with.
func (m *model) joins(next *sparse.CSR) *itemitem.Joins {
	m.later.mu.Lock()
	defer m.later.mu.Unlock()
	if m.later.j == nil {
		m.later.j = itemitem.NewJoins(positives(m.history, m.target), next, m.config.local())
	}
	return m.later.j
}

// columns returns what columns of b, which EASE fitted to the model's history, are solved with.
func (m *model) columns(ctx context.Context, b *sparse.CSR) (*itemitem.Columns, error) {
	m.later.mu.Lock()
	defer m.later.mu.Unlock()
	if m.later.c == nil {
		liked := positives(m.history, m.target)
		c, err := itemitem.NewColumns(ctx, liked, b, easeRidge(scaleOf(liked)), keepEASE, m.factors.V, 1)
		if err != nil {
			return nil, err
		}
		m.later.c = c
	}
	return m.later.c, nil
}
