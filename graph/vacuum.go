package graph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

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
	err := walkStore(dir, func(path string, d fs.DirEntry, err error) error {
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
