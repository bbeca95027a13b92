package graph

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/table"
)

// prepare makes the files ready for Badger, or refuses them. Each step answers a fault of Badger 4.9 that was measured.
func (f *files) prepare() error {
	if err := f.room(0); err != nil { // on a full disk Badger dies by SIGBUS while opening
		return err
	}
	if err := f.verify(); err != nil {
		return err
	}
	if err := f.moveOrphans(); err != nil {
		return err
	}
	if err := f.removeUnused(); err != nil {
		return err
	}
	f.clean, f.store.Clean = f.store.Clean, false // from here on Badger changes the files
	return f.writeStore()
}

// removeUnused deletes what holds nothing: data directories that STORE does not name, left by a swap that was cut;
// zero-length logs, which make Badger's Open fail after a crash; and, since no value of ours reaches the value log and
// nothing is encrypted, the value logs, their statistics and the key registry, so that damage to them does no harm.
func (f *files) removeUnused() error {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return fmt.Errorf("graph: open store: %w", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), dataPrefix) && e.Name() != f.store.Data {
			if err := os.RemoveAll(f.path(e.Name())); err != nil {
				return fmt.Errorf("graph: remove an unused directory: %w", err)
			}
		}
	}
	entries, err = os.ReadDir(f.data())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("graph: open store: %w", err)
	}
	for _, e := range entries {
		if !unused(e) {
			continue
		}
		if err := os.Remove(filepath.Join(f.data(), e.Name())); err != nil {
			return fmt.Errorf("graph: remove an unused file: %w", err)
		}
	}
	return nil
}

func unused(e fs.DirEntry) bool {
	switch name := e.Name(); {
	case name == badger.KeyRegistryFileName, name == "DISCARD", filepath.Ext(name) == ".vlog":
		return true
	case filepath.Ext(name) == ".mem":
		info, err := e.Info()
		return err == nil && info.Size() == 0
	}
	return false
}

// verifyAtOpen is how many bytes of tables are read before Open returns; the others are read while the store is in use.
// After a crash all are.
const verifyAtOpen = 256 << 20

// verify compares MANIFEST and the tables with what STORE and SEQ say of them, and reads the tables: Badger takes a damaged
// block for the end of a table, and says nothing.
func (f *files) verify() error {
	tables, err := tablesOnDisk(f.data())
	if err != nil {
		return err
	}
	m, err := readManifest(f.data())
	if errors.Is(err, fs.ErrNotExist) {
		if f.mark.ts == 0 && len(tables) == 0 {
			return nil // a new store
		}
		return fmt.Errorf("%w: MANIFEST is missing, Badger would delete the tables; %s", ErrCorrupt, repairHint)
	}
	if err != nil {
		return fmt.Errorf("%w; %s", err, repairHint)
	}
	if err := f.verifyManifest(m, tables); err != nil {
		return err
	}
	sizes := map[uint64]int64{}
	for _, t := range tables {
		sizes[t.ID] = t.Size
	}
	noted := map[uint64]int64{}
	for _, t := range f.store.Tables {
		noted[t.ID] = t.Size
	}
	left := f.first
	for _, id := range m.tables {
		size, ok := sizes[id]
		if !ok {
			return fmt.Errorf("%w: table %d is missing; restore a backup", ErrCorrupt, id)
		}
		if want, ok := noted[id]; ok && size != want {
			return fmt.Errorf("%w: table %d has %d bytes, not %d; restore a backup", ErrCorrupt, id, size, want)
		}
		left -= size
		full := f.full || !f.store.Clean || left >= 0
		if !full {
			f.unread = append(f.unread, id)
		}
		if err := checkTable(f.data(), id, full); err != nil {
			return fmt.Errorf("%w; restore a backup", err)
		}
	}
	return nil
}

const repairHint = "nothing was changed; ken repair rebuilds it"

// verifyManifest checks that MANIFEST is not older than what we know of it. A crash may leave the start of a record at its
// end; a record that was whole when we last looked must still be.
func (f *files) verifyManifest(m manifest, tables []tableFile) error {
	size := int64(len(m.raw))
	switch {
	case f.store.Clean && !bytes.Equal(m.raw, f.store.Manifest):
		return fmt.Errorf("%w: MANIFEST is not the one the store was closed with; %s", ErrCorrupt, repairHint)
	case m.whole < size && m.whole < f.mark.manifest:
		return fmt.Errorf("%w: MANIFEST is torn; %s", ErrCorrupt, repairHint)
	case size < f.mark.manifest && len(orphans(m, tables)) > 0:
		// Badger rewrites MANIFEST to a shorter one now and then, but that one names all tables.
		return fmt.Errorf("%w: MANIFEST is too short; %s", ErrCorrupt, repairHint)
	}
	return nil
}

// orphans returns the tables that the manifest does not name.
func orphans(m manifest, tables []tableFile) []uint64 {
	var out []uint64
	for _, t := range tables {
		if _, ok := slices.BinarySearch(m.tables, t.ID); !ok {
			out = append(out, t.ID)
		}
	}
	return out
}

// moveOrphans moves tables that MANIFEST does not name to lost+found: a crash in the middle of a compaction leaves some,
// and so does damage. Badger would delete them.
func (f *files) moveOrphans() error {
	m, err := readManifest(f.data())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	tables, err := tablesOnDisk(f.data())
	if err != nil {
		return err
	}
	lost := orphans(m, tables)
	if len(lost) == 0 {
		return nil
	}
	if err := os.MkdirAll(f.path(lostName), 0o700); err != nil {
		return fmt.Errorf("graph: set tables aside: %w", err)
	}
	for _, id := range lost {
		to := f.freeName(id)
		if err := os.Rename(table.NewFilename(id, f.data()), to); err != nil {
			return fmt.Errorf("graph: set tables aside: %w", err)
		}
		f.log.Warn("table set aside", "table", id, "to", to)
	}
	return nil
}

// freeName returns a name in lost+found that is not taken.
func (f *files) freeName(id uint64) string {
	base := filepath.Join(f.path(lostName), f.store.Data+"-"+strconv.FormatUint(id, 10))
	for n := 0; ; n++ {
		name := base + "." + strconv.Itoa(n) + ".sst"
		if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
			return name
		}
	}
}
