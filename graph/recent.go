package graph

import "sync"

// recent is a bounded map from keys to values: what was used lately is in it. It keeps two generations; when the young
// one is full it becomes the old one, and the old one is dropped. Safe for concurrent use.
type recent[K comparable, V any] struct {
	cost func(K, V) int // bytes an entry takes
	most int            // bytes a generation may take

	mu         sync.Mutex
	young, old map[K]V
	used       int    // bytes of young
	whole      bool   // every key that there is is here: it began with none and dropped none
	after      uint64 // timestamp of the last commit that removed a key
}

func newRecent[K comparable, V any](most int, cost func(K, V) int) *recent[K, V] {
	return &recent[K, V]{cost: cost, most: most, young: map[K]V{}}
}

func (r *recent[K, V]) get(k K) (V, bool) {
	v, ok, _ := r.look(k)
	return v, ok
}

// look also tells whether a key that is not here is known to be nowhere: for the one writer, who adds what it writes before
// it asks again.
func (r *recent[K, V]) look(k K) (v V, ok, whole bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, ok = r.young[k]
	if !ok {
		if v, ok = r.old[k]; ok {
			r.addLocked(k, v)
		}
	}
	return v, ok, r.whole
}

// begin says that there is no key yet.
func (r *recent[K, V]) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.whole = true
}

// add notes what a reader saw as of timestamp ts; it is dropped when keys were removed since.
func (r *recent[K, V]) add(k K, v V, ts uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ts >= r.after {
		r.addLocked(k, v)
	}
}

func (r *recent[K, V]) addLocked(k K, v V) {
	if _, ok := r.young[k]; !ok {
		n := r.cost(k, v)
		if r.used+n > r.most {
			r.whole = r.whole && r.old == nil
			r.old, r.young, r.used = r.young, make(map[K]V, len(r.young)), 0
		}
		r.used += n
	}
	r.young[k] = v
}

// remove forgets keys that the commit with timestamp ts deleted or changed.
func (r *recent[K, V]) remove(keys []K, ts uint64) {
	if len(keys) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.after = ts
	for _, k := range keys {
		delete(r.young, k)
		delete(r.old, k)
	}
}
