package graph

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// EraseReport is what Erase deleted.
type EraseReport struct {
	Seq     uint64
	Nodes   int // with all that was theirs
	Missing int // ids that were not in the store; they are journaled all the same, for the sake of old backups
}

// Erase deletes nodes for good: with their triples, interactions and vectors, and with the cached vectors under keys,
// which the caller knows from the nodes' texts. It notes a salted hash of each id, so that Restore leaves them out of a
// backup that has them still. Their bytes remain in Badger's files until Vacuum.
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
	for _, id := range ids {
		e := erasure{time: time.Now().Unix(), salt: salt}
		b.extra = append(b.extra, put(erasedKey(eraseHash(salt, id)), e.encode()))
	}
	if rep.Seq, err = b.Commit(ctx); err != nil {
		return rep, err
	}
	return rep, s.dropCache(ctx, keys)
}

// erasure is an entry of the journal of erased ids; its key is the hash of salt and id.
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

// VacuumReport is what Vacuum did.
type VacuumReport struct {
	Records       int64
	Before, After int64 // bytes on disk
}

// Vacuum rewrites the store in dir, which must not be open, so that no byte of deleted records is left in its files: the
// live records go to new files, which take over, and the old ones are removed, lost+found too. It takes as much room again
// as the store has. Errors: those of Open. The bytes may still be on the disk, outside any file.
func Vacuum(ctx context.Context, dir string, opts ...Option) (rep VacuumReport, err error) {
	o := newOptions(opts)
	f, err := lockStore(dir, o)
	if err != nil {
		return rep, err
	}
	defer func() { err = errors.Join(err, f.abandon()) }()
	f.full = true
	if err := f.prepare(); err != nil {
		return rep, err
	}
	if rep.Before, err = dirBytes(dir); err != nil {
		return rep, err
	}
	b, err := f.rewrite(ctx, o, nil)
	if err != nil {
		return rep, err
	}
	if err := os.RemoveAll(f.path(lostName)); err != nil {
		return rep, fmt.Errorf("graph: vacuum: %w", err)
	}
	rep.Records = b.records
	rep.After, err = dirBytes(dir)
	return rep, err
}

// rewrite builds new files from the primary records of the store, whose files are prepared, and swaps them in. Records
// that cannot be read end it, or go to bad.
func (f *files) rewrite(ctx context.Context, o options, bad func(kind byte)) (*builder, error) {
	s, err := open(ctx, f, o)
	if err != nil {
		return nil, err
	}
	data := f.store.nextData()
	b, err := newBuilder(f.path(data), s.last.ts+1, o, nil)
	if err != nil {
		return nil, errors.Join(err, s.detach())
	}
	sn := s.kv.pin()
	add := b.add
	if bad != nil {
		add = func(key, payload []byte) error {
			err := b.add(key, payload)
			if errors.Is(err, ErrCorrupt) {
				bad(key[0])
				return nil
			}
			return err
		}
	}
	err = sn.eachPrimary(ctx, add, bad)
	sn.close()
	if err = errors.Join(err, s.detach()); err != nil {
		return nil, errors.Join(err, b.abort(f.path(data)))
	}
	if b.old.next < s.last.next {
		b.old.next = s.last.next
	}
	st, err := b.finish(s.last.seq)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(f.path(data)))
	}
	return b, f.swap(data, st)
}

// FindBytes counts in how many places each of the needles stands in the files of the store in dir, byte for byte: after
// Erase and Vacuum there are none of an erased id or text. Keys that share their beginning with their neighbour are
// stored without it, so before Vacuum the count may be too low.
func FindBytes(ctx context.Context, dir string, needles ...[]byte) ([]int, error) {
	counts := make([]int, len(needles))
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		return errors.Join(countIn(file, needles, counts), file.Close())
	})
	if err != nil {
		return nil, fmt.Errorf("graph: search the files: %w", err)
	}
	return counts, nil
}

// countIn adds up the occurrences of the needles in r, reading it in overlapping pieces.
func countIn(r io.Reader, needles [][]byte, counts []int) error {
	longest := 1
	for _, n := range needles {
		longest = max(longest, len(n))
	}
	buf := make([]byte, 1<<20+longest)
	kept := 0
	for {
		n, err := io.ReadFull(r, buf[kept:])
		chunk := buf[:kept+n]
		for i, needle := range needles {
			if len(needle) > 0 {
				counts[i] += bytes.Count(chunk, needle) - bytes.Count(chunk[:kept], needle) // the kept part was counted
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return err
		}
		kept = copy(buf, chunk[len(chunk)-(longest-1):])
	}
}
