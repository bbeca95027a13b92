package engine

import (
	"context"
	"math"
	"slices"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/kernel"
	"github.com/kenrec/ken/engine/internal/mf"
	"github.com/kenrec/ken/graph"
)

// person is a user as a model sees her at query time.
type person struct {
	id      string // "" for one known by likes alone
	basis   Basis
	user    []float32 // factors, against V
	head    []float32 // against Q; nil: user serves for both
	past    mf.History
	prior   []float32   // nil: none
	exclude []int32     // item rows she already has, ascending
	seenNew []graph.Idx // items that she has and the model does not know, ascending
	late    []graph.Idx // those of them that past.Late places
	self    int32       // 1 + her row of training, 0: none; nobody is her own peer
}

// passedOver is what the score of an item is worth that was in the store at training and that nobody had chosen: it had
// its chance, which an item that came later did not. Ranking all items, NDCG@20 with 1, 0.7 and 0.5: ml-100k, whose
// unchosen items are the bad ones, .383, .413, .424; anime, whose are held out at random, .248, .231, .223.
const passedOver = 0.5

// voice is what a person says about items: the score of warm item i is user·v_i plus its bonus, that of a cold one head·v_i.
type voice struct {
	share      []float32 // by which each scorer entered, the factorisation's first, like-minded last; explanations need it
	peers      []peer    // who speaks for like-minded
	user, head []float32
	spread     bool      // the bonuses are in board.sum, of all items
	at         []int32   // else of these, each once,
	bonus      []float32 // these
}

// denseShare is the share of the items above which bonuses are summed in a dense array, without keeping book.
const denseShare = 0.25

// voice blends the item-to-item scorers into the factorisation's scores of warm items. Each is scaled to the spread that
// the factorisation has over warm items for this person, so that a weight means the same for everybody:
//
//	score = (1 − Σ w) · mf + Σ w · (σ_mf / σ_s) · s
//
// A scorer that says nothing about a person (spread 0) gives its weight back to the factorisation. The result holds until
// the board is used again.
func (m *model) voice(p *person, b *board) voice {
	v := voice{share: make([]float32, 2+len(m.scorers)), user: p.user, head: p.user}
	v.share[0] = 1
	if p.head != nil {
		v.head = scaled(p.head, passedOver*m.factors.ColdScale)
	}
	if len(m.scorers) == 0 && m.likeMinded.weight == 0 || len(p.past.Items) == 0 || p.basis == BasisPopularity {
		return v
	}
	v.peers = m.peers(p, b)
	rows := m.named(p.past, v.peers, b)
	v.spread = entries(rows) > int(denseShare*float64(len(m.items)))
	b.numbers.begin(len(m.items), v.spread)
	if !v.spread {
		b.numbers.take(rows)
		v.at = b.numbers.items
	}
	one, sum := b.one[:b.numbers.len()], b.sum[:b.numbers.len()]
	clear(sum)
	base := m.ranking().spread(p.user)
	for n := range m.scorers {
		s := &m.scorers[n]
		clear(one)
		for q, j := range p.past.Items {
			r := m.pull(p.past, q)
			_, val := s.next.Row(int(j))
			for e, i := range rows[q] {
				one[i] += r * val[e]
			}
		}
		rows = rows[len(p.past.Items):]
		m.blend(&v, one, sum, n+1, float32(s.weight), base)
	}
	if len(v.peers) > 0 {
		m.weigh(p.past, v.peers, rows, &b.numbers, b)
		clear(one)
		hear(v.peers, rows, one)
		m.blend(&v, one, sum, len(v.share)-1, float32(m.likeMinded.weight), base)
	}
	v.user = scaled(p.user, v.share[0])
	if !v.spread {
		v.bonus = sum
	}
	return v
}

// blend adds what a scorer says, one, to the bonuses, sum, at the spread of the factorisation.
func (m *model) blend(v *voice, one, sum []float32, scorer int, weight, base float32) {
	sd := m.deviation(v, one)
	if sd == 0 {
		return
	}
	by := weight * base / sd
	v.share[scorer] = by
	v.share[0] -= weight
	kernel.Axpy(by, one, sum)
}

