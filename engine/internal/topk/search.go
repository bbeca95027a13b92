package topk

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/par"
)

// ErrShape says that the sizes of the arguments do not fit together.
var ErrShape = errors.New("topk: shapes do not match")

// Items is a set of item vectors prepared for scanning. It never changes and is safe for concurrent use.
type Items struct {
	v dense.Matrix
}

// NewItems prepares v, one item a row; v must not change afterwards.
func NewItems(v dense.Matrix) *Items { return &Items{v: v} }

// Len returns the number of items.
func (it *Items) Len() int { return it.v.Rows }

// Request asks for the K items with the highest scores u·v + bias for each row of Users.
type Request struct {
	Users   dense.Matrix        // one user a row, as many columns as the items
	K       int                 // length of each list, at least 0
	Exclude func(u int) []int32 // items left out for user row u, ascending; nil: none. Called concurrently
	Allowed []uint64            // bit i of word i/64: item may be listed; nil: all
	Bias    []float32           // added to the score of each item; nil: 0
}

// Search returns K items and their scores for user row u at [u*K, (u+1)*K), best first, ties to the lower item.
// Where fewer than K items are possible the rest is -1 with score 0. The result is exactly that of scoring and
// sorting all items. Errors: ErrShape, or ctx ended.
func (it *Items) Search(ctx context.Context, req Request, workers int) (ids []int32, scores []float32, err error) {
	if err := it.check(req); err != nil {
		return nil, nil, err
	}
	ids, scores = make([]int32, req.Users.Rows*req.K), make([]float32, req.Users.Rows*req.K)
	for i := range ids {
		ids[i] = -1
	}
	if req.K == 0 {
		return ids, scores, nil
	}
	err = par.Chunks(ctx, req.Users.Rows, 16, workers, func(_, lo, hi int) error {
		h := make(heap, 0, req.K)
		for u := lo; u < hi; u++ {
			var exclude []int32
			if req.Exclude != nil {
				exclude = req.Exclude(u)
			}
			user := req.Users.Row(u)
			for i := range it.v.Rows {
				if req.Allowed != nil && req.Allowed[i/64]>>(i%64)&1 == 0 {
					continue
				}
				if _, found := slices.BinarySearch(exclude, int32(i)); found {
					continue
				}
				var s float32
				for j, v := range it.v.Row(i) {
					s += v * user[j]
				}
				if req.Bias != nil {
					s += req.Bias[i]
				}
				h.push(candidate{s, int32(i)}, req.K)
			}
			h.drain(ids[u*req.K:], scores[u*req.K:])
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return ids, scores, nil
}

func (it *Items) check(req Request) error {
	switch {
	case req.Users.Cols != it.v.Cols:
		return fmt.Errorf("%w: users have %d factors, items %d", ErrShape, req.Users.Cols, it.v.Cols)
	case req.K < 0:
		return fmt.Errorf("%w: k is %d", ErrShape, req.K)
	case req.Allowed != nil && len(req.Allowed) < (it.v.Rows+63)/64:
		return fmt.Errorf("%w: %d words of allowed items for %d items", ErrShape, len(req.Allowed), it.v.Rows)
	case req.Bias != nil && len(req.Bias) != it.v.Rows:
		return fmt.Errorf("%w: %d biases for %d items", ErrShape, len(req.Bias), it.v.Rows)
	}
	return nil
}
