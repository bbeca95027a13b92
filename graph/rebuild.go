package graph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// primary are the kinds of records from which all others can be derived, in the order of their keys: nodes come before
// what refers to them, vectors before their modalities.
var primary = [...]byte{kindCache, kindLog, kindMeta, kindNode, kindOut, kindRecord, kindState, kindUser, kindVector, kindModality, kindErased, kindSym}

// eachPrimary calls fn with each primary record, in order; both arguments are lent. Damaged records end it with
// ErrCorrupt, or go to bad when that is not nil.
func (s *snap) eachPrimary(ctx context.Context, fn func(key, payload []byte) error, bad func(kind byte)) error {
	for _, kind := range primary {
		var inner error
		err := s.scanRaw(ctx, []byte{kind}, func(key, val []byte) bool {
			payload, ok := unseal(key, val)
			if !ok && bad != nil {
				bad(kind)
				return true
			}
			if !ok {
				inner = damaged(key)
				return false
			}
			inner = fn(key, payload)
			return inner == nil
		})
		if err := errors.Join(err, inner); err != nil {
			return err
		}
	}
	return nil
}

// builder writes a whole store anew from its primary records, in the order of eachPrimary: the dictionary, the other
// direction of the edges and the counters are derived from them.
type builder struct {
	kv     *kv
	ts     uint64
	erased func(id string) bool // nodes to leave out with all that is theirs, and keys of the cache; nil: none
	about  About                // of records; nil: none is left out

	buf     []write
	bytes   int
	counts  map[counter]int64
	present bitset
	old     state // of the source
	records int64
	gone    int   // nodes left out because they are erased
	silent  int   // records left out because they speak of something erased
	dropped int64 // edges and vectors left out because a node of theirs is not there
}

// newBuilder makes Badger's files in the directory data, which must not be there.
func newBuilder(data string, ts uint64, o options, erased func(id string) bool) (*builder, error) {
	if _, err := os.Lstat(data); !errors.Is(err, fs.ErrNotExist) {
		if err := os.RemoveAll(data); err != nil { // left by a run that was cut: STORE does not name it
			return nil, fmt.Errorf("graph: clear the new directory: %w", err)
		}
	}
	if err := os.Mkdir(data, 0o700); err != nil {
		return nil, fmt.Errorf("graph: make the new directory: %w", err)
	}
	k, err := openKV(data, o.log)
	if err != nil {
		return nil, err
	}
	return &builder{kv: k, ts: ts, erased: erased, about: o.about, counts: map[counter]int64{}}, nil
}

// add takes one primary record. It returns ErrCorrupt for what is none.
func (b *builder) add(key, payload []byte) error {
	b.records++
	switch key[0] {
	case kindState:
		return b.state(key, payload)
	case kindNode:
		return b.node(key, payload)
	case kindOut:
		return b.triple(key, payload)
	case kindUser:
		return b.interaction(key, payload)
	case kindVector:
		k, ok := parseVectorKey(key)
		if !ok {
			return damaged(key)
		}
		if !b.present.has(k.idx) {
			b.dropped++
			return nil
		}
		b.counts[counter{countVectors, k.modality}]++
		return b.write(key, payload)
	case kindModality:
		y, ok := parseU32Key(kindModality, key)
		if !ok {
			return damaged(key)
		}
		if b.counts[counter{countVectors, Sym(y)}] == 0 {
			return nil // its vectors were of nodes left out
		}
		return b.write(key, payload)
	case kindCache:
		if b.erased != nil && b.erased(string(key[1:])) {
			return nil
		}
		b.counts[counter{what: countCache}]++
		return b.write(key, payload)
	case kindRecord:
		return b.record(key, payload)
	case kindMeta, kindErased, kindSym, kindLog:
		return b.write(key, payload)
	}
	return damaged(key)
}

func (b *builder) state(key, payload []byte) error {
	var ok bool
	if b.old, ok = decodeState(payload); !ok {
		return damaged(key)
	}
	return nil
}

