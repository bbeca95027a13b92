package graph

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// CacheLookup returns the cached vectors of the keys, nil where there is none. A key is a hash of all that decides the
// vector: the text and the model. The caller may keep the vectors. A damaged entry counts as missing: it can be made anew.
func (s *Store) CacheLookup(ctx context.Context, keys [][32]byte) ([][]float32, error) {
	if err := s.check(ctx); err != nil {
		return nil, err
	}
	sn, end, err := s.begin()
	if err != nil {
		return nil, err
	}
	defer end()
	out := make([][]float32, len(keys))
	for i, k := range keys {
		if i%checkEvery == 0 {
			if err := sn.proceed(ctx); err != nil {
				return nil, err
			}
		}
		p, err := sn.get(cacheKey(k))
		if errors.Is(err, errNoKey) || errors.Is(err, ErrCorrupt) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out[i], _ = decodeVector(p)
	}
	return out, nil
}

// CacheStore stores vectors under their keys, durably when it returns; nil vectors are left out. It does not count as a
// batch and needs none: it may be called while one is open. Errors: ErrBadRecord when the lengths of keys and vecs differ
// or a vector is too long or not finite, ErrNoSpace, ErrClosed.
func (s *Store) CacheStore(ctx context.Context, keys [][32]byte, vecs [][]float32) error {
	if len(keys) != len(vecs) {
		return fmt.Errorf("%w: %d cache keys for %d vectors", ErrBadRecord, len(keys), len(vecs))
	}
	payloads := make(map[[32]byte][]byte, len(keys))
	for i, v := range vecs {
		if v == nil {
			continue
		}
		if err := checkVector("cache", "cache", "", v); err != nil {
			return err
		}
		payloads[keys[i]] = encodeVector(v)
	}
	return s.commitSmall(ctx, func(sn *snap) ([]write, map[counter]int64, error) {
		var writes []write
		added := int64(0)
		for k, p := range payloads {
			had, err := sn.has(cacheKey(k))
			if err != nil {
				return nil, nil, err
			}
			if !had {
				added++
			}
			writes = append(writes, put(cacheKey(k), p))
		}
		return writes, map[counter]int64{{what: countCache}: added}, nil
	})
}

// PruneCache deletes the cached vectors under keys that keysOf makes of no node, such as those of a text that a node had
// before, and returns how many these were. What is stored for a new node meanwhile may go, too: it can be made anew.
func (s *Store) PruneCache(ctx context.Context, keysOf func(Node) [][32]byte) (int, error) {
	orphans := map[[32]byte]bool{}
	for key, err := range scanRows(ctx, s, []byte{kindCache}, func(key, _ []byte) ([32]byte, bool) { return parseCacheKey(key) }) {
		if err != nil {
			return 0, err
		}
		orphans[key] = true
	}
	if len(orphans) == 0 {
		return 0, nil
	}
	for n, err := range s.Nodes(ctx) {
		if err != nil {
			return 0, err
		}
		for _, key := range keysOf(n.Node) {
			delete(orphans, key)
		}
	}
	for some := range slices.Chunk(slices.Collect(maps.Keys(orphans)), checkEvery) {
		if err := s.dropCache(ctx, some); err != nil {
			return 0, err
		}
	}
	return len(orphans), nil
}
