package usem

import "github.com/kenrec/ken/embed/internal/gemm"

func mul(c, a []float32, rows int, b *gemm.Matrix) { gemm.Mul(c, a, rows, b, false) }

func mulAdd(c, a []float32, rows int, b *gemm.Matrix) { gemm.Mul(c, a, rows, b, true) }

// resize returns v with n elements of any value, in the same memory when it is large enough.
func resize(v []float32, n int) []float32 {
	if cap(v) < n {
		return make([]float32, n)
	}
	return v[:n]
}

func relu(x []float32) {
	for i, v := range x {
		x[i] = max(v, 0)
	}
}

// sum adds x up in four interleaved sums: a single one would wait for each addition. len(x) is a multiple of 4.
func sum(x []float32) float32 {
	var a, b, c, d float32
	for ; len(x) >= 4; x = x[4:] {
		a += x[0]
		b += x[1]
		c += x[2]
		d += x[3]
	}
	return (a + b) + (c + d)
}

// sumSquares adds the squares of x up the same way.
func sumSquares(x []float32) float32 {
	var a, b, c, d float32
	for ; len(x) >= 4; x = x[4:] {
		a += x[0] * x[0]
		b += x[1] * x[1]
		c += x[2] * x[2]
		d += x[3] * x[3]
	}
	return (a + b) + (c + d)
}
