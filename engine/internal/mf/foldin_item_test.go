package mf

import (
	"math"
	"testing"
)

// The gradient of the loss at a folded-in item is zero, written out term by term: background over all users, the users
// who chose it, background over all contexts, its contexts, the distance to a prior of zero.
func TestFoldInWarmItemMinimisesTheLoss(t *testing.T) {
	d := planted(60, 40, 4, 8)
	m, err := Fit(t.Context(), d, testConfig(), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	h := Fans{Users: [][]float32{m.U.Row(3), m.U.Row(7), m.U.Row(11)}, Conf: []float32{1, 2, 1}, Target: []float32{1, 1, -1}}
	contexts, conf := []int32{1}, []float32{0.5}
	v, err := m.FoldInWarmItem(t.Context(), h, contexts, conf, nil)
	if err != nil {
		t.Fatal(err)
	}
	f := m.Config.Factors
	grad, scale := make([]float64, f), 0.0
	term := func(x []float32, weight, target float64) {
		c := weight * (dot(x, v) - target)
		for j, y := range x {
			grad[j] += c * float64(y)
			scale = max(scale, math.Abs(c*float64(y)))
		}
	}
	for u := range d.X.Rows {
		if d.X.Len(u) > 0 {
			term(m.U.Row(u), m.Config.Alpha, 0)
		}
	}
	mass := m.Config.Alpha * float64(d.X.Rows)
	for j, u := range h.Users {
		term(u, float64(h.Conf[j]), float64(h.Target[j]))
		mass += float64(h.Conf[j])
	}
	for z := range d.C.Rows {
		a := m.Config.ContextAlpha
		if d.CAlpha != nil {
			a *= float64(d.CAlpha[z])
		}
		term(m.Z.Row(z), a, 0)
		mass += a
	}
	for j, z := range contexts {
		term(m.Z.Row(int(z)), float64(conf[j]), 1)
		mass += float64(conf[j])
	}
	reg := float64(m.Config.reg(mass))
	for j := range grad {
		grad[j] += reg * float64(v[j])
		if math.Abs(grad[j]) > 1e-4*scale {
			t.Errorf("gradient of factor %d is %g, terms are up to %g", j, grad[j], scale)
		}
	}
}
