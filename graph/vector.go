package graph

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// modalityRec is what all vectors of a modality share.
type modalityRec struct {
	model string
	dim   int
}

func (m modalityRec) encode() []byte {
	return binary.AppendUvarint(appendStr(nil, m.model), uint64(m.dim))
}

func decodeModality(p []byte) (modalityRec, bool) {
	d := decoder{b: p}
	m := modalityRec{model: d.str(), dim: int(d.u32())}
	return m, d.done() && m.dim > 0 && m.dim <= MaxDim
}

// PutVector stores the vector of a node, which is created if it is missing. The first vector of a modality fixes its
// length and model; when its last vector is deleted the modality is free again. The store keeps a copy of v.
// Errors: ErrDimension, ErrBadID, ErrBadRecord (empty or too long, not finite, empty modality), ErrBatchFull.
func (b *Batch) PutVector(id, modality, model string, v []float32) (Change, error) {
	if err := checkVector(id, modality, model, v); err != nil {
		return 0, err
	}
	if err := b.enter(edgeCost + nodeCost + idCost + 2*len(id) + 8*len(v)); err != nil {
		return 0, err
	}
	defer b.leave()
	m := b.intern(modality)
	mod, err := b.modalityOf(m)
	if err != nil {
		return 0, err
	}
	want := modalityRec{model: model, dim: len(v)}
	if mod.has && mod.cur != want {
		return 0, fmt.Errorf("%w: %s holds %d numbers of model %s, got %d of %s", ErrDimension, quoted(modality),
			mod.cur.dim, quoted(mod.cur.model), len(v), quoted(model))
	}
	i, err := b.ensure(id, 0)
	if err != nil {
		return 0, err
	}
	mod.cur, mod.has = want, true
	key := vectorKey{m, i}
	e, known, err := b.vector(key)
	if err != nil {
		return 0, err
	}
	had, same := e.has, e.has && slices.Equal(e.cur, v)
	if same {
		return Unchanged, nil
	}
	if !known {
		b.size += edgeCost
	}
	b.size += 8 * len(v)
	b.puts++
	if !had {
		mod.count++
	}
	e.old, e.cur, e.has = nil, slices.Clone(v), true // what was stored matters no more: it differs
	b.vectors[key] = e
	return change(had, same), nil
}

func checkVector(id, modality, model string, v []float32) error {
	if err := checkID(id); err != nil {
		return err
	}
	if modality == "" {
		return fmt.Errorf("%w: vector without a modality", ErrBadRecord)
	}
	if err := checkName("modality", modality); err != nil {
		return err
	}
	if err := checkName("model", model); err != nil {
		return err
	}
	if len(v) == 0 || len(v) > MaxDim {
		return fmt.Errorf("%w: vector of %d numbers, not 1 to %d", ErrBadRecord, len(v), MaxDim)
	}
	for _, f := range v {
		if !finite(f) {
			return fmt.Errorf("%w: vector of %s has a number that is not finite", ErrBadRecord, quoted(id))
		}
	}
	return nil
}

// modalityEdit is what a batch does to a modality.
type modalityEdit struct {
	edit[modalityRec]
	count int // vectors after the batch
}

// modalityOf returns the edit of a modality, which it adds to the batch.
func (b *Batch) modalityOf(m Sym) (*modalityEdit, error) {
	if e, ok := b.modality[m]; ok {
		return e, nil
	}
	e := &modalityEdit{count: b.s.counts.of(counter{countVectors, m})}
	p, ok, err := b.stored(modalityKey(m))
	if err != nil {
		return nil, err
	}
	if ok {
		if e.old, ok = decodeModality(p); !ok {
			return nil, damaged(modalityKey(m))
		}
		e.cur, e.had, e.has = e.old, true, true
	}
	b.modality[m] = e
	return e, nil
}

// vector returns the edit of a vector, and whether the batch holds it already.
func (b *Batch) vector(k vectorKey) (e edit[[]float32], known bool, err error) {
	if e, known = b.vectors[k]; known || b.fresh(k.idx) {
		return e, known, nil
	}
	p, ok, err := b.stored(k.key())
	if err != nil || !ok {
		return e, false, err
	}
	v, ok := decodeVector(p)
	if !ok {
		return e, false, damaged(k.key())
	}
	return edit[[]float32]{cur: v, had: true, has: true}, false, nil
}

