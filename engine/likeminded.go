package engine

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/mf"
	"github.com/kenrec/ken/engine/internal/sparse"
)

// likeMinded is the scorer like-minded: a person's history foretold from those of the users most like her. It has nothing to
// fit and nothing to save; all is counted when a list is made. Her peers N are the peerCount users of largest likeness
// b_v · |v|^-½, herself left out; their weights are those of the ridge regression of her history on their rows, and
// the score of item i is the sum of the weights of those peers who like it:
//
//	b_v  = Σ_{j ∈ P, v likes j} r_j n_j^-½      n_j: how many like j, |v|: how much v likes, P: what she likes, r_j: its pull
//	G_vw = Σ_{j: v and w like j} n_j^-½
//	w    = (G_NN + λI)⁻¹ b_N,    s_i = Σ_{v ∈ N, v likes i} w_v
//
// Two peers who like the same share the credit that the likeness alone gives to both, and one who likes much besides gets less.
// Sources: user-based neighbourhoods of Herlocker et al. 1999; weights solved for together as by Bell and Koren 2007
// ("Scalable collaborative filtering with jointly derived neighborhood interpolation weights"), as co-choice does for items.
// Cost: N³/3 + N · Σ|v| at most; on gowalla 0.3 ms of CPU a person.
type likeMinded struct {
	weight float64
	rows   func() *likings // made when first needed
}

// likings is what likeness is counted in.
type likings struct {
	liked *sparse.CSR // users × items
	fans  *sparse.CSR // items × users
	user  []float32   // |v|^-½
	item  []float32   // n_j^-½, 0 for what nobody likes
}

const (
	// peerCount is how many peers have a say.
	peerCount = 100
	// peerRidge is λ, in units of such sums.
	peerRidge = 10
	// mostMeetings is how many (item of the history, user) pairs are counted to find one person's peers, rare items first: the
	// fans of hits say least and cost most.
	mostMeetings = 1 << 16
)

func newLikeMinded(weight float64, history *sparse.CSR, target []float32) likeMinded {
	return likeMinded{weight: weight, rows: sync.OnceValue(func() *likings {
		liked := positives(history, target)
		r := &likings{liked: liked, fans: liked.Transpose()}
		r.user, r.item = inverseRoots(liked), inverseRoots(r.fans)
		return r
	})}
}

// inverseRoots returns n^-½ of the lengths n of rows, 0 for empty ones.
func inverseRoots(x *sparse.CSR) []float32 {
	v := make([]float32, x.Rows)
	for r := range v {
		if n := x.Len(r); n > 0 {
			v[r] = float32(1 / math.Sqrt(float64(n)))
		}
	}
	return v
}

// with is the scorer when users have chosen further items, which nobody liked before and by which likeness is not counted.
func (l likeMinded) with(add []triplet) likeMinded {
	return likeMinded{weight: l.weight, rows: sync.OnceValue(func() *likings {
		r := *l.rows()
		r.liked = withEntries(r.liked, add)
		return &r
	})}
}

// peer is somebody like a person.
type peer struct {
	user   int32
	weight float32 // below 0 for one whose tastes others have, but for those that the person does not share
}

// peerScratch is the memory in which peers are found and weighed.
type peerScratch struct {
	likeness []float32 // by user, 0 between two persons
	met      []int32
	pull     []float32 // n_j^-½ by number of the item
	last     []int32   // the last of its entries, by number of the item
	entries  []entry
	system   []float32
	inverse  []float32
	solution []float32
}

// entry is a like: who of the peers it is of, and the entry before it of the same item, 0 for none.
type entry struct{ of, before int32 }

// telling returns the positions in a history of the items by which peers are found, rare items first.
func (m *model) telling(past mf.History, r *likings) []int {
	at := make([]int, 0, len(past.Items))
	for p := range past.Items {
		if m.pull(past, p) > 0 {
			at = append(at, p)
		}
	}
	slices.SortFunc(at, func(a, b int) int {
		i, j := past.Items[a], past.Items[b]
		return cmp.Or(cmp.Compare(r.fans.Len(int(i)), r.fans.Len(int(j))), cmp.Compare(i, j))
	})
	met := 0
	for n, p := range at {
		if met += r.fans.Len(int(past.Items[p])); met > mostMeetings {
			return at[:n]
		}
	}
	return at
}

// meeting is what an item of a history adds to b_v of each of its fans.
func (m *model) meeting(past mf.History, p int, r *likings) float32 {
	return max(m.pull(past, p), 0) * r.item[past.Items[p]]
}

// peers returns who is most like a person, the most alike first, not yet weighed; none where the scorer has no share.
func (m *model) peers(p *person, b *board) []peer {
	if m.likeMinded.weight == 0 {
		return nil
	}
	r, c := m.likeMinded.rows(), m.peerScratch(b)
	met := c.met[:0]
	for _, at := range m.telling(p.past, r) {
		v := m.meeting(p.past, at, r)
		users, _ := r.fans.Row(int(p.past.Items[at]))
		for _, u := range users {
			if c.likeness[u] == 0 {
				met = append(met, u)
			}
			c.likeness[u] += v
		}
	}
	c.met = met
	b.list.Reset(peerCount, len(met))
	for _, u := range met {
		if u+1 != p.self {
			b.list.Push(u, c.likeness[u]*r.user[u])
		}
		c.likeness[u] = 0
	}
	users, _ := b.list.Drain()
	all := make([]peer, len(users))
	for n, u := range users {
		all[n].user = u
	}
	return all
}

