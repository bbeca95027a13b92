package solve

import (
	"fmt"
	"math"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/kernel"
)

// chunkEntries is how many entries are gathered at once for the k×k system: they stay in the second-level cache.
const chunkEntries = 128

// direct solves a row through the k×k system D + FᵀCF by Cholesky. Cost nk²/2 + k³/6. It reports false when the matrix is not
// positive definite in float32.
func (sc *scratch) direct(t term, prior, x []float32) bool {
	k := sc.k
	sc.grow(chunkEntries, chunkEntries)
	ld := sc.growSystem(k)
	rhs := sc.vec[0]
	kernel.Scale(rhs, t.reg, prior)
	mode := kernel.Set
	for lo := 0; lo < len(t.conf); lo += chunkEntries {
		hi := min(lo+chunkEntries, len(t.conf))
		part := t
		part.index, part.conf = t.index[lo:], t.conf[lo:hi]
		if t.target != nil {
			part.target = t.target[lo:hi]
		}
		sc.addEntries(part, rhs, ld, mode)
		mode = kernel.Add
	}
	for i := range k {
		row := sc.system[i*ld : (i+1)*ld]
		row[i] += t.values[i] + t.reg
		clear(row[k:])
		row[k] = rhs[i]
	}
	if !dense.FactorUpper(sc.system, k, ld, (k+1+15)&^15, sc.inverse) {
		return false
	}
	dense.BackUpper(x, sc.system, k, ld, k, sc.inverse)
	return true
}

// addEntries adds at most chunkEntries entries to the upper triangle of the system and to its right-hand side.
func (sc *scratch) addEntries(t term, rhs []float32, ld int, mode kernel.Mode) {
	n, k := len(t.conf), sc.k
	sc.gather(t, rhs)
	for i := 0; i < k; i += 8 {
		left := i &^ (kernel.Lane - 1)
		kernel.Mul8(sc.system[i*ld+left:], ld, sc.rows[i:], k, sc.rows[left:], k, n, k-left, mode)
	}
}

// double solves a row in float64: the last resort, for systems that float32 cannot tell from singular ones. It allocates.
// The error wraps ErrNotFinite when even float64 finds no solution.
func (sc *scratch) double(t term, prior, x []float32) error {
	k := sc.k
	a, b := make([]float64, k*k), make([]float64, k)
	for i := range k {
		a[i*k+i] = float64(t.values[i]) + float64(t.reg)
		b[i] = float64(t.reg) * float64(prior[i])
	}
	for j, c := range t.conf {
		c, v := float64(c), t.f.Data[int(t.index[j])*t.f.Stride:][:k]
		for i := range k {
			cv := c * float64(v[i])
			b[i] += cv * float64(t.targetOf(j))
			row := a[i*k : (i+1)*k]
			for q := i; q < k; q++ {
				row[q] += cv * float64(v[q])
			}
		}
	}
	if !solveDouble(a, b, k) {
		return fmt.Errorf("%w: a row of %d entries has no solution", ErrNotFinite, len(t.conf))
	}
	for i, v := range b {
		x[i] = float32(v)
	}
	if !finite(x) {
		return fmt.Errorf("%w: solution of a row of %d entries", ErrNotFinite, len(t.conf))
	}
	return nil
}

// solveDouble overwrites b with a⁻¹b by Cholesky, from the upper triangle of a, which it spoils.
func solveDouble(a, b []float64, n int) bool {
	for i := range n {
		row := a[i*n : (i+1)*n]
		if !(row[i] > 0) || math.IsInf(row[i], 0) {
			return false
		}
		scale := 1 / math.Sqrt(row[i])
		for q := i; q < n; q++ {
			row[q] *= scale
		}
		b[i] *= scale
		for q := i + 1; q < n; q++ {
			kernel.Axpy64(-row[q], row[q:], a[q*n+q:(q+1)*n])
		}
		kernel.Axpy64(-b[i], row[i+1:], b[i+1:])
	}
	for i := n - 1; i >= 0; i-- {
		b[i] = (b[i] - kernel.Dot64(a[i*n+i+1:(i+1)*n], b[i+1:])) / a[i*n+i]
	}
	return true
}
