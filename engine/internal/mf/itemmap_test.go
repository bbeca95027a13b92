package mf

import (
	"math"
	"testing"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/par"
)

// noise is a matrix of normal numbers.
func noise(rows, cols int, seed uint64) dense.Matrix {
	m := dense.New(rows, cols)
	for i := range rows {
		rng := par.Stream(seed, uint64(i))
		for j := range cols {
			m.Row(i)[j] = float32(rng.NormFloat64())
		}
	}
	return m
}

// The shortcut says what fitting the map once more without each row says.
func TestLeaveOneOut(t *testing.T) {
	const n, d, f, rho = 30, 6, 3, 2.5
	h, y := noise(n, d, 1), noise(n, f, 2)
	weight := make([]float32, n)
	for i := range weight {
		weight[i] = float32(i%4) / 2 // a quarter of the rows do not count
	}
	rows := []int32{1, 2, 3, 7, 29}
	r, err := newRegression(t.Context(), h, weight, 2)
	if err != nil {
		t.Fatal(err)
	}
	right, err := r.right(t.Context(), y)
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.leaveOneOut(t.Context(), right, y, rows, rho)
	if err != nil {
		t.Fatal(err)
	}
	want := 0.0
	for _, i := range rows {
		kept := append([]float32(nil), weight...)
		kept[i] = 0
		again, err := newRegression(t.Context(), h, kept, 2)
		if err != nil {
			t.Fatal(err)
		}
		b, err := again.right(t.Context(), y)
		if err != nil {
			t.Fatal(err)
		}
		_, p, err := again.solve(t.Context(), b, rho)
		if err != nil {
			t.Fatal(err)
		}
		for j, v := range y.Row(int(i)) {
			e := float64(v - p.Row(int(i))[j])
			want += float64(weight[i]) * e * e
		}
	}
	if math.Abs(got-want) > 1e-4*want {
		t.Errorf("got %g, fitting once more for each row %g", got, want)
	}
}

// Features hold warm items as far as they foretell what people do: many that say nothing are all but let go.
func TestWarmRidge(t *testing.T) {
	const items, groups = 240, 4
	tell, random := dense.New(items, 40), dense.New(items, 40)
	for i, chance := 0, noise(items, 40, 5); i < items; i++ {
		tell.Row(i)[i%groups], tell.Row(i)[39], random.Row(i)[39] = 1, 1, 1
		copy(random.Row(i)[:39], chance.Row(i))
	}
	for _, c := range []struct {
		name        string
		h           dense.Matrix
		least, most float64
		why         string
	}{
		{"telling", tell, 1, 4, "the groups are all that there is to know"},
		{"random", random, 16, 1024, "what is foretold from the others is the mean"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := planted(120, items, groups, 8)
			d.C, d.H = nil, c.h
			cfg := testConfig()
			cfg.Ridge = 1
			var at State
			m, err := Continue(t.Context(), d, cfg, 2, &at, nil)
			if err != nil {
				t.Fatal(err)
			}
			if at.warmRidge < c.least || at.warmRidge > c.most {
				t.Errorf("the ridge of warm items is %g, want %g to %g: %s", at.warmRidge, c.least, c.most, c.why)
			}
			if m.WarmW.Rows != d.H.Cols {
				t.Errorf("the map of warm items has %d rows, want one a feature", m.WarmW.Rows)
			}
		})
	}
}

func TestFewSweepsHoldNothing(t *testing.T) {
	d := withFeatures()
	cfg := testConfig()
	cfg.Iterations = freeSweeps
	m, err := Fit(t.Context(), d, cfg, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	if p := m.ItemPrior(d.H.Row(3), true); !dense.IsZero(p) {
		t.Errorf("the prior of a warm item is %v, and no sweep has used one", p)
	}
	if p := m.ItemPrior(d.H.Row(3), false); dense.IsZero(p) {
		t.Error("cold items have no prior")
	}
}
