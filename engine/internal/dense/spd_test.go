package dense

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
)

func TestSolveSPD(t *testing.T) {
	for _, n := range []int{1, 2, 7, 16, 33, 100, 200, 410} {
		for _, cols := range []int{1, 5, 40} {
			a, _, _ := system(t, n, uint64(n))
			b := random(n, cols, 4)
			x, err := SolveSPD(t.Context(), a, n, b, 2)
			if err != nil {
				t.Fatal(err)
			}
			checkSolution(t, fmt.Sprintf("n=%d cols=%d", n, cols), a, n, x, b)
		}
	}
}

// checkSolution compares with the float64 solution.
func checkSolution(t *testing.T, what string, a []float64, n int, x, b Matrix) {
	t.Helper()
	c, err := NewCholesky(t.Context(), a, n)
	if err != nil {
		t.Fatal(err)
	}
	col := make([]float64, n)
	for j := range b.Cols {
		for i := range col {
			col[i] = float64(b.At(i, j))
		}
		c.SolveInto(col, col)
		var diff, norm float64
		for i, w := range col {
			diff += (float64(x.At(i, j)) - w) * (float64(x.At(i, j)) - w)
			norm += w * w
		}
		if !(diff <= 1e-12*norm) {
			t.Fatalf("%s: column %d has the relative error %.2g", what, j, math.Sqrt(diff/norm))
		}
	}
}

func TestSolveSPDHardScales(t *testing.T) {
	const n = 60
	for _, tt := range []struct {
		spoil func(a []float64)
		why   string
	}{
		{func(a []float64) {
			for i := range n {
				for j := range n {
					a[i*n+j] *= math.Pow(10, float64(i%9+j%9-8))
				}
			}
		}, "features on scales from 1e-8 to 1e8"},
		{func(a []float64) {
			for i := range n { // rows 0 and 1 nearly equal
				a[1*n+i] = a[i]
				a[i*n+1] = a[i*n]
			}
			a[1*n+1] = a[0] * (1 + 1e-9)
			a[1], a[n] = a[0], a[0]
		}, "condition number 1e9: float64 takes over"},
	} {
		a, _, _ := system(t, n, 5)
		tt.spoil(a)
		b := random(n, 3, 6)
		x, err := SolveSPD(t.Context(), a, n, b, 1)
		if err != nil {
			t.Fatalf("%s: %v", tt.why, err)
		}
		checkSolution(t, tt.why, a, n, x, b)
	}
}

func TestInvertSPD(t *testing.T) {
	for _, n := range []int{1, 3, 16, 50, 128, 208, 400} {
		a, _, _ := system(t, n, uint64(n))
		inv, err := InvertSPD(t.Context(), a, n, 2)
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			for j := range n {
				var sum float64
				for k := range n {
					sum += a[i*n+k] * float64(inv.At(k, j))
				}
				if i == j {
					sum--
				}
				if math.Abs(sum) > 1e-3 {
					t.Fatalf("n=%d: a·inverse is off by %g at %d, %d", n, sum, i, j)
				}
				if inv.At(i, j) != inv.At(j, i) {
					t.Fatalf("n=%d: inverse is not symmetric at %d, %d", n, i, j)
				}
			}
			for j, v := range inv.padded(i)[n:] {
				if v != 0 {
					t.Fatalf("n=%d: padding %d of row %d is %g", n, j, i, v)
				}
			}
		}
	}
}

func TestSPDSameBytesForAnyWorkers(t *testing.T) {
	const n = 450
	a, _, _ := system(t, n, 1)
	b := random(n, 70, 2)
	var solution, inverse []float32
	for _, workers := range []int{1, 2, 8} {
		x, err := SolveSPD(t.Context(), a, n, b, workers)
		if err != nil {
			t.Fatal(err)
		}
		inv, err := InvertSPD(t.Context(), a, n, workers)
		if err != nil {
			t.Fatal(err)
		}
		if solution == nil {
			solution, inverse = x.Data, inv.Data
		}
		if !slices.Equal(x.Data, solution) || !slices.Equal(inv.Data, inverse) {
			t.Errorf("%d workers give other bytes than 1", workers)
		}
	}
}

func TestSPDErrors(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	good, _, _ := system(t, 20, 1)
	negative := slices.Clone(good)
	negative[5*20+5] = -1
	indefinite := slices.Clone(good)
	indefinite[3*20+4], indefinite[4*20+3] = 1e6, 1e6
	nan := slices.Clone(good)
	nan[0] = math.NaN()
	for _, tt := range []struct {
		ctx  context.Context
		a    []float64
		rows int
		want error
		why  string
	}{
		{t.Context(), good[1:], 20, ErrShape, "an element is missing"},
		{t.Context(), good, 19, ErrShape, "right-hand side too short"},
		{t.Context(), negative, 20, ErrNotPositive, "negative diagonal"},
		{t.Context(), indefinite, 20, ErrNotPositive, "indefinite"},
		{t.Context(), nan, 20, ErrNotPositive, "NaN"},
		{ctx, good, 20, context.Canceled, "cancelled"},
	} {
		if _, err := SolveSPD(tt.ctx, tt.a, 20, New(tt.rows, 2), 2); !errors.Is(err, tt.want) {
			t.Errorf("SolveSPD, %s: got %v, want %v", tt.why, err, tt.want)
		}
		if tt.rows != 20 {
			continue
		}
		if _, err := InvertSPD(tt.ctx, tt.a, 20, 2); !errors.Is(err, tt.want) && tt.want != context.Canceled {
			t.Errorf("InvertSPD, %s: got %v, want %v", tt.why, err, tt.want)
		}
	}
	if x, err := SolveSPD(t.Context(), nil, 0, Matrix{}, 1); err != nil || x.Rows != 0 {
		t.Errorf("nothing to solve: %v", err)
	}
	rect := New(3, 4)
	if err := InvertInPlace(t.Context(), &rect, 1); !errors.Is(err, ErrShape) {
		t.Errorf("3×4: %v", err)
	}
}

func BenchmarkSolveSPD(b *testing.B) {
	for _, n := range []int{512, 1024} {
		b.Run(fmt.Sprintf("n=%d/cols=128", n), func(b *testing.B) {
			a, _, _ := system(b, n, 1)
			rhs := random(n, 128, 2)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := SolveSPD(b.Context(), a, n, rhs, 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFactor(b *testing.B) {
	for _, n := range []int{128, 1024, 2048} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			a, _, _ := system(b, n, 1)
			from, m, inv := New(n, n), New(n, n), make([]float32, n)
			for i, v := range a {
				from.Set(i/n, i%n, float32(v))
			}
			for b.Loop() {
				copy(m.Data, from.Data)
				if err := factorBlocked(b.Context(), m, inv, 1); err != nil {
					b.Fatal(err)
				}
			}
			flops(b, float64(n)*float64(n)*float64(n)/3)
		})
	}
}

func BenchmarkInvertSPD(b *testing.B) {
	const n = 2048
	a, _, _ := system(b, n, 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := InvertSPD(b.Context(), a, n, 1); err != nil {
			b.Fatal(err)
		}
	}
	flops(b, n*n*n)
}
