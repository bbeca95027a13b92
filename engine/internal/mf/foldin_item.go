package mf

import (
	"context"
	"fmt"
	"slices"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/solve"
)

// Fans are the users who chose an item: their factors with confidence and target (nil targets: all 1).
type Fans struct {
	Users  [][]float32
	Conf   []float32
	Target []float32
}

// FoldInWarmItem returns the factors of an item from the users who chose it, its contexts and its prior (nil: zero), with
// users and contexts held fixed: the row that a half-step of training would give it.
//
// On sparse data its scores are a quarter higher than when trained, since its fans have not moved towards it, and it is
// found more often: on facebook-book its NDCG@20 among all items is 1.07 times that when trained. Tried: to move the fans
// and to solve it again, twice. For 5 % of the items the factor fell from 1.14 to .99, and the lists of all users, with
// these items among them, were no better for it: .1351 before, .1341 after.
//
// Cost O(m²f) for m < f users and contexts.
func (m *Model) FoldInWarmItem(ctx context.Context, by Fans, contexts []int32, conf, prior []float32) ([]float32, error) {
	prior = slices.Clone(prior)
	scale(prior, m.warmShare())
	n := len(by.Users)
	others := dense.New(n+len(contexts), m.Config.Factors) // the solver takes one matrix for both kinds of terms
	row := solve.Row{Idx: count(others.Rows), F: others, Prior: prior}
	row.Conf = append(append(make([]float32, 0, others.Rows), by.Conf...), conf...)
	for j, u := range by.Users {
		copy(others.Row(j), u)
	}
	for j, z := range contexts {
		copy(others.Row(n+j), m.Z.Row(int(z)))
	}
	if by.Target != nil {
		row.Target = append([]float32(nil), by.Target...)
		for range contexts {
			row.Target = append(row.Target, 1)
		}
	}
	mass := m.Grams.WarmMass
	for _, c := range row.Conf {
		mass += float64(c)
	}
	row.Reg = m.Config.warmReg(mass)
	item := make([]float32, m.Config.Factors)
	if err := m.solver.Row(ctx, m.warmRow, row, item); err != nil {
		return nil, fmt.Errorf("mf: fold in item with users: %w", err)
	}
	return item, nil
}
