package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/kenrec/ken/engine/internal/snapshot"
	"github.com/kenrec/ken/graph"
)

// loadModel reads the model beside the store and publishes it. No file is no error: nothing was trained yet. A damaged
// one, or one of another store, is kept as the reason that ModelError gives.
func (e *Engine) loadModel(ctx context.Context) error {
	if n, err := snapshot.Sweep(e.modelPath()); err != nil || n > 0 {
		e.log.Warn("unfinished model files removed", "files", n, "error", err)
	}
	m, err := readModel(e.modelPath())
	if err == nil {
		err = e.adopt(ctx, m)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("engine: load model: %w", ctx.Err())
	case errors.Is(err, snapshot.ErrVersion):
		e.modelErr = fmt.Errorf("%w: %w: %w: run train again", ErrSnapshot, ErrVersion, err)
	case err != nil:
		e.modelErr = fmt.Errorf("%w: %w: run train again", ErrSnapshot, err)
	default:
		e.model.Store(m)
		return nil
	}
	e.log.Warn("model not loaded", "error", err)
	return nil
}

// errOtherStore reports a model file that a store does not know: it was copied there, or the store was taken back.
var errOtherStore = errors.New("the model was trained on another store or on a later state of this one")

// adopt ties a model that was read from a file to the store: it checks that the numbers mean the same nodes and looks up
// the names that users' triples speak of.
func (e *Engine) adopt(ctx context.Context, m *model) error {
	if m.seq > e.store.Seq() || m.nodeCap > e.store.NodeCap() {
		return errOtherStore
	}
	for _, w := range m.witness {
		id, err := e.store.ID(w.Node)
		if errors.Is(err, graph.ErrNotFound) {
			continue // erased since
		}
		if err != nil {
			return err
		}
		if id != w.ID {
			return fmt.Errorf("%w: node %d was %q and is %q", errOtherStore, w.Node, w.ID, id)
		}
	}
	var failed error
	m.know.profiler = newProfiler(m.know.items, func(n graph.Idx) string {
		_, node, err := e.nodeAt(ctx, n)
		if err != nil && failed == nil && !errors.Is(err, graph.ErrNotFound) {
			failed = err // otherwise erased since
		}
		return node.Name
	})
	return failed
}

// ModelError returns why the model file beside the store could not be loaded at Open, nil when it was, when there was
// none, and once Train has replaced it.
func (e *Engine) ModelError() error {
	if e.model.Load() != nil {
		return nil
	}
	return e.modelErr
}

// witness is a node by number and by id. A model speaks of nodes by number; witnesses show that the store beside the
// file is the one it was trained on.
type witness struct {
	Node graph.Idx `json:"node"`
	ID   string    `json:"id"`
}

// witnesses is how many users, and how many items, bear witness, spread evenly.
const witnesses = 128

// witnessesOf picks users and items.
func witnessesOf(d *dataset) []witness {
	var all []witness
	for _, of := range [][]graph.Idx{d.users, d.items} {
		step := max(1, len(of)/witnesses)
		for i := 0; i < len(of); i += step {
			all = append(all, witness{of[i], d.nodes[of[i]].id})
		}
	}
	return all
}
