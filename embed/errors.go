package embed

import (
	"errors"
	"fmt"

	"github.com/kenrec/ken/embed/internal/endpoint"
)

// Errors that callers may test with errors.Is.
var (
	// ErrConfig reports a configuration that cannot work.
	ErrConfig = endpoint.ErrConfig
	// ErrBadAnswer reports an answer of a server that breaks its contract: count, order, dimension, NaN, not JSON.
	ErrBadAnswer = endpoint.ErrBadAnswer
	// ErrAuth reports a key that the server refused, or none where one is needed.
	ErrAuth = endpoint.ErrAuth
	// ErrQuota reports an account without credit: trying again does not help.
	ErrQuota = endpoint.ErrQuota
	// ErrUnavailable reports a server that could not be reached or kept failing after every try.
	ErrUnavailable = endpoint.ErrUnavailable
	// ErrRefused reports a request that the server refuses whatever the texts are: unknown model, wrong address.
	ErrRefused = endpoint.ErrRefused
	// ErrBadText reports one text that cannot be embedded.
	ErrBadText = errors.New("embed: text cannot be embedded")
	// ErrDimension reports a vector whose length differs from the model's.
	ErrDimension = errors.New("embed: wrong dimension")
	// ErrWeights reports model weights that are damaged or foreign.
	ErrWeights = errors.New("embed: bad model weights")
)

// TextError is the failure of one text.
type TextError struct {
	Index int // position in the texts of the call
	Err   error
}

// PartialError reports that some texts failed while the others have their vectors.
type PartialError struct {
	Failed []TextError // by rising Index, never empty
}

// Error names the number of failures and the first one.
func (e *PartialError) Error() string {
	if len(e.Failed) == 0 {
		return "embed: no text failed"
	}
	f := e.Failed[0]
	return fmt.Sprintf("embed: %d texts failed, the first at position %d: %v", len(e.Failed), f.Index, f.Err)
}

// Unwrap gives the errors of the texts to errors.Is and errors.As.
func (e *PartialError) Unwrap() []error {
	errs := make([]error, len(e.Failed))
	for i, f := range e.Failed {
		errs[i] = f.Err
	}
	return errs
}
