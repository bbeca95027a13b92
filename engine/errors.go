package engine

import "errors"

// Errors that callers may test with errors.Is. Every method wraps them with what was asked for.
var (
	// ErrNotFound reports an id that the graph does not hold.
	ErrNotFound = errors.New("engine: not found")
	// ErrNotTrained reports that no model exists yet: run Train first.
	ErrNotTrained = errors.New("engine: no model yet")
	// ErrNoData reports that the store holds too little to do what was asked.
	ErrNoData = errors.New("engine: not enough data")
	// ErrBadOption reports an option outside its range.
	ErrBadOption = errors.New("engine: bad option")
	// ErrBadRecord reports input rows that could not be stored.
	ErrBadRecord = errors.New("engine: bad record")
	// ErrSnapshot reports a model file that is torn, foreign or damaged.
	ErrSnapshot = errors.New("engine: bad model file")
	// ErrVersion reports data written by a newer or unknown version.
	ErrVersion = errors.New("engine: unknown version")
	// ErrClosed reports use of an engine after Close.
	ErrClosed = errors.New("engine: closed")
	// ErrNoEmbedder reports that texts were to be embedded but the engine was opened without an embedder.
	ErrNoEmbedder = errors.New("engine: no embedder")
	// ErrDimension reports a vector whose length differs from the others of its modality.
	ErrDimension = errors.New("engine: wrong vector dimension")
)
