package engine

import (
	"math"

	"github.com/kenrec/ken/engine/internal/sparse"
	"github.com/kenrec/ken/graph"
)

// maxConfidence caps the confidence of one cell: a thousand plays of one song are not a thousand votes.
const maxConfidence = 40

// reading is how interactions were read: what it takes to read those that come later alike.
type reading struct {
	ratings
	ages
}

// behaviour returns users × items with confidences, the target of each entry (nil when all are 1), and how interactions
// were read.
//
// An event above 0 says "chose it" (target 1, moved by the size of the weight as Config.RatingSlope says), one of
// 0 "saw it and did not care" (target 0), one below 0 "dislikes" (target −1). Its confidence is the strength of its type,
// less what age took from it, see ages; of n events between the same two, 1 + ln n counts. Several events of one pair merge
// exactly, since Σ c (t − x)² is one square with the mean target plus a constant.
func behaviour(d *dataset, rows []int32, cfg Config) (*sparse.CSR, []float32, reading) {
	scales := reading{measureRatings(d, rows, cfg.RatingSlope), measureAges(d, rows, cfg.HalfLife)}
	strength, spread := map[graph.Sym]float32{}, map[graph.Sym]*userMeans{}
	for _, e := range d.events {
		if _, ok := strength[e.typ]; !ok {
			strength[e.typ] = float32(weightOf(cfg.Types, d.symName(e.typ), 1))
			if s, ok := scales.scale(d.symName(e.typ)); ok {
				spread[e.typ] = &userMeans{scale: s, n: make([]int, len(d.users)), sum: make([]float64, len(d.users))}
			}
		}
	}
	each(d, rows, func(e event) {
		if m := spread[e.typ]; m != nil && e.weight > 0 {
			m.n[e.user]++
			m.sum[e.user] += float64(e.weight)
		}
	})
	n := len(rows)
	if rows == nil {
		n = len(d.events)
	}
	users, items := make([]int32, 0, n), make([]int32, 0, n)
	seen, pull := make([]float32, 0, n), make([]float32, 0, n)
	each(d, rows, func(e event) {
		s := strength[e.typ] * scales.ages.weight(e.time)
		if s == 0 {
			return
		}
		target := sign(e.weight)
		if m := spread[e.typ]; m != nil && e.weight > 0 {
			target = scales.target(m.scale, e.weight, m.scale.userMean(m.n[e.user], m.sum[e.user]))
		}
		users, items = append(users, e.user), append(items, e.item)
		seen, pull = append(seen, s), append(pull, s*target)
	})
	x := sparse.FromTriplets(len(d.users), len(d.items), users, items, seen, nil)
	target := sparse.FromTriplets(len(d.users), len(d.items), users, items, pull, nil).Val
	plain := true
	for p, c := range x.Val {
		x.Val[p], target[p] = cell(c, target[p])
		plain = plain && target[p] == 1
	}
	if plain {
		return x, nil, scales
	}
	return x, target, scales
}

// userMeans sums the positive weights of one type by user.
type userMeans struct {
	scale ratingScale
	n     []int
	sum   []float64
}

// cell turns the summed strengths of the events of one user and item, and the sum of strength times target, into
// confidence and target.
func cell(seen, pull float32) (conf, target float32) {
	target = pull / seen
	if seen > 1 {
		seen = min(maxConfidence, 1+float32(math.Log(float64(seen))))
	}
	return seen, target
}

// sign is the target of a weight whose size does not count.
func sign(weight float32) float32 {
	switch {
	case weight > 0:
		return 1
	case weight < 0:
		return -1
	}
	return 0
}
