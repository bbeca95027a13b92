package dense

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/kenrec/ken/engine/internal/par"
)

// checkEigen fails unless a·vectors = vectors·diag(values) and the vectors are orthonormal.
func checkEigen(t *testing.T, what string, a []float64, n int) {
	t.Helper()
	values, vectors, err := EigenSym(slices.Clone(a), n)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if !slices.IsSorted(values) {
		t.Fatalf("%s: values %v", what, values)
	}
	var size float64
	for _, v := range a {
		size = max(size, math.Abs(v))
	}
	for j := range n {
		for i := range n {
			var av, dot float64
			for k := range n {
				av += a[i*n+k] * float64(vectors.At(k, j))
				dot += float64(vectors.At(k, i)) * float64(vectors.At(k, j))
			}
			if d := math.Abs(av - values[j]*float64(vectors.At(i, j))); d > 1e-6*size*math.Sqrt(float64(n)) {
				t.Fatalf("%s: vector %d is off by %g in row %d", what, j, d, i)
			}
			want := 0.0
			if i == j {
				want = 1
			}
			if math.Abs(dot-want) > 2e-6 {
				t.Fatalf("%s: vectors %d and %d have the product %g", what, i, j, dot)
			}
		}
	}
}

func TestEigenSym(t *testing.T) {
	for _, n := range []int{1, 2, 3, 5, 8, 17, 64, 130} {
		rng := par.Stream(9, uint64(n))
		full, diagonal, low := make([]float64, n*n), make([]float64, n*n), make([]float64, n*n)
		for i := range n {
			for j := range i + 1 {
				full[i*n+j] = rng.NormFloat64()
				full[j*n+i] = full[i*n+j]
				low[i*n+j] = 1e-3 // rank one
				low[j*n+i] = 1e-3
			}
			diagonal[i*n+i] = float64(i % 3)
		}
		checkEigen(t, fmt.Sprintf("random n=%d", n), full, n)
		checkEigen(t, fmt.Sprintf("diagonal with repeated values n=%d", n), diagonal, n)
		checkEigen(t, fmt.Sprintf("rank one n=%d", n), low, n)
		checkEigen(t, fmt.Sprintf("zero n=%d", n), make([]float64, n*n), n)
	}
}

func TestEigenSymGraded(t *testing.T) {
	// Eigenvalues over ten orders of magnitude, as Gram matrices of trained factors have.
	const n = 40
	q := random(n, n, 3)
	a := make([]float64, n*n)
	for k := range n {
		w := math.Pow(10, -float64(k)/4)
		for i := range n {
			for j := range n {
				a[i*n+j] += w * float64(q.At(k, i)) * float64(q.At(k, j))
			}
		}
	}
	checkEigen(t, "graded", a, n)
}

func TestEigenSymErrors(t *testing.T) {
	if _, _, err := EigenSym(make([]float64, 3), 2); !errors.Is(err, ErrShape) {
		t.Errorf("three elements for 2×2: %v", err)
	}
	if _, _, err := EigenSym([]float64{1, 0, math.NaN(), 1}, 2); !errors.Is(err, ErrNotFinite) {
		t.Errorf("NaN: %v", err)
	}
	if v, m, err := EigenSym(nil, 0); err != nil || len(v) != 0 || m.Rows != 0 {
		t.Errorf("empty: %v %v %v", v, m, err)
	}
}

func BenchmarkEigenSym(b *testing.B) {
	for _, n := range []int{64, 128, 256, 512} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			a, _, _ := system(b, n, 1)
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := EigenSym(a, n); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