// peerScratch is the board's, made when first needed.
func (m *model) peerScratch(b *board) *peerScratch {
	if b.peers == nil {
		b.peers = &peerScratch{likeness: make([]float32, len(m.users))}
	}
	return b.peers
}

// weigh gives peers their weights in the foretelling of a history. Rows are theirs, in the numbers of items.
func (m *model) weigh(past mf.History, peers []peer, rows [][]int32, items *numbering, b *board) {
	r, c := m.likeMinded.rows(), m.peerScratch(b)
	meeting := b.one[:items.len()]
	clear(meeting)
	for n, i := range past.Items {
		if at, ok := items.number(i); ok {
			meeting[at] = m.meeting(past, n, r)
		}
	}
	for n := range peers {
		sum := float32(0)
		for _, i := range rows[n] {
			sum += meeting[i]
		}
		peers[n].weight = sum
	}
	c.pull = items.gather(c.pull, r.item)
	c.solve(peers, rows)
}

// solve replaces the weights x of peers by (G + λI)⁻¹x; rows are theirs, in the numbers of items that c.pull goes by. The
// system is positive definite; where rows are so long that float32 does not see λ beside them, λ is larger.
func (c *peerScratch) solve(peers []peer, rows [][]int32) {
	n := (len(peers) + 7) &^ 7
	ld := (n + 16) &^ 15
	c.system = slices.Grow(c.system[:0], n*ld)[:n*ld]
	c.inverse, c.solution = slices.Grow(c.inverse[:0], n)[:n], slices.Grow(c.solution[:0], n)[:n]
	for ridge := float32(peerRidge); ; ridge *= 4 {
		clear(c.system)
		for a := range n {
			c.system[a*ld+a] = ridge
		}
		for a, x := range peers {
			c.system[a*ld+n] = x.weight
		}
		c.overlap(rows, ld)
		if dense.FactorUpper(c.system, n, ld, ld, c.inverse) {
			break
		}
	}
	dense.BackUpper(c.solution, c.system, n, ld, n, c.inverse)
	for a := range peers {
		peers[a].weight = c.solution[a]
	}
}

// overlap adds G to the upper triangle of the system. It goes from item to item, since most of them few peers share: comparing
// the rows of each two peers would take ten times as long.
func (c *peerScratch) overlap(rows [][]int32, ld int) {
	c.entries = append(c.entries[:0], entry{}) // 0 ends the entries of an item
	c.last = slices.Grow(c.last[:0], len(c.pull))[:len(c.pull)]
	clear(c.last)
	column := c.solution[:len(rows)]
	for a, items := range rows {
		clear(column)
		for _, i := range items {
			c.entries = append(c.entries, entry{int32(a), c.last[i]})
			c.last[i] = int32(len(c.entries) - 1)
			v := c.pull[i]
			for e := c.last[i]; e != 0; e = c.entries[e].before {
				column[c.entries[e].of] += v
			}
		}
		for b, v := range column[:a+1] {
			c.system[b*ld+a] += v
		}
	}
}

// hear adds what peers say about items to sum; rows are theirs.
func hear(peers []peer, rows [][]int32, sum []float32) {
	for n, x := range peers {
		for _, i := range rows[n] {
			sum[i] += x.weight
		}
	}
}

// rowsOf appends what the peers like to rows.
func (r *likings) rowsOf(peers []peer, rows [][]int32) [][]int32 {
	for _, x := range peers {
		items, _ := r.liked.Row(int(x.user))
		rows = append(rows, items)
	}
	return rows
}

// likenessBy splits what the peers that fan names say about an item over the history: each is called with an item of it
// and the addend. With x = 1 for the fans among the peers and 0 for the others, the score is xᵀ(G + λI)⁻¹b, and b is a sum
// over the history.
func (m *model) likenessBy(
	past mf.History, peers []peer, fan func(user int32) bool, each func(item int32, value float32) error,
) error {
	b := m.board()
	defer m.putBoard(b)
	r, c := m.likeMinded.rows(), m.peerScratch(b)
	fans := make([]peer, len(peers))
	for n, x := range peers {
		fans[n].user = x.user
		if fan(x.user) {
			fans[n].weight = 1
		}
	}
	rows := r.rowsOf(fans, b.rows[:0])
	b.rows, c.pull = rows, append(c.pull[:0], r.item...)
	c.solve(fans, rows)
	said := b.one
	clear(said)
	hear(fans, rows, said)
	values := make([]float32, len(past.Items))
	for p, i := range past.Items {
		values[p] = m.meeting(past, p, r) * said[i]
	}
	for p, v := range values {
		if v == 0 {
			continue
		}
		if err := each(past.Items[p], v); err != nil {
			return err
		}
	}
	return nil
}
