package snapshot

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// leftover is what the names of temporary files have after that of the file they were to become.
const leftover = ".new-"

// Sweep removes the temporary files that writers of path left behind when they were killed. No other writer of path may
// be at work. It returns how many there were.
func Sweep(path string) (n int, err error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return 0, fmt.Errorf("snapshot: sweep: %w", err)
	}
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), filepath.Base(path)+leftover) || !entry.Type().IsRegular() {
			continue
		}
		if err := os.Remove(filepath.Join(filepath.Dir(path), entry.Name())); err != nil {
			return n, fmt.Errorf("snapshot: sweep: %w", err)
		}
		n++
	}
	return n, nil
}

// replace writes a file beside path, syncs it and renames it over path. A reader sees the old file or the new one, whole,
// whenever the writer is killed.
func replace(path string, write func(io.Writer) error) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+leftover+"*")
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(tmp, 1<<20)
	err = write(w)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = tmp.Sync()
	}
	err = errors.Join(err, tmp.Close()) // before the rename: Windows renames no open file
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	syncDir(filepath.Dir(path))
	return nil
}

// syncDir makes a rename durable. Where a folder cannot be opened for that (Windows) the rename is all there is.
func syncDir(dir string) {
	d, err := os.Open(dir)
	if err != nil {
		return
	}
	_ = d.Sync() // some file systems refuse to sync a folder; the file itself is synced
	_ = d.Close()
}
