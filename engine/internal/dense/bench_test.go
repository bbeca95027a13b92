package dense

import (
	"fmt"
	"testing"
)

// flops reports a rate of floating-point operations.
func flops(b *testing.B, perOp float64) {
	b.ReportMetric(perOp*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}

func BenchmarkMul(b *testing.B) {
	for _, s := range []struct{ n, k, m int }{{256, 256, 256}, {1024, 1024, 1024}, {20000, 128, 128}} {
		b.Run(fmt.Sprintf("n=%d/k=%d/m=%d", s.n, s.k, s.m), func(b *testing.B) {
			x, y, dst := random(s.n, s.k, 1), random(s.k, s.m, 2), New(s.n, s.m)
			b.ReportAllocs()
			for b.Loop() {
				if err := MulInto(b.Context(), dst, x, y, 1); err != nil {
					b.Fatal(err)
				}
			}
			flops(b, 2*float64(s.n)*float64(s.k)*float64(s.m))
		})
	}
}

func BenchmarkGram(b *testing.B) {
	for _, s := range []struct{ n, f int }{{20000, 64}, {20000, 128}, {20000, 256}, {5000, 1024}} {
		b.Run(fmt.Sprintf("rows=%d/f=%d", s.n, s.f), func(b *testing.B) {
			x := random(s.n, s.f, 1)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Gram(b.Context(), x, nil, 1); err != nil {
					b.Fatal(err)
				}
			}
			flops(b, float64(s.n)*float64(s.f)*float64(s.f))
		})
	}
}