func (b *builder) node(key, payload []byte) error {
	i, ok1 := parseU32Key(kindNode, key)
	n, ok2 := decodeNode(payload)
	if !ok1 || !ok2 {
		return damaged(key)
	}
	if b.erased != nil && b.erased(n.ID) {
		b.gone++
		return nil
	}
	b.present.set(Idx(i), true)
	b.counts[counter{countNodes, n.typ}]++
	if err := b.write(dictKey(n.ID), encodeIdx(Idx(i))); err != nil {
		return err
	}
	return b.write(key, payload)
}

func (b *builder) triple(key, payload []byte) error {
	k, ok := parseTripleKey(key)
	if !ok {
		return damaged(key)
	}
	if !b.present.has(k.head) || !b.present.has(k.tail) {
		b.dropped++
		return nil
	}
	b.counts[counter{countTriples, k.rel}]++
	return errors.Join(b.write(key, payload), b.write(k.inKey(), payload))
}

func (b *builder) interaction(key, payload []byte) error {
	k, ok := parseInterKey(key)
	if !ok {
		return damaged(key)
	}
	if !b.present.has(k.user) || !b.present.has(k.item) {
		b.dropped++
		return nil
	}
	b.counts[counter{countInteractions, k.typ}]++
	return errors.Join(b.write(key, payload), b.write(k.itemKey(), payload))
}

func (b *builder) record(key, payload []byte) error {
	if b.erased != nil && b.about != nil {
		speaks, err := b.about.speaks(key, payload, b.erased)
		if err != nil {
			return err
		}
		if speaks {
			b.silent++
			return nil
		}
	}
	return b.write(key, payload)
}

// write takes a copy of key and payload into the current part, and writes that when it is large enough.
func (b *builder) write(key, payload []byte) error {
	key = bytes.Clone(key)
	payload = append(make([]byte, 0, len(payload)+sealSize), payload...)
	b.buf = append(b.buf, put(key, payload))
	b.bytes += len(key) + len(payload)
	if len(b.buf) < 8192 && b.bytes < 1<<20 {
		return nil
	}
	return b.flush()
}

func (b *builder) flush() error {
	for _, part := range b.kv.parts(b.buf) {
		if err := b.kv.commitPart(part, b.ts); err != nil {
			return err
		}
	}
	b.buf, b.bytes = b.buf[:0], 0
	return nil
}

// finish writes the counters and, last, the state with the sequence number seq; then it closes the files.
func (b *builder) finish(seq uint64) (state, error) {
	st := state{seq: seq, ts: b.ts, next: b.old.next}
	b.buf = append(b.buf, newCounters().writes(b.counts)...)
	if err := b.flush(); err != nil {
		return st, err
	}
	last := []write{
		put(journalKey(uint16(st.ts%journalSlots), 0), journalRec{ts: st.ts, last: true}.encode()),
		put(stateKey(), st.encode()),
	}
	if err := b.kv.commitPart(last, b.ts); err != nil {
		return st, err
	}
	if n := b.kv.log.errors.Load(); n > 0 {
		return st, fmt.Errorf("%w: storage reported %d errors", ErrCorrupt, n)
	}
	return st, b.kv.close()
}

// abort closes the files and removes them.
func (b *builder) abort(data string) error {
	return errors.Join(b.kv.close(), os.RemoveAll(data))
}

// swap makes the files of a finished builder those of the store and removes the old ones. What comes before the rename of
// STORE leaves the old store; after it the new one is there. The timestamp of st is above that in SEQ.
func (f *files) swap(data string, st state) error {
	if err := syncDir(f.dir); err != nil {
		return fmt.Errorf("graph: new files: %w", err)
	}
	old := f.store
	f.store.Data, f.store.Clean = data, true
	if err := f.record(st); err != nil {
		f.store = old
		return err
	}
	f.mark = mark{seq: st.seq, ts: st.ts, manifest: int64(len(f.store.Manifest))}
	file, err := createMark(f.path(seqName), f.mark)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("graph: close SEQ: %w", err)
	}
	return f.removeUnused()
}