// DeleteVector deletes the vector of a node, or returns ErrNotFound.
func (b *Batch) DeleteVector(id, modality string) error {
	if err := checkID(id); err != nil {
		return err
	}
	if err := b.enter(0); err != nil {
		return err
	}
	defer b.leave()
	missing := fmt.Errorf("%w: vector %s of %s", ErrNotFound, quoted(modality), quoted(id))
	i, err := b.find(id)
	if err != nil {
		return err
	}
	m, ok := b.known(modality)
	if i == noIdx || !ok {
		return missing
	}
	key := vectorKey{m, i}
	e, _, err := b.vector(key)
	if err != nil {
		return err
	}
	if !e.has {
		return missing
	}
	return b.dropVector(key, e)
}

func (b *Batch) dropVector(key vectorKey, e edit[[]float32]) error {
	mod, err := b.modalityOf(key.modality)
	if err != nil {
		return err
	}
	e.cur, e.has = nil, false
	b.vectors[key] = e
	b.size += edgeCost
	if mod.count--; mod.count == 0 {
		mod.cur, mod.has = modalityRec{}, false
	}
	return nil
}

// deleteVectors deletes the stored vectors of node n that the batch has not touched yet.
func (b *Batch) deleteVectors(n Idx) error {
	for k := range b.s.counts.clone() {
		if k.what != countVectors {
			continue
		}
		key := vectorKey{k.sym, n}
		if _, touched := b.vectors[key]; touched {
			continue
		}
		ok, err := b.sn.has(key.key())
		if err != nil {
			return err
		}
		if ok {
			if err := b.dropVector(key, edit[[]float32]{had: true, has: true}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *Batch) vectorWrites(out []write, delta map[counter]int64) []write {
	for k, e := range b.vectors {
		switch {
		case e.has:
			out = append(out, put(k.key(), encodeVector(e.cur)))
			if !e.had {
				delta[counter{countVectors, k.modality}]++
			}
		case e.had:
			out = append(out, write{key: k.key()})
			delta[counter{countVectors, k.modality}]--
		}
	}
	for m, e := range b.modality {
		switch {
		case e.has && e.count > 0 && (!e.had || e.old != e.cur):
			out = append(out, put(modalityKey(m), e.cur.encode()))
		case e.had && !e.has:
			out = append(out, write{key: modalityKey(m)})
		}
	}
	return out
}

// Vector returns the vector of a node, or ErrNotFound. The caller may keep it.
func (s *Store) Vector(ctx context.Context, id, modality string) ([]float32, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	if err := s.check(ctx); err != nil {
		return nil, err
	}
	sn, end, err := s.begin()
	if err != nil {
		return nil, err
	}
	defer end()
	i, err := s.dict.lookup(sn, id)
	if err != nil {
		return nil, err
	}
	m, ok := s.syms.lookup(modality)
	key := vectorKey{m, i}.key()
	var p []byte
	if err = errNoKey; ok {
		p, err = sn.get(key)
	}
	if errors.Is(err, errNoKey) {
		return nil, fmt.Errorf("%w: vector %s of %s", ErrNotFound, quoted(modality), quoted(id))
	}
	if err != nil {
		return nil, err
	}
	v, ok := decodeVector(p)
	if !ok {
		return nil, damaged(key)
	}
	return v, nil
}

// Vectors yields the vectors of a modality in the order of the nodes' numbers; of an unknown modality, none.
func (s *Store) Vectors(ctx context.Context, modality string) iter.Seq2[VectorRow, error] {
	m, ok := s.syms.lookup(modality)
	if !ok {
		m = noSym
	}
	return scanRows(ctx, s, u32Key(kindVector, uint32(m)), func(key, val []byte) (VectorRow, bool) {
		k, ok1 := parseVectorKey(key)
		v, ok2 := decodeVector(val)
		return VectorRow{Idx: k.idx, Vec: v}, ok1 && ok2
	})
}

// Modalities returns the kinds of vectors in the store, by name.
func (s *Store) Modalities(ctx context.Context) ([]Modality, error) {
	out := []Modality{}
	rows := scanRows(ctx, s, []byte{kindModality}, func(key, val []byte) (Modality, bool) {
		y, ok1 := parseU32Key(kindModality, key)
		m, ok2 := decodeModality(val)
		n := s.counts.of(counter{countVectors, Sym(y)})
		return Modality{Name: s.syms.name(Sym(y)), Model: m.model, Dim: m.dim, Count: n}, ok1 && ok2
	})
	for m, err := range rows {
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b Modality) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}
