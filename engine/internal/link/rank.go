package link

import (
	"context"
	"math"
	"slices"

	"github.com/kenrec/ken/engine/internal/sparse"
)

// Ranks returns for each scorer the rank of every link of held among all ends of the relation, the other ends that
// the item has in known, which holds all of held, left out. Order: items ascending, ends ascending. A scorer is a weight for each feature. Equal
// scores share the mean of their ranks, so that a scorer that says nothing gains nothing; an end that no item of r has is
// below all that some item has.
func (e *Evidence) Ranks(ctx context.Context, r *Relation, held, known *sparse.CSR, scorers [][]float64, workers int) ([][]float64, error) {
	ranks := make([][]float64, len(scorers))
	for s := range ranks {
		ranks[s] = make([]float64, held.NNZ())
	}
	err := e.each(ctx, r, held.Rows, workers, func(s *scratch, item int) {
		if held.Len(item) > 0 {
			s.ranks(e, r, held, known, item, scorers, ranks)
		}
	})
	return ranks, err
}

// ranks writes the ranks of one item's held links.
func (s *scratch) ranks(e *Evidence, r *Relation, held, known *sparse.CSR, item int, scorers, ranks [][]float64) {
	s.gather(e, r, item)
	has, _ := known.Row(item)
	truth, _ := held.Row(item)
	var open []int32 // what may stand before or after
	for z := range int32(r.Links.Cols) {
		if _, out := slices.BinarySearch(has, z); !out {
			open = append(open, z)
		}
	}
	score := func(z int32, at int, scores [][]float64) {
		s.features(e, r, item, int(z), s.row)
		for n, w := range scorers {
			scores[n][at] = math.Inf(-1)
			if r.count[z] > 0 {
				scores[n][at] = inner(w, s.row)
			}
		}
	}
	others, own := table(len(scorers), len(open)), table(len(scorers), len(truth))
	for at, z := range open {
		score(z, at, others)
	}
	for at, z := range truth {
		score(z, at, own)
	}
	for n := range scorers {
		for at := range truth {
			ranks[n][int(held.Ptr[item])+at] = meanRank(others[n], own[n][at])
		}
	}
}

func table(rows, cols int) [][]float64 {
	t := make([][]float64, rows)
	for n := range t {
		t[n] = make([]float64, cols)
	}
	return t
}

// meanRank is 1 + how many scores are above own + half of those equal to it.
func meanRank(scores []float64, own float64) float64 {
	above, equal := 0, 0
	for _, s := range scores {
		switch {
		case s > own:
			above++
		case s == own:
			equal++
		}
	}
	return 1 + float64(above) + float64(equal)/2
}

func inner(a, b []float64) float64 {
	s := 0.0
	for j, v := range a {
		s += v * b[j]
	}
	return s
}
