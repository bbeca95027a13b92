package mf

import (
	"context"
	"slices"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/solve"
)

// ItemTerms is what an item's row was solved from: the users that chose it (none for a cold item) and its contexts.
type ItemTerms struct {
	Users       [][]float32 // factors
	UserConf    []float32
	Contexts    []int32
	ContextConf []float32
	Prior       []float32   // nil: none
	PriorParts  [][]float32 // addends of Prior, one for each block of features
	Warm        bool
}

// ItemSplit says how much of x·v each part of what is known about an item carries, v being its row: Contexts[i] that of
// terms.Contexts[i], Blocks[b] that of terms.PriorParts[b]. Known is the part of the row that knowledge makes, so that
// v − Known is what behaviour makes of it.
type ItemSplit struct {
	Contexts []float64
	Blocks   []float64
	Known    []float32
}

// held returns t with the prior that training held it to.
func (t ItemTerms) held(share float32) ItemTerms {
	t.Prior = slices.Clone(t.Prior)
	scale(t.Prior, share)
	parts := make([][]float32, len(t.PriorParts))
	for i, p := range t.PriorParts {
		parts[i] = slices.Clone(p)
		scale(parts[i], share)
	}
	t.PriorParts = parts
	return t
}

// SplitItem splits x·v for an item's row v = A⁻¹(Σ c f + λ p) by its linear right side.
func (m *Model) SplitItem(ctx context.Context, t ItemTerms, x []float32) (ItemSplit, error) {
	basis, mass := m.coldRow, m.Grams.ColdMass
	users := t.Users
	if t.Warm {
		basis, mass = m.warmRow, m.Grams.WarmMass
		t = t.held(m.warmShare())
	} else {
		users = nil
	}
	f := dense.New(len(users)+len(t.Contexts), m.Config.Factors)
	row := solve.Row{F: f}
	for i, u := range users {
		copy(f.Row(i), u)
		row.Idx, row.Conf = append(row.Idx, int32(i)), append(row.Conf, t.UserConf[i])
		mass += float64(t.UserConf[i])
	}
	known := make([]float32, m.Config.Factors) // right side of the knowledge part
	for i, z := range t.Contexts {
		at := len(users) + i
		copy(f.Row(at), m.Z.Row(int(z)))
		row.Idx, row.Conf = append(row.Idx, int32(at)), append(row.Conf, t.ContextConf[i])
		mass += float64(t.ContextConf[i])
		for j, v := range f.Row(at) {
			known[j] += t.ContextConf[i] * v
		}
	}
	row.Reg = m.Config.reg(mass)
	if t.Warm {
		row.Reg = m.Config.warmReg(mass)
	}
	for j, v := range t.Prior {
		known[j] += row.Reg * v
	}
	g, err := m.influence(ctx, basis, row, x)
	if err != nil {
		return ItemSplit{}, err
	}
	s := ItemSplit{}
	for i, z := range t.Contexts {
		s.Contexts = append(s.Contexts, float64(t.ContextConf[i])*dot(g, m.Z.Row(int(z))))
	}
	for _, p := range t.PriorParts {
		s.Blocks = append(s.Blocks, float64(row.Reg)*dot(p, g))
	}
	s.Known, err = m.influence(ctx, basis, row, known)
	return s, err
}
