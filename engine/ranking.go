package engine

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/kernel"
	"github.com/kenrec/ken/engine/internal/topk"
)

// ranking is what lists are made with: a model's items prepared for scanning, made when the first list is asked for.
//
//	person ─▶ voice ─▶ scan of all items for the best by factors ─┐
//	             └──▶ items with a bonus, scored one by one ──────┴─▶ the k best
//
// A bonus is of few items, so that an exact list is the best of the scan and of those. Where bonuses are of many items,
// in small catalogues and for long lists, all items are scored.
type ranking struct {
	items  *topk.Items // all
	warm   topk.Places // nil: all are warm
	cold   *topk.Items // the cold ones, nil: none
	coldAt []int32     // which items they are, ascending
	norms  []float32   // |v_i|
	nWarm  int
	cov    func() []float64 // covariance of the warm rows of V, f × f; made when a scorer is blended in
	boards sync.Pool        // of *board
}

// lazyRanking makes a ranking once. Its zero value is ready; a model must not be copied after use.
type lazyRanking struct {
	once sync.Once
	r    *ranking
}

// board is scratch memory for one person's list. It is reused, since it grows with the number of items.
type board struct {
	scores, one, sum []float32
	mark             []uint32 // items touched in this turn have its number
	turn             uint32
	at               []int32
	bonus            []float32
	list             topk.List
}

func newBoard(items int) *board {
	return &board{scores: make([]float32, items), one: make([]float32, items), sum: make([]float32, items), mark: make([]uint32, items)}
}

// scanItems is the catalogue from which on scanning pays.
const scanItems = 2048

// ranking returns the model's ranking.
func (m *model) ranking() *ranking {
	m.lazy.once.Do(func() { m.lazy.r = newRanking(m) })
	return m.lazy.r
}

func newRanking(m *model) *ranking {
	n := len(m.items)
	r := &ranking{}
	r.boards.New = func() any { return newBoard(n) }
	weight := make([]float32, n)
	for i, warm := range m.factors.Warm {
		if warm {
			r.nWarm++
			weight[i] = 1
		}
	}
	r.cov = sync.OnceValue(func() []float64 { return covariance(m.factors.V, weight, r.nWarm) })
	if n >= scanItems {
		r.scan(m)
	}
	return r
}

// scan prepares the scans of warm and of cold items.
func (r *ranking) scan(m *model) {
	v := m.factors.V
	r.items, r.norms = topk.NewItems(v), make([]float32, v.Rows)
	for i := range r.norms {
		r.norms[i] = float32(length(v.Row(i)))
	}
	if r.nWarm == v.Rows {
		return
	}
	warm := newBits(v.Rows)
	for i, on := range m.factors.Warm {
		if on {
			setBit(warm, i)
		} else {
			r.coldAt = append(r.coldAt, int32(i))
		}
	}
	cold := dense.New(len(r.coldAt), v.Cols)
	for c, i := range r.coldAt {
		copy(cold.Row(c), v.Row(int(i)))
	}
	r.warm, r.cold = r.items.Places(warm), topk.NewItems(cold)
}

// coldBits is the part of a set of items that is cold, by place in coldAt; nil stays nil.
func (r *ranking) coldBits(allowed []uint64) []uint64 {
	if allowed == nil {
		return nil
	}
	set := newBits(len(r.coldAt))
	for c, i := range r.coldAt {
		if hasBit(allowed, int(i)) {
			setBit(set, c)
		}
	}
	return set
}

// coldPlaces is the same for an ascending list.
func (r *ranking) coldPlaces(items []int32) (places []int32) {
	for _, i := range items {
		if c, found := slices.BinarySearch(r.coldAt, i); found {
			places = append(places, int32(c))
		}
	}
	return places
}

// covariance is that of the n rows of weight 1.
func covariance(v dense.Matrix, weight []float32, n int) []float64 {
	f := v.Cols
	cov, err := dense.Gram(context.Background(), v, weight, 1)
	if err != nil {
		panic(fmt.Sprintf("engine: covariance: %v", err)) // nothing else ends it
	}
	mean := make([]float64, f)
	for i, w := range weight {
		if w != 0 {
			for j, x := range v.Row(i) {
				mean[j] += float64(x)
			}
		}
	}
	scale := 1 / float64(max(n, 1))
	for i := range f {
		for j := range f {
			cov[i*f+j] = scale*cov[i*f+j] - scale*mean[i]*scale*mean[j]
		}
	}
	return cov
}

// spread is the standard deviation of u·v over warm items.
func (r *ranking) spread(u []float32) float32 {
	wide := make([]float64, len(u))
	for j, x := range u {
		wide[j] = float64(x)
	}
	sum, cov := 0.0, r.cov()
	for i, x := range wide {
		sum += x * kernel.Dot64(wide, cov[i*len(u):(i+1)*len(u)])
	}
	return float32(math.Sqrt(max(sum, 0)))
}

func (m *model) board() *board     { return m.ranking().boards.Get().(*board) }
func (m *model) putBoard(b *board) { m.ranking().boards.Put(b) }

// ask is one list to be made.
type ask struct {
	p       *person
	exclude []int32 // items left out, ascending
	extra   []int32 // places of items that the model does not have, with their scores
	scores  []float32

	ids  []int32 // the list, best first, ties to the lower place
	best []float32
}

