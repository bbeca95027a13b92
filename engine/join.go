package engine

import (
	"context"
	"fmt"
	"sync"

	"github.com/kenrec/ken/engine/internal/itemitem"
	"github.com/kenrec/ken/engine/internal/mf"
	"github.com/kenrec/ken/engine/internal/sparse"
)

// joined is an item that the model took in after training: its factors as a half-step of training would solve them, and
// what the item-to-item scorers say about it.
type joined struct {
	v     []float32
	heard []heard // by scorer
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
}

// join takes in an item chosen by fans, with what is known about it: contexts with confidences and the prior of its
// features (nil: none).
func (m *model) join(ctx context.Context, fans []fan, contexts []int32, conf, prior []float32) (joined, error) {
	terms := mf.Fans{}
	plain := true
	var liked itemitem.Newcomer
	for _, f := range fans {
		terms.Users = append(terms.Users, f.user)
		terms.Conf, terms.Target = append(terms.Conf, f.conf), append(terms.Target, f.target)
		plain = plain && f.target == 1
		if f.target > 0 {
			liked.Fans = append(liked.Fans, f.items)
		}
	}
	if plain {
		terms.Target = nil
	}
	v, err := m.factors.FoldInWarmItem(ctx, terms, contexts, conf, prior)
	if err != nil {
		return joined{}, err
	}
	j := joined{v: v}
	for _, s := range m.scorers {
		var h heard
		if s.name == scorerItemItem {
			columns, err := m.columns(ctx, s.next)
			if err == nil {
				h.at, h.val, err = columns.Of(ctx, liked)
			}
			if err != nil {
				return joined{}, fmt.Errorf("engine: %s scorer: %w", s.name, err)
			}
		} else {
			h.at, h.val = itemitem.JoinFilter(liked, s.next, m.likes, m.config.filter())
		}
		j.heard = append(j.heard, h)
	}
	return j, nil
}

// lazyColumns makes what columns of EASE are solved with, when the first item joins. Its zero value is ready.
type lazyColumns struct {
	mu sync.Mutex // guards c
	c  *itemitem.Columns
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
