package topk

import (
	"context"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/kenrec/ken/engine/internal/kernel"
)

// cacheBytes is how much of the items is scanned for one tile of users after the other: half of a usual second-level cache.
const cacheBytes = 384 << 10

// scan is the state of one block of users, in tiles of rows; user i of the block is member i%rows of tile i/rows.
type scan struct {
	it    *Items
	req   *Request
	lists filters
	lo    int // first user of the block
	n     int // users
	rows  int

	heaps   []heap
	exclude [][]int32
	limit   []float32 // score that an item must reach: the user's k-th, before there is one the least asked for, +∞ for padding
	bound   []float32 // the same as the kernel compares it
	norms   []float32
	ended   []bool    // tiles that no later panel matters to
	packed  []float32 // users for kernel.Score
	bytes   users     // or for kernel.ScoreInt8
	tile    []float32
	masks   []uint32
	waiting []place // candidates whose vectors are on their way into the cache
}

// place is an item to score again for a user of the block.
type place struct {
	user, panel, lane int32
}

// maxWaiting is how many candidates wait: enough to hide the way to memory, too few for the limits to lag behind.
const maxWaiting = 12

// begin prepares for the users [lo, hi).
func (s *scan) begin(it *Items, req *Request, lists filters, lo, hi, rows int) {
	s.it, s.req, s.lists, s.lo, s.n, s.rows = it, req, lists, lo, hi-lo, rows
	tiles := (s.n + rows - 1) / rows
	padded := tiles * rows
	s.limit, s.bound, s.norms = grown(s.limit, padded), grown(s.bound, padded), grown(s.norms, padded)
	s.ended, s.heaps, s.exclude = grown(s.ended, tiles), grown(s.heaps, padded), grown(s.exclude, padded)
	s.tile, s.masks = grown(s.tile, rows*panelItems), grown(s.masks, rows)
	clear(s.ended)
	if it.codes != nil {
		s.bytes.resize(padded, it.codes.steps)
	} else {
		s.packed = grown(s.packed, padded*it.v.Cols)
		clear(s.packed)
	}
	for i := range padded {
		if i >= s.n {
			s.limit[i], s.bound[i], s.norms[i] = float32(math.Inf(1)), float32(math.Inf(1)), 0
			continue
		}
		s.limit[i], s.bound[i] = float32(math.Inf(-1)), float32(math.Inf(-1))
		if cap(s.heaps[i]) < req.K {
			s.heaps[i] = make(heap, 0, req.K)
		}
		s.heaps[i], s.exclude[i] = s.heaps[i][:0], nil
		if req.Exclude != nil {
			s.exclude[i] = req.Exclude(lo + i)
		}
		s.setUser(i, req.Users.Row(lo+i))
		if req.Least != nil {
			s.setLimit(i, req.Least[lo+i])
		}
	}
}

// end gives the state back, without what belongs to the request.
func (s *scan) end() {
	it := s.it
	s.it, s.req, s.lists = nil, nil, filters{}
	clear(s.exclude)
	it.pool.Put(s)
}

// setUser packs user i of the block.
func (s *scan) setUser(i int, u []float32) {
	s.norms[i] = norm(u) * inflate
	first, member := i/s.rows*s.rows, i%s.rows
	if s.it.codes != nil {
		s.bytes.set(s.it.codes, u, first, member, s.rows, s.it.slack)
		return
	}
	tile := s.packed[first*len(u):]
	for x, v := range u {
		tile[x*s.rows+member] = v
	}
}

// run scans all panels, some of them at a time for all tiles in turn.
func (s *scan) run(ctx context.Context) error {
	it := s.it
	size := 4 * panelItems * it.v.Cols
	if it.codes != nil {
		size = panelItems * (4*it.codes.steps + 12)
	}
	step := max(1, cacheBytes/max(size, 1))
	for from := 0; from < len(it.norms); from += step {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("topk: stopped: %w", err)
		}
		left := false
		for t := range s.ended {
			if !s.ended[t] {
				s.scanTile(t*s.rows, from, min(from+step, len(it.norms)))
				left = left || !s.ended[t]
			}
		}
		if !left {
			break
		}
	}
	return nil
}

