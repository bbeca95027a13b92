package mf

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/kenrec/ken/engine/internal/sparse"
)

// without returns x without every n-th entry.
func without(x *sparse.CSR, n int) (part *sparse.CSR, items []int32) {
	var rows, cols []int32
	touched := make([]bool, x.Cols)
	at := 0
	for u := range x.Rows {
		idx, _ := x.Row(u)
		for _, i := range idx {
			if at++; at%n == 0 {
				touched[i] = true
				continue
			}
			rows, cols = append(rows, int32(u)), append(cols, i)
		}
	}
	for i, yes := range touched {
		if yes {
			items = append(items, int32(i))
		}
	}
	return sparse.FromTriplets(x.Rows, x.Cols, rows, cols, nil, nil), items
}

// An update scores the cells that it took in nearly as a fit of everything does, better than the model before it, with
// the same bytes for any number of workers.
func TestUpdate(t *testing.T) {
	whole := planted(80, 60, 5, 7)
	part := *whole
	x, items := without(whole.X, 9)
	part.X = x
	old, err := Fit(t.Context(), &part, testConfig(), 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	full, err := Fit(t.Context(), whole, testConfig(), 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Update(t.Context(), whole, old, Change{Items: items}, 1)
	if err != nil {
		t.Fatal(err)
	}
	loss := func(m *Model) (sum float64) { // over the cells that there are
		for u := range whole.X.Rows {
			idx, _ := whole.X.Row(u)
			for _, i := range idx {
				miss := 1 - dot(m.U.Row(u), m.V.Row(int(i)))
				sum += miss * miss
			}
		}
		return sum
	}
	if before, now, best := loss(old), loss(m), loss(full); now >= before || now > best+0.25*(before-best) {
		t.Errorf("squared misses: %.4f before, %.4f updated, %.4f fitted in full", before, now, best)
	}
	if again, err := Update(t.Context(), whole, old, Change{Items: items}, 8); err != nil || !slices.Equal(again.U.Data, m.U.Data) || !slices.Equal(again.V.Data, m.V.Data) || !slices.Equal(again.Head.Data, m.Head.Data) {
		t.Errorf("8 workers give other factors than 1, %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Update(ctx, whole, old, Change{Items: items}, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
