package solve

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/par"
	"github.com/kenrec/ken/engine/internal/sparse"
)

// interactions draws n distinct-ish pairs of users and items, whose popularity falls as a power of their rank.
func interactions(users, items, n int, skew float64) *sparse.CSR {
	rng := par.Stream(1, 1)
	draw := func(n int, rng *rand.Rand) int32 {
		return int32(math.Pow(float64(n), math.Pow(rng.Float64(), skew))) - 1
	}
	perm, r, c := rng.Perm(users), make([]int32, n), make([]int32, n)
	v := make([]float32, n)
	for i := range r {
		r[i], c[i], v[i] = int32(perm[draw(users, rng)]), draw(items, rng), 10
	}
	return sparse.FromTriplets(users, items, r, c, v, func(a, _ float32) float32 { return a })
}

// dataset is a shape to measure: sparse as in a shop, or dense as in MovieLens 1M.
type dataset struct {
	name                string
	users, items, count int
	skew                float64
}

var datasets = []dataset{{"sparse", 50_000, 20_000, 1_200_000, 0.6}, {"dense", 6_040, 3_260, 1_000_000, 0.4}}

func BenchmarkIteration(b *testing.B) {
	for _, d := range datasets {
		for _, f := range []int{64, 128, 256} {
			for _, mode := range []Mode{Exact, Approximate} {
				b.Run(fmt.Sprintf("%s/f=%d/approximate=%v", d.name, f, mode == Approximate), func(b *testing.B) {
					benchIteration(b, interactions(d.users, d.items, d.count, d.skew), f, mode)
				})
			}
		}
	}
}

// BenchmarkGrowth shows that time and memory grow with the interactions, users and items along.
func BenchmarkGrowth(b *testing.B) {
	for _, scale := range []int{1, 4, 16} {
		users, items, count := 25_000*scale, 5_000*scale, 250_000*scale
		b.Run(fmt.Sprintf("users=%dk/items=%dk/interactions=%dk/f=64", users/1000, items/1000, count/1000), func(b *testing.B) {
			benchIteration(b, interactions(users, items, count, 0.6), 64, Exact)
		})
	}
}

func benchIteration(b *testing.B, x *sparse.CSR, f int, mode Mode) {
	xt, s := x.Transpose(), New(f, 1)
	u, v := dense.New(x.Rows, f), dense.New(x.Cols, f)
	fill(v, par.Stream(2, 2), 0.1/math.Sqrt(float64(f)))
	step := func(rows *sparse.CSR, from, to dense.Matrix) {
		gram, err := dense.Gram(b.Context(), from, nil, 1)
		if err != nil {
			b.Fatal(err)
		}
		reg := make([]float32, rows.Rows)
		for i := range reg {
			reg[i] = 0.05
		}
		if err := s.HalfStep(b.Context(), Problem{Rows: rows, F: from, Gram: gram, Reg: reg, Mode: mode}, to); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		step(x, v, u)
		step(xt, u, v)
	}
	b.ReportMetric(float64(x.NNZ())*float64(b.N)/b.Elapsed().Seconds(), "interactions/s")
}

func BenchmarkRow(b *testing.B) {
	for _, f := range []int{64, 128, 256} {
		for _, n := range []int{1, 50, 500} {
			b.Run(fmt.Sprintf("f=%d/entries=%d", f, n), func(b *testing.B) {
				p := shape{f: f, cols: 2000, lens: []int{n}, alpha: .1, scale: .1, conf: 10, prior: true}.random(b, 1)
				basis, err := NewBasis(p.Gram, f)
				if err != nil {
					b.Fatal(err)
				}
				s, dst := New(f, 1), make([]float32, f)
				b.ReportAllocs()
				for b.Loop() {
					if err := s.Row(b.Context(), basis, p.row(0), dst); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
