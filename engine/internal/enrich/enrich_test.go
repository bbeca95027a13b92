package enrich

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/par"
	"github.com/kenrec/ken/engine/internal/sparse"
)

func cosine(a, b []float32) float64 {
	ab, aa, bb := 0.0, 0.0, 0.0
	for i := range a {
		ab += float64(a[i]) * float64(b[i])
		aa += float64(a[i]) * float64(a[i])
		bb += float64(b[i]) * float64(b[i])
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}

// topics returns texts of three topics in turn, each of six words out of its topic's eight and one common word.
func topics(n int) []string {
	texts := make([]string, n)
	for i := range texts {
		rng := par.Stream(5, uint64(i))
		var words []string
		for range 6 {
			words = append(words, fmt.Sprintf("topic%dword%d", i%3, rng.IntN(8)))
		}
		texts[i] = strings.Join(append(words, "the"), " ")
	}
	return texts
}

func TestLSAFindsTopics(t *testing.T) {
	texts := topics(90)
	l, err := FitLSA(t.Context(), texts, 3, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(l.Terms, "the") {
		t.Error("a word of every text is no term: it ties everything together")
	}
	if !slices.IsSorted(l.Terms) || l.Map.Rows != len(l.Terms) || l.Map.Cols != 3 {
		t.Fatalf("%d terms, map %d×%d", len(l.Terms), l.Map.Rows, l.Map.Cols)
	}
	// Two new texts without a common word are close when they are of one topic: that is what LSA is for.
	rows, err := l.Apply(t.Context(), []string{"topic0word1 topic0word2", "topic0word3 topic0word4", "topic1word5 topic1word6", "unheard-of"}, 2)
	if err != nil {
		t.Fatal(err)
	}
	if same, other := cosine(rows.Row(0), rows.Row(1)), cosine(rows.Row(0), rows.Row(2)); same < 0.9 || other > 0.2 {
		t.Errorf("cosine within a topic %.3f, want ≥ 0.9; between topics %.3f, want ≤ 0.2", same, other)
	}
	for _, v := range rows.Row(3) {
		if v != 0 {
			t.Errorf("a text without known words became %v, want zeros", rows.Row(3))
			break
		}
	}
}

func TestLSATerms(t *testing.T) {
	for _, tc := range []struct {
		name  string
		texts []string
		want  []string
		why   string
	}{
		{"none", nil, nil, "no corpus"},
		{"empty texts", []string{"", " ", "…"}, nil, "no words"},
		{"one text", []string{"a b c"}, nil, "words of one text tie nothing together"},
		{"all the same", []string{"a b", "a b", "a b"}, nil, "words of every text tie everything together"},
		{"half", []string{"a x", "a y", "b", "c"}, []string{"a"}, "a word of half of the texts is still a term"},
		{"empty ones do not count", []string{"a x", "a y", "b", "", ""}, nil, "2 of 3 texts are more than half"},
		{"counted once a text", []string{"a a", "b", "c", "d"}, nil, "twice in one text is one text"},
	} {
		got, err := chooseTerms(t.Context(), tc.texts)
		if err != nil || !slices.Equal(got, tc.want) {
			t.Errorf("%s: terms %q, %v, want %q: %s", tc.name, got, err, tc.want, tc.why)
		}
		l, err := FitLSA(t.Context(), tc.texts, 2, 1, 1)
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		rows, err := l.Apply(t.Context(), append(tc.texts, "a"), 1)
		if err != nil || rows.Rows != len(tc.texts)+1 {
			t.Errorf("%s: %d rows, %v", tc.name, rows.Rows, err)
		}
	}
}

// sparseOf keeps the entries of m.
func sparseOf(m *mat.Dense) *sparse.CSR {
	rows, cols := m.Dims()
	var r, c []int32
	var v []float32
	for i := range rows {
		for j := range cols {
			if x := m.At(i, j); x != 0 {
				r, c, v = append(r, int32(i)), append(c, int32(j)), append(v, float32(x))
			}
		}
	}
	return sparse.FromTriplets(rows, cols, r, c, v, nil)
}

// TestRightSingular compares with gonum on matrices small enough for an exact decomposition.
func TestRightSingular(t *testing.T) {
	for _, tc := range []struct {
		name             string
		rows, cols, rank int
		low              int // rank of the matrix itself, 0 for full
		why              string
	}{
		{"tall", 40, 12, 5, 0, "more nodes than contexts"},
		{"wide", 12, 40, 5, 0, "more terms than texts"},
		{"all directions", 20, 9, 9, 0, "as many as there are"},
		{"more than there are", 20, 9, 30, 0, "rank is an upper bound"},
		{"low rank", 30, 20, 8, 3, "directions of nothing are left out or harmless"},
		{"one column", 10, 1, 3, 0, "the smallest matrix"},
		{"larger than the subspace", 80, 60, 6, 0, "the randomised part is at work"},
	} {
		rng := par.Stream(3, uint64(tc.rows*tc.cols))
		a := mat.NewDense(tc.rows, tc.cols, nil)
		terms := min(tc.rows, tc.cols)
		if tc.low > 0 {
			terms = tc.low
		}
		for k := range terms {
			scale := math.Pow(0.7, float64(k)) // a spectrum that falls, as those of texts do
			x, y := make([]float64, tc.rows), make([]float64, tc.cols)
			for i := range x {
				x[i] = rng.NormFloat64()
			}
			for j := range y {
				y[j] = rng.NormFloat64()
			}
			a.RankOne(a, scale, mat.NewVecDense(len(x), x), mat.NewVecDense(len(y), y))
		}
		var svd mat.SVD
		if !svd.Factorize(a, mat.SVDThin) {
			t.Fatal("gonum's SVD failed")
		}
		values := svd.Values(nil)
		got, err := rightSingular(t.Context(), sparseOf(a), tc.rank, 1, 2)
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		if got.Rows != tc.cols || got.Cols > tc.rank || got.Cols < min(tc.rank, terms) {
			t.Errorf("%s: %d×%d directions: %s", tc.name, got.Rows, got.Cols, tc.why)
		}
		for k := range min(tc.rank, terms) {
			// ‖a·v_k‖ = σ_k and the v are orthonormal: together they are the singular vectors, signs and ties aside.
			v := make([]float64, tc.cols)
			length := 0.0
			for j := range v {
				v[j] = float64(got.At(j, k))
				length += v[j] * v[j]
			}
			var av mat.VecDense
			av.MulVec(a, mat.NewVecDense(len(v), v))
			if d := math.Abs(mat.Norm(&av, 2)-values[k]) / values[0]; d > 1e-4 || math.Abs(length-1) > 1e-4 {
				t.Errorf("%s: direction %d has σ = %.5f and length %.5f, want %.5f and 1: %s", tc.name, k, mat.Norm(&av, 2), math.Sqrt(length), values[k], tc.why)
			}
		}
	}
}

func TestRightSingularOfNothing(t *testing.T) {
	for _, tc := range []struct {
		name       string
		rows, cols int
		rank       int
	}{{"no rows", 0, 5, 3}, {"no columns", 5, 0, 3}, {"rank 0", 6, 6, 0}, {"negative rank", 6, 6, -1}, {"zeros", 8, 6, 3}, {"nothing at all", 0, 0, 0}} {
		a := &sparse.CSR{Rows: tc.rows, Cols: tc.cols, Ptr: make([]int64, tc.rows+1)}
		s, err := FitStructure(t.Context(), a, tc.rank, 1, 2)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		if s.Map.Rows != tc.cols || s.Map.Cols != 0 {
			t.Errorf("%s: map %d×%d, want %d×0", tc.name, s.Map.Rows, s.Map.Cols, tc.cols)
		}
		if rows, err := s.Apply(t.Context(), a, 2); err != nil || rows.Rows != tc.rows {
			t.Errorf("%s: %d rows, %v", tc.name, rows.Rows, err)
		}
	}
}

// cloud returns rows that vary in a few strong directions and little in the others, around a far-away mean.
func cloud(n, d int) dense.Matrix {
	x := dense.New(n, d)
	for i := range n {
		rng, row := par.Stream(11, uint64(i)), x.Row(i)
		for j := range row {
			spread := 0.01
			if j < d/2 {
				spread = 1 + float64(j)
			}
			row[j] = float32(5 + spread*rng.NormFloat64())
		}
	}
	return x
}

func TestWhitenerEvensOutStrongDirections(t *testing.T) {
	const n, d = 4000, 12
	x := cloud(n, d)
	w, err := FitWhitener(t.Context(), x, nil, 2)
	if err != nil {
		t.Fatal(err)
	}
	// Before the scaling to length 1, by the definition in the doc comment.
	y := mat.NewDense(n, d, nil)
	for i := range n {
		for k := range d {
			sum := 0.0
			for j := range d {
				sum += float64(x.At(i, j)-w.Mean[j]) * float64(w.Map.At(j, k))
			}
			y.Set(i, k, sum)
		}
	}
	var cov mat.Dense
	cov.Mul(y.T(), y)
	for i := range d {
		for j := range d {
			got := cov.At(i, j) / n
			switch {
			case i != j && math.Abs(got) > 1e-3:
				t.Errorf("covariance of %d and %d is %g, want 0", i, j, got)
			case i == j && i < d/2 && got > 0.01: // eigenvalues ascend: the first half is the weak one
				t.Errorf("variance of weak direction %d is %g: noise was blown up", i, got)
			case i == j && i == d-1 && (got < 0.9 || got > 1):
				t.Errorf("variance of the strongest direction is %g, want nearly 1", got)
			}
		}
	}
	unit, err := w.Apply(t.Context(), x, nil, 2)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		length := 0.0
		for _, v := range unit.Row(i) {
			length += float64(v) * float64(v)
		}
		if math.Abs(length-1) > 1e-5 {
			t.Fatalf("row %d has length %g", i, math.Sqrt(length))
		}
	}
}

func TestWhitenerOfLittle(t *testing.T) {
	same := dense.New(5, 3)
	for i := range same.Rows {
		copy(same.Row(i), []float32{0.1, -2, 3})
	}
	for _, tc := range []struct {
		name    string
		x       dense.Matrix
		present []bool
		zero    bool
		why     string
	}{
		{"no rows", dense.New(0, 4), nil, true, "nothing to learn from"},
		{"nothing present", cloud(4, 3), make([]bool, 4), true, "the same with rows that do not count"},
		{"one row", cloud(1, 3), nil, true, "one thing is its own mean"},
		{"all rows equal", same, nil, true, "nothing tells them apart: rounding must not be blown up"},
		{"two rows", cloud(2, 3), nil, false, "fewer rows than columns"},
	} {
		w, err := FitWhitener(t.Context(), tc.x, tc.present, 2)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		y, err := w.Apply(t.Context(), tc.x, tc.present, 2)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
		for _, v := range y.Data {
			if v-v != 0 || tc.zero && v != 0 {
				t.Errorf("%s: got %v: %s", tc.name, y.Data, tc.why)
				break
			}
		}
	}
}

// Vectors near the largest float have no covariance: an error, never a NaN in the features.
func TestWhitenerRefusesHugeVectors(t *testing.T) {
	huge := dense.New(3, 2)
	copy(huge.Row(0), []float32{3e38, 0})
	copy(huge.Row(1), []float32{-3e38, 1})
	if _, err := FitWhitener(t.Context(), huge, nil, 2); !errors.Is(err, dense.ErrNotFinite) {
		t.Errorf("fit: %v, want ErrNotFinite", err)
	}
	w := &Whitener{Mean: []float32{3e38, 1}, Map: dense.New(2, 2)} // fitted to vectors that were replaced since
	w.Map.Row(0)[0], w.Map.Row(1)[1] = 1, 1
	y, err := w.Apply(t.Context(), huge, nil, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range y.Data {
		if v-v != 0 {
			t.Fatalf("got %v", y.Data)
		}
	}
}

func TestWhitenerLeavesMissingRowsZero(t *testing.T) {
	x := cloud(6, 3)
	present := []bool{true, true, false, true, true, true}
	for j := range 3 {
		x.Row(2)[j] = 1e9 // must not move the mean
	}
	w, err := FitWhitener(t.Context(), x, present, 1)
	if err != nil {
		t.Fatal(err)
	}
	y, err := w.Apply(t.Context(), x, present, 1)
	if err != nil {
		t.Fatal(err)
	}
	if w.Mean[0] > 100 || slices.ContainsFunc(y.Row(2), func(v float32) bool { return v != 0 }) {
		t.Errorf("mean %v, missing row %v", w.Mean, y.Row(2))
	}
}

// all returns the bytes of everything the package makes of one input.
func all(t *testing.T, workers int) [][]float32 {
	t.Helper()
	texts, x := topics(300), cloud(300, 40)
	var out [][]float32
	keep := func(m dense.Matrix, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, m.Data)
	}
	l, err := FitLSA(t.Context(), texts, 6, 1, workers)
	keep(l.Map, err)
	keep(l.Apply(t.Context(), texts, workers))
	bags, err := l.bags(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	s, err := FitStructure(t.Context(), bags, 5, 2, workers)
	keep(s.Map, err)
	keep(s.Apply(t.Context(), bags, workers))
	w, err := FitWhitener(t.Context(), x, nil, workers)
	keep(w.Map, err)
	keep(w.Apply(t.Context(), x, nil, workers))
	return out
}

func TestSameBytesForAnyWorkers(t *testing.T) {
	want := all(t, 1)
	for _, workers := range []int{2, 8} {
		for i, got := range all(t, workers) {
			if !slices.Equal(got, want[i]) {
				t.Errorf("result %d differs between 1 and %d workers", i, workers)
			}
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	texts := topics(30)
	_, err1 := FitLSA(ctx, texts, 3, 1, 2)
	_, err2 := FitStructure(ctx, &sparse.CSR{Ptr: []int64{0}}, 3, 1, 2)
	_, err3 := FitWhitener(ctx, cloud(100, 8), nil, 2)
	l := &LSA{Terms: []string{"a"}, Map: dense.New(1, 1)}
	_, err4 := l.Apply(ctx, texts, 2)
	for i, err := range []error{err1, err2, err3, err4} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("call %d: %v, want an error wrapping the context's", i+1, err)
		}
	}
}
