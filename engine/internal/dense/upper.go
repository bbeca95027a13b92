package dense

import (
	"math"

	"github.com/kenrec/ken/engine/internal/kernel"
)

// lostDigits is the share of a diagonal element that must survive elimination: below it float32 has nothing left to say.
const lostDigits = 4e-7

// FactorUpper overwrites the symmetric positive definite n×n matrix s, row-major with ld numbers a row, by U of s = Uᵀ·U; only the
// upper triangle (and some of the lower beside the diagonal) is read and written. Columns from n up to cols are right-hand
// sides and become U⁻ᵀ·them. inv receives the inverses of U's diagonal and holds n numbers.
//
// n is a multiple of 8, cols of 16, n ≤ cols ≤ ld. It reports false when s is not positive definite to the accuracy of
// float32; s is then spoilt. Nothing is allocated. Cost n³/3, by blocks of eight rows that look left.
func FactorUpper(s []float32, n, ld, cols int, inv []float32) bool {
	for i := range n {
		inv[i] = s[i*ld+i]
	}
	var u [64]float32
	for j := 0; j < n; j += 8 {
		left := j &^ (lane - 1)
		kernel.Mul8(s[j*ld+left:], ld, s[j:], ld, s[left:], ld, j, cols-left, kernel.Sub)
		if !factor8(&u, s[j*ld+j:], ld, inv[j:j+8:j+8]) {
			return false
		}
		kernel.Forward8(&u, inv[j:j+8], s[j*ld+left:], ld, cols-left)
	}
	return true
}

// factor8 factors the 8×8 block that s begins with into u. inv holds the diagonal before elimination and receives the inverse of
// U's.
func factor8(u *[64]float32, s []float32, ld int, inv []float32) bool {
	for p := range 8 {
		copy(u[p*8+p:p*8+8], s[p*ld+p:p*ld+8])
	}
	for p := range 8 {
		d := u[p*8+p]
		if !(d > lostDigits*inv[p]) || d > math.MaxFloat32 {
			return false
		}
		scale := 1 / float32(math.Sqrt(float64(d)))
		inv[p] = scale
		for i := p; i < 8; i++ {
			u[p*8+i] *= scale
		}
		for q := p + 1; q < 8; q++ {
			f := u[p*8+q]
			for i := q; i < 8; i++ {
				u[q*8+i] -= f * u[p*8+i]
			}
		}
	}
	return true
}

// BackUpper writes U⁻¹·b to x for the factor of FactorUpper, where b is column col of s: with a right-hand side in that column
// before FactorUpper, x solves the system.
func BackUpper(x, s []float32, n, ld, col int, inv []float32) {
	for j := n - 1; j >= 0; j-- {
		x[j] = (s[j*ld+col] - kernel.Dot(s[j*ld+j+1:j*ld+n], x[j+1:n])) * inv[j]
	}
}
