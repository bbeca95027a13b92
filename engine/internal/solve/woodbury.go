package solve

import (
	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/kernel"
)

// maxExactShort is up to how many entries even Approximate solves a row exactly, because it is cheaper: systems grow by eight.
const maxExactShort = 8

// woodbury solves a row of n entries through an n×n system. With D = diag(values) + λ, p' = λD⁻¹p and B = F·D^-½,
//
//	x = p' + D^-½ Bᵀ y   where   (BBᵀ + C⁻¹) y = t − F p'
//
// Cost n²k/2 + n³/6. It reports false when the system has no solution in float32. Source: Woodbury identity; Sherman
// and Morrison 1950.
func (sc *scratch) woodbury(t term, prior, x []float32) bool {
	n, k := len(t.conf), sc.k
	n8 := (n + 7) &^ 7
	sc.grow(n8, n8)
	ld := sc.growSystem(n8)
	sc.diag.set(t.values, t.reg)
	root, sum := sc.diag.root, sc.vec[0]
	clear(x)
	if t.prior {
		kernel.Mul(x, sc.diag.inv, prior)
		kernel.Scale(x, t.reg, x)
	}
	kernel.GatherCols(sc.rows, k, t.index, n, t.f.Data, t.f.Stride, root)
	clear(sc.rows[n*k : n8*k])
	kernel.PairProducts(sc.system, ld, sc.rows, k, n8, k)
	for i := range n8 {
		row := sc.system[i*ld : (i+1)*ld]
		clear(row[n8:])
		if i >= n {
			row[i] = 1 // padding of the system: y = 0
			continue
		}
		row[i] += 1 / t.conf[i]
		row[n8] = t.targetOf(i)
		if t.prior {
			row[n8] -= kernel.Dot(t.f.Data[int(t.index[i])*t.f.Stride:][:k], x)
		}
	}
	if !dense.FactorUpper(sc.system, n8, ld, (n8+1+15)&^15, sc.inverse) {
		return false
	}
	dense.BackUpper(sc.y, sc.system, n8, ld, n8, sc.inverse)
	kernel.MulVecTrans(sum, sc.y[:n], sc.rows, k, false)
	kernel.MulAdd(x, root, sum)
	return true
}
