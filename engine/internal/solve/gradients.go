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
	// blockFloats is how many numbers of the gathered factors a step handles at once: half of a first-level cache, so that they
	// are read from further away once and not twice.
	blockFloats = 4096
)

// entriesPerStep is the row length at which one more step costs as much as one more entry does in a system of that length: rows
// shorter than this times the steps they would take are solved by woodbury. Measured.
const entriesPerStep = 3.5

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
	n, k := len(t.index), sc.k
	sc.grow(n, n)
	inv, diag, residual, dir := sc.vec[0], sc.vec[1], sc.vec[2], sc.vec[3]
	kernel.Shift(inv, diag, t.values, t.reg) // diag is overwritten next
	for i, v := range t.values {
		diag[i] = v + t.reg
	}
	sc.rightHandSide(t, prior, residual)
	step := sc.vec[5]
	rho := kernel.MulDot(dir, inv, residual)
	first := rho
	clear(x)
	block := max(blockFloats/k, 8)
	for ; steps < limit && rho > tolerance*first; steps++ {
		kernel.Mul(step, diag, dir)
		for lo := 0; lo < n; lo += block {
			hi := min(lo+block, n)
			kernel.MulVec(sc.weight[lo:hi], sc.rows[lo*k:hi*k], k, dir)
			kernel.MulVecTrans(step, sc.weight[lo:hi], sc.rows[lo*k:hi*k], k, true)
		}
		alpha := rho / kernel.Dot(dir, step)
		kernel.Axpy(alpha, dir, x)
		kernel.Axpy(-alpha, step, residual)
		next := kernel.MulDot(step, inv, residual)
		kernel.Xpby(dir, step, next/rho)
		rho = next
	}
	return steps, rho <= tolerance*first
}

// rightHandSide gathers the entries' factors times √c into sc.rows and writes λp + Fᵀ(c·t) to b.
func (sc *scratch) rightHandSide(t term, prior, b []float32) {
	n := len(t.index)
	for j, c := range t.conf {
		sc.weight[j] = float32(math.Sqrt(float64(c)))
	}
	kernel.GatherRows(sc.rows, sc.k, t.index, t.f.Data, t.f.Stride, sc.weight, sc.k)
	for j := range n {
		sc.weight[j] *= t.targetOf(j)
	}
	kernel.Scale(b, t.reg, prior)
	kernel.MulVecTrans(b, sc.weight[:n], sc.rows, sc.k, true)
}
