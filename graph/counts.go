package graph

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// counted is what a counter counts; it is a byte of the counter's key.
type counted byte

const (
	countNodes        counted = 'n' // by type
	countTriples      counted = 't' // by relation
	countInteractions counted = 'i' // by type
	countVectors      counted = 'v' // by modality
	countCache        counted = 'c' // entries of the embedding cache
)

// counter is one durable number: how many records of a kind carry a symbol.
type counter struct {
	what counted
	sym  Sym
}

// counters holds all counters in memory: there are as many as symbols.
type counters struct {
	mu sync.RWMutex
	n  map[counter]int64 // no zero entries
}

func newCounters() *counters { return &counters{n: map[counter]int64{}} }

func encodeCount(n int64) []byte { return binary.AppendUvarint(nil, uint64(n)) }

func decodeCount(p []byte) (int64, bool) {
	d := decoder{b: p}
	n := d.uvarint()
	return int64(n), d.done() && int64(n) >= 0
}

func (c *counters) load(ctx context.Context, sn *snap) error {
	good := true
	err := sn.scan(ctx, []byte{kindCount}, func(key, val []byte) bool {
		k, ok1 := parseCountKey(key)
		n, ok2 := decodeCount(val)
		if good = ok1 && ok2; good {
			c.n[k] = n
		}
		return good
	})
	if err == nil && !good {
		err = fmt.Errorf("%w: a counter cannot be read", ErrCorrupt)
	}
	return err
}

// writes returns the records that store the counters after delta.
func (c *counters) writes(delta map[counter]int64) []write {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var out []write
	for k, d := range delta {
		switch n := c.n[k] + d; {
		case d == 0:
		case n == 0:
			out = append(out, write{key: countKey(k)})
		default:
			out = append(out, put(countKey(k), encodeCount(n)))
		}
	}
	slices.SortFunc(out, func(a, b write) int { return bytes.Compare(a.key, b.key) })
	return out
}

// add applies delta.
func (c *counters) add(delta map[counter]int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, d := range delta {
		if c.n[k] += d; c.n[k] == 0 {
			delete(c.n, k)
		}
	}
}

// total returns the sum over all symbols.
func (c *counters) total(what counted) int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	sum := int64(0)
	for k, n := range c.n {
		if k.what == what {
			sum += n
		}
	}
	return int(sum)
}

func (c *counters) of(k counter) int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return int(c.n[k])
}

func (c *counters) clone() map[counter]int64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return maps.Clone(c.n)
}

// list returns the counters of one kind by name, the largest first, equal ones by name.
func (s *Store) list(ctx context.Context, what counted) ([]Count, error) {
	if err := s.check(ctx); err != nil {
		return nil, err
	}
	out := []Count{}
	for k, n := range s.counts.clone() {
		if k.what == what {
			out = append(out, Count{Name: s.syms.name(k.sym), N: int(n)})
		}
	}
	slices.SortFunc(out, func(a, b Count) int {
		if a.N != b.N {
			return b.N - a.N
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out, nil
}

// Relations returns how many triples each relation has, the largest first.
func (s *Store) Relations(ctx context.Context) ([]Count, error) { return s.list(ctx, countTriples) }

// Types returns how many nodes each type has, the largest first; "" stands for nodes without a type.
func (s *Store) Types(ctx context.Context) ([]Count, error) { return s.list(ctx, countNodes) }

// InteractionTypes returns how many interactions each type has, the largest first.
func (s *Store) InteractionTypes(ctx context.Context) ([]Count, error) {
	return s.list(ctx, countInteractions)
}

// Stats returns the sizes of the store. The counts are kept up to date by every commit, so it is cheap.
func (s *Store) Stats(ctx context.Context) (Stats, error) {
	if err := s.check(ctx); err != nil {
		return Stats{}, err
	}
	size, err := s.bytes()
	if err != nil {
		return Stats{}, err
	}
	return Stats{
		Nodes:        s.counts.total(countNodes),
		Triples:      s.counts.total(countTriples),
		Interactions: s.counts.total(countInteractions),
		Vectors:      s.counts.total(countVectors),
		CacheEntries: s.counts.total(countCache),
		Seq:          s.Seq(),
		Bytes:        size,
	}, nil
}
