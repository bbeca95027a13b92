package solve

import (
	"math"

	"github.com/kenrec/ken/engine/internal/kernel"
)

const (
	// approximateSteps is how many steps Approximate makes.
	approximateSteps = 3
	// tolerance is the squared relative residual, in the norm of the preconditioner, at which float32 is exhausted.
	tolerance = 1e-12
	// gradientFactors is from how many factors on conjugate gradients beat a factorisation.
	gradientFactors = 64
	// heldFloats is how many numbers the gathered factors of a row may take: beyond the second-level cache every step would
	// fetch them again, and a factorisation reads them once.
	heldFloats = 1 << 20
	// fewHeldFloats is the same for Approximate: so few steps fetch them sooner than a factorisation is made.
	fewHeldFloats = 4 * heldFloats
	// aheadEntries is how many entries of the rows that come next are fetched during the steps of a row: what stays in the
	// second-level cache beside the row itself.
	aheadEntries = 256
)

// entriesPerStep is the row length at which one more step costs as much as one more entry does in a system of that length: rows
// shorter than this times the steps they would take are solved by woodbury. Measured.
const entriesPerStep = 2.5

// maxSteps is how many steps cost as much as the factorisation that follows when they do not suffice.
func maxSteps(n, k int) int {
	if n < k {
		return 12 + n/2
	}
	return 12 + k/16 + k*k/(32*n)
}

// gradients solves a row by conjugate gradients. In the eigenbasis the matrix is D + FᵀCF with a diagonal D = diag(values) + λ, so a
// step costs 2nk, with no k² in it, and D is a preconditioner that costs nothing. It starts from 0 and returns how many steps it
// made and whether it reached the tolerance. Source: Hestenes and Stiefel 1952; Takács, Pilászy, Tikk 2011 for factorisations.
func (sc *scratch) gradients(t term, prior, x []float32, limit int) (steps int, done bool) {
	n, k := len(t.conf), sc.k
	sc.grow(n, n)
	sc.diag.set(t.values, t.reg)
	residual, dir, step := sc.vec[0], sc.vec[1], sc.vec[2]
	kernel.Scale(residual, t.reg, prior)
	sc.gather(t, residual)
	rho := kernel.MulDot(dir, sc.diag.inv, residual)
	first := rho
	kernel.Mul(step, sc.diag.sum, dir)
	clear(x)
	next := kernel.Ahead{Index: t.index[n:min(n+aheadEntries, len(t.index))], X: t.f.Data, Ld: t.f.Stride}
	for ; steps < limit && rho > tolerance*first; steps++ {
		kernel.MulNormal(step, sc.weight[:n], sc.rows, k, dir, next)
		if steps == 0 {
			next.X = next.X[kernel.Half(k):]
		} else {
			next.Index = nil
		}
		rho = kernel.Descend(x, residual, dir, step, sc.diag.inv, sc.diag.sum, rho)
	}
	sc.rho = rho
	return steps, rho <= tolerance*first
}

// fewSteps makes approximateSteps steps of gradients, the last of them without what only a step after it would need: the products of the
// entries with its direction tell how far it goes.
func (sc *scratch) fewSteps(t term, prior, x []float32) {
	if _, done := sc.gradients(t, prior, x, approximateSteps-1); done {
		return
	}
	dir, step, dots := sc.vec[1], sc.vec[2], sc.weight[:len(t.conf)]
	kernel.MulVec(dots, sc.rows, sc.k, dir)
	kernel.Axpy(sc.rho/(kernel.Dot(dir, step)+kernel.Dot(dots, dots)), dir, x)
}

// gather writes the entries' factors times √c to sc.rows and adds Fᵀ(c·t) to b.
func (sc *scratch) gather(t term, b []float32) {
	root := sc.weight[:len(t.conf)]
	for j, c := range t.conf {
		root[j] = float32(math.Sqrt(float64(c)))
	}
	pull := root
	if t.target != nil {
		pull = sc.pull[:len(root)]
		for j, v := range t.target[:len(root)] {
			pull[j] = v * root[j]
		}
	}
	kernel.GatherSum(b, sc.rows, sc.k, t.index, t.f.Data, t.f.Stride, root, pull)
}
