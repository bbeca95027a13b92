package dense

import (
	"math"
	"testing"
)

// system returns a random positive definite matrix in float64 and a solution with its right-hand side.
func system(t testing.TB, n int, seed uint64) (a, x, b []float64) {
	t.Helper()
	f := random(2*n+5, n, seed)
	a, err := Gram(t.Context(), f, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	x, b = make([]float64, n), make([]float64, n)
	for i := range n {
		a[i*n+i] += 0.5
		x[i] = math.Sin(float64(3*i + 1))
	}
	for i := range n {
		for j := range n {
			b[i] += a[i*n+j] * x[j]
		}
	}
	return a, x, b
}

func TestFactorUpper(t *testing.T) {
	for _, n := range []int{8, 16, 24, 64, 72, 136, 200} {
		a, want, b := system(t, n, 1)
		cols := (n + 1 + 15) &^ 15
		ld := cols + 3
		s, inv, x := make([]float32, n*ld), make([]float32, n), make([]float32, n)
		for i := range n {
			for j := range n {
				s[i*ld+j] = float32(a[i*n+j])
			}
			s[i*ld+n] = float32(b[i])
		}
		if !FactorUpper(s, n, ld, cols, inv) {
			t.Fatalf("n=%d: not positive definite", n)
		}
		BackUpper(x, s, n, ld, n, inv)
		for i := range n {
			if math.Abs(float64(x[i])-want[i]) > 1e-4 {
				t.Fatalf("n=%d: x[%d] is %g, want %g", n, i, x[i], want[i])
			}
		}
	}
}

func TestFactorUpperRefuses(t *testing.T) {
	for _, tt := range []struct {
		spoil func(s []float32, ld int)
		why   string
	}{
		{func(s []float32, ld int) { s[9*ld+9] = -1 }, "negative pivot"},
		{func(s []float32, ld int) { s[9*ld+9] = 0 }, "zero pivot"},
		{func(s []float32, ld int) { s[9*ld+9] = float32(math.NaN()) }, "NaN pivot"},
		{func(s []float32, ld int) { s[9*ld+9] = float32(math.Inf(1)) }, "infinite pivot"},
		{func(s []float32, ld int) { s[1*ld+12] = float32(math.NaN()) }, "NaN beside the diagonal"},
		{func(s []float32, ld int) { s[0*ld+12] = 1 }, "singular: two equal rows"},
	} {
		const n, ld = 16, 32
		s, inv := make([]float32, n*ld), make([]float32, n)
		for i := range n {
			s[i*ld+i] = 1
		}
		tt.spoil(s, ld)
		if FactorUpper(s, n, ld, 16, inv) {
			t.Errorf("%s: accepted", tt.why)
		}
	}
}
