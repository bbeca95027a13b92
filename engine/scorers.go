package engine

import (
	"context"

	"github.com/kenrec/ken/engine/internal/sparse"
)

// fitScorers fits the item-to-item scorers that the configuration gives a weight.
func fitScorers(ctx context.Context, x *sparse.CSR, target []float32, cfg Config, workers int) ([]scorer, error) {
	return nil, ctx.Err()
}
