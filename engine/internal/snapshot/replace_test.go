package snapshot

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kenrec/ken/engine/internal/dense"
)

func TestWriteLeavesTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "model.ken")
	good := write(t, path, sample(3).file(t))
	twice := &File{}
	twice.AddInt32s("x", nil)
	twice.AddInt32s("x", nil)
	huge := &File{}
	for range 10 {
		huge.AddInt32s(strings.Repeat("n", maxDirectory/8), nil)
	}
	empty := &File{}
	empty.AddMatrix("rows without columns", dense.New(3, 0))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tc := range []struct {
		name string
		ctx  context.Context
		file *File
		why  string
	}{
		{"cancelled", ctx, sample(3).file(t), "Ctrl-C while a model is written"},
		{"same name", t.Context(), twice, "Read would refuse it"},
		{"directory too long", t.Context(), huge, "Read would refuse it"},
		{"no columns", t.Context(), empty, "Read would refuse it"},
	} {
		if _, err := Write(tc.ctx, path, tc.file); err == nil {
			t.Errorf("%s: written: %s", tc.name, tc.why)
		}
	}
	if err := replace(path, func(w io.Writer) error {
		if _, err := w.Write(make([]byte, 1<<21)); err != nil {
			return err
		}
		return errDisk
	}); !errors.Is(err, errDisk) {
		t.Errorf("a write that fails half-way: %v", err)
	}
	now, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(now, good) {
		t.Errorf("the old file changed: %v", err)
	}
	if names := list(t, dir); !slices.Equal(names, []string{"model.ken"}) {
		t.Errorf("the folder holds %q", names)
	}
	if _, err := Write(t.Context(), filepath.Join(dir, "no", "folder"), sample(1).file(t)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
}

func list(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// A writer that was killed leaves a temporary file: nobody reads it, and Sweep takes it away.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "model.ken")
	good := write(t, path, sample(3).file(t))
	for name, content := range map[string][]byte{
		"model.ken.new-1": good[:40], "model.ken.new-22": good, "model.ken.old": good, "other.ken.new-1": good, "STORE": nil,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Read(path); err != nil {
		t.Errorf("with leftovers beside it: %v", err)
	}
	n, err := Sweep(path)
	if err != nil || n != 2 {
		t.Errorf("Sweep removed %d, %v, want 2", n, err)
	}
	if names := list(t, dir); !slices.Equal(names, []string{"STORE", "model.ken", "model.ken.old", "other.ken.new-1"}) {
		t.Errorf("the folder holds %q", names)
	}
	if n, err := Sweep(path); n != 0 || err != nil {
		t.Errorf("a second time: %d, %v", n, err)
	}
	if _, err := Sweep(filepath.Join(dir, "no", "model.ken")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
}
