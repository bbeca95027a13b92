package graph

import (
	"encoding/binary"
	"math"
)

// Kinds of keys: the first byte of each. This file is the only place that builds or takes apart keys. Numbers stand in
// big-endian order, so that keys sort as their parts do.
const (
	kindState    = 's' // sequence, timestamp, next Idx
	kindJournal  = 'j' // ring of the last commits
	kindMeta     = 'm' // name → setting
	kindSym      = 'y' // Sym → name
	kindCount    = 'c' // counter, Sym → number
	kindDict     = 'd' // id → Idx
	kindNode     = 'n' // Idx → node
	kindOut      = 'o' // head, relation, tail → triple
	kindIn       = 'i' // tail, relation, head → triple
	kindUser     = 'u' // user, item, type, time → interaction
	kindItem     = 't' // item, user, type, time → interaction
	kindModality = 'w' // Sym → model, dimension
	kindVector   = 'v' // Sym, Idx → vector
	kindCache    = 'e' // content hash → vector
	kindErased   = 'x' // salted hash of an erased id → time
	kindRecord   = 'r' // space, key → what the engine keeps beside the knowledge
	kindLog      = 'l' // sequence of the batch, number in it → entry
)

// noIdx marks "no node"; it is never given to one.
const noIdx = Idx(math.MaxUint32)

// noSym marks "no symbol"; it is never given to one.
const noSym = Sym(math.MaxUint32)

// tripleKey identifies a triple by numbers.
type tripleKey struct {
	head Idx
	rel  Sym
	tail Idx
}

// interKey identifies an interaction by numbers.
type interKey struct {
	user, item Idx
	typ        Sym
	time       int64
}

// vectorKey identifies a vector by numbers.
type vectorKey struct {
	modality Sym
	idx      Idx
}

// Lengths of the fixed-size keys.
const (
	lenU32Key   = 1 + 4
	lenTriple   = 1 + 4 + 4 + 4
	lenInter    = 1 + 4 + 4 + 4 + 8
	lenVector   = 1 + 4 + 4
	lenCountKey = 1 + 1 + 4
	lenJournal  = 1 + 2 + 2
	lenLog      = 1 + 8 + 2
)

func newKey(kind byte, size int) []byte {
	return append(make([]byte, 0, size), kind)
}

func stateKey() []byte { return newKey(kindState, 1) }

func journalKey(slot, part uint16) []byte {
	k := binary.BigEndian.AppendUint16(newKey(kindJournal, lenJournal), slot)
	return binary.BigEndian.AppendUint16(k, part)
}

func parseJournalKey(k []byte) (slot, part uint16, ok bool) {
	if len(k) != lenJournal || k[0] != kindJournal {
		return 0, 0, false
	}
	return binary.BigEndian.Uint16(k[1:]), binary.BigEndian.Uint16(k[3:]), true
}

func metaKey(name string) []byte { return append(newKey(kindMeta, 1+len(name)), name...) }
func dictKey(id string) []byte   { return append(newKey(kindDict, 1+len(id)), id...) }
func cacheKey(h [32]byte) []byte { return append(newKey(kindCache, 1+len(h)), h[:]...) }
func erasedKey(h [32]byte) []byte {
	return append(newKey(kindErased, 1+len(h)), h[:]...)
}

func parseCacheKey(k []byte) (h [32]byte, ok bool)  { return parseHashKey(kindCache, k) }
func parseErasedKey(k []byte) (h [32]byte, ok bool) { return parseHashKey(kindErased, k) }

func parseHashKey(kind byte, k []byte) (h [32]byte, ok bool) {
	if len(k) != 1+len(h) || k[0] != kind {
		return h, false
	}
	copy(h[:], k[1:])
	return h, true
}

// recordKey is also the prefix of all keys of the space that begin with key.
func recordKey(space, key string) []byte {
	k := append(newKey(kindRecord, 2+len(space)+len(key)), byte(len(space)))
	return append(append(k, space...), key...)
}

func parseRecordKey(k []byte) (space, key string, ok bool) {
	if len(k) < 2 || k[0] != kindRecord || len(k) <= 2+int(k[1]) || k[1] == 0 {
		return "", "", false
	}
	n := 2 + int(k[1])
	return string(k[2:n]), string(k[n:]), true
}

func logKey(seq uint64, n uint16) []byte {
	return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint64(newKey(kindLog, lenLog), seq), n)
}

func parseLogKey(k []byte) (seq uint64, n uint16, ok bool) {
	if len(k) != lenLog || k[0] != kindLog {
		return 0, 0, false
	}
	return binary.BigEndian.Uint64(k[1:]), binary.BigEndian.Uint16(k[9:]), true
}

