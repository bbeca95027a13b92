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
	drafts  []draft // of the byte scan
	exclude [][]int32
	limit   []float32 // score that an item must reach: what is known of the user's k-th, at first the least asked for; +∞ for padding
	bound   []float32 // the same as the byte kernel compares it
	norms   []float32
	ended   []bool    // tiles that no later panel matters to
	packed  []float32 // users for kernel.Score
	bytes   users     // or for kernel.ScoreInt8
	tile    []float32 // scores of a panel,
	sums    []int32   // or products of its codes
	masks   []uint32
}

// begin prepares for the users [lo, hi).
func (s *scan) begin(it *Items, req *Request, lists filters, lo, hi, rows int) {
	s.it, s.req, s.lists, s.lo, s.n, s.rows = it, req, lists, lo, hi-lo, rows
	tiles := (s.n + rows - 1) / rows
	padded := tiles * rows
	s.limit, s.bound, s.norms = grown(s.limit, padded), grown(s.bound, padded), grown(s.norms, padded)
	s.ended, s.heaps, s.exclude = grown(s.ended, tiles), grown(s.heaps, padded), grown(s.exclude, padded)
	s.masks = grown(s.masks, rows)
	clear(s.ended)
	if it.codes != nil {
		s.bytes.resize(padded, it.codes.steps)
		s.sums, s.drafts = grown(s.sums, rows*panelItems), grown(s.drafts, padded)
	} else {
		s.packed, s.tile = grown(s.packed, padded*it.v.Cols), grown(s.tile, rows*panelItems)
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
		if it.codes != nil {
			s.drafts[i].reset(req.K)
		}
		s.setUser(i, req.Users.Row(lo+i))
		if req.Least != nil {
			s.raise(i, req.Least[lo+i])
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
		size = panelItems * 4 * it.codes.steps
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

// maxRun is how many panels the kernel may scan in one call: enough for the call to cost little, too few for the collector to
// wait for it.
const maxRun = 16

// scanTile scans the panels [from, to) for the tile of users that begins at first.
func (s *scan) scanTile(first, from, to int) {
	for p := from; p < to; p++ {
		this, rest := s.hopeless(first, p)
		switch {
		case rest:
			s.ended[first/s.rows] = true
			return
		case this || s.lists.allowed[p] == 0:
		case s.it.codes == nil:
			s.scoreFloats(first, p)
		default:
			end := p + 1
			for ; end < min(to, p+maxRun) && s.lists.allowed[end] != 0; end++ {
				if this, _ = s.hopeless(first, end); this {
					break
				}
			}
			s.scoreBytes(first, p, end)
			p = end - 1
		}
	}
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

// scoreFloats scores panel p in float32 for a tile of users.
func (s *scan) scoreFloats(first, p int) {
	it, f := s.it, s.it.v.Cols
	if !kernel.Score(s.rows, f, s.packed[first*f:], it.panels[p*panelItems*f:], s.lists.bonus.of(p), s.limit[first:], s.tile, s.masks) {
		return
	}
	for i, mask := range s.masks {
		for mask &= s.lists.allowed[p]; mask != 0; mask &= mask - 1 {
			lane := bits.TrailingZeros32(mask)
			s.offer(first+i, candidate{s.tile[i*panelItems+lane], it.ids[p*panelItems+lane]})
		}
	}
}

// offer gives user i of the block a candidate.
func (s *scan) offer(i int, c candidate) {
	h := &s.heaps[i]
	if len(*h) == s.req.K && !better(c, (*h)[0]) || !(c.score >= s.limit[i]) { // a NaN reaches nothing
		return
	}
	if s.excluded(i, c.item) {
		return
	}
	h.push(c, s.req.K)
	if len(*h) == s.req.K {
		s.raise(i, (*h)[0].score)
	}
}

// excluded reports whether an item is left out for user i of the block.
func (s *scan) excluded(i int, item int32) bool {
	_, found := slices.BinarySearch(s.exclude[i], item)
	return found
}

// raise says that an item must reach a score to be on the list of user i of the block.
func (s *scan) raise(i int, score float32) {
	if !(score > s.limit[i]) {
		return
	}
	s.limit[i] = score
	if s.it.codes != nil && !math.IsInf(float64(score), 0) { // from an infinity there is nothing to take
		// In units of the user's scale, less what rounding may have taken from the kernel's threshold.
		x := score / s.bytes.scale[i]
		s.bound[i] = x - max(x, -x)*0x1p-20 - s.lists.extreme/s.bytes.scale[i]*0x1p-20
	}
}
