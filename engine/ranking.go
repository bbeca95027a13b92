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
//	person ─▶ voice ─▶ items with the largest bonuses ─▶ least score of a list ─▶ scan of warm items ─┐
//	             └──────────────────────────────────────────────────────────────▶ scan of cold items ─┴─▶ the k best
//
// The scan adds a bonus to the scores of the few items that have one. Where bonuses are of many items, in small catalogues and
// for long lists, all items are scored.
type ranking struct {
	items  *topk.Items // all
	warm   topk.Places // nil: all are warm
	cold   *topk.Items // the cold ones, nil: none
	coldAt []int32     // which items they are, ascending
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
	numbers          numbering
	rows             [][]int32
	peers            *peerScratch // made when first needed
	list             topk.List
}

func newBoard(items int) *board {
	return &board{scores: make([]float32, items), one: make([]float32, items), sum: make([]float32, items)}
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
	r.items = topk.NewItems(v)
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

// coldPlaces is where in coldAt the cold ones of some items are. Both ascend.
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

// rank makes lists of k of the chosen items. What a list is does not depend on the others.
func (m *model) rank(ctx context.Context, asks []*ask, k int, chosen *choice) error {
	r := m.ranking()
	var plain []*ask
	var voices []voice
	b := m.board()
	defer m.putBoard(b)
	for _, a := range asks {
		v := m.voice(a.p, b)
		switch {
		case r.items == nil || v.spread || a.p.basis == BasisPopularity || 8*k > len(m.items):
			m.rankAll(a, &v, b, k, chosen.bits)
		case len(v.at) == 0:
			plain, voices = append(plain, a), append(voices, v)
		default: // bonuses are of one person, so is the scan
			if err := m.rankScanned(ctx, []*ask{a}, []voice{v}, b, k, chosen); err != nil {
				return err
			}
		}
	}
	if len(plain) == 0 {
		return nil
	}
	return m.rankScanned(ctx, plain, voices, b, k, chosen)
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

// rankScanned finds the best items by factors and bonuses: those of one person, or none.
func (m *model) rankScanned(ctx context.Context, asks []*ask, voices []voice, b *board, k int, chosen *choice) error {
	r := m.ranking()
	users, least := dense.New(len(asks), m.factors.V.Cols), make([]float32, len(asks))
	for u := range voices {
		copy(users.Row(u), voices[u].user)
		least[u] = m.leastOf(&voices[u], asks[u], b, k, chosen.bits)
	}
	req := topk.Request{
		Users: users, K: k, Places: chosen.warm, Exclude: func(u int) []int32 { return asks[u].exclude }, Least: least,
		Bonus: topk.Bonus{Items: voices[0].at, Scores: voices[0].bonus},
	}
	ids, scores, err := r.items.Search(ctx, req, 1)
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
		coldIDs, coldScores, err = r.cold.Search(ctx, topk.Request{Users: users, K: k, Exclude: left, Places: chosen.cold, Least: least}, 1)
		if err != nil {
			return fmt.Errorf("engine: %w", err)
		}
	}
	for u, a := range asks {
		b.list.Reset(k, k)
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

// leastOf returns a score that k items of the list reach, whatever the rest of the items say, −∞ where it knows of none. It
// scores the items with the largest bonuses: they are most of a list, and what the scan then need not look at is most
// of the catalogue.
func (m *model) leastOf(v *voice, a *ask, b *board, k int, allowed []uint64) float32 {
	n := min(4*k, len(v.at))
	b.list.Reset(n, n)
	for at, i := range v.at {
		if v.bonus[at] > b.list.Floor() && m.factors.Warm[i] && (allowed == nil || hasBit(allowed, int(i))) {
			if _, out := slices.BinarySearch(a.exclude, i); !out {
				b.list.Push(i, v.bonus[at])
			}
		}
	}
	ids, bonus := b.list.Drain()
	for _, i := range ids {
		kernel.Prefetch(m.factors.V.Row(int(i)))
	}
	b.list.Reset(k, k)
	for at, i := range ids {
		b.list.Push(i, kernel.Dot(v.user, m.factors.V.Row(int(i)))+bonus[at])
	}
	return b.list.Floor()
}
