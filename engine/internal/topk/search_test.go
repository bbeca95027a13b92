package topk

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/par"
)

func random(rows, cols int, seed uint64) dense.Matrix {
	m, rng := dense.New(rows, cols), par.Stream(seed, uint64(rows))
	for i := range rows {
		for j := range cols {
			m.Set(i, j, float32(rng.NormFloat64()))
		}
	}
	return m
}

func TestSelect(t *testing.T) {
	scores := []float32{1, 5, 3, 5, -2, 5, 0}
	for _, tt := range []struct {
		k       int
		allowed func(int) bool
		want    []int32
		why     string
	}{
		{3, nil, []int32{1, 3, 5}, "ties go to the lower position"},
		{2, nil, []int32{1, 3}, "a tie at the border keeps the lower positions"},
		{4, nil, []int32{1, 3, 5, 2}, "best first"},
		{100, nil, []int32{1, 3, 5, 2, 0, 6, 4}, "k above the length"},
		{0, nil, nil, "nothing asked"},
		{-1, nil, nil, "negative asks nothing"},
		{3, func(i int) bool { return i != 3 }, []int32{1, 5, 2}, "one not allowed"},
		{3, func(int) bool { return false }, []int32{}, "none allowed"},
	} {
		got, best := Select(scores, tt.k, tt.allowed)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.why, got, tt.want)
		}
		for i, id := range got {
			if best[i] != scores[id] {
				t.Errorf("%s: score of %d is %g", tt.why, id, best[i])
			}
		}
	}
}

func TestSearchErrors(t *testing.T) {
	it := NewItems(random(70, 8, 1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		ctx  context.Context
		req  Request
		want error
		why  string
	}{
		{t.Context(), Request{Users: random(2, 7, 1), K: 3}, ErrShape, "other number of factors"},
		{t.Context(), Request{Users: random(2, 8, 1), K: -1}, ErrShape, "negative k"},
		{t.Context(), Request{Users: random(2, 8, 1), K: 3, Allowed: []uint64{1}}, ErrShape, "short bitset"},
		{t.Context(), Request{Users: random(2, 8, 1), K: 3, Bonus: Bonus{Items: []int32{1}}}, ErrShape, "a bonus without its score"},
		{t.Context(), Request{Users: random(2, 8, 1), K: 3, Least: make([]float32, 1)}, ErrShape, "least of fewer users"},
		{ctx, Request{Users: random(2, 8, 1), K: 3}, context.Canceled, "cancelled"},
	} {
		if _, _, err := it.Search(tt.ctx, tt.req, 2); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.why, err, tt.want)
		}
	}
}
