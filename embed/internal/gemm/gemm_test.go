package gemm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

func randoms(r *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return v
}

// kernels lists what this machine can run, the portable kernel first.
func kernels() map[string]kernel { return map[string]kernel{"go": tileGo, "best": best} }

func TestMulAgreesWithTheDefinition(t *testing.T) {
	cases := []struct {
		n, k, cols int
		why        string
	}{
		{1, 1, 1, "the smallest"},
		{1, 512, 16, "one row, one panel, whole depth blocks"},
		{6, 256, 32, "exactly one full tile and depth block"},
		{7, 257, 17, "one more than full in each direction"},
		{5, 3, 40, "depth below the unrolling"},
		{13, 1281, 320, "many depth blocks with a rest"},
		{4, 4, 4, "narrower than a panel"},
	}
	for name, tile := range kernels() {
		for _, c := range cases {
			t.Run(fmt.Sprintf("%s/%dx%dx%d", name, c.n, c.k, c.cols), func(t *testing.T) {
				r := rand.New(rand.NewPCG(1, uint64(c.n*c.k)))
				a, b, start := randoms(r, c.n*c.k), randoms(r, c.k*c.cols), randoms(r, c.n*c.cols)
				m := Pack(b, c.k, c.cols)
				for _, add := range []bool{false, true} {
					got := append([]float32(nil), start...)
					mul(tile, got, a, c.n, m, add)
					for i := range c.n {
						for j := range c.cols {
							want, size := 0.0, 1.0
							if add {
								want = float64(start[i*c.cols+j])
							}
							for p := range c.k {
								x := float64(a[i*c.k+p]) * float64(b[p*c.cols+j])
								want += x
								size += math.Abs(x)
							}
							if d := math.Abs(float64(got[i*c.cols+j]) - want); d > 1e-6*size {
								t.Fatalf("(%s) add=%v c[%d][%d] = %g, want %g", c.why, add, i, j, got[i*c.cols+j], want)
							}
						}
					}
				}
			})
		}
	}
}

func TestMulOfARowDoesNotDependOnItsNeighbours(t *testing.T) {
	const n, k, cols = 20, 700, 48
	r := rand.New(rand.NewPCG(2, 3))
	a, m := randoms(r, n*k), Pack(randoms(r, k*cols), k, cols)
	for name, tile := range kernels() {
		all := make([]float32, n*cols)
		mul(tile, all, a, n, m, false)
		for from := range n {
			for count := 1; from+count <= n && count <= 8; count++ {
				part := make([]float32, count*cols)
				mul(tile, part, a[from*k:], count, m, false)
				for i, v := range part {
					if v != all[from*cols+i] {
						t.Fatalf("%s: rows %d..%d alone differ from the same rows among %d", name, from, from+count, n)
					}
				}
			}
		}
	}
}

func TestMulOfNoRowsTouchesNothing(t *testing.T) {
	Mul(nil, nil, 0, Pack([]float32{1}, 1, 1), false)
}

func TestPackRefusesAWrongShape(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("Pack took 5 floats for a 2×3 matrix")
		}
	}()
	Pack(make([]float32, 5), 2, 3)
}

func BenchmarkMul(b *testing.B) {
	for name, tile := range kernels() {
		for _, s := range [][3]int{{384, 1280, 256}, {384, 512, 256}, {14, 1280, 512}} {
			b.Run(fmt.Sprintf("%s/n=%d/k=%d/cols=%d", name, s[0], s[1], s[2]), func(b *testing.B) {
				r := rand.New(rand.NewPCG(1, 1))
				a, m, c := randoms(r, s[0]*s[1]), Pack(randoms(r, s[1]*s[2]), s[1], s[2]), make([]float32, s[0]*s[2])
				b.ReportAllocs()
				for b.Loop() {
					mul(tile, c, a, s[0], m, false)
				}
				b.ReportMetric(2*float64(s[0]*s[1]*s[2])*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}
