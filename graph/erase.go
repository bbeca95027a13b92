package graph

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"time"
)

// EraseReport is what Erase deleted.
type EraseReport struct {
	Seq     uint64
	Nodes   int // with all that was theirs
	Records int // that spoke of them, see WithAbout
	Missing int // ids that were not in the store; they are journaled all the same, for the sake of old backups
}

// Erase deletes nodes for good: with their triples, interactions and vectors, with the records that speak of them, and with
// the cached vectors under the keys that keysOf makes of a node's texts; nil makes none. Nothing else is written while
// keysOf is called. It notes a salted hash of each id and key, so that Restore leaves them out of a backup that has them
// still. Their bytes remain in Badger's files until Vacuum.
func (s *Store) Erase(ctx context.Context, ids []string, keysOf func(Node) [][32]byte) (EraseReport, error) {
	var rep EraseReport
	b, err := s.NewBatch(ctx)
	if err != nil {
		return rep, err
	}
	defer b.Cancel()
	var keys [][32]byte
	for _, id := range ids {
		n, err := s.Node(ctx, id) // as the batch sees it: nobody else writes
		if err == nil {
			if keysOf != nil {
				keys = append(keys, keysOf(n)...)
			}
			err = b.DeleteNode(id)
		}
		switch {
		case errors.Is(err, ErrNotFound):
			rep.Missing++
		case err != nil:
			return rep, err
		default:
			rep.Nodes++
		}
	}
	salt, err := eraseSalt(ctx, b.sn)
	if err != nil {
		return rep, err
	}
	e := erasure{time: time.Now().Unix(), salt: salt}
	gone := make(map[string]bool, len(ids)+len(keys))
	for _, id := range ids {
		gone[id] = true
	}
	for _, k := range keys {
		gone[string(k[:])] = true
	}
	for what := range gone {
		b.extra = append(b.extra, put(erasedKey(eraseHash(salt, what)), e.encode()))
	}
	gone[anything] = true
	if rep.Records, err = b.eraseRecords(ctx, func(what string) bool { return gone[what] }); err != nil {
		return rep, err
	}
	// The cache comes first: once the nodes are gone nobody knows their keys, so a kill between would leave it for ever.
	if err := s.dropCache(ctx, keys); err != nil {
		return rep, err
	}
	rep.Seq, err = b.Commit(ctx)
	return rep, err
}

// eraseRecords deletes the records that speak of what is erased.
func (b *Batch) eraseRecords(ctx context.Context, erased func(string) bool) (n int, err error) {
	if b.s.about == nil {
		return 0, nil
	}
	var bad error
	err = b.sn.scan(ctx, []byte{kindRecord}, func(key, val []byte) bool {
		speaks, err := b.s.about.speaks(key, val, erased)
		if speaks {
			n++
			b.extra = append(b.extra, write{key: bytes.Clone(key)})
		}
		bad = err
		return bad == nil
	})
	return n, errors.Join(err, bad)
}

// anything asks whether anything at all is erased; it is the id of no node.
const anything = ""

// speaks reports whether the record under key speaks of what is erased; one that nobody knows speaks of anything.
func (a About) speaks(key, val []byte, erased func(string) bool) (bool, error) {
	space, name, ok := parseRecordKey(key)
	if !ok {
		return false, damaged(key)
	}
	ids, ok := a(space, name, val)
	if !ok {
		return erased(anything), nil
	}
	return slices.ContainsFunc(ids, erased), nil
}

// erasure is an entry of the journal of erased ids and cache keys; its key is the hash of the salt and one of them.
type erasure struct {
	time int64 // Unix seconds
	salt [32]byte
}

func (e erasure) encode() []byte {
	return append(binary.LittleEndian.AppendUint64(make([]byte, 0, 40+sealSize), uint64(e.time)), e.salt[:]...)
}

func decodeErasure(p []byte) (e erasure, ok bool) {
	if len(p) != 40 {
		return e, false
	}
	e.time = int64(binary.LittleEndian.Uint64(p))
	copy(e.salt[:], p[8:])
	return e, true
}

// eraseSalt returns the salt of the journal, a new one if it is empty: one salt is enough to keep tables of hashed ids
// from being of use, and each further one costs a hash for each node that is restored.
func eraseSalt(ctx context.Context, sn *snap) (salt [32]byte, err error) {
	_, _ = rand.Read(salt[:]) // never fails
	err = sn.scan(ctx, []byte{kindErased}, func(_, val []byte) bool {
		if e, ok := decodeErasure(val); ok {
			salt = e.salt
		}
		return false
	})
	return salt, err
}

func eraseHash(salt [32]byte, id string) [32]byte { return sha256.Sum256(append(salt[:], id...)) }

// dropCache deletes cached vectors.
func (s *Store) dropCache(ctx context.Context, keys [][32]byte) error {
	return s.commitSmall(ctx, func(sn *snap) ([]write, map[counter]int64, error) {
		var writes []write
		seen := map[[32]byte]bool{}
		for _, k := range keys {
			had, err := sn.has(cacheKey(k))
			if err != nil {
				return nil, nil, err
			}
			if had && !seen[k] {
				seen[k] = true
				writes = append(writes, write{key: cacheKey(k)})
			}
		}
		return writes, map[counter]int64{{what: countCache}: -int64(len(writes))}, nil
	})
}

// erasedJournal is the journal of erased ids of one store.
type erasedJournal struct {
	salts   map[[32]byte]bool
	entries map[[32]byte]erasure
}

// after reports whether id, or anything, was erased at time or later.
func (j erasedJournal) after(id string, time int64) bool {
	if id == anything {
		for _, e := range j.entries {
			if e.time >= time {
				return true
			}
		}
		return false
	}
	for salt := range j.salts {
		if e, ok := j.entries[eraseHash(salt, id)]; ok && e.time >= time {
			return true
		}
	}
	return false
}

// merge writes the journal to a store that is being built from a backup.
func (j erasedJournal) merge(b *builder) error {
	for h, e := range j.entries {
		if err := b.write(erasedKey(h), e.encode()); err != nil {
			return err
		}
	}
	return nil
}

// readErased reads the journal of a store that is not open, without keeping it open.
func (f *files) readErased(ctx context.Context, o options) (erasedJournal, error) {
	j := erasedJournal{salts: map[[32]byte]bool{}, entries: map[[32]byte]erasure{}}
	if err := f.prepare(); err != nil {
		return j, err
	}
	s, err := open(ctx, f, o)
	if err != nil {
		return j, err
	}
	sn := s.kv.pin()
	err = sn.scan(ctx, []byte{kindErased}, func(key, val []byte) bool {
		h, ok1 := parseErasedKey(key)
		e, ok2 := decodeErasure(val)
		if ok1 && ok2 {
			j.salts[e.salt], j.entries[h] = true, e
		}
		return true
	})
	sn.close()
	return j, errors.Join(err, s.detach())
}
