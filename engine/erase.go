package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/graph"
)

// EraseReport says what Erase removed.
type EraseReport struct {
	Nodes        int    `json:"nodes"`         // with all that was theirs
	Missing      int    `json:"missing"`       // ids that the graph does not hold; hashes of them are kept all the same
	Seq          uint64 `json:"seq"`           // of the store afterwards
	ModelDropped bool   `json:"model_dropped"` // there is no model until the next Train
}

// Erase deletes nodes for good: with their triples, interactions, vectors and the cached vectors of their texts, see
// graph.Store.Erase, and with proposals about them and what models answered about them. A model that was trained while they were there has learned from them, so it goes too, and its file:
// Recommend returns ErrNotTrained until the next Train. Texts that other nodes share lose their cached vector and are
// embedded again when they change. It waits for a running Train. Their bytes stay in the store's files until
// graph.Vacuum.
func (e *Engine) Erase(ctx context.Context, ids []string) (_ EraseReport, err error) {
	defer border(&err)
	if err := e.train.LockContext(ctx); err != nil {
		return EraseReport{}, fmt.Errorf("engine: erase: %w", err)
	}
	defer e.train.Unlock()
	if e.closed.Load() {
		return EraseReport{}, ErrClosed
	}
	keys, known, err := e.traces(ctx, ids)
	if err != nil {
		return EraseReport{}, fmt.Errorf("engine: erase: %w", err)
	}
	rep := EraseReport{}
	// First the model: were it deleted after the rows, a crash between would leave what it learned from them.
	if m := e.model.Load(); m != nil && known < m.nodeCap {
		e.model.Store(nil)
		if err := dropModel(e.dir); err != nil {
			return rep, err
		}
		rep.ModelDropped = true
	}
	if err := e.forget(ctx, ids); err != nil {
		return rep, fmt.Errorf("engine: erase: %w", err)
	}
	done, err := e.store.Erase(ctx, ids, keys)
	rep.Nodes, rep.Missing, rep.Seq = done.Nodes, done.Missing, done.Seq
	if err != nil {
		return rep, fmt.Errorf("engine: erase: %w", err)
	}
	return rep, nil
}

// traces returns the keys of the cached vectors of the nodes' texts, and the oldest of the nodes.
func (e *Engine) traces(ctx context.Context, ids []string) (keys [][32]byte, oldest graph.Idx, err error) {
	modalities, err := e.store.Modalities(ctx)
	if err != nil {
		return nil, 0, err
	}
	oldest = e.store.NodeCap()
	for _, id := range ids {
		node, err := e.store.Node(ctx, id)
		if errors.Is(err, graph.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		if n, ok, err := e.store.Lookup(id); err != nil {
			return nil, 0, err
		} else if ok {
			oldest = min(oldest, n)
		}
		for _, m := range modalities {
			keys = append(keys, embed.Key(embed.Model{Name: m.Model, Dim: m.Dim}, embedText(node.Name, node.Text)))
		}
	}
	return keys, oldest, nil
}

// Restore makes the store in dir from a backup, see graph.Restore. The model beside a store that was there goes: it
// speaks of nodes by numbers that may mean others now.
func Restore(ctx context.Context, r io.Reader, dir string, opts ...graph.Option) (graph.RestoreReport, error) {
	rep, err := graph.Restore(ctx, r, dir, opts...)
	if err != nil {
		return rep, fmt.Errorf("engine: %w", err)
	}
	return rep, dropModel(dir)
}

// dropModel removes the model file beside a store; dir "" is a store in memory, which has none.
func dropModel(dir string) error {
	if dir == "" {
		return nil
	}
	if err := os.Remove(filepath.Join(dir, modelFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("engine: remove the model: %w", err)
	}
	return nil
}
