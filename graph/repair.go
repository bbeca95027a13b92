package graph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// RepairReport is what Repair did.
type RepairReport struct {
	// Steps says in words what was done, in order. It is empty when nothing was wrong.
	Steps []string
	// Unread counts records that could not be read and are gone, Dropped those that referred to nodes that are not there.
	Unread, Dropped int64
}

func (r *RepairReport) did(format string, args ...any) {
	r.Steps = append(r.Steps, fmt.Sprintf(format, args...))
}

// Repair brings the store in dir, which must not be open, back to a state that Check finds nothing wrong with: STORE and
// MANIFEST are made anew from what is known, lost batches are accepted, and where records contradict each other the
// dictionary, the other direction of the edges and the counters are derived again from the nodes and edges. It refuses,
// with ErrCorrupt, a store with a damaged or missing table: restore a backup. Nothing is thrown away but records that
// cannot be read; what is set aside is in lost+found.
func Repair(ctx context.Context, dir string, opts ...Option) (rep RepairReport, err error) {
	o := newOptions(opts)
	f, fresh, err := lockAny(dir, o)
	if err != nil {
		return rep, err
	}
	defer func() { err = errors.Join(err, f.abandon()) }()
	if fresh {
		f.removeFresh()
		return rep, fmt.Errorf("%w: %s is empty", ErrNotStore, dir)
	}
	if f.newStore {
		rep.did("STORE was missing or damaged: made a new one for %s", f.store.Data)
	}
	if err := f.repairManifest(&rep); err != nil {
		return rep, err
	}
	f.full = true
	if err := f.prepare(); err != nil {
		return rep, err
	}
	found, err := f.checkOnce(ctx, o, &rep)
	if err != nil || found.OK() {
		return rep, err
	}
	if err := f.rebuild(ctx, o, &rep); err != nil {
		return rep, err
	}
	if err := f.prepare(); err != nil {
		return rep, err
	}
	if found, err = f.checkOnce(ctx, o, &rep); err == nil && !found.OK() {
		err = fmt.Errorf("%w: %s; restore a backup", ErrCorrupt, found.Findings[0].Text)
	}
	return rep, err
}

// checkOnce opens the store, accepting that batches are lost, and checks its records.
func (f *files) checkOnce(ctx context.Context, o options, rep *RepairReport) (CheckReport, error) {
	s, err := open(ctx, f, o)
	if errors.Is(err, ErrLoss) {
		rep.did("%v: accepted", err)
		o.acceptLoss = true
		s, err = open(ctx, f, o)
	}
	if err != nil {
		return CheckReport{}, err
	}
	r, err := s.Check(ctx)
	return r, errors.Join(err, s.detach())
}

// rebuild writes the store anew from its primary records.
func (f *files) rebuild(ctx context.Context, o options, rep *RepairReport) error {
	b, err := f.rewrite(ctx, o, func(byte) { rep.Unread++ })
	if err != nil {
		return err
	}
	rep.Dropped += b.dropped
	rep.did("records contradicted each other: %d written anew, %d could not be read, %d had lost a node", b.records, rep.Unread, b.dropped)
	return nil
}

// repairManifest makes MANIFEST anew when it is not what it should be: from the copy in STORE when that names just the
// tables there are, else from the tables themselves.
func (f *files) repairManifest(rep *RepairReport) error {
	tables, err := tablesOnDisk(f.data())
	if err != nil {
		return err
	}
	m, err := readManifest(f.data())
	if err == nil {
		err = f.verifyManifest(m, tables)
	}
	if err == nil || (errors.Is(err, fs.ErrNotExist) && f.mark.ts == 0 && len(tables) == 0) {
		return nil
	}
	reason := err
	ids := make([]uint64, len(tables))
	for i, t := range tables {
		ids[i] = t.ID
	}
	raw, from := f.store.Manifest, "the copy in STORE"
	if m, err := parseManifest(raw); err != nil || !slices.Equal(m.tables, ids) {
		for _, id := range ids {
			if err := checkTable(f.data(), id, true); err != nil {
				return fmt.Errorf("%w; restore a backup", err)
			}
		}
		from = fmt.Sprintf("the %d tables; records deleted not long ago may be back", len(ids))
		if raw, err = rebuildManifest(ids); err != nil {
			return err
		}
	}
	if err := f.setManifest(raw); err != nil {
		return err
	}
	rep.did("%v: made a new one from %s", reason, from)
	return nil
}

// setManifest replaces MANIFEST, keeping the old one in lost+found.
func (f *files) setManifest(raw []byte) error {
	path := filepath.Join(f.data(), badger.ManifestFilename)
	if old, err := os.ReadFile(path); err == nil {
		if err := os.MkdirAll(f.path(lostName), 0o700); err != nil {
			return fmt.Errorf("graph: keep the old MANIFEST: %w", err)
		}
		name := fmt.Sprintf("%s-%s.%d", f.store.Data, badger.ManifestFilename, time.Now().UnixNano())
		if err := writeFile(filepath.Join(f.path(lostName), name), old); err != nil {
			return err
		}
	}
	if err := writeFile(path, raw); err != nil {
		return err
	}
	f.store.Clean = f.store.Clean && bytes.Equal(raw, f.store.Manifest)
	f.mark.manifest = 0
	return nil
}
