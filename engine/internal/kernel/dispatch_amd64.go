//go:build amd64 && !purego

package kernel

// A switch, not a table of functions: through a function value the compiler could not see that kernels keep no pointer, and would
// move every argument to the heap.

func (l Level) dot(a, b []float32) float32 {
	switch l {
	case AVX512:
		return dotAVX512(&a[0], &b[0], len(a))
	case AVX2:
		return dotAVX2(&a[0], &b[0], len(a))
	}
	return dotGeneric(a, b)
}

func (l Level) axpy(alpha float32, x, y []float32) {
	switch l {
	case AVX512:
		axpyAVX512(alpha, &x[0], &y[0], len(x))
	case AVX2:
		axpyAVX2(alpha, &x[0], &y[0], len(x))
	default:
		axpyGeneric(alpha, x, y)
	}
}

func (l Level) scale(dst []float32, alpha float32, x []float32) {
	switch l {
	case AVX512:
		scaleAVX512(alpha, &dst[0], &x[0], len(dst))
	case AVX2:
		scaleAVX2(alpha, &dst[0], &x[0], len(dst))
	default:
		scaleGeneric(dst, alpha, x)
	}
}

func (l Level) mul(dst, a, b []float32) {
	switch l {
	case AVX512:
		mulAVX512(&dst[0], &a[0], &b[0], len(dst))
	case AVX2:
		mulAVX2(&dst[0], &a[0], &b[0], len(dst))
	default:
		mulGeneric(dst, a, b)
	}
}

func (l Level) mulAdd(dst, a, b []float32) {
	switch l {
	case AVX512:
		mulAddAVX512(&dst[0], &a[0], &b[0], len(dst))
	case AVX2:
		mulAddAVX2(&dst[0], &a[0], &b[0], len(dst))
	default:
		mulAddGeneric(dst, a, b)
	}
}

func (l Level) mulDot(dst, a, b []float32) float32 {
	switch l {
	case AVX512:
		return mulDotAVX512(&dst[0], &a[0], &b[0], len(dst))
	case AVX2:
		return mulDotAVX2(&dst[0], &a[0], &b[0], len(dst))
	}
	return mulDotGeneric(dst, a, b)
}

func (l Level) descend(x, residual, dir, step, inv, diag []float32, rho float32) float32 {
	switch l {
	case AVX512:
		return descendAVX512(len(x), &x[0], &residual[0], &dir[0], &step[0], &inv[0], &diag[0], rho)
	case AVX2:
		return descendAVX2(len(x), &x[0], &residual[0], &dir[0], &step[0], &inv[0], &diag[0], rho)
	}
	return descendGeneric(x, residual, dir, step, inv, diag, rho)
}

func (l Level) shift(inv, root, d []float32, lam float32) {
	switch l {
	case AVX512:
		shiftAVX512(&inv[0], &root[0], &d[0], lam, len(inv))
	case AVX2:
		shiftAVX2(&inv[0], &root[0], &d[0], lam, len(inv))
	default:
		shiftGeneric(inv, root, d, lam)
	}
}

func (l Level) dot64(a, b []float64) float64 {
	switch l {
	case AVX512:
		return dot64AVX512(&a[0], &b[0], len(a))
	case AVX2:
		return dot64AVX2(&a[0], &b[0], len(a))
	}
	return dot64Generic(a, b)
}

func (l Level) axpy64(alpha float64, x, y []float64) {
	switch l {
	case AVX512:
		axpy64AVX512(alpha, &x[0], &y[0], len(x))
	case AVX2:
		axpy64AVX2(alpha, &x[0], &y[0], len(x))
	default:
		axpy64Generic(alpha, x, y)
	}
}

func (l Level) rotate64(c, s float64, x, y []float64) {
	switch l {
	case AVX512:
		rotate64AVX512(c, s, &x[0], &y[0], len(x))
	case AVX2:
		rotate64AVX2(c, s, &x[0], &y[0], len(x))
	default:
		rotate64Generic(c, s, x, y)
	}
}
