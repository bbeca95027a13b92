package solve

import (
	"fmt"

	"github.com/kenrec/ken/engine/internal/dense"
)

// maxNegative is how far below zero, relative to the largest, an eigenvalue may come out of rounding.
const maxNegative = 1e-4

// Basis is the eigenbasis of a Gram matrix, in which the matrix is a diagonal. It never changes and is safe for concurrent use.
type Basis struct {
	f      int
	values []float32    // eigenvalues, at least 0, padded with ones to a whole vector
	q      dense.Matrix // eigenvectors as columns
	qt     dense.Matrix // as rows
}

// NewBasis prepares the row-major f×f matrix gram, symmetric and positive semi-definite. Errors: ErrShape, ErrGram,
// ErrNotFinite. Cost O(f³).
func NewBasis(gram []float64, f int) (*Basis, error) {
	if len(gram) != f*f || f < 1 {
		return nil, fmt.Errorf("%w: Gram matrix has %d elements, want %d", ErrShape, len(gram), f*f)
	}
	values, q, err := dense.EigenSym(gram, f)
	if err != nil {
		return nil, fmt.Errorf("solve: Gram matrix: %w: %w", ErrNotFinite, err)
	}
	if largest := values[f-1]; values[0] < -maxNegative*max(largest, 0) {
		return nil, fmt.Errorf("%w: eigenvalues from %g to %g", ErrGram, values[0], largest)
	}
	b := &Basis{f: f, q: q, qt: q.Transpose(), values: make([]float32, q.Stride)}
	for i := range b.values {
		b.values[i] = 1 // padding: anything that a division by it leaves zero
		if i < f {
			b.values[i] = float32(max(values[i], 0))
		}
	}
	return b, nil
}
