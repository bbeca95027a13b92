package enrich

import (
	"context"
	"fmt"
	"math"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/par"
	"github.com/kenrec/ken/engine/internal/sparse"
)

const (
	oversample = 16 // extra directions of the random subspace: the wanted ones converge faster
	powerSteps = 4  // subspace iterations; text and context spectra fall slowly, fewer blur the last directions
)

// rightSingular returns the rank strongest right singular vectors of a as columns (a.Cols × r), strongest first, by
// randomised subspace iteration (Halko, Martinsson, Tropp 2011, algorithm 4.4). r is below rank when a has a lower rank.
// The same seed gives the same bytes for any number of workers.
func rightSingular(ctx context.Context, a *sparse.CSR, rank int, seed uint64, workers int) (dense.Matrix, error) {
	if err := ctx.Err(); err != nil {
		return dense.Matrix{}, fmt.Errorf("enrich: singular vectors: %w", err)
	}
	width := min(rank+oversample, a.Rows, a.Cols)
	if rank < 1 || width < 1 {
		return dense.New(a.Cols, 0), nil
	}
	at := a.Transpose()
	q := dense.New(a.Cols, width)
	for i := range q.Rows {
		rng, row := par.Stream(seed, uint64(i)), q.Row(i)
		for j := range row {
			row[j] = float32(rng.NormFloat64())
		}
	}
	for range powerSteps {
		var err error
		if q, err = orthonormal(ctx, q, workers); err != nil {
			return q, err
		}
		y := dense.New(a.Rows, q.Cols)
		if err := sparse.MulDenseInto(ctx, y, a, q, workers); err != nil {
			return q, err
		}
		// without this step q would be aᵀa·q, whose directions fall with the squares of the singular values: those below
		// 2 % of the strongest would drown in the rounding of float32
		if y, err = orthonormal(ctx, y, workers); err != nil {
			return q, err
		}
		q = dense.New(a.Cols, y.Cols)
		if err := sparse.MulDenseInto(ctx, q, at, y, workers); err != nil {
			return q, err
		}
	}
	q, err := orthonormal(ctx, q, workers)
	if err != nil {
		return q, err
	}
	return turned(ctx, a, q, rank, workers)
}

// turned turns the orthonormal columns of q, which span the strongest directions of a, to its right singular vectors, and
// keeps the first rank.
func turned(ctx context.Context, a *sparse.CSR, q dense.Matrix, rank, workers int) (dense.Matrix, error) {
	y := dense.New(a.Rows, q.Cols)
	if err := sparse.MulDenseInto(ctx, y, a, q, workers); err != nil {
		return q, err
	}
	// the right singular vectors of y = a·q, turned back by q, are those of a within the subspace
	gram, err := dense.Gram(ctx, y, nil, workers)
	if err != nil {
		return q, err
	}
	_, vectors, err := dense.EigenSym(gram, q.Cols)
	if err != nil {
		return q, err
	}
	r := min(rank, q.Cols)
	turn := dense.New(q.Cols, r)
	for j := range r {
		from := q.Cols - 1 - j // ascending order
		for i := range q.Cols {
			turn.Row(i)[j] = vectors.Row(i)[from]
		}
	}
	v := dense.New(a.Cols, r)
	return v, dense.MulInto(ctx, v, q, turn, workers)
}

// orthonormal returns an orthonormal basis of the columns of q, n × r with r ≤ q.Cols, directions below 1e-6 of the
// strongest left out. A matrix of zeros has a basis without columns.
func orthonormal(ctx context.Context, q dense.Matrix, workers int) (dense.Matrix, error) {
	if q.Cols == 0 {
		return q, nil
	}
	gram, err := dense.Gram(ctx, q, nil, workers)
	if err != nil {
		return q, err
	}
	values, vectors, err := dense.EigenSym(gram, q.Cols)
	if err != nil {
		return q, err
	}
	top := values[len(values)-1]
	first := 0
	for first < len(values) && values[first] <= top*1e-12 {
		first++
	}
	turn := dense.New(q.Cols, q.Cols-first)
	for i := range q.Cols {
		row := turn.Row(i)
		for j := range row {
			row[j] = float32(float64(vectors.Row(i)[first+j]) / math.Sqrt(values[first+j]))
		}
	}
	out := dense.New(q.Rows, turn.Cols)
	return out, dense.MulInto(ctx, out, q, turn, workers)
}
