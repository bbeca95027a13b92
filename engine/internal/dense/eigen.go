package dense

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// EigenSym returns the eigenvalues of the symmetric row-major n×n matrix a in ascending order, and the eigenvectors
// as the columns of an n×n matrix: a = vectors · diag(values) · vectorsᵀ. Only the lower triangle of a is read.
// Errors: ErrShape, ErrNotFinite. Householder reduction and implicit QL (Bowdler, Martin, Reinsch, Wilkinson 1968),
// in float64. Cost about 9n³.
func EigenSym(a []float64, n int) ([]float64, Matrix, error) {
	if len(a) != n*n {
		return nil, Matrix{}, fmt.Errorf("%w: %d elements for %d×%d", ErrShape, len(a), n, n)
	}
	for _, v := range a {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, Matrix{}, fmt.Errorf("%w: cannot find eigenvalues", ErrNotFinite)
		}
	}
	var e mat.EigenSym
	if !e.Factorize(mat.NewSymDense(n, slices.Clone(a)), true) {
		return nil, Matrix{}, fmt.Errorf("%w: eigenvalues did not converge", ErrNotFinite)
	}
	var v mat.Dense
	e.VectorsTo(&v)
	vectors := New(n, n)
	for i := range n {
		for j := range n {
			vectors.Set(i, j, float32(v.At(i, j)))
		}
	}
	return e.Values(nil), vectors, nil
}