func u32Key(kind byte, n uint32) []byte {
	return binary.BigEndian.AppendUint32(newKey(kind, lenU32Key), n)
}

func parseU32Key(kind byte, k []byte) (uint32, bool) {
	if len(k) != lenU32Key || k[0] != kind {
		return 0, false
	}
	return binary.BigEndian.Uint32(k[1:]), true
}

func symKey(s Sym) []byte      { return u32Key(kindSym, uint32(s)) }
func nodeKey(i Idx) []byte     { return u32Key(kindNode, uint32(i)) }
func modalityKey(s Sym) []byte { return u32Key(kindModality, uint32(s)) }

func countKey(c counter) []byte {
	return binary.BigEndian.AppendUint32(append(newKey(kindCount, lenCountKey), byte(c.what)), uint32(c.sym))
}

func parseCountKey(k []byte) (counter, bool) {
	if len(k) != lenCountKey || k[0] != kindCount {
		return counter{}, false
	}
	return counter{what: counted(k[1]), sym: Sym(binary.BigEndian.Uint32(k[2:]))}, true
}

// outKey is where a triple stands under its head, inKey where it stands under its tail.
func (t tripleKey) outKey() []byte { return edgeKey(kindOut, t.head, t.rel, t.tail) }
func (t tripleKey) inKey() []byte  { return edgeKey(kindIn, t.tail, t.rel, t.head) }

func edgeKey(kind byte, a Idx, r Sym, b Idx) []byte {
	return appendEdgeKey(make([]byte, 0, lenTriple), kind, a, r, b)
}

func appendEdgeKey(k []byte, kind byte, a Idx, r Sym, b Idx) []byte {
	k = binary.BigEndian.AppendUint32(append(k, kind), uint32(a))
	k = binary.BigEndian.AppendUint32(k, uint32(r))
	return binary.BigEndian.AppendUint32(k, uint32(b))
}

// parseTripleKey reads an outKey or an inKey.
func parseTripleKey(k []byte) (tripleKey, bool) {
	if len(k) != lenTriple || (k[0] != kindOut && k[0] != kindIn) {
		return tripleKey{}, false
	}
	a, b := Idx(binary.BigEndian.Uint32(k[1:])), Idx(binary.BigEndian.Uint32(k[9:]))
	if k[0] == kindIn {
		a, b = b, a
	}
	return tripleKey{head: a, rel: Sym(binary.BigEndian.Uint32(k[5:])), tail: b}, true
}

// userKey is where an interaction stands under its user, itemKey where it stands under its item.
func (i interKey) userKey() []byte { return i.key(kindUser, i.user, i.item) }
func (i interKey) itemKey() []byte { return i.key(kindItem, i.item, i.user) }

func (i interKey) key(kind byte, a, b Idx) []byte {
	return i.append(make([]byte, 0, lenInter), kind, a, b)
}

func (i interKey) append(k []byte, kind byte, a, b Idx) []byte {
	k = binary.BigEndian.AppendUint32(append(k, kind), uint32(a))
	k = binary.BigEndian.AppendUint32(k, uint32(b))
	k = binary.BigEndian.AppendUint32(k, uint32(i.typ))
	return binary.BigEndian.AppendUint64(k, uint64(i.time)^1<<63) // sign flipped: times before 1970 sort first
}

// parseInterKey reads a userKey or an itemKey.
func parseInterKey(k []byte) (interKey, bool) {
	if len(k) != lenInter || (k[0] != kindUser && k[0] != kindItem) {
		return interKey{}, false
	}
	a, b := Idx(binary.BigEndian.Uint32(k[1:])), Idx(binary.BigEndian.Uint32(k[5:]))
	if k[0] == kindItem {
		a, b = b, a
	}
	t := int64(binary.BigEndian.Uint64(k[13:]) ^ 1<<63)
	return interKey{user: a, item: b, typ: Sym(binary.BigEndian.Uint32(k[9:])), time: t}, true
}

func (v vectorKey) key() []byte {
	k := binary.BigEndian.AppendUint32(newKey(kindVector, lenVector), uint32(v.modality))
	return binary.BigEndian.AppendUint32(k, uint32(v.idx))
}

func parseVectorKey(k []byte) (vectorKey, bool) {
	if len(k) != lenVector || k[0] != kindVector {
		return vectorKey{}, false
	}
	return vectorKey{Sym(binary.BigEndian.Uint32(k[1:])), Idx(binary.BigEndian.Uint32(k[5:]))}, true
}

// edgePrefix is the prefix of all edges of one node, or of one node and relation when r is not noSym.
func edgePrefix(kind byte, n Idx, r Sym) []byte {
	k := u32Key(kind, uint32(n))
	if r != noSym {
		k = binary.BigEndian.AppendUint32(k, uint32(r))
	}
	return k
}
