package graph

import (
	"context"
	"fmt"
	"iter"
)

// PutTriple stores a triple, and creates the nodes of its ends if they are missing, without a type.
// Errors: ErrBadID, ErrBadRecord (empty relation, weight not finite, confidence outside [0, 1]), ErrBatchFull.
func (b *Batch) PutTriple(t Triple) (Change, error) {
	if err := checkTriple(t); err != nil {
		return 0, err
	}
	if err := b.enter(edgeCost + 2*(nodeCost+idCost) + 2*len(t.Head) + 2*len(t.Tail)); err != nil {
		return 0, err
	}
	defer b.leave()
	head, err := b.ensure(t.Head, 0)
	if err != nil {
		return 0, err
	}
	tail, err := b.ensure(t.Tail, 0)
	if err != nil {
		return 0, err
	}
	val := tripleVal{weight: t.Weight, conf: t.Confidence, source: b.intern(t.Source)}
	if val.weight == 0 {
		val.weight = 1
	}
	if val.conf == 0 {
		val.conf = 1
	}
	key := tripleKey{head, b.intern(t.Relation), tail}
	e, known, err := b.triple(key)
	if err != nil {
		return 0, err
	}
	had, same := e.has, e.has && e.cur == val
	if same {
		return Unchanged, nil
	}
	if !known {
		b.size += edgeCost
	}
	b.puts++
	e.cur, e.has = val, true
	b.triples[key] = e
	return change(had, same), nil
}

func checkTriple(t Triple) error {
	if err := checkID(t.Head); err != nil {
		return fmt.Errorf("head: %w", err)
	}
	if err := checkID(t.Tail); err != nil {
		return fmt.Errorf("tail: %w", err)
	}
	if t.Relation == "" {
		return fmt.Errorf("%w: triple without a relation", ErrBadRecord)
	}
	if err := checkName("relation", t.Relation); err != nil {
		return err
	}
	if err := checkName("source", t.Source); err != nil {
		return err
	}
	if !finite(t.Weight) {
		return fmt.Errorf("%w: weight of a triple is not finite", ErrBadRecord)
	}
	if !(t.Confidence >= 0 && t.Confidence <= 1) {
		return fmt.Errorf("%w: confidence %g is not in [0, 1]", ErrBadRecord, t.Confidence)
	}
	return nil
}

// triple returns the edit of a triple, and whether the batch holds it already.
func (b *Batch) triple(k tripleKey) (e edit[tripleVal], known bool, err error) {
	if e, known = b.triples[k]; known || b.fresh(k.head) || b.fresh(k.tail) || b.never(k.head, b.s.edges.triple(k)) {
		return e, known, nil
	}
	if b.prev != nil {
		if e, ok := b.prev.triples[k]; ok {
			e.old, e.had = e.cur, e.has
			return e, false, nil
		}
	}
	key := k.outKey()
	p, ok, err := b.stored(key)
	if err != nil || !ok {
		return e, false, err
	}
	v, ok := decodeTriple(p)
	if !ok {
		return e, false, damaged(key)
	}
	return edit[tripleVal]{old: v, cur: v, had: true, has: true}, false, nil
}

// DeleteTriple deletes a triple, or returns ErrNotFound. The nodes of its ends stay.
func (b *Batch) DeleteTriple(head, relation, tail string) error {
	if err := checkTriple(Triple{Head: head, Relation: relation, Tail: tail}); err != nil {
		return err
	}
	if err := b.enter(0); err != nil {
		return err
	}
	defer b.leave()
	missing := fmt.Errorf("%w: triple %s %s %s", ErrNotFound, quoted(head), quoted(relation), quoted(tail))
	h, err := b.find(head)
	if err != nil {
		return err
	}
	t, err := b.find(tail)
	if err != nil {
		return err
	}
	r, ok := b.known(relation)
	if h == noIdx || t == noIdx || !ok {
		return missing
	}
	key := tripleKey{h, r, t}
	e, _, err := b.triple(key)
	if err != nil {
		return err
	}
	if !e.has {
		return missing
	}
	b.dropTriple(key, e)
	return nil
}

func (b *Batch) dropTriple(key tripleKey, e edit[tripleVal]) {
	e.cur, e.has = tripleVal{}, false
	b.triples[key] = e
	b.size += edgeCost
}

// known returns the number of a name that the store or the batch has.
func (b *Batch) known(name string) (Sym, bool) {
	if y, ok := b.symOf[name]; ok {
		return y, true
	}
	return b.s.syms.lookup(name)
}

// Triples yields all triples as numbers, in the order of their heads, then relations, then tails.
func (s *Store) Triples(ctx context.Context) iter.Seq2[TripleRow, error] {
	return scanRows(ctx, s, []byte{kindOut}, tripleRow)
}

func tripleRow(key, val []byte) (TripleRow, bool) {
	k, ok1 := parseTripleKey(key)
	v, ok2 := decodeTriple(val)
	return TripleRow{Head: k.head, Tail: k.tail, Relation: k.rel, Source: v.source, Weight: v.weight, Confidence: v.conf}, ok1 && ok2
}

// Neighbours yields the triples of a node: those it is the head of, then those it is the tail of, each in the order of
// relation and other end. It yields ErrNotFound when there is no such node.
func (s *Store) Neighbours(ctx context.Context, id string, o NeighbourOptions) iter.Seq2[Triple, error] {
	return func(yield func(Triple, error) bool) {
		ofNode(ctx, s, id, func(sn *snap, n Idx) error {
			rel := noSym
			if o.Relation != "" {
				var ok bool
				if rel, ok = s.syms.lookup(o.Relation); !ok {
					return nil
				}
			}
			for _, kind := range []byte{kindOut, kindIn} {
				if (kind == kindOut && o.Direction == In) || (kind == kindIn && o.Direction == Out) {
					continue
				}
				skipLoops := kind == kindIn && o.Direction == Both
				more, err := s.eachTriple(ctx, sn, edgePrefix(kind, n, rel), skipLoops, yield)
				if err != nil || !more {
					return err
				}
			}
			return nil
		}, yield)
	}
}

// eachTriple yields the triples under prefix with their names; more tells whether the caller wants to go on.
func (s *Store) eachTriple(ctx context.Context, sn *snap, prefix []byte, skipLoops bool, yield func(Triple, error) bool) (more bool, err error) {
	more = true
	var inner error
	err = sn.scan(ctx, prefix, func(key, val []byte) bool {
		row, ok := tripleRow(key, val)
		if !ok {
			inner = damaged(key)
			return false
		}
		if skipLoops && row.Head == row.Tail {
			return true
		}
		t := Triple{Relation: s.syms.name(row.Relation), Weight: row.Weight, Confidence: row.Confidence, Source: s.syms.name(row.Source)}
		if t.Head, inner = s.dict.id(sn, row.Head); inner == nil {
			t.Tail, inner = s.dict.id(sn, row.Tail)
		}
		if inner != nil {
			return false
		}
		more = yield(t, nil)
		return more
	})
	if err == nil {
		err = inner
	}
	return more, err
}
