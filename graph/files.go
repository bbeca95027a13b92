package graph

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dgraph-io/badger/v4"
)

// Names in the directory of a store.
//
//	LOCK         held by the process that has the store open
//	STORE        format, uuid, name of the data directory, tables and copy of MANIFEST
//	SEQ          the last commit, as told by us and not by Badger
//	kv-N/        Badger's files
//	lost+found/  tables that MANIFEST does not name
//	spaces/      stores of their own, see SpaceDir
const (
	lockName  = "LOCK"
	storeName = "STORE"
	seqName   = "SEQ"
	lostName  = "lost+found"
)

// files is the directory of an open store.
type files struct {
	dir   string
	floor int64
	first int64 // bytes of tables to read before Open returns
	log   *slog.Logger
	lock  *os.File
	seq   *os.File
	store storeFile
	mark  mark // of the last commit that is known of
	full  bool // read every table before Open returns
	clean bool // the store had been closed in order when it was opened

	newStore bool     // STORE was missing or damaged
	unread   []uint64 // tables that are still to be read in full
}

func (f *files) path(name string) string { return filepath.Join(f.dir, name) }

// data is the directory of Badger's files.
func (f *files) data() string { return f.path(f.store.Data) }

// lockStore takes the lock of the store in dir and reads STORE and SEQ.
func lockStore(dir string, o options) (*files, error) {
	isNew, err := newOrStore(dir)
	if err != nil {
		return nil, err
	}
	if isNew {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("graph: make the store: %w", err)
		}
	}
	f := &files{dir: dir, floor: o.floor, first: o.readFirst, log: o.log}
	if f.lock, err = lockFile(f.path(lockName)); err != nil {
		return nil, err
	}
	if err := f.load(); err != nil {
		return nil, errors.Join(err, f.abandon())
	}
	return f, nil
}

// newOrStore reports whether a store has to be made in dir: it is missing, or holds nothing but what a process that was
// killed while making one leaves. It returns ErrNotStore for a directory with other files, and for a file.
func newOrStore(dir string) (isNew bool, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		if info, statErr := os.Stat(dir); statErr == nil && !info.IsDir() {
			return false, fmt.Errorf("%w: %s is a file", ErrNotStore, dir)
		}
		return false, fmt.Errorf("graph: open store: %w", err)
	}
	isNew, data := true, false
	for _, e := range entries {
		switch name := e.Name(); {
		case name == storeName:
			return false, nil
		case name == lockName, name == storeName+tmpSuffix, name == lostName, name == spacesName:
		case name == seqName, strings.HasPrefix(name, dataPrefix):
			data = true
		default:
			isNew = false
		}
	}
	if data {
		return false, fmt.Errorf("%w: %s has data and no STORE file; ken repair makes a new one", ErrCorrupt, dir)
	}
	if !isNew {
		return false, fmt.Errorf("%w: %s", ErrNotStore, dir)
	}
	return true, nil
}

// load reads STORE and SEQ, or makes a new STORE. It needs the lock.
func (f *files) load() error {
	b, err := os.ReadFile(f.path(storeName))
	if errors.Is(err, fs.ErrNotExist) {
		f.store = newStoreFile()
		return f.writeStore()
	}
	if err != nil {
		return fmt.Errorf("graph: read STORE: %w", err)
	}
	if f.store, err = decodeStoreFile(b); err != nil {
		return err
	}
	m, ok, err := readMark(f.path(seqName))
	if err != nil {
		return err
	}
	if !ok && !f.store.Clean && f.store.TS > 0 {
		f.log.Warn("SEQ is missing: commits that Badger lost since the store was opened would not show")
	}
	f.mark = m
	if f.store.TS > m.ts {
		f.mark = mark{seq: f.store.Seq, ts: f.store.TS}
	}
	return nil
}

func (f *files) writeStore() error {
	b, err := f.store.encode()
	if err != nil {
		return err
	}
	return writeFile(f.path(storeName), b)
}

// started records what Badger has found, st being the last commit.
func (f *files) started(st state) error {
	if err := f.record(st); err != nil {
		return err
	}
	m := mark{seq: st.seq, ts: st.ts, manifest: int64(len(f.store.Manifest))}
	file, err := createMark(f.path(seqName), m)
	if err != nil {
		return err
	}
	f.seq, f.mark = file, m
	return nil
}

// record writes STORE with st and what is on disk now.
func (f *files) record(st state) error {
	f.store.Seq, f.store.TS = st.seq, st.ts
	m, err := readManifest(f.data())
	if err != nil {
		return err
	}
	tables, err := tablesOnDisk(f.data())
	if err != nil {
		return err
	}
	f.store.Tables = slices.DeleteFunc(tables, func(t tableFile) bool {
		_, named := slices.BinarySearch(m.tables, t.ID)
		return !named // it is being written: its size is not its last
	})
	f.store.Manifest = m.raw[:m.whole]
	return f.writeStore()
}

// note records a commit, and Badger's tables when they have changed since.
func (f *files) note(st state) error {
	f.mark.seq, f.mark.ts = st.seq, st.ts
	info, err := os.Stat(filepath.Join(f.data(), badger.ManifestFilename))
	if err != nil {
		return fmt.Errorf("%w: MANIFEST has vanished", ErrCorrupt)
	}
	if info.Size() != f.mark.manifest {
		if err := f.record(st); err != nil {
			return err
		}
		f.mark.manifest = int64(len(f.store.Manifest))
	}
	return writeMark(f.seq, f.mark)
}

// settle records that Badger was closed in order after the commit st.
func (f *files) settle(st state) error {
	f.store.Clean = true
	if err := f.record(st); err != nil {
		return err
	}
	err := writeMark(f.seq, mark{seq: st.seq, ts: st.ts, manifest: int64(len(f.store.Manifest))})
	err = errors.Join(err, f.seq.Close())
	f.seq = nil
	return err
}

// abandon gives the lock back and leaves the files as they are.
func (f *files) abandon() error {
	var err error
	if f.seq != nil {
		err = f.seq.Close()
	}
	return errors.Join(err, unlockFile(f.lock))
}

// mergeSpare is what is to be left free beside what a merge of tables takes: for a batch of the largest size and the logs.
const mergeSpare = 96 << 20

// room returns ErrNoSpace when the disk has less room than the floor, or than a merge of tables that writes merging bytes
// may take.
func (f *files) room(merging int64) error {
	if f.floor <= 0 {
		return nil
	}
	free, err := freeSpace(f.dir)
	if err != nil {
		return fmt.Errorf("graph: free space: %w", err)
	}
	need := f.floor
	if merging > 0 {
		need = max(need, merging+mergeSpare)
	}
	if free < need {
		return fmt.Errorf("%w: %d MiB are free, the store leaves %d MiB", ErrNoSpace, free>>20, need>>20)
	}
	return nil
}
