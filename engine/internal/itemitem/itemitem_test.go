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

// With room for all items the neighbours are all others, and the model is a ridge regression on them.
func TestLocalEqualsItsFormula(t *testing.T) {
	const n, lambda, power = 9, 2.0, 0.3
	x := random(80, n, 0.4)
	got, err := Local(t.Context(), x, LocalConfig{UserPower: 0.25, Ridge: lambda, ItemPower: power, Neighbours: n}, 2)
	if err != nil {
		t.Fatal(err)
	}
	xt := x.Transpose()
	count := func(i, j int) (sum float64) {
		for u := range x.Rows {
			sum += at(x, u, i) * at(x, u, j) / math.Sqrt(float64(max(x.Len(u), 1)))
		}
		return sum
	}
	for i := range n {
		near := slices.DeleteFunc([]int{0, 1, 2, 3, 4, 5, 6, 7, 8}, func(j int) bool { return j == i })
		g, b := mat.NewDense(n-1, n-1, nil), mat.NewVecDense(n-1, nil)
		for r, j := range near {
			b.SetVec(r, count(i, j))
			for c, k := range near {
				g.Set(r, c, count(j, k))
			}
			g.Set(r, r, g.At(r, r)+lambda)
		}
		var want mat.VecDense
		if err := want.SolveVec(g, b); err != nil {
			t.Fatal(err)
		}
		for r, j := range near {
			w := want.AtVec(r) * math.Pow(float64(xt.Len(i)), -power)
			if math.Abs(at(got, j, i)-w) > 1e-4 {
				t.Errorf("B[%d][%d] = %g, want %g", j, i, at(got, j, i), w)
			}
		}
	}
}

// Counts that the filter's cut leaves out can make a system indefinite: it is then held more firmly.
func TestLocalIsFiniteWithFewNeighbours(t *testing.T) {
	x := random(60, 40, 0.5)
	b, err := Local(t.Context(), x, LocalConfig{UserPower: 0, Ridge: 1e-6, Neighbours: 3}, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i := range b.Rows {
		_, val := b.Row(i)
		if len(val) > 3 {
			t.Errorf("row %d has %d entries, want at most 3", i, len(val))
		}
		for _, v := range val {
			if math.IsNaN(float64(v)) || math.Abs(float64(v)) > 10 {
				t.Errorf("row %d has a weight of %g", i, v)
			}
		}
	}
}

func TestLocalWithoutRows(t *testing.T) {
	b, err := Local(t.Context(), random(3, 4, 0), LocalConfig{UserPower: 0.25, Ridge: 10, Neighbours: 8}, 2)
	if err != nil || b.NNZ() != 0 || b.Rows != 4 {
		t.Errorf("got %d rows with %d entries and %v, want 4 empty ones", b.Rows, b.NNZ(), err)
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
	local := LocalConfig{UserPower: 0.25, Ridge: 3, ItemPower: 0.15, Neighbours: 7}
	wantL, err := Local(t.Context(), x, local, 1)
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
		gotL, err := Local(t.Context(), x, local, workers)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Val, want.Val) || !slices.Equal(got.Idx, want.Idx) || !slices.Equal(gotB.Val, wantB.Val) || !slices.Equal(gotL.Val, wantL.Val) {
			t.Errorf("%d workers give another result than 1", workers)
		}
	}
}
