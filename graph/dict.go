package graph

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
)

// Bounds of the dictionary's memory, in bytes a generation; twice that is the most. Two million ids of 20 bytes fit.
const (
	idCacheBytes  = 96 << 20
	idxCacheBytes = 32 << 20
	entryBytes    = 72 // what a map entry costs beside the bytes of its string
)

// dict is the dictionary id ↔ Idx: on disk as a whole, in memory what was used lately.
type dict struct {
	byID  *recent[string, Idx]
	byIdx *recent[Idx, string]
}

func newDict() dict {
	seed := maphash.MakeSeed() // nobody can make ids that collide
	return dict{
		byID:  newRecent(idCacheBytes, func() shelf[string, Idx] { return newIDTable(seed) }),
		byIdx: newRecent(idxCacheBytes, func() shelf[Idx, string] { return newIDMap() }),
	}
}

func encodeIdx(i Idx) []byte {
	return binary.LittleEndian.AppendUint32(make([]byte, 0, 4+sealSize), uint32(i))
}

func decodeIdx(p []byte) (Idx, bool) {
	if len(p) != 4 {
		return 0, false
	}
	return Idx(binary.LittleEndian.Uint32(p)), true
}

// lookup returns the number of id, or noIdx when there is no such node.
func (d *dict) lookup(sn *snap, id string) (Idx, error) {
	if i, ok := d.byID.get(id); ok {
		return i, nil
	}
	key := dictKey(id)
	p, err := sn.get(key)
	if errors.Is(err, errNoKey) {
		return noIdx, nil
	}
	if err != nil {
		return noIdx, err
	}
	i, ok := decodeIdx(p)
	if !ok {
		return noIdx, damaged(key)
	}
	d.byID.add(id, i, sn.ts)
	return i, nil
}

// id returns the id of node i, or ErrNotFound.
func (d *dict) id(sn *snap, i Idx) (string, error) {
	if id, ok := d.byIdx.get(i); ok {
		return id, nil
	}
	key := nodeKey(i)
	p, err := sn.get(key)
	if errors.Is(err, errNoKey) {
		return "", fmt.Errorf("%w: node number %d", ErrNotFound, i)
	}
	if err != nil {
		return "", err
	}
	id, ok := decodeNodeID(p)
	if !ok {
		return "", damaged(key)
	}
	d.byIdx.add(i, id, sn.ts)
	return id, nil
}

// Lookup returns the number of the node called id, and whether there is one. It returns ErrBadID or ErrClosed.
func (s *Store) Lookup(id string) (Idx, bool, error) {
	if err := checkID(id); err != nil {
		return 0, false, err
	}
	if err := s.kv.alive(); err != nil {
		return 0, false, err
	}
	if i, ok := s.dict.byID.get(id); ok {
		return i, true, nil
	}
	sn, end, err := s.begin()
	if err != nil {
		return 0, false, err
	}
	defer end()
	i, err := s.dict.lookup(sn, id)
	if err != nil || i == noIdx {
		return 0, false, err
	}
	return i, true, nil
}

// ID returns the id of node number i, ErrNotFound when there is none (any more), or ErrClosed.
func (s *Store) ID(i Idx) (string, error) {
	if err := s.kv.alive(); err != nil {
		return "", err
	}
	if id, ok := s.dict.byIdx.get(i); ok {
		return id, nil
	}
	sn, end, err := s.begin()
	if err != nil {
		return "", err
	}
	defer end()
	return s.dict.id(sn, i)
}

// NodeCap returns a number above every Idx that was ever given: the length of an array indexed by Idx.
func (s *Store) NodeCap() Idx { return Idx(s.next.Load()) }
