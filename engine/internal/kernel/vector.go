package kernel

// Dot returns Σ a·b. b is at least as long as a.
func Dot(a, b []float32) float32 {
	if len(a) == 0 {
		return 0
	}
	return level.dot(a, b[:len(a)])
}

// Axpy adds alpha·x to y. y is at least as long as x.
func Axpy(alpha float32, x, y []float32) {
	if len(x) != 0 {
		level.axpy(alpha, x, y[:len(x)])
	}
}

// The functions below work on whole vectors: the length of their first argument is a multiple of 16, and the others are at least as
// long.

// Scale writes alpha·x to dst.
func Scale(dst []float32, alpha float32, x []float32) {
	if whole(dst) {
		level.scale(dst, alpha, x[:len(dst)])
	}
}

// Mul writes a·b, elementwise, to dst.
func Mul(dst, a, b []float32) {
	if whole(dst) {
		level.mul(dst, a[:len(dst)], b[:len(dst)])
	}
}

// MulAdd adds a·b, elementwise, to dst.
func MulAdd(dst, a, b []float32) {
	if whole(dst) {
		level.mulAdd(dst, a[:len(dst)], b[:len(dst)])
	}
}

// MulDot writes a·b, elementwise, to dst and returns Σ dst·b: one step of preconditioning.
func MulDot(dst, a, b []float32) float32 {
	if !whole(dst) {
		return 0
	}
	return level.mulDot(dst, a[:len(dst)], b[:len(dst)])
}

// Descend makes a step of preconditioned conjugate gradients, given the product of the matrix with the direction in step and rho = Σ
// inv·residual²: x and residual move along dir as far as it pays, dir becomes the next direction and step diag·dir. It returns the new rho.
func Descend(x, residual, dir, step, inv, diag []float32, rho float32) float32 {
	if !whole(x) {
		return 0
	}
	n := len(x)
	return level.descend(x, residual[:n], dir[:n], step[:n], inv[:n], diag[:n], rho)
}

// Shift writes 1/(d+lam) to inv and the square root of that to root.
func Shift(inv, root, d []float32, lam float32) {
	if whole(inv) {
		level.shift(inv, root[:len(inv)], d[:len(inv)], lam)
	}
}

// whole reports whether there is anything to do, and panics when v does not end with a whole vector.
func whole(v []float32) bool {
	if len(v)%Lane != 0 {
		panic("kernel: length is not a multiple of 16")
	}
	return len(v) != 0
}

// Lane is what row lengths are padded to: the float32 in the widest register.
const Lane = 16

// Dot64 returns Σ a·b. b is at least as long as a.
func Dot64(a, b []float64) float64 {
	if len(a) == 0 {
		return 0
	}
	return level.dot64(a, b[:len(a)])
}

// Axpy64 adds alpha·x to y. y is at least as long as x.
func Axpy64(alpha float64, x, y []float64) {
	if len(x) != 0 {
		level.axpy64(alpha, x, y[:len(x)])
	}
}

// Rotate64 replaces (x, y) by (c·x − s·y, s·x + c·y). y is at least as long as x.
func Rotate64(c, s float64, x, y []float64) {
	if len(x) != 0 {
		level.rotate64(c, s, x, y[:len(x)])
	}
}

// Prefetch begins to bring v into the cache and returns at once.
func Prefetch(v []float32) {
	if len(v) != 0 {
		prefetch(&v[0], 4*len(v))
	}
}
