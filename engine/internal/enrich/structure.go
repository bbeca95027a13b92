package enrich

import (
	"context"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/sparse"
)

// Structure maps a node's contexts to the directions along which the contexts of all nodes vary together: the right
// singular vectors of the rarity-weighted node × context matrix.
type Structure struct {
	Map dense.Matrix // contexts × rank
}

// FitStructure fits to nodes × contexts. rank is an upper bound.
func FitStructure(ctx context.Context, x *sparse.CSR, rank int, seed uint64, workers int) (*Structure, error) {
	right, err := rightSingular(ctx, x, rank, seed, workers)
	return &Structure{Map: right}, err
}

// Apply returns one row a node, of length 1; nodes without known contexts become zero.
func (s *Structure) Apply(ctx context.Context, x *sparse.CSR, workers int) (dense.Matrix, error) {
	return project(ctx, x, s.Map, workers)
}
