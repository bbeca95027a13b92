package dense

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/kenrec/ken/engine/internal/par"
)

// random returns a matrix of standard normal numbers.
func random(rows, cols int, seed uint64) Matrix {
	m, rng := New(rows, cols), par.Stream(seed, uint64(rows*10007+cols))
	for i := range rows {
		for j := range cols {
			m.Set(i, j, float32(rng.NormFloat64()))
		}
	}
	return m
}

// slow returns a·b computed element by element in float64.
func slow(a, b Matrix) [][]float64 {
	out := make([][]float64, a.Rows)
	for i := range out {
		out[i] = make([]float64, b.Cols)
		for p, v := range a.Row(i) {
			for j, w := range b.Row(p) {
				out[i][j] += float64(v) * float64(w)
			}
		}
	}
	return out
}

// compare fails when got is further than rounding from want, or its padding is not zero.
func compare(t *testing.T, what string, got Matrix, want [][]float64, size float64) {
	t.Helper()
	for i, row := range want {
		for j, w := range row {
			if d := math.Abs(float64(got.At(i, j)) - w); !(d <= 1e-6*size) {
				t.Fatalf("%s: element %d, %d is %g, want %g", what, i, j, got.At(i, j), w)
			}
		}
		for j, v := range got.padded(i)[got.Cols:] {
			if v != 0 {
				t.Fatalf("%s: padding %d of row %d is %g", what, j, i, v)
			}
		}
	}
}

var products = []struct{ n, k, m int }{
	{1, 1, 1}, {2, 3, 4}, {4, 16, 33}, {5, 1, 1}, {7, 17, 31}, {12, 16, 32}, {13, 31, 33}, {60, 257, 70}, {145, 40, 16},
	{150, 600, 20}, {300, 128, 128}, {31, 1000, 65},
}

func TestProducts(t *testing.T) {
	for _, s := range products {
		what := fmt.Sprintf("%d×%d·%d×%d", s.n, s.k, s.k, s.m)
		a, b := random(s.n, s.k, 1), random(s.k, s.m, 2)
		want, size := slow(a, b), 10*math.Sqrt(float64(s.k))
		dst := New(s.n, s.m)
		for i := range dst.Rows {
			for j := range dst.Cols {
				dst.Set(i, j, float32(math.NaN())) // what was there must not matter
			}
		}
		if err := MulInto(t.Context(), dst, a, b, 2); err != nil {
			t.Fatal(err)
		}
		compare(t, "MulInto "+what, dst, want, size)
		if err := MulTransBInto(t.Context(), dst, a, b.Transpose(), 2); err != nil {
			t.Fatal(err)
		}
		compare(t, "MulTransBInto "+what, dst, want, size)
		if err := MulTransAInto(t.Context(), dst, a.Transpose(), b, 2); err != nil {
			t.Fatal(err)
		}
		compare(t, "MulTransAInto "+what, dst, want, size)
	}
}

func TestRotateInPlace(t *testing.T) {
	for _, n := range []int{1, 20, 300, 520} {
		m, q := random(200, n, 1), random(n, n, 2)
		want := slow(m, q)
		if err := RotateInPlace(t.Context(), m, q, 2); err != nil {
			t.Fatal(err)
		}
		compare(t, fmt.Sprintf("n=%d", n), m, want, 10*math.Sqrt(float64(n)))
	}
}