// named returns the items that the scorers say something about: for each scorer in turn a row for each item of the history,
// then a row for each peer.
func (m *model) named(past mf.History, peers []peer, b *board) [][]int32 {
	rows := b.rows[:0]
	for k := range m.scorers {
		for _, j := range past.Items {
			items, _ := m.scorers[k].next.Row(int(j))
			rows = append(rows, items)
		}
	}
	if len(peers) > 0 {
		rows = m.likeMinded.rows().rowsOf(peers, rows)
	}
	b.rows = rows
	return rows
}

// entries is how many entries rows have.
func entries(rows [][]int32) (n int) {
	for _, row := range rows {
		n += len(row)
	}
	return n
}

// deviation is the spread of what a scorer says over warm items.
func (m *model) deviation(v *voice, one []float32) float32 {
	sum, square, warm := 0.0, 0.0, m.factors.Warm
	for n, x := range one {
		i := n
		if !v.spread {
			i = int(v.at[n])
		}
		if warm[i] {
			sum += float64(x)
			square += float64(x) * float64(x)
		}
	}
	return deviation(sum, square, m.ranking().nWarm)
}

// deviation is the standard deviation of n numbers with the given sum and sum of squares.
func deviation(sum, square float64, n int) float32 {
	if n == 0 {
		return 0
	}
	mean := sum / float64(n)
	return float32(math.Sqrt(max(square/float64(n)-mean*mean, 0)))
}

func scaled(v []float32, by float32) []float32 {
	if by == 1 {
		return v
	}
	out := make([]float32, len(v))
	for j, x := range v {
		out[j] = by * x
	}
	return out
}

// base is the score of item i without its bonus. It is kernel.Dot everywhere, whichever way an item came to be scored, so
// that lists are the same bytes alone and in a batch.
func (m *model) base(v *voice, i int) float32 {
	if m.factors.Warm[i] {
		return kernel.Dot(v.user, m.factors.V.Row(i))
	}
	return kernel.Dot(v.head, m.factors.V.Row(i)) // a cold row of V is that of Q
}

// fill scores into b.scores the items that the bits of allowed name, all of them when it is nil.
func (m *model) fill(p *person, v *voice, b *board, allowed []uint64) {
	each := func(f func(i int)) {
		if allowed == nil {
			for i := range m.items {
				f(i)
			}
			return
		}
		bitsOf(allowed, len(m.items), f)
	}
	if p.basis == BasisPopularity {
		each(func(i int) { b.scores[i] = float32(m.likes[i]) })
		return
	}
	each(func(i int) {
		b.scores[i] = m.base(v, i)
		if v.spread && m.factors.Warm[i] {
			b.scores[i] += b.sum[i]
		}
	})
	for n, i := range v.at {
		if m.factors.Warm[i] {
			b.scores[i] += v.bonus[n]
		}
	}
}

// score is the score of one item.
func (m *model) score(p *person, v *voice, b *board, i int) float32 {
	if p.basis == BasisPopularity {
		return float32(m.likes[i])
	}
	s := m.base(v, i)
	if !m.factors.Warm[i] {
		return s
	}
	if v.spread {
		return s + b.sum[i]
	}
	if n := slices.Index(v.at, int32(i)); n >= 0 {
		s += v.bonus[n]
	}
	return s
}

// dot32 is Σ a·b.
func dot32(a, b []float32) float32 { return kernel.Dot(a, b) }

// personOfRow is a user as she was at training.
func (m *model) personOfRow(u int32) *person {
	p := &person{basis: BasisTrained, user: m.factors.U.Row(int(u)), past: m.pastOf(u), self: u + 1}
	p.exclude = p.past.Items
	if len(p.past.Items) > 0 {
		if m.factors.Head.Rows > 0 {
			p.head = m.factors.Head.Row(int(u))
		}
		return p
	}
	p.basis = BasisKnowledge
	if dense.IsZero(p.user) {
		p.basis = BasisPopularity
	}
	return p
}

// personOfHistory folds in a user from a history and a prior (nil: none).
func (m *model) personOfHistory(ctx context.Context, past mf.History, prior []float32) (*person, error) {
	p := &person{basis: BasisFoldedIn, past: past, prior: prior, exclude: past.Items}
	if past.Len() > 0 {
		var err error
		p.user, p.head, err = m.factors.FoldInUser(ctx, past, prior)
		return p, err
	}
	p.basis = BasisPopularity
	if prior != nil && !dense.IsZero(prior) {
		p.basis, p.user = BasisKnowledge, make([]float32, len(prior))
		for j, v := range prior {
			p.user[j] = m.factors.MeanUser[j] + v
		}
	}
	return p, nil
}
