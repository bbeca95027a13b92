package kernel

import "math"

// Plain Go versions of the vector kernels. Four sums side by side, as the compiler keeps the order of additions.

func dotGeneric(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32
	i := 0
	for ; i+4 <= len(a); i += 4 {
		x, y := a[i:i+4:i+4], b[i:i+4:i+4]
		s0 += x[0] * y[0]
		s1 += x[1] * y[1]
		s2 += x[2] * y[2]
		s3 += x[3] * y[3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return s0 + s1 + (s2 + s3)
}

func axpyGeneric(alpha float32, x, y []float32) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += alpha * v
	}
}

func scaleGeneric(dst []float32, alpha float32, x []float32) {
	for i, v := range x {
		dst[i] = alpha * v
	}
}

func mulGeneric(dst, a, b []float32) {
	b = b[:len(a)]
	for i, v := range a {
		dst[i] = v * b[i]
	}
}

func mulAddGeneric(dst, a, b []float32) {
	b = b[:len(a)]
	for i, v := range a {
		dst[i] += v * b[i]
	}
}

func mulDotGeneric(dst, a, b []float32) float32 {
	b = b[:len(a)]
	var sum float32
	for i, v := range a {
		dst[i] = v * b[i]
		sum += dst[i] * b[i]
	}
	return sum
}

func descendGeneric(x, residual, dir, step, inv, diag []float32, rho float32) float32 {
	alpha := rho / dotGeneric(dir, step)
	axpyGeneric(alpha, dir, x)
	axpyGeneric(-alpha, step, residual)
	rest := mulDotGeneric(step, inv, residual)
	for i, z := range step {
		dir[i] = z + rest/rho*dir[i]
	}
	mulGeneric(step, diag, dir)
	return rest
}

func shiftGeneric(inv, root, d []float32, lam float32) {
	for i, v := range d {
		inv[i] = 1 / (v + lam)
		root[i] = float32(math.Sqrt(float64(inv[i])))
	}
}

func dot64Generic(a, b []float64) float64 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float64
	i := 0
	for ; i+4 <= len(a); i += 4 {
		x, y := a[i:i+4:i+4], b[i:i+4:i+4]
		s0 += x[0] * y[0]
		s1 += x[1] * y[1]
		s2 += x[2] * y[2]
		s3 += x[3] * y[3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return s0 + s1 + (s2 + s3)
}

func axpy64Generic(alpha float64, x, y []float64) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += alpha * v
	}
}

func rotate64Generic(c, s float64, x, y []float64) {
	y = y[:len(x)]
	for i, a := range x {
		b := y[i]
		x[i], y[i] = c*a-s*b, s*a+c*b
	}
}
