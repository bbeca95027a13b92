package engine

import (
	"context"
	"sync"
)

// erasures keeps Erase and those who store what they computed from texts from crossing: a text that was read before an
// erase, and sent to a server that took a minute, must not leave its vector or its answer in the store after it.
type erasures struct {
	// storing is held for reading while something computed is stored outside of a batch, for writing during an erase.
	// Who holds it waits for a batch; who has a batch open never waits for it.
	storing sync.RWMutex

	mu      sync.Mutex
	watches map[*watch]bool // guarded by mu
}

// watch knows what was erased since it began. It has to begin before the first text is read, and to end.
type watch struct {
	e    *Engine
	gone map[string]bool // ids, and keys of cached vectors; guarded by erasures.mu
}

func (e *Engine) watchErasures() *watch {
	x := &e.erasures
	w := &watch{e: e, gone: map[string]bool{}}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.watches == nil {
		x.watches = map[*watch]bool{}
	}
	x.watches[w] = true
	return w
}

func (w *watch) end() {
	x := &w.e.erasures
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.watches, w)
}

// note tells all watches what is being erased.
func (x *erasures) note(what ...string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for w := range x.watches {
		for _, s := range what {
			w.gone[s] = true
		}
	}
}

// erased reports whether an id or a key was erased since the watch began, or is being erased.
func (w *watch) erased(what string) bool {
	x := &w.e.erasures
	x.mu.Lock()
	defer x.mu.Unlock()
	return w.gone[what]
}

// CacheLookup implements embed.Cache.
func (w *watch) CacheLookup(ctx context.Context, keys [][32]byte) ([][]float32, error) {
	return w.e.store.CacheLookup(ctx, keys)
}

// CacheStore implements embed.Cache; vectors of erased texts are left out.
func (w *watch) CacheStore(ctx context.Context, keys [][32]byte, vecs [][]float32) error {
	w.e.erasures.storing.RLock()
	defer w.e.erasures.storing.RUnlock()
	left := make([][]float32, len(vecs))
	for i, k := range keys {
		if !w.erased(string(k[:])) {
			left[i] = vecs[i]
		}
	}
	return w.e.store.CacheStore(ctx, keys, left)
}

// setRecord stores a record about a node that was not erased since.
func (w *watch) setRecord(ctx context.Context, id, space, key string, val []byte) error {
	w.e.erasures.storing.RLock()
	defer w.e.erasures.storing.RUnlock()
	if w.erased(id) {
		return nil
	}
	return w.e.store.SetRecord(ctx, space, key, val)
}
