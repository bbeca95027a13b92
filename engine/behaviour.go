package engine

import (
	"math"

	"github.com/kenrec/ken/engine/internal/sparse"
	"github.com/kenrec/ken/graph"
)

// maxConfidence caps the confidence of one cell: a thousand plays of one song are not a thousand votes.
const maxConfidence = 40

// behaviour returns users × items with confidences, and the target of each entry (nil when all are 1).
//
// An event above 0 says "likes" (target 1), one of 0 "saw it and did not care" (target 0), one below 0 "dislikes"
// (target −1). Its confidence is the strength of its type; of n events of one type between the same two, 1 + ln n counts.
// Several kinds of events of one pair merge exactly, since Σ c (t − x)² is one square with the mean target plus a constant.
// The size of a positive weight does not count: measured on ratings of 1–5 and 1–10, a low rating still says that the
// user chose the item, and lists rank no better when it weighs less.
func behaviour(d *dataset, rows []int32, cfg Config) (*sparse.CSR, []float32) {
	strength := map[graph.Sym]float32{}
	for _, e := range d.events {
		if _, ok := strength[e.typ]; !ok {
			strength[e.typ] = float32(weightOf(cfg.Types, d.symName(e.typ), 1))
		}
	}
	n := len(rows)
	if rows == nil {
		n = len(d.events)
	}
	users, items := make([]int32, 0, n), make([]int32, 0, n)
	likes, dislikes, seen := make([]float32, 0, n), make([]float32, 0, n), make([]float32, 0, n)
	for i := range n {
		e := d.events[i]
		if rows != nil {
			e = d.events[rows[i]]
		}
		s := strength[e.typ]
		if s == 0 {
			continue
		}
		users, items = append(users, e.user), append(items, e.item)
		seen = append(seen, s)
		likes = append(likes, onlyIf(e.weight > 0, s))
		dislikes = append(dislikes, onlyIf(e.weight < 0, s))
	}
	build := func(v []float32) *sparse.CSR {
		return sparse.FromTriplets(len(d.users), len(d.items), users, items, v, nil)
	}
	x, up, down := build(seen), build(likes), build(dislikes)
	target := make([]float32, len(x.Val))
	plain := true
	for p, c := range x.Val {
		x.Val[p], target[p] = cell(c, up.Val[p], down.Val[p])
		plain = plain && target[p] == 1
	}
	if plain {
		return x, nil
	}
	return x, target
}

// cell turns the summed strengths of the events of one user and item into confidence and target.
func cell(seen, likes, dislikes float32) (conf, target float32) {
	target = (likes - dislikes) / seen
	if seen > 1 {
		seen = min(maxConfidence, 1+float32(math.Log(float64(seen))))
	}
	return seen, target
}

func onlyIf(yes bool, v float32) float32 {
	if yes {
		return v
	}
	return 0
}
