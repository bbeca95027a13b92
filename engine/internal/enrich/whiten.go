package enrich

import (
	"context"
	"math"

	"github.com/kenrec/ken/engine/internal/dense"
)

// softening is the share of the mean eigenvalue added to each before its root divides: directions far below the mean
// are noise and must not be blown up. Chosen beforehand, see reference/embed.md section 5.
const softening = 0.1

// Whitener centres vectors, evens out their directions, y = (x − mean) Q diag(1/√(λ + 0.1·mean λ)), and scales each to
// length 1. Uncentred text vectors share one large direction, which makes every text look like every other.
type Whitener struct {
	Mean []float32    // d
	Map  dense.Matrix // d × d
}

// FitWhitener fits to the rows of x for which present is true (nil: all).
func FitWhitener(ctx context.Context, x dense.Matrix, present []bool, workers int) (*Whitener, error) {
	weight := make([]float32, x.Rows)
	n := 0
	mean := make([]float64, x.Cols)
	for i := range x.Rows {
		if present != nil && !present[i] {
			continue
		}
		weight[i] = 1
		n++
		for j, v := range x.Row(i) {
			mean[j] += float64(v)
		}
	}
	w := &Whitener{Mean: make([]float32, x.Cols), Map: dense.New(x.Cols, x.Cols)}
	if n == 0 {
		return w, nil
	}
	for j := range mean {
		mean[j] /= float64(n)
		w.Mean[j] = float32(mean[j])
	}
	cov, err := dense.Gram(ctx, x, weight, workers)
	if err != nil {
		return nil, err
	}
	for i := range x.Cols {
		for j := range x.Cols {
			cov[i*x.Cols+j] = cov[i*x.Cols+j]/float64(n) - mean[i]*mean[j]
		}
	}
	values, vectors, err := dense.EigenSym(cov, x.Cols)
	if err != nil {
		return nil, err
	}
	average := 0.0
	for _, v := range values {
		average += max(v, 0) / float64(len(values))
	}
	if average == 0 {
		return w, nil // all rows are the same: nothing to tell them apart by
	}
	for i := range x.Cols {
		for j := range x.Cols {
			w.Map.Row(i)[j] = float32(float64(vectors.Row(i)[j]) / math.Sqrt(max(values[j], 0)+softening*average))
		}
	}
	return w, nil
}

// Apply returns the whitened rows of x; rows for which present is false become zero.
func (w *Whitener) Apply(ctx context.Context, x dense.Matrix, present []bool, workers int) (dense.Matrix, error) {
	centred := dense.New(x.Rows, x.Cols)
	for i := range x.Rows {
		if present != nil && !present[i] {
			continue
		}
		dst := centred.Row(i)
		for j, v := range x.Row(i) {
			dst[j] = v - w.Mean[j]
		}
	}
	out := dense.New(x.Rows, x.Cols)
	if err := dense.MulInto(ctx, out, centred, w.Map, workers); err != nil {
		return out, err
	}
	unitRows(out)
	return out, nil
}
