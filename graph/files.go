package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// files is the directory of an open store.
//
//	LOCK       held by the process that has the store open
//	STORE      format version, uuid, name of the data directory
//	SEQ        sequence of the last commit, outside Badger
//	kv-N/      Badger's files
type files struct {
	dir   string
	lock  *os.File
	store storeFile
	floor int64
}

type storeFile struct {
	Format int    `json:"format"`
	Data   string `json:"data"`
}

const formatVersion = 1

func (f *files) data() string { return filepath.Join(f.dir, f.store.Data) }

func openFiles(dir string, o options) (*files, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("graph: open store: %w", err)
	}
	f := &files{dir: dir, floor: o.floor}
	ents, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("graph: open store: %w", err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "STORE"))
	isNew := errors.Is(err, fs.ErrNotExist)
	if isNew && len(ents) > 0 {
		return nil, fmt.Errorf("%w: %s", ErrNotStore, dir)
	}
	if f.lock, err = lockFile(filepath.Join(dir, "LOCK")); err != nil {
		return nil, err
	}
	f.store = storeFile{Format: formatVersion, Data: "kv-1"}
	if isNew {
		b, _ = json.Marshal(f.store)
		if err := os.WriteFile(filepath.Join(dir, "STORE"), b, 0o600); err != nil {
			return nil, errors.Join(err, f.abandon())
		}
	}
	if err := json.Unmarshal(b, &f.store); err != nil {
		return nil, errors.Join(ErrCorrupt, f.abandon())
	}
	if f.store.Format != formatVersion {
		return nil, errors.Join(ErrVersion, f.abandon())
	}
	return f, nil
}

func (f *files) room() error       { return nil }
func (f *files) note(state) error  { return nil }
func (f *files) close(state) error { return f.abandon() }
func (f *files) abandon() error    { return f.lock.Close() }
