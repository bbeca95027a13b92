package mf

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/kenrec/ken/engine/internal/kernel"
	"github.com/kenrec/ken/engine/internal/par"
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
func coldScale(ctx context.Context, x *sparse.CSR, m *Model, workers int) (float32, error) {
	items := sample(m.V.Rows, scaleItems, func(i int) bool { return m.Warm[i] })
	users := sample(m.U.Rows, scaleUsers, func(u int) bool { return x.Len(u) > 0 })
	warm, head := make([]float64, len(users)), make([]float64, len(users))
	err := par.Chunks(ctx, len(users), 16, workers, func(_, lo, hi int) error {
		var list []scored
		for n := lo; n < hi; n++ {
			warm[n], head[n], list = bestOfHead(x, m, users[n], items, list[:0])
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("mf: scale of cold scores: %w", err)
	}
	w, h := 0.0, 0.0
	for n := range users {
		w += warm[n]
		h += head[n]
	}
	if h <= 0 || w <= 0 {
		return 1, nil
	}
	return float32(w / h), nil
}

// scored is an item by the score of a user's head.
type scored struct {
	head float32
	item int32
}

// bestOfHead sums the scores of the items that a user's head ranks highest, both ways. list is scratch memory.
func bestOfHead(x *sparse.CSR, m *Model, u int32, items []int32, list []scored) (warm, head float64, _ []scored) {
	chosen, _ := x.Row(int(u))
	for _, i := range items {
		if _, seen := slices.BinarySearch(chosen, i); !seen {
			list = append(list, scored{kernel.Dot(m.Head.Row(int(u)), m.Q.Row(int(i))), i})
		}
	}
	slices.SortFunc(list, func(a, b scored) int { return cmp.Or(cmp.Compare(b.head, a.head), cmp.Compare(a.item, b.item)) })
	top := min(len(list), max(scaleLeast, int(scaleTop*float64(len(list)))))
	for _, s := range list[:top] {
		warm += dot(m.U.Row(int(u)), m.V.Row(int(s.item)))
		head += float64(s.head)
	}
	return warm, head, list
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
