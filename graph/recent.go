package graph

import "sync"

// shelf is one generation of a recent. It is used by one goroutine at a time.
type shelf[K comparable, V any] interface {
	get(K) (V, bool)
	put(K, V)
	drop(K)
	bytes() int // that it takes, about
}

// recent is a bounded map from keys to values: what was used lately is in it. It keeps two generations; when the young
// one is full it becomes the old one, and the old one is dropped. Safe for concurrent use.
type recent[K comparable, V any] struct {
	empty func() shelf[K, V]
	most  int // bytes a generation may take

	mu         sync.Mutex
	young, old shelf[K, V] // old is nil at first
	whole      bool        // every key that there is is here: it began with none and dropped none
	after      uint64      // timestamp of the last commit that removed a key
}

func newRecent[K comparable, V any](most int, empty func() shelf[K, V]) *recent[K, V] {
	return &recent[K, V]{empty: empty, most: most, young: empty()}
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
	v, ok = r.young.get(k)
	if !ok && r.old != nil {
		if v, ok = r.old.get(k); ok {
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
	r.young.put(k, v)
	if r.young.bytes() > r.most {
		r.whole = r.whole && r.old == nil
		r.old, r.young = r.young, r.empty()
	}
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
		r.young.drop(k)
		if r.old != nil {
			r.old.drop(k)
		}
	}
}
