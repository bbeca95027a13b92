package topk

import (
	"context"
	"fmt"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/kernel"
	"github.com/kenrec/ken/engine/internal/par"
)

// Request asks for the K items with the highest scores u·v + bias for each row of Users.
type Request struct {
	Users   dense.Matrix        // one user a row, as many columns as the items, finite
	K       int                 // length of each list, at least 0
	Exclude func(u int) []int32 // items left out for user row u, ascending; nil: none. Called concurrently
	Allowed []uint64            // bit i%64 of word i/64: item i may be listed; nil: all
	Places  Places              // the same in the order of the scan, for items asked about again and again; nil: as Allowed says
	Bonus   Bonus               // added to the scores of some items, for all users alike
	Least   []float32           // for each user, the score that an item must reach to be listed; nil: none
}

// Bonus is what is added to the scores of some items. Its zero value adds nothing.
type Bonus struct {
	Items  []int32   // each at most once, in any order
	Scores []float32 // one for each of them, finite
}

// maxBlock is how many users are scanned together, in tiles: their share of the scan state stays in the second-level cache beside
// the items.
const maxBlock = 28

// Search returns K items and their scores for user row u at [u*K, (u+1)*K), best first, ties to the lower item.
// Where fewer than K items are possible or reach Least the rest is -1 with score 0. The result is exactly that of scoring and
// sorting all items, and does not depend on workers nor on the other users. Errors: ErrShape, or ctx ended.
func (it *Items) Search(ctx context.Context, req Request, workers int) (ids []int32, scores []float32, err error) {
	if err := it.check(req); err != nil {
		return nil, nil, err
	}
	n := req.Users.Rows
	ids, scores = make([]int32, n*req.K), make([]float32, n*req.K)
	for i := range ids {
		ids[i] = -1
	}
	if req.K == 0 || it.v.Rows == 0 {
		return ids, scores, nil
	}
	rows := kernel.ScoreRows()
	if n < 4 || len(req.Bonus.Items) > 0 {
		rows = 1 // a tile costs as much for one user as for all of it, and bonuses are one user's
	}
	lists := it.filter(req)
	defer it.unfilter(lists)
	size := min(maxBlock*rows, (n/8+rows-1)/rows*rows)
	err = par.Chunks(ctx, n, max(size, rows), workers, func(_, lo, hi int) error {
		s := it.pool.Get().(*scan)
		defer s.end()
		s.begin(it, &req, lists, lo, hi, rows)
		if err := s.run(ctx); err != nil {
			return err
		}
		for u := lo; u < hi; u++ {
			if it.codes != nil {
				s.settle(u - lo)
			}
			s.heaps[u-lo].drain(ids[u*req.K:], scores[u*req.K:])
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return ids, scores, nil
}

func (it *Items) check(req Request) error {
	switch {
	case req.Users.Cols != it.v.Cols || it.v.Cols == 0 && it.v.Rows != 0:
		return fmt.Errorf("%w: users have %d factors, items %d", ErrShape, req.Users.Cols, it.v.Cols)
	case req.K < 0:
		return fmt.Errorf("%w: k is %d", ErrShape, req.K)
	case req.Allowed != nil && len(req.Allowed) < (it.v.Rows+63)/64:
		return fmt.Errorf("%w: %d words of allowed items for %d items", ErrShape, len(req.Allowed), it.v.Rows)
	case req.Places != nil && len(req.Places) != len(it.valid):
		return fmt.Errorf("%w: places of other items", ErrShape)
	case req.Least != nil && len(req.Least) != req.Users.Rows:
		return fmt.Errorf("%w: %d least scores for %d users", ErrShape, len(req.Least), req.Users.Rows)
	case len(req.Bonus.Items) != len(req.Bonus.Scores):
		return fmt.Errorf("%w: %d bonuses for %d items", ErrShape, len(req.Bonus.Scores), len(req.Bonus.Items))
	}
	return nil
}

// filters is what a request says about items, in the order of the scan.
type filters struct {
	allowed Places // bits of each panel
	bonus   *bonuses
	extreme float32 // largest magnitude of a bonus
}

// bonuses are those of a request in the order of the scan.
type bonuses struct {
	scores []float32 // 32 a panel, or 32 zeros for all
	own    []float32 // at least the largest in each panel; empty: 0 everywhere
	most   []float32 // at least the largest in each panel or a later one
	places []int32   // where scores are not 0
}

// Places is a set of items in the order in which their Items are scanned.
type Places []uint32

// Places returns the items whose bits are set in allowed. Cost O(items).
func (it *Items) Places(allowed []uint64) Places {
	p := make(Places, len(it.valid))
	for at, id := range it.ids {
		p[at/panelItems] |= uint32(allowed[id/64]>>(id%64)&1) << (at % panelItems)
	}
	return p
}

// And returns the items that are in both sets; a nil set has all.
func (p Places) And(q Places) Places {
	switch {
	case p == nil:
		return q
	case q == nil:
		return p
	}
	both := make(Places, len(p))
	for i := range p {
		both[i] = p[i] & q[i]
	}
	return both
}

func (it *Items) filter(req Request) filters {
	f := filters{allowed: it.valid, bonus: it.noBonus}
	if req.Places != nil {
		f.allowed = req.Places
	} else if req.Allowed != nil {
		f.allowed = it.Places(req.Allowed)
	}
	if len(req.Bonus.Items) == 0 {
		return f
	}
	b := it.bonuses.Get().(*bonuses)
	for n, i := range req.Bonus.Items {
		at, x := it.place[i], req.Bonus.Scores[n]
		b.places = append(b.places, at)
		b.scores[at] = x
		b.own[at/panelItems] = max(b.own[at/panelItems], x)
		f.extreme = max(f.extreme, x, -x)
	}
	rest := float32(0)
	for p := len(b.own) - 1; p >= 0; p-- {
		rest = max(rest, b.own[p])
		b.most[p] = rest
	}
	f.bonus = b
	return f
}

// unfilter gives back what filter took.
func (it *Items) unfilter(f filters) {
	if f.bonus == it.noBonus {
		return
	}
	for _, at := range f.bonus.places { // the rest is 0 already: a request has few bonuses, the catalogue many items
		f.bonus.scores[at], f.bonus.own[at/panelItems] = 0, 0
	}
	f.bonus.places = f.bonus.places[:0]
	it.bonuses.Put(f.bonus)
}

// of returns the bonuses of panel p.
func (b *bonuses) of(p int) []float32 { return b.from(p)[:panelItems] }

// from returns the bonuses of panel p and, where panels have their own, of those behind it.
func (b *bonuses) from(p int) []float32 {
	if len(b.own) == 0 {
		return b.scores
	}
	return b.scores[p*panelItems:]
}

// at returns the bonus at one place of the scan.
func (b *bonuses) at(place int32) float32 {
	if len(b.own) == 0 {
		return 0
	}
	return b.scores[place]
}