// rank makes lists of k items, of those in allowed (nil: all). What a list is does not depend on the others.
func (m *model) rank(ctx context.Context, asks []*ask, k int, allowed []uint64) error {
	r := m.ranking()
	var scan []*ask
	var voices []voice
	b := m.board()
	defer m.putBoard(b)
	for _, a := range asks {
		v := m.voice(a.p, b)
		if r.items == nil || v.spread || a.p.basis == BasisPopularity || 8*k > len(m.items) {
			m.rankAll(a, &v, b, k, allowed)
			continue
		}
		if len(asks) > 1 {
			v = v.keep()
		}
		scan, voices = append(scan, a), append(voices, v)
	}
	if len(scan) == 0 {
		return nil
	}
	return m.rankScanned(ctx, scan, voices, b, k, allowed)
}

// rankAll scores all allowed items.
func (m *model) rankAll(a *ask, v *voice, b *board, k int, allowed []uint64) {
	m.fill(a.p, v, b, allowed)
	b.list.Reset(k, len(m.items)+len(a.extra))
	next := 0
	push := func(i int) {
		for next < len(a.exclude) && int(a.exclude[next]) < i {
			next++
		}
		if next == len(a.exclude) || int(a.exclude[next]) != i {
			b.list.Push(int32(i), b.scores[i])
		}
	}
	if allowed == nil {
		for i := range m.items {
			push(i)
		}
	} else {
		bitsOf(allowed, len(m.items), push)
	}
	a.finish(b)
}

// finish adds the items that the model does not have and takes the list.
func (a *ask) finish(b *board) {
	for n, i := range a.extra {
		b.list.Push(i, a.scores[n])
	}
	a.ids, a.best = b.list.Drain()
}

// rankScanned finds the best items by factors and sets the items with a bonus beside them.
func (m *model) rankScanned(ctx context.Context, asks []*ask, voices []voice, b *board, k int, allowed []uint64) error {
	r := m.ranking()
	exclude := func(u int) []int32 {
		if !voices[u].malus {
			return asks[u].exclude // who gains by a bonus is either in the list of the scan or found beside it
		}
		all := append(slices.Clone(asks[u].exclude), voices[u].at...)
		slices.Sort(all)
		return all
	}
	places := r.warm
	if allowed != nil {
		places = r.items.Places(allowed).And(r.warm)
	}
	users := dense.New(len(asks), m.factors.V.Cols)
	for u := range voices {
		copy(users.Row(u), voices[u].user)
	}
	ids, scores, err := r.items.Search(ctx, topk.Request{Users: users, K: k, Exclude: exclude, Places: places}, 1)
	if err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	var coldIDs []int32
	var coldScores []float32
	if r.cold != nil {
		for u := range voices {
			copy(users.Row(u), voices[u].head)
		}
		left := func(u int) []int32 { return r.coldPlaces(asks[u].exclude) }
		coldIDs, coldScores, err = r.cold.Search(ctx, topk.Request{Users: users, K: k, Exclude: left, Allowed: r.coldBits(allowed)}, 1)
		if err != nil {
			return fmt.Errorf("engine: %w", err)
		}
	}
	for u, a := range asks {
		b.list.Reset(k, k)
		m.addBonus(&voices[u], a, ids[u*k:(u+1)*k], scores[u*k:(u+1)*k], b, allowed)
		for n := u * k; n < (u+1)*k; n++ {
			if ids[n] >= 0 {
				b.list.Push(ids[n], scores[n])
			}
			if coldIDs != nil && coldIDs[n] >= 0 {
				b.list.Push(r.coldAt[coldIDs[n]], coldScores[n])
			}
		}
		a.finish(b)
	}
	return nil
}

// addBonus gives the items found by the scan their bonuses and pushes the other items that have one.
func (m *model) addBonus(v *voice, a *ask, ids []int32, scores []float32, b *board, allowed []uint64) {
	if len(v.at) == 0 {
		return
	}
	least := float32(math.Inf(-1)) // what an item must reach: k are at least this good without a bonus
	if n := len(ids); n > 0 && ids[n-1] >= 0 && !v.malus {
		least = scores[n-1]
	}
	place := make(map[int32]int, len(ids))
	for n, i := range ids {
		place[i] = n
	}
	r, reach := m.ranking(), float32(length(v.user))*(1+1e-4)
	const ahead = 8
	for n, i := range v.at {
		if n+ahead < len(v.at) {
			if next := v.at[n+ahead]; reach*r.norms[next]+v.bonus[n+ahead] >= least {
				kernel.Prefetch(m.factors.V.Row(int(next)))
			}
		}
		if !m.factors.Warm[i] {
			continue
		}
		if at, found := place[i]; found {
			scores[at] += v.bonus[n]
			continue
		}
		if reach*r.norms[i]+v.bonus[n] < least-1e-4*max(least, -least) || allowed != nil && !hasBit(allowed, int(i)) {
			continue
		}
		if _, out := slices.BinarySearch(a.exclude, i); !out {
			b.list.Push(i, kernel.Dot(v.user, m.factors.V.Row(int(i)))+v.bonus[n])
		}
	}
}
