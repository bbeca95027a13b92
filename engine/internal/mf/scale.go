package mf

import (
	"cmp"
	"slices"

	"github.com/kenrec/ken/engine/internal/sparse"
)

const (
	scaleUsers = 512  // users that the scale is measured on
	scaleItems = 4096 // warm items that it is measured on
	scaleTop   = 0.01 // share of the items at the top of a user's head scores that count
	scaleLeast = 5    // and at least this many
)

// coldScale is what the head's best are worth: for a sample of users, the warm items that they have not chosen and that
// their head ranks highest are scored both ways, and the scale is Σ u·v / Σ head·q over them. A cold item that the head
// puts on top thus competes with the score that such items turn out to have; a regression over all cells would promise
// more, because the best of many guesses are the luckiest too.
func coldScale(x *sparse.CSR, m *Model) float32 {
	items := sample(m.V.Rows, scaleItems, func(i int) bool { return m.Warm[i] })
	users := sample(m.U.Rows, scaleUsers, func(u int) bool { return x.Len(u) > 0 })
	type scored struct{ head, warm float64 }
	warm, head := 0.0, 0.0
	var list []scored
	for _, u := range users {
		chosen, _ := x.Row(int(u))
		list = list[:0]
		for _, i := range items {
			if _, seen := slices.BinarySearch(chosen, i); !seen {
				list = append(list, scored{dot(m.Head.Row(int(u)), m.Q.Row(int(i))), dot(m.U.Row(int(u)), m.V.Row(int(i)))})
			}
		}
		slices.SortFunc(list, func(a, b scored) int { return cmp.Compare(b.head, a.head) })
		top := min(len(list), max(scaleLeast, int(scaleTop*float64(len(list)))))
		for _, s := range list[:top] {
			warm += s.warm
			head += s.head
		}
	}
	if head <= 0 || warm <= 0 {
		return 1
	}
	return float32(warm / head)
}

// sample lists at most about limit of the rows that count, evenly spread.
func sample(n, limit int, counts func(int) bool) []int32 {
	var all []int32
	for i := range n {
		if counts(i) {
			all = append(all, int32(i))
		}
	}
	step := (len(all) + limit - 1) / limit
	if step <= 1 {
		return all
	}
	var some []int32
	for i := 0; i < len(all); i += step {
		some = append(some, all[i])
	}
	return some
}
