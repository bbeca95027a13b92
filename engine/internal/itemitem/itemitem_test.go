package itemitem

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/kenrec/ken/engine/internal/par"
	"github.com/kenrec/ken/engine/internal/sparse"
)

func random(users, items int, density float64) *sparse.CSR {
	var r, c []int32
	for u := range users {
		rng := par.Stream(5, uint64(u))
		for i := range items {
			if rng.Float64() < density {
				r, c = append(r, int32(u)), append(c, int32(i))
			}
		}
	}
	return sparse.FromTriplets(users, items, r, c, nil, nil)
}

func at(m *sparse.CSR, i, j int) float64 {
	idx, val := m.Row(i)
	if p, ok := slices.BinarySearch(idx, int32(j)); ok {
		return float64(val[p])
	}
	return 0
}

func TestFilterEqualsItsFormula(t *testing.T) {
	x := random(30, 12, 0.3)
	got, err := Filter(t.Context(), x, FilterConfig{ItemPower: 0.4, UserPower: 0.25, Keep: 12}, 2)
	if err != nil {
		t.Fatal(err)
	}
	xt := x.Transpose()
	for i := range 12 {
		for j := range 12 {
			want := 0.0
			if i != j {
				for u := range 30 {
					want += at(x, u, i) * at(x, u, j) * math.Pow(float64(x.Len(u)), -0.5)
				}
				want *= math.Pow(float64(xt.Len(i)), -0.4) * math.Pow(float64(xt.Len(j)), -0.4)
			}
			if diff := at(got, i, j) - want; math.Abs(diff) > 1e-5 {
				t.Errorf("S[%d][%d] = %g, want %g", i, j, at(got, i, j), want)
			}
		}
	}
}

func TestFilterKeepsTheStrongest(t *testing.T) {
	x := random(40, 20, 0.4)
	cfg := FilterConfig{ItemPower: 0.5, UserPower: 0.5, Keep: 20}
	whole, err := Filter(t.Context(), x, cfg, 1)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Keep = 3
	cut, err := Filter(t.Context(), x, cfg, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		_, all := whole.Row(i)
		_, kept := cut.Row(i)
		sorted := slices.Sorted(slices.Values(all))
		slices.Reverse(sorted)
		best := slices.Sorted(slices.Values(kept))
		slices.Reverse(best)
		if !slices.Equal(best, sorted[:min(3, len(sorted))]) {
			t.Errorf("row %d keeps %v of %v", i, best, sorted)
		}
	}
}

func TestEASEEqualsItsFormula(t *testing.T) {
	const n, lambda = 10, 5.0
	x := random(60, n, 0.3)
	got, err := EASE(t.Context(), x, lambda, n, 2)
	if err != nil {
		t.Fatal(err)
	}
	g := mat.NewDense(n, n, nil)
	for i := range n {
		for j := range n {
			for u := range 60 {
				g.Set(i, j, g.At(i, j)+at(x, u, i)*at(x, u, j))
			}
		}
		g.Set(i, i, g.At(i, i)+lambda)
	}
	var p mat.Dense
	if err := p.Inverse(g); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		for j := range n {
			want := -p.At(i, j) / p.At(j, j)
			if i == j {
				want = 0
			}
			if math.Abs(at(got, i, j)-want) > 1e-4 {
				t.Errorf("B[%d][%d] = %g, want %g", i, j, at(got, i, j), want)
			}
		}
	}
}

func TestSameBytesForAnyWorkers(t *testing.T) {
	x := random(100, 50, 0.2)
	want, err := Filter(t.Context(), x, FilterConfig{0.5, 0.25, 7}, 1)
	if err != nil {
		t.Fatal(err)
	}
	wantB, err := EASE(t.Context(), x, 10, 7, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, workers := range []int{2, 8} {
		got, err := Filter(t.Context(), x, FilterConfig{0.5, 0.25, 7}, workers)
		if err != nil {
			t.Fatal(err)
		}
		gotB, err := EASE(t.Context(), x, 10, 7, workers)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Val, want.Val) || !slices.Equal(got.Idx, want.Idx) || !slices.Equal(gotB.Val, wantB.Val) {
			t.Errorf("%d workers give another result than 1", workers)
		}
	}
}
