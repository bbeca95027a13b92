package itemitem

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/sparse"
)

// drawn is users × items in which the last item is like another one, and the same without that last item's entries.
func drawn(users, items int) (all, before *sparse.CSR, late Newcomer) {
	rng := rand.New(rand.NewPCG(3, 9))
	var r, c, rb, cb []int32
	for u := range int32(users) {
		var has []int32
		for i := range int32(items - 1) {
			if rng.Float64() < 0.25 {
				has = append(has, i)
			}
		}
		for _, i := range has {
			r, c, rb, cb = append(r, u), append(c, i), append(rb, u), append(cb, i)
		}
		if slices.Contains(has, 0) && rng.Float64() < 0.7 {
			r, c = append(r, u), append(c, int32(items-1))
			late.Fans = append(late.Fans, has)
		}
	}
	return sparse.FromTriplets(users, items, r, c, nil, nil), sparse.FromTriplets(users, items, rb, cb, nil, nil), late
}

// column returns what the rows of a square matrix hold in one column.
func column(m *sparse.CSR, i int32) []float32 {
	out := make([]float32, m.Rows)
	for r := range out {
		idx, val := m.Row(r)
		if at, ok := slices.BinarySearch(idx, i); ok {
			out[r] = val[at]
		}
	}
	return out
}

func spread(n int, at []int32, val []float32) []float32 {
	out := make([]float32, n)
	for p, i := range at {
		out[i] = val[p]
	}
	return out
}

// The column of EASE is what fitting with the newcomer gives, whatever the factors that speed it up, and cut as its rows.
func TestColumnsEqualFitting(t *testing.T) {
	const items = 12
	all, before, late := drawn(200, items)
	want, err := EASE(t.Context(), all, 20, items, 1)
	if err != nil {
		t.Fatal(err)
	}
	factors := dense.New(items, 3) // the first two say nothing new
	for i := range items {
		factors.Set(i, 0, 1)
		factors.Set(i, 1, 2)
		factors.Set(i, 2, float32(i))
	}
	for _, keep := range []int{items, 4} {
		b, err := EASE(t.Context(), before, 20, keep, 1)
		if err != nil {
			t.Fatal(err)
		}
		c, err := NewColumns(t.Context(), before, b, 20, keep, factors, 1)
		if err != nil {
			t.Fatal(err)
		}
		at, val, err := c.Of(t.Context(), late)
		if err != nil {
			t.Fatal(err)
		}
		got := spread(items, at, val)
		for i, w := range column(want, items-1) {
			_, row := b.Row(i)
			for least := range slices.Values(row) {
				if len(row) == keep && size(w) <= size(least) && w != 0 && !slices.ContainsFunc(row, func(v float32) bool { return size(v) < size(least) }) {
					w = 0 // too weak to be kept
				}
			}
			if math.Abs(float64(got[i]-w)) > 2e-3 {
				t.Errorf("keep %d, item %d: joined %g, fitted %g", keep, i, got[i], w)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c, err := NewColumns(t.Context(), before, want, 20, items, factors, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Of(ctx, late); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// With room for all items, and activity that does not count, the column is what fitting with the newcomer gives.
func TestJoinsEqualFitting(t *testing.T) {
	const items = 12
	all, before, late := drawn(200, items)
	cfg := LocalConfig{Ridge: 3, ItemPower: 0.15, Neighbours: items}
	want, err := Local(t.Context(), all, cfg, 1)
	if err != nil {
		t.Fatal(err)
	}
	next, err := Local(t.Context(), before, cfg, 1)
	if err != nil {
		t.Fatal(err)
	}
	at, val, err := NewJoins(before, next, cfg).Of(t.Context(), late)
	if err != nil {
		t.Fatal(err)
	}
	got := spread(items, at, val)
	for i, w := range column(want, items-1) {
		if math.Abs(float64(got[i]-w)) > 1e-5 {
			t.Errorf("item %d: joined %g, fitted %g", i, got[i], w)
		}
	}
	if !slices.IsSorted(at) {
		t.Errorf("places do not ascend: %v", at)
	}
}

// A full row takes an entry only if it is stronger than one of its own.
func TestJoinsAreCutAsRows(t *testing.T) {
	_, before, late := drawn(200, 12)
	cfg := LocalConfig{UserPower: 0.25, Ridge: 3, ItemPower: 0.15, Neighbours: 4}
	next, err := Local(t.Context(), before, cfg, 1)
	if err != nil {
		t.Fatal(err)
	}
	at, val, err := NewJoins(before, next, cfg).Of(t.Context(), late)
	if err != nil || len(at) == 0 || len(at) > 4 {
		t.Fatalf("%d entries and %v, want 1 to 4", len(at), err)
	}
	for n, i := range at {
		if _, row := next.Row(int(i)); len(row) == 4 && size(val[n]) <= weakest(row) {
			t.Errorf("entry %g of item %d is not among its strongest %v", val[n], i, row)
		}
	}
	if at, _, err := NewJoins(before, next, cfg).Of(t.Context(), Newcomer{}); err != nil || at != nil {
		t.Errorf("without fans: %v, %v", at, err)
	}
}
