package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kenrec/ken/graph"
)

// EraseReport says what Erase removed.
type EraseReport struct {
	Nodes        int    `json:"nodes"`         // with all that was theirs
	Records      int    `json:"records"`       // proposals and answers of models that spoke of them
	Missing      int    `json:"missing"`       // ids that the graph does not hold; hashes of them are kept all the same
	Seq          uint64 `json:"seq"`           // of the store afterwards
	ModelDropped bool   `json:"model_dropped"` // there is no model until the next Train
}

// Erase deletes nodes for good: with their triples, interactions, vectors and the cached vectors of their texts, see
// graph.Store.Erase, and with proposals about them and what models answered about them. Profiles of others that were
// written from interactions with them may name them and leave those users. What Embed or an enrichment that
// is running has read of them is not stored any more. A model that was trained while they were there has learned from
// them, so it goes too, and its file: Recommend returns ErrNotTrained until the next Train. Texts that other nodes share
// lose their cached vector and are embedded again when they change. It waits for a running Train. Their bytes stay in the
// store's files until Vacuum, and so do cached vectors of texts that the nodes had before.
func (e *Engine) Erase(ctx context.Context, ids []string) (rep EraseReport, err error) {
	defer border(&err)
	if err := e.train.LockContext(ctx); err != nil {
		return rep, fmt.Errorf("engine: erase: %w", err)
	}
	defer e.train.Unlock()
	if e.closed.Load() {
		return rep, ErrClosed
	}
	// First the model: were it deleted after the rows, a crash between would leave what it learned from them.
	if rep.ModelDropped, err = e.forgetModel(ids); err != nil {
		return rep, err
	}
	models, err := embedModels(ctx, e.store)
	if err != nil {
		return rep, err
	}
	e.erasures.storing.Lock()
	defer e.erasures.storing.Unlock()
	e.erasures.note(ids...)
	texts, err := e.forgetProfiles(ctx, ids, models)
	if err != nil {
		return rep, fmt.Errorf("engine: erase: %w", err)
	}
	done, err := e.store.Erase(ctx, ids, func(n graph.Node) [][32]byte {
		keys := append(textKeys(n, models), texts...)
		for _, k := range keys {
			e.erasures.note(string(k[:]))
		}
		return keys
	})
	rep.Nodes, rep.Missing, rep.Records, rep.Seq = done.Nodes, done.Missing, done.Records, done.Seq
	if err != nil {
		return rep, fmt.Errorf("engine: erase: %w", err)
	}
	return rep, nil
}

// forgetModel deletes the model when it may have learned from one of the nodes. It needs the train lock.
func (e *Engine) forgetModel(ids []string) (dropped bool, err error) {
	m := e.model.Load()
	if m == nil {
		return false, nil
	}
	for _, id := range ids {
		n, ok, err := e.store.Lookup(id)
		if err != nil {
			return false, err
		}
		if ok && n < m.nodeCap {
			e.model.Store(nil)
			return true, dropModel(e.dir)
		}
	}
	return false, nil
}

// Vacuum rewrites the store in dir, which must not be open, so that no byte of what was erased is left in its files, see
// graph.Vacuum. The cached vectors that belong to no text of any node go first: of texts that a node had before, also one
// that was erased, nobody else knows the keys.
func Vacuum(ctx context.Context, dir string, opts ...graph.Option) (graph.VacuumReport, error) {
	err := pruneCache(ctx, dir, opts)
	if err != nil {
		return graph.VacuumReport{}, fmt.Errorf("engine: vacuum: %w", err)
	}
	rep, err := graph.Vacuum(ctx, dir, opts...)
	if err != nil {
		return rep, fmt.Errorf("engine: %w", err)
	}
	return rep, nil
}

// pruneCache drops the cached vectors that belong to no text of any node of the store in dir.
func pruneCache(ctx context.Context, dir string, opts []graph.Option) (err error) {
	s, err := graph.Open(ctx, dir, opts...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	models, err := embedModels(ctx, s)
	if err != nil {
		return err
	}
	_, err = s.PruneCache(ctx, func(n graph.Node) [][32]byte { return textKeys(n, models) })
	return err
}

// Restore makes the store in dir from a backup, see graph.Restore. Where nodes were left out because they had been erased,
// the cached vectors that belong to no text of any node go as well. The model beside a store that was there goes: it
// speaks of nodes by numbers that may mean others now.
func Restore(ctx context.Context, r io.Reader, dir string, opts ...graph.Option) (graph.RestoreReport, error) {
	rep, err := graph.Restore(ctx, r, dir, append(opts, graph.WithAbout(recordSpeaksOf))...)
	if err != nil {
		return rep, fmt.Errorf("engine: %w", err)
	}
	err = dropModel(dir)
	if err == nil && rep.Erased > 0 {
		_, err = Vacuum(ctx, dir, opts...)
	}
	return rep, err
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
