package graph

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"time"
)

// EraseReport is what Erase deleted.
type EraseReport struct {
	Seq     uint64
	Nodes   int // with all that was theirs
	Missing int // ids that were not in the store; they are journaled all the same, for the sake of old backups
}

// Erase deletes nodes for good: with their triples, interactions and vectors, and with the cached vectors under keys,
// which the caller knows from the nodes' texts. It notes a salted hash of each id and key, so that Restore leaves them out
// of a backup that has them still. Their bytes remain in Badger's files until Vacuum.
func (s *Store) Erase(ctx context.Context, ids []string, keys [][32]byte) (EraseReport, error) {
	var rep EraseReport
	b, err := s.NewBatch(ctx)
	if err != nil {
		return rep, err
	}
	defer b.Cancel()
	for _, id := range ids {
		switch err := b.DeleteNode(id); {
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
	for _, id := range ids {
		b.extra = append(b.extra, put(erasedKey(eraseHash(salt, id)), e.encode()))
	}
	for _, k := range keys {
		b.extra = append(b.extra, put(erasedKey(eraseHash(salt, string(k[:]))), e.encode()))
	}
	// The cache comes first: once the nodes are gone nobody knows their keys, so a kill between would leave it for ever.
	if err := s.dropCache(ctx, keys); err != nil {
		return rep, err
	}
	rep.Seq, err = b.Commit(ctx)
	return rep, err
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

// after reports whether id was erased at time or later.
func (j erasedJournal) after(id string, time int64) bool {
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
