package dense

import (
	"fmt"
	"math"
	"slices"

	"github.com/kenrec/ken/engine/internal/kernel"
)

// maxSweeps bounds the QL sweeps for one eigenvalue; two are the rule.
const maxSweeps = 100

// EigenSym returns the eigenvalues of the symmetric row-major n×n matrix a in ascending order, and the eigenvectors
// as the columns of an n×n matrix: a = vectors · diag(values) · vectorsᵀ. Only the lower triangle of a is read.
// Errors: ErrShape, ErrNotFinite. Cost about 6n³ in float64, along rows.
//
// Householder reduction to a tridiagonal matrix and implicit QL; sources: Martin, Reinsch, Wilkinson 1968; Bowdler,
// Martin, Reinsch, Wilkinson 1968. The vectors are kept as rows, so that every inner loop runs along memory.
func EigenSym(a []float64, n int) ([]float64, Matrix, error) {
	if len(a) != n*n {
		return nil, Matrix{}, fmt.Errorf("%w: %d elements for %d×%d", ErrShape, len(a), n, n)
	}
	for i, v := range a {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, Matrix{}, fmt.Errorf("%w: element %d, %d is %g", ErrNotFinite, i/n, i%n, v)
		}
	}
	e := eigen{n: n, z: make([]float64, n*n), d: make([]float64, n), e: make([]float64, n), h: make([]float64, n)}
	work := slices.Clone(a)
	e.reduce(work)
	e.accumulate(work)
	if !e.iterate() {
		return nil, Matrix{}, fmt.Errorf("%w: eigenvalues did not converge", ErrNotFinite)
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		switch {
		case e.d[i] < e.d[j]:
			return -1
		case e.d[i] > e.d[j]:
			return 1
		}
		return 0
	})
	values, vectors := make([]float64, n), New(n, n)
	for j, from := range order {
		values[j] = e.d[from]
		for i, v := range e.z[from*n : (from+1)*n] {
			vectors.Data[i*vectors.Stride+j] = float32(v)
		}
	}
	return values, vectors, nil
}

// eigen is the state of EigenSym.
type eigen struct {
	n int
	z []float64 // eigenvectors as rows
	d []float64 // diagonal, then eigenvalues
	e []float64 // e[i] couples i−1 and i
	h []float64 // |u|²/2 of the reflection in row i; 0: none
}

// reduce makes a tridiagonal by reflections I − uuᵀ/h, from the last row up; u of step i stays in row i of a.
func (e *eigen) reduce(a []float64) {
	n := e.n
	p := make([]float64, n)
	for i := n - 1; i >= 0; i-- {
		e.d[i] = a[i*n+i]
		if i == 0 {
			break
		}
		u := a[i*n : i*n+i]
		var scale float64
		for _, v := range u {
			scale += math.Abs(v)
		}
		if i == 1 || scale == 0 {
			e.e[i] = u[i-1]
			continue
		}
		for k := range u {
			u[k] /= scale
		}
		h, f := kernel.Dot64(u, u), u[i-1]
		g := -math.Copysign(math.Sqrt(h), f)
		e.e[i] = scale * g
		h -= f * g
		u[i-1] = f - g
		e.h[i] = h
		reflect(a, n, u, p[:i], h)
	}
}

// reflect replaces the leading block A of a by PAP, P = I − uuᵀ/h, in its lower triangle. p is scratch.
func reflect(a []float64, n int, u, p []float64, h float64) {
	clear(p)
	for j, v := range u { // p = A·u: each row counts for itself and for its column
		row := a[j*n : j*n+j]
		p[j] += kernel.Dot64(row, u) + a[j*n+j]*v
		kernel.Axpy64(v, row, p)
	}
	for j := range p {
		p[j] /= h
	}
	kernel.Axpy64(-kernel.Dot64(u, p)/(2*h), u, p)
	for j, v := range u {
		row := a[j*n : j*n+j+1]
		kernel.Axpy64(-v, p[:j+1], row)
		kernel.Axpy64(-p[j], u[:j+1], row)
	}
}

// accumulate multiplies the reflections, kept in a, into z.
func (e *eigen) accumulate(a []float64) {
	n := e.n
	for i := range n {
		if h := e.h[i]; h != 0 {
			u := a[i*n : i*n+i]
			for j := range i {
				row := e.z[j*n : j*n+i]
				kernel.Axpy64(-kernel.Dot64(u, row)/h, u, row)
			}
		}
		e.z[i*n+i] = 1
	}
}

// iterate finds the eigenvalues of the tridiagonal matrix, turning the rows of z along. It reports whether all converged.
func (e *eigen) iterate() bool {
	n := e.n
	copy(e.e, e.e[min(1, n):]) // e[i] now couples i and i+1
	if n > 0 {
		e.e[n-1] = 0
	}
	var shift, size float64
	for l := range n {
		size = max(size, math.Abs(e.d[l])+math.Abs(e.e[l]))
		small := size * 0x1p-52
		m := l
		for m < n-1 && math.Abs(e.e[m]) > small {
			m++
		}
		for sweep := 0; m > l && math.Abs(e.e[l]) > small; sweep++ {
			if sweep == maxSweeps {
				return false
			}
			shift += e.sweep(l, m)
		}
		e.d[l] += shift
		e.e[l] = 0
	}
	return true
}

// sweep makes one implicit QL step on the rows l to m and returns by how much it shifted the rest of the diagonal.
func (e *eigen) sweep(l, m int) (shift float64) {
	n, d, off := e.n, e.d, e.e
	g := d[l]
	p := (d[l+1] - g) / (2 * off[l])
	r := math.Copysign(math.Hypot(p, 1), p)
	d[l], d[l+1] = off[l]/(p+r), off[l]*(p+r)
	next := d[l+1]
	shift = g - d[l]
	for i := l + 2; i < n; i++ {
		d[i] -= shift
	}
	p = d[m]
	c, c2, c3, s, s2 := 1.0, 1.0, 1.0, 0.0, 0.0
	first := off[l+1]
	for i := m - 1; i >= l; i-- {
		c3, c2, s2 = c2, c, s
		g, h := c*off[i], c*p
		r := math.Hypot(p, off[i])
		off[i+1] = s * r
		s, c = off[i]/r, p/r
		p = c*d[i] - s*g
		d[i+1] = h + s*(c*g+s*d[i])
		kernel.Rotate64(c, s, e.z[i*n:(i+1)*n], e.z[(i+1)*n:(i+2)*n])
	}
	p = -s * s2 * c3 * first * off[l] / next
	off[l], d[l] = s*p, c*p
	return shift
}
