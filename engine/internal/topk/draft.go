package topk

import (
	"math"
	"math/bits"

	"github.com/kenrec/ken/engine/internal/kernel"
)

// draft is what a byte scan knows of one user's list: scores lie between bounds, and only items that may still be on the list
// when all panels are done are scored exactly. A vector is thus fetched from memory for some sixty items of a list of
// twenty, and not for every item that led for a while.
type draft struct {
	sure  floors     // lower bounds of the k best scores found
	maybe []estimate // items that may be among them
}

// estimate is an item whose score lies between least and most.
type estimate struct {
	least, most float32
	item        int32
}

// reset prepares for a list of k.
func (d *draft) reset(k int) {
	if cap(d.sure) < k {
		d.sure, d.maybe = make(floors, 0, k), make([]estimate, 0, min(4*k+64, 1024))
	}
	d.sure, d.maybe = d.sure[:0], d.maybe[:0]
}

// add appends an estimate; when there is no room, it first drops what is below limit.
func (d *draft) add(e estimate, limit float32) {
	if len(d.maybe) == cap(d.maybe) {
		kept := d.maybe[:0]
		for _, old := range d.maybe {
			if !(old.most < limit) {
				kept = append(kept, old)
			}
		}
		d.maybe = kept
		if 2*len(kept) > cap(kept) { // else it would be done again too soon
			d.maybe = append(make([]estimate, 0, 2*cap(kept)), kept...)
		}
	}
	d.maybe = append(d.maybe, e)
}

// floors keeps the k largest numbers, the smallest of them at the root.
type floors []float32

// least returns the k-th number, −∞ while there are fewer.
func (h floors) least(k int) float32 {
	if len(h) < k {
		return float32(math.Inf(-1))
	}
	return h[0]
}

// push adds x, which is above least(k).
func (h *floors) push(x float32, k int) {
	if len(*h) < k {
		*h = append(*h, x)
		s := *h
		i := len(s) - 1
		for ; i > 0 && s[(i-1)/2] > x; i = (i - 1) / 2 {
			s[i] = s[(i-1)/2]
		}
		s[i] = x
		return
	}
	s, i := *h, 0
	for {
		down := 2*i + 1
		if down+1 < len(s) && s[down+1] < s[down] {
			down++
		}
		if down >= len(s) || s[down] >= x {
			break
		}
		s[i] = s[down]
		i = down
	}
	s[i] = x
}

// scoreBytes bounds the scores of the panels [from, to) for a tile of users.
func (s *scan) scoreBytes(first, from, to int) {
	c, bound := s.it.codes, s.bound[first:first+s.rows]
	tile := s.bytes.tile(c, first, s.rows)
	for from < to {
		panels := c.panels(from, to)
		if s.rows == 1 {
			panels.Bonus = s.lists.bonus.from(from)
		}
		from += kernel.ScoreInt8(s.rows, c.steps, to-from, tile, panels, bound, s.sums, s.masks)
		if from < to {
			s.draftPanel(first, from)
			from++
		}
	}
}

// draftPanel takes up the items of a panel that reached their thresholds.
func (s *scan) draftPanel(first, p int) {
	c := s.it.codes
	norm, lost, scale := c.terms[4*p], c.terms[4*p+1], c.terms[4*p+3]
	for i, mask := range s.masks {
		if mask &= s.lists.allowed[p]; mask == 0 {
			continue
		}
		user := first + i
		unit := s.bytes.scale[user] * scale
		margin := (s.bytes.norm[user]*norm+s.bytes.err[user]*lost)*s.bytes.scale[user] + s.lists.extreme*0x1p-20
		for ; mask != 0; mask &= mask - 1 {
			lane := bits.TrailingZeros32(mask)
			sum, item := s.sums[i*panelItems+lane], s.it.ids[p*panelItems+lane]
			least, most := float32(sum-1)*unit-margin, float32(sum)*unit+margin // a bonus is rounded up by less than 1
			if sum >= 1<<29 {                                                   // a bonus beyond what the kernel counts
				least, most = float32(math.Inf(-1)), float32(math.Inf(1))
			}
			s.propose(user, estimate{least, most, item})
		}
	}
}

// propose gives user i of the block an item. A NaN bounds nothing.
func (s *scan) propose(i int, e estimate) {
	d, k := &s.drafts[i], s.req.K
	if e.most < s.limit[i] {
		return
	}
	if e.least > d.sure.least(k) {
		if s.excluded(i, e.item) {
			return
		}
		d.sure.push(e.least, k)
		s.raise(i, d.sure.least(k))
	}
	d.add(e, s.limit[i])
}

// settle scores what is left of the draft of user i of the block.
func (s *scan) settle(i int) {
	const ahead = 8 // enough to hide the way to memory
	left, sure, limit := s.drafts[i].maybe[:0], 0, s.limit[i]
	for _, e := range s.drafts[i].maybe {
		if e.most < limit {
			continue
		}
		left = append(left, e)
		if e.least >= limit { // the k best but for rounding come first: what they reach rules out most of the others
			last := len(left) - 1
			left[sure], left[last] = left[last], left[sure]
			sure++
		}
	}
	v, user := s.it.v, s.req.Users.Row(s.lo+i)
	fetch := func(n int) {
		if n < len(left) && !(left[n].most < s.limit[i]) {
			kernel.Prefetch(v.Row(int(left[n].item)))
		}
	}
	for n := range ahead {
		fetch(n)
	}
	for n, e := range left {
		fetch(n + ahead)
		if !(e.most < s.limit[i]) {
			s.offer(i, candidate{kernel.Dot(user, v.Row(int(e.item))) + s.lists.bonus.at(s.it.place[e.item]), e.item})
		}
	}
}