func TestGram(t *testing.T) {
	for _, s := range []struct{ rows, cols int }{{0, 3}, {1, 1}, {5, 7}, {700, 16}, {5000, 33}, {600, 250}} {
		a, rng := random(s.rows, s.cols, 3), par.Stream(4, 4)
		weights := make([]float32, s.rows)
		for i := range weights {
			weights[i] = rng.Float32() * 2
		}
		for _, w := range [][]float32{nil, weights} {
			got, err := Gram(t.Context(), a, w, 2)
			if err != nil {
				t.Fatal(err)
			}
			scaled := a.Clone()
			for i := range w {
				for j := range s.cols {
					scaled.Set(i, j, w[i]*a.At(i, j))
				}
			}
			want := slow(scaled.Transpose(), a)
			for i := range s.cols {
				for j := range s.cols {
					if d := math.Abs(got[i*s.cols+j] - want[i][j]); d > 2e-5*math.Sqrt(float64(s.rows))+2e-6*float64(s.rows) {
						t.Fatalf("%d×%d: element %d, %d is %g, want %g", s.rows, s.cols, i, j, got[i*s.cols+j], want[i][j])
					}
					if got[i*s.cols+j] != got[j*s.cols+i] {
						t.Fatalf("%d×%d: not symmetric at %d, %d", s.rows, s.cols, i, j)
					}
				}
			}
		}
	}
}

func TestSameBytesForAnyWorkers(t *testing.T) {
	for _, s := range []struct{ rows, cols int }{{9000, 40}, {1500, 260}} {
		a, b := random(s.rows, s.cols, 5), random(s.cols, s.cols, 6)
		var grams []float64
		var prod, outer []float32
		for _, workers := range []int{1, 2, 8} {
			g, err := Gram(t.Context(), a, nil, workers)
			if err != nil {
				t.Fatal(err)
			}
			p, o := New(s.rows, s.cols), New(s.cols, s.cols)
			if err := errors.Join(MulInto(t.Context(), p, a, b, workers), MulTransAInto(t.Context(), o, a, a, workers)); err != nil {
				t.Fatal(err)
			}
			if grams == nil {
				grams, prod, outer = g, p.Data, o.Data
			}
			if !slices.Equal(g, grams) || !slices.Equal(p.Data, prod) || !slices.Equal(o.Data, outer) {
				t.Errorf("%d×%d: %d workers give other bytes than 1", s.rows, s.cols, workers)
			}
		}
	}
}

func TestProductErrors(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a, b := New(8, 3), New(3, 5)
	_, gramShape := Gram(t.Context(), a, make([]float32, 7), 1)
	_, gramStop := Gram(ctx, a, nil, 1)
	for _, tt := range []struct {
		got, want error
		why       string
	}{
		{MulInto(t.Context(), New(8, 5), b, a, 1), ErrShape, "inner sizes differ"},
		{MulInto(t.Context(), New(8, 4), a, b, 1), ErrShape, "destination too narrow"},
		{MulTransBInto(t.Context(), New(8, 5), a, b, 1), ErrShape, "b is not transposed"},
		{MulTransAInto(t.Context(), New(8, 5), a, b, 1), ErrShape, "a is not transposed"},
		{gramShape, ErrShape, "too few weights"},
		{MulInto(ctx, New(8, 5), a, b, 1), context.Canceled, "cancelled"},
		{MulTransAInto(ctx, New(3, 3), a, a, 1), context.Canceled, "cancelled"},
		{gramStop, context.Canceled, "cancelled"},
	} {
		if !errors.Is(tt.got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.why, tt.got, tt.want)
		}
	}
}

func TestMatrix(t *testing.T) {
	m := random(37, 19, 7)
	if m.Stride%16 != 0 {
		t.Errorf("stride %d", m.Stride)
	}
	tr := m.Transpose()
	for i := range m.Rows {
		for j := range m.Cols {
			if tr.At(j, i) != m.At(i, j) {
				t.Fatalf("transpose differs at %d, %d", i, j)
			}
		}
	}
	c := m.Clone()
	c.Set(3, 4, 99)
	if m.At(3, 4) == 99 {
		t.Error("a clone shares memory")
	}
	s := m.Slice(3, 5)
	if s.Rows != 2 || s.At(0, 4) != m.At(3, 4) {
		t.Error("slice begins at the wrong row")
	}
	s.Set(0, 4, 7)
	if m.At(3, 4) != 7 {
		t.Error("a slice has its own memory")
	}
}
