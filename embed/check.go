package embed

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	openai "github.com/sashabaranov/go-openai"

	"github.com/kenrec/ken/embed/internal/endpoint"
)

// check returns the vectors of an answer to n texts in the order of the texts. An answer that breaks the contract as a
// whole (count, order, dimension) gives ErrBadAnswer: such a server is not to be trusted with the next batch either.
// One bad vector gives an endpoint.MalformedError, on which the batch is split around its text.
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
		return &endpoint.MalformedError{Message: fmt.Sprintf("no vector at index %d", i)}
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
		return &endpoint.MalformedError{Message: fmt.Sprintf("vector at index %d is zero or not finite", i)}
	}
	return nil
}

// sortFailed orders failures by text.
func sortFailed(f []TextError) []TextError {
	slices.SortFunc(f, func(a, b TextError) int { return a.Index - b.Index })
	return f
}

// checkBody returns a function that looks for what go-openai lets pass: an error object in an answer of status 200, and null in a vector,
// which servers write for NaN and which decodes to 0.
func checkBody(key Secret) func(body []byte) error {
	return func(body []byte) error {
		if !bytes.Contains(body, []byte("null")) && !bytes.Contains(body, []byte(`"error"`)) {
			return nil
		}
		var answer struct {
			Error *json.RawMessage `json:"error"`
			Data  []struct {
				Index     int        `json:"index"`
				Embedding []*float32 `json:"embedding"`
			} `json:"data"`
		}
		if err := json.NewDecoder(bytes.NewReader(body)).Decode(&answer); err != nil {
			return endpoint.Malformed(err, "an embedding list", key)
		}
		if answer.Error != nil && len(answer.Data) == 0 {
			return endpoint.ErrorObject(*answer.Error, key)
		}
		for _, item := range answer.Data {
			for _, x := range item.Embedding {
				if x == nil {
					return &endpoint.MalformedError{Message: fmt.Sprintf("null in the vector of index %d", item.Index)}
				}
			}
		}
		return nil
	}
}
