package embed

import (
	"fmt"
	"math"
	"slices"

	openai "github.com/sashabaranov/go-openai"
)

// check returns the vectors of an answer to n texts in the order of the texts. An answer that breaks the contract as a
// whole (count, order, dimension) gives ErrBadAnswer: such a server is not to be trusted with the next batch either.
// One bad vector gives a malformedError, on which the batch is split around its text.
func (o *OpenAI) check(items []openai.Embedding, n int) ([][]float32, error) {
	if len(items) != n {
		return nil, fmt.Errorf("%w: %s: %d vectors for %d texts", ErrBadAnswer, o.model.Name, len(items), n)
	}
	vecs, seen := make([][]float32, n), make([]bool, n)
	for _, item := range items {
		if item.Index < 0 || item.Index >= n || seen[item.Index] {
			return nil, fmt.Errorf("%w: %s: the indices are no permutation of 0 to %d", ErrBadAnswer, o.model.Name, n-1)
		}
		vecs[item.Index], seen[item.Index] = item.Embedding, true
	}
	for i, v := range vecs {
		if err := o.checkVector(i, v); err != nil {
			return nil, err
		}
	}
	return vecs, nil
}

func (o *OpenAI) checkVector(i int, v []float32) error {
	if len(v) == 0 {
		return &malformedError{fmt.Sprintf("no vector at index %d", i)}
	}
	if o.dim.CompareAndSwap(0, int64(len(v))); int64(len(v)) != o.dim.Load() {
		hint := ""
		if o.cfg.Dimensions > 0 {
			hint = "; the server may not support the dimensions option"
		}
		return fmt.Errorf("%w: %w: %s: length %d instead of %d%s", ErrBadAnswer, ErrDimension, o.model.Name, len(v), o.dim.Load(), hint)
	}
	var q float64
	for _, x := range v {
		q += float64(x) * float64(x)
	}
	if !(q > 0) || math.IsInf(q, 0) {
		return &malformedError{fmt.Sprintf("vector at index %d is zero or not finite", i)}
	}
	return nil
}

// sortFailed orders failures by text.
func sortFailed(f []TextError) []TextError {
	slices.SortFunc(f, func(a, b TextError) int { return a.Index - b.Index })
	return f
}
