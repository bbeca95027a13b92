package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/graph"
)

// Engine holds a store and the model trained on it. All methods are safe for concurrent use.
type Engine struct {
	dir      string       // "" in memory
	store    *graph.Store // does its own locking
	log      *slog.Logger
	embedder embed.Embedder // nil when none was given
	workers  int
	closed   atomic.Bool
	modelErr error // why the model file could not be loaded; set at Open only

	erasures erasures

	train gate                  // serialises Train, Tune and Erase; readers never take it
	model atomic.Pointer[model] // published whole, never changed after Store
}

// Open opens the store in dir, creating it when dir does not exist or is empty, and loads the model beside it.
// A damaged model file is not fatal: the engine opens without a model and ModelError tells why.
// Errors: those of graph.Open, of which graph.ErrVersion is ErrVersion too; an error wrapping ctx.Err().
func Open(ctx context.Context, dir string, opts ...Option) (_ *Engine, err error) {
	defer border(&err)
	s := newSettings(opts)
	store, err := graph.Open(ctx, dir, graph.WithLogger(s.log), graph.WithAbout(recordSpeaksOf))
	if err != nil {
		return nil, fmt.Errorf("engine: open: %w", err)
	}
	e := &Engine{dir: dir, store: store, log: s.log, embedder: s.embedder, workers: s.workers, train: newGate()}
	if err := e.loadModel(ctx); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return e, nil
}

// OpenInMemory returns an engine whose store and model live in memory only.
func OpenInMemory(opts ...Option) (*Engine, error) {
	s := newSettings(opts)
	store, err := graph.OpenInMemory(graph.WithLogger(s.log), graph.WithAbout(recordSpeaksOf))
	if err != nil {
		return nil, fmt.Errorf("engine: open in memory: %w", err)
	}
	return &Engine{store: store, log: s.log, embedder: s.embedder, workers: s.workers, train: newGate()}, nil
}

// Close closes the store. It waits for a running Train; calling it again does nothing.
func (e *Engine) Close() error {
	if e.closed.Swap(true) {
		return nil
	}
	e.train.Lock()
	defer e.train.Unlock()
	return e.store.Close()
}

// Graph returns the store, for scans and single reads beside the engine's verbs.
func (e *Engine) Graph() *graph.Store { return e.store }

// modelFile is the name of the model in the directory of the store.
const modelFile = "model.ken"

func (e *Engine) modelPath() string { return filepath.Join(e.dir, modelFile) }
