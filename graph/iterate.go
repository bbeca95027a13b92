package graph

import (
	"context"
	"fmt"
	"iter"
)

// letGoEvery is how many rows a long scan takes between two looks at the memory of its tables.
const letGoEvery = 1 << 18

// scanRows yields what row makes of each record under prefix. A scan that fails yields its error once, as its last pair.
func scanRows[R any](ctx context.Context, s *Store, prefix []byte, row func(key, val []byte) (R, bool)) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		var zero R
		sn, end, err := s.begin()
		if err != nil {
			yield(zero, err)
			return
		}
		defer end()
		more, n := true, 0
		var bad error
		err = sn.scan(ctx, prefix, func(key, val []byte) bool {
			if n++; n%letGoEvery == 0 {
				s.files.letGo()
			}
			r, ok := row(key, val)
			if !ok {
				bad = damaged(key)
				return false
			}
			more = yield(r, nil)
			return more
		})
		if err == nil {
			err = bad
		}
		if err != nil && more {
			yield(zero, err)
		}
	}
}

// ofNode looks up id and calls fn with a view and the node's number; an error of either is yielded as the last pair. fn
// returns nil when the caller of the iterator broke off.
func ofNode[R any](ctx context.Context, s *Store, id string, fn func(sn *snap, n Idx) error, yield func(R, error) bool) {
	err := func() error {
		if err := checkID(id); err != nil {
			return err
		}
		if err := s.check(ctx); err != nil {
			return err
		}
		sn, end, err := s.begin()
		if err != nil {
			return err
		}
		defer end()
		n, err := s.dict.lookup(sn, id)
		if err != nil {
			return err
		}
		if n == noIdx {
			return fmt.Errorf("%w: node %s", ErrNotFound, quoted(id))
		}
		return fn(sn, n)
	}()
	if err != nil {
		var zero R
		yield(zero, err)
	}
}

// deleteEdges deletes the triples, interactions and vectors of node n, stored or in the batch.
func (b *Batch) deleteEdges(n Idx) error {
	if !b.fresh(n) {
		if err := b.catchUp(); err != nil {
			return err
		}
		if err := b.deleteStored(n); err != nil {
			return err
		}
	}
	if b.puts == 0 { // nothing of this batch can be an edge of n
		return nil
	}
	for k, e := range b.triples {
		if e.has && (k.head == n || k.tail == n) {
			b.dropTriple(k, e)
		}
	}
	for k, e := range b.inters {
		if e.has && (k.user == n || k.item == n) {
			b.dropInter(k, e)
		}
	}
	for k, e := range b.vectors {
		if !e.has || k.idx != n {
			continue
		}
		if err := b.dropVector(k, e); err != nil {
			return err
		}
	}
	return nil
}

// deleteStored deletes what the store holds of node n and the batch has not touched yet.
func (b *Batch) deleteStored(n Idx) error {
	var bad error
	each := func(kind byte, drop func(key, val []byte) bool) error {
		err := b.sn.scan(context.Background(), u32Key(kind, uint32(n)), func(key, val []byte) bool {
			if !drop(key, val) {
				bad = damaged(key)
			}
			return bad == nil
		})
		if err == nil {
			err = bad
		}
		return err
	}
	for _, kind := range []byte{kindOut, kindIn} {
		if err := each(kind, b.dropStoredTriple); err != nil {
			return err
		}
	}
	for _, kind := range []byte{kindUser, kindItem} {
		if err := each(kind, b.dropStoredInter); err != nil {
			return err
		}
	}
	return b.deleteVectors(n)
}

func (b *Batch) dropStoredTriple(key, val []byte) bool {
	k, ok1 := parseTripleKey(key)
	v, ok2 := decodeTriple(val)
	if _, touched := b.triples[k]; ok1 && ok2 && !touched {
		b.dropTriple(k, edit[tripleVal]{old: v, cur: v, had: true, has: true})
	}
	return ok1 && ok2
}

func (b *Batch) dropStoredInter(key, val []byte) bool {
	k, ok1 := parseInterKey(key)
	w, ok2 := decodeWeight(val)
	if _, touched := b.inters[k]; ok1 && ok2 && !touched {
		b.dropInter(k, edit[float32]{old: w, cur: w, had: true, has: true})
	}
	return ok1 && ok2
}