// scanTile scans the panels [from, to) for the tile of users that begins at first.
func (s *scan) scanTile(first, from, to int) {
	for p := from; p < to; p++ {
		this, rest := s.hopeless(first, p)
		if rest {
			s.ended[first/s.rows] = true
			break
		}
		allowed := s.lists.allowed[p]
		if this || allowed == 0 || !s.score(first, p) {
			continue
		}
		for i, mask := range s.masks {
			for mask &= allowed; mask != 0; mask &= mask - 1 {
				lane := bits.TrailingZeros32(mask)
				if s.it.codes == nil {
					s.offer(first+i, candidate{s.tile[i*panelItems+lane], s.it.ids[p*panelItems+lane]})
				} else {
					s.await(place{int32(first + i), int32(p), int32(lane)})
				}
			}
		}
	}
	s.scoreWaiting()
}

// hopeless reports whether panel p cannot matter to a tile, and whether no later one can either.
func (s *scan) hopeless(first, p int) (this, rest bool) {
	norm, own, most := s.it.norms[p], float32(0), float32(0)
	if b := s.lists.bonus; len(b.own) > 0 {
		slack := s.lists.extreme * 0x1p-20
		own, most = b.own[p]+slack, b.most[p]+slack
	}
	this, rest = true, true
	for i, limit := range s.limit[first : first+s.rows] {
		reach := s.norms[first+i] * norm
		if reach+most >= limit {
			if reach+own >= limit {
				return false, false
			}
			rest = false
		}
	}
	return this, rest
}

// score compares panel p with a tile of users and reports whether masks says anything.
func (s *scan) score(first, p int) bool {
	it, bound := s.it, s.bound[first:first+s.rows]
	if it.codes != nil {
		q, terms := it.codes.panel(p)
		panel := kernel.Int8Panel{Codes: q, Terms: terms, Bias: s.lists.bonus.of(p)}
		return kernel.ScoreInt8(s.rows, it.codes.steps, s.bytes.tile(it.codes, first, s.rows), panel, bound, s.masks)
	}
	f := it.v.Cols
	return kernel.Score(s.rows, f, s.packed[first*f:], it.panels[p*panelItems*f:], s.lists.bonus.of(p), bound, s.tile, s.masks)
}

// await puts a candidate of the byte scan in line to be scored exactly.
func (s *scan) await(p place) {
	kernel.Prefetch(s.it.v.Row(int(s.it.ids[p.panel*panelItems+p.lane])))
	s.waiting = append(s.waiting, p)
	if len(s.waiting) == maxWaiting {
		s.scoreWaiting()
	}
}

// scoreWaiting scores the waiting candidates.
func (s *scan) scoreWaiting() {
	for _, p := range s.waiting {
		item := s.it.ids[p.panel*panelItems+p.lane]
		score := kernel.Dot(s.req.Users.Row(s.lo+int(p.user)), s.it.v.Row(int(item))) + s.lists.bonus.of(int(p.panel))[p.lane]
		s.offer(int(p.user), candidate{score, item})
	}
	s.waiting = s.waiting[:0]
}

// offer gives user i of the block a candidate.
func (s *scan) offer(i int, c candidate) {
	h := &s.heaps[i]
	if len(*h) == s.req.K && !better(c, (*h)[0]) || !(c.score >= s.limit[i]) { // a NaN reaches nothing
		return
	}
	if _, found := slices.BinarySearch(s.exclude[i], c.item); found {
		return
	}
	h.push(c, s.req.K)
	if len(*h) == s.req.K {
		s.setLimit(i, (*h)[0].score)
	}
}

// setLimit raises what an item must reach for user i of the block.
func (s *scan) setLimit(i int, score float32) {
	s.limit[i], s.bound[i] = score, score
	if s.it.codes != nil {
		// In units of the user's scale, less what rounding may have taken from the kernel's sum of bound and bonus.
		if math.IsInf(float64(score), 0) {
			return // no number to take anything from
		}
		x := score / s.bytes.scale[i]
		s.bound[i] = x - max(x, -x)*0x1p-20 - s.lists.extreme/s.bytes.scale[i]*0x1p-20
	}
}
