package sparse

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/par"
)

// random returns a rows×cols matrix with up to n entries, and the same as a full array.
func random(rows, cols, n int, seed uint64) (*CSR, [][]float32) {
	rng := par.Stream(seed, uint64(n))
	full := make([][]float32, rows)
	for i := range full {
		full[i] = make([]float32, cols)
	}
	var r, c []int32
	var v []float32
	for range n {
		i, j, x := rng.IntN(rows), rng.IntN(cols), float32(rng.IntN(9)+1)
		r, c, v = append(r, int32(i)), append(c, int32(j)), append(v, x)
		full[i][j] += x
	}
	return FromTriplets(rows, cols, r, c, v, nil), full
}

func TestFromTriplets(t *testing.T) {
	m, full := random(30, 20, 400, 1)
	for r := range m.Rows {
		idx, val := m.Row(r)
		if !slices.IsSorted(idx) || len(slices.Compact(slices.Clone(idx))) != len(idx) {
			t.Fatalf("row %d: columns %v", r, idx)
		}
		row := make([]float32, m.Cols)
		for p, c := range idx {
			row[c] = val[p]
		}
		if !slices.Equal(row, full[r]) {
			t.Fatalf("row %d is %v, want %v", r, row, full[r])
		}
	}
}

func TestFromTripletsMerge(t *testing.T) {
	r, c := []int32{1, 0, 1, 1}, []int32{2, 0, 2, 2}
	for _, tt := range []struct {
		v     []float32
		merge func(a, b float32) float32
		want  []float32
		why   string
	}{
		{[]float32{5, 1, 7, 6}, nil, []float32{1, 18}, "nil adds"},
		{[]float32{5, 1, 7, 6}, func(a, b float32) float32 { return max(a, b) }, []float32{1, 7}, "largest"},
		{[]float32{5, 1, 7, 6}, func(_, b float32) float32 { return b }, []float32{1, 6}, "the last given wins"},
		{nil, nil, []float32{1, 3}, "nil values are ones"},
	} {
		if m := FromTriplets(2, 3, r, c, tt.v, tt.merge); !slices.Equal(m.Val, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.why, m.Val, tt.want)
		}
	}
}

func TestFromTripletsPanics(t *testing.T) {
	for why, f := range map[string]func(){
		"row too large":    func() { FromTriplets(2, 2, []int32{2}, []int32{0}, nil, nil) },
		"negative column":  func() { FromTriplets(2, 2, []int32{1}, []int32{-1}, nil, nil) },
		"lengths differ":   func() { FromTriplets(2, 2, []int32{1}, nil, nil, nil) },
		"one value is few": func() { FromTriplets(2, 2, []int32{1, 1}, []int32{1, 0}, []float32{1}, nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", why)
				}
			}()
			f()
		}()
	}
}

func TestTransposeAndSums(t *testing.T) {
	m, full := random(17, 40, 300, 2)
	tr := m.Transpose()
	rows, cols := m.RowSums(), m.ColSums()
	rowCounts, colCounts := m.RowCounts(), m.ColCounts()
	if tr.NNZ() != m.NNZ() || tr.Rows != 40 || tr.Cols != 17 {
		t.Fatalf("transpose is %d×%d with %d entries", tr.Rows, tr.Cols, tr.NNZ())
	}
	for i, row := range full {
		for j, v := range row {
			rows[i] -= float64(v)
			cols[j] -= float64(v)
			if v != 0 {
				rowCounts[i]--
				colCounts[j]--
			}
			idx, val := tr.Row(j)
			p, found := slices.BinarySearch(idx, int32(i))
			if found != (v != 0) || found && val[p] != v {
				t.Fatalf("element %d, %d of the transpose", j, i)
			}
		}
	}
	for i, v := range rows {
		if v != 0 || rowCounts[i] != 0 {
			t.Errorf("row %d: sum off by %g, count by %d", i, v, rowCounts[i])
		}
	}
	for j, v := range cols {
		if v != 0 || colCounts[j] != 0 {
			t.Errorf("column %d: sum off by %g, count by %d", j, v, colCounts[j])
		}
	}
}

func TestMulDense(t *testing.T) {
	for _, d := range []int{1, 15, 16, 17, 64, 100, 384, 400} {
		m, full := random(50, 33, 500, 3)
		x, rng := dense.New(33, d), par.Stream(1, 1)
		for i := range x.Rows {
			for j := range d {
				x.Set(i, j, float32(rng.NormFloat64()))
			}
		}
		var first []float32
		for _, workers := range []int{1, 2, 8} {
			dst := dense.New(50, d)
			for i := range dst.Rows {
				dst.Set(i, 0, float32(math.NaN()))
			}
			if err := MulDenseInto(t.Context(), dst, m, x, workers); err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = dst.Data
			} else if !slices.Equal(dst.Data, first) {
				t.Fatalf("d=%d: %d workers give other bytes than 1", d, workers)
			}
			for i := range dst.Rows {
				for j := range d {
					var want float64
					for p, v := range full[i] {
						want += float64(v) * float64(x.At(p, j))
					}
					if math.Abs(float64(dst.At(i, j))-want) > 1e-4 {
						t.Fatalf("d=%d: element %d, %d is %g, want %g", d, i, j, dst.At(i, j), want)
					}
				}
			}
		}
	}
}

func TestMulDenseErrors(t *testing.T) {
	m, _ := random(5, 6, 10, 4)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	broken := *m
	broken.Idx = slices.Clone(m.Idx)
	broken.Idx[3] = 6
	for _, tt := range []struct {
		got, want error
		why       string
	}{
		{MulDenseInto(t.Context(), dense.New(5, 3), m, dense.New(5, 3), 1), ErrShape, "inner sizes differ"},
		{MulDenseInto(t.Context(), dense.New(5, 4), m, dense.New(6, 3), 1), ErrShape, "destination too wide"},
		{MulDenseInto(t.Context(), dense.New(5, 3), &broken, dense.New(6, 3), 1), ErrShape, "column out of range"},
		{MulDenseInto(ctx, dense.New(5, 3), m, dense.New(6, 3), 1), context.Canceled, "cancelled"},
	} {
		if !errors.Is(tt.got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.why, tt.got, tt.want)
		}
	}
	if err := MulDenseInto(t.Context(), dense.Matrix{}, &CSR{Ptr: []int64{0}}, dense.Matrix{}, 2); err != nil {
		t.Errorf("nothing by nothing: %v", err)
	}
}

func BenchmarkMulDense(b *testing.B) {
	m := graph(50_000, 1_000_000)
	for _, d := range []int{64, 128, 384} {
		b.Run(fmt.Sprintf("nodes=50k/edges=1M/d=%d", d), func(b *testing.B) {
			x, dst := dense.New(m.Cols, d), dense.New(m.Rows, d)
			b.ReportAllocs()
			for b.Loop() {
				if err := MulDenseInto(b.Context(), dst, m, x, 1); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(m.NNZ())*float64(b.N)/b.Elapsed().Seconds(), "edges/s")
		})
	}
}

// graph draws edges whose tails follow a power law.
func graph(nodes, edges int) *CSR {
	rng := par.Stream(1, 2)
	r, c := make([]int32, edges), make([]int32, edges)
	for i := range r {
		r[i], c[i] = int32(rng.IntN(nodes)), int32(math.Pow(float64(nodes), rng.Float64()))-1
	}
	return FromTriplets(nodes, nodes, r, c, nil, nil)
}
