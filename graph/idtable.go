package graph

import (
	"encoding/binary"
	"hash/maphash"
)

// idTable is a map from ids to numbers in two kinds of pieces without pointers: a million ids of 10 bytes take some 30 MiB,
// a third of what a Go map of strings does, and the garbage collector has nothing to follow in them. The zero table is not
// one; make it with newIDTable. It implements shelf.
type idTable struct {
	seed  maphash.Seed
	slots []idSlot // open addressing with linear probing, a power of two, at most three quarters full
	used  int      // slots, with those of ids that were dropped
	text  [][]byte // each id after its length, in pieces of idPiece
}

// idSlot is free when at is 0; a dropped id keeps its slot, with noIdx.
type idSlot struct {
	tag uint32 // of the hash
	at  uint32 // where the id stands: the number of its piece times idPiece, and the place in it
	idx Idx
}

const (
	idPiece  = 1 << 16 // bytes
	idLength = 2       // bytes of the length of an id, which is at most MaxID
)

func newIDTable(seed maphash.Seed) *idTable {
	return &idTable{seed: seed, slots: make([]idSlot, 64), text: [][]byte{make([]byte, 1, idPiece)}}
}

// bytes returns what the table takes.
func (t *idTable) bytes() int { return len(t.slots)*12 + len(t.text)*idPiece }

// slot returns the slot of an id: its own, or the free one where it belongs.
func (t *idTable) slot(id string, tag uint32) *idSlot {
	mask := uint32(len(t.slots) - 1)
	for i := tag & mask; ; i = (i + 1) & mask {
		s := &t.slots[i]
		if s.at == 0 || s.tag == tag && t.is(s.at, id) {
			return s
		}
	}
}

// is reports whether id stands at a place.
func (t *idTable) is(at uint32, id string) bool {
	p := t.text[at/idPiece][at%idPiece:]
	n := int(binary.LittleEndian.Uint16(p))
	return n == len(id) && string(p[idLength:idLength+n]) == id
}

func (t *idTable) tag(id string) uint32 { return uint32(maphash.String(t.seed, id)) }

func (t *idTable) get(id string) (Idx, bool) {
	s := t.slot(id, t.tag(id))
	if s.at == 0 || s.idx == noIdx {
		return 0, false
	}
	return s.idx, true
}

func (t *idTable) drop(id string) {
	if s := t.slot(id, t.tag(id)); s.at != 0 {
		s.idx = noIdx
	}
}

func (t *idTable) put(id string, i Idx) {
	tag := t.tag(id)
	s := t.slot(id, tag)
	if s.at != 0 {
		s.idx = i
		return
	}
	if 4*(t.used+1) > 3*len(t.slots) {
		t.grow()
		s = t.slot(id, tag)
	}
	t.used++
	*s = idSlot{tag: tag, at: t.write(id), idx: i}
}

// grow doubles the slots. The ids are not read: their tags say where they belong.
func (t *idTable) grow() {
	old := t.slots
	t.slots = make([]idSlot, 2*len(old))
	mask := uint32(len(t.slots) - 1)
	for _, s := range old {
		if s.at == 0 {
			continue
		}
		i := s.tag & mask
		for t.slots[i].at != 0 {
			i = (i + 1) & mask
		}
		t.slots[i] = s
	}
}

// write puts an id into the last piece, or a new one, and returns where it stands.
func (t *idTable) write(id string) uint32 {
	last := len(t.text) - 1
	if len(t.text[last])+idLength+len(id) > idPiece {
		t.text = append(t.text, make([]byte, 0, idPiece))
		last++
	}
	at := last*idPiece + len(t.text[last])
	p := binary.LittleEndian.AppendUint16(t.text[last], uint16(len(id)))
	t.text[last] = append(p, id...)
	return uint32(at)
}

// idMap is the other direction, small and a map of Go's. It implements shelf.
type idMap struct {
	ids  map[Idx]string
	used int // bytes
}

func newIDMap() *idMap { return &idMap{ids: map[Idx]string{}} }

func (m *idMap) get(i Idx) (string, bool) {
	id, ok := m.ids[i]
	return id, ok
}

func (m *idMap) put(i Idx, id string) {
	if _, ok := m.ids[i]; !ok {
		m.used += len(id) + entryBytes
	}
	m.ids[i] = id
}

func (m *idMap) drop(i Idx) { delete(m.ids, i) }

func (m *idMap) bytes() int { return m.used }
