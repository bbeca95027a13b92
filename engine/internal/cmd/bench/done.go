package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// done keeps finished tables in a folder, so that a run that was broken off goes on where it stopped.
type done struct {
	folder  string
	program string // hash of the running program: another one may find something else
	again   bool
}

// result is a finished table.
type result struct {
	Key     string  `json:"key"` // what it depends on
	Text    string  `json:"text"`
	Seconds float64 `json:"seconds"`
	Lines   []line  `json:"lines,omitempty"`
}

func openDone(folder string, again bool) (*done, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("finished tables: %w", err)
	}
	path, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finished tables: %w", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("finished tables: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return nil, fmt.Errorf("finished tables: %w", err)
	}
	return &done{folder: folder, program: hex.EncodeToString(h.Sum(nil)), again: again}, nil
}

// key is what a table depends on beside the data: program, options, and what the peers reached.
func (b *bench) key(t table) string {
	peers := 0
	for _, held := range t.tests {
		peers += len(b.peers.runs[t.set.folder+"/"+held.name].Rows)
	}
	return fmt.Sprintf("%s, %d trials, python %q, %d rows of peers", b.done.program, b.trialsOf(t), b.python, peers)
}

// get returns a table that was finished under the same key.
func (d *done) get(name, key string) (result, bool) {
	r, err := d.read(name)
	return r, err == nil && r.Key == key && !d.again
}

// read returns a table whatever its key.
func (d *done) read(name string) (r result, err error) {
	raw, err := os.ReadFile(d.path(name))
	if err == nil {
		err = json.Unmarshal(raw, &r)
	}
	return r, err
}

// put keeps a table.
func (d *done) put(name string, r result) error {
	raw, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return fmt.Errorf("keep a table: %w", err)
	}
	fresh := d.path(name) + ".new"
	if err := errors.Join(os.WriteFile(fresh, raw, 0o644), os.Rename(fresh, d.path(name))); err != nil {
		return fmt.Errorf("keep a table: %w", err)
	}
	return nil
}

func (d *done) path(name string) string { return filepath.Join(d.folder, name+".json") }
