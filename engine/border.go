package engine

import (
	"errors"
	"fmt"

	"github.com/kenrec/ken/graph"
)

// sentinels are the engine's words for errors of the store.
var sentinels = [...]struct{ store, engine error }{
	{graph.ErrNotFound, ErrNotFound},
	{graph.ErrClosed, ErrClosed},
	{graph.ErrVersion, ErrVersion},
	{graph.ErrDimension, ErrDimension},
	{graph.ErrBadRecord, ErrBadRecord},
	{graph.ErrBadID, ErrBadRecord},
}

// border makes errors.Is true for the engine's sentinel as well when an error of the store leaves the engine, so that
// callers need no word of package graph. The sentence stays. It is deferred by every verb with its named error.
func border(err *error) {
	for _, s := range sentinels {
		if errors.Is(*err, s.store) && !errors.Is(*err, s.engine) {
			*err = &bordered{*err, s.engine}
		}
	}
}

// bordered is an error that is also one of the engine's sentinels.
type bordered struct{ err, sentinel error }

func (b *bordered) Error() string   { return b.err.Error() }
func (b *bordered) Unwrap() []error { return []error{b.err, b.sentinel} }

// need returns the number of a node, or an error that wraps ErrNotFound and says what it was needed as.
func (e *Engine) need(what, id string) (graph.Idx, error) {
	n, ok, err := e.store.Lookup(id)
	switch {
	case errors.Is(err, graph.ErrBadID) || err == nil && !ok:
		const shown = 64 // an id that no store takes may be of any length
		if len(id) > shown {
			id = id[:shown] + "…"
		}
		return 0, fmt.Errorf("%w: %s %q", ErrNotFound, what, id)
	case err != nil:
		return 0, fmt.Errorf("engine: %s %q: %w", what, id, err)
	}
	return n, nil
}
