package graph_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestLockWhileChildrenStart guarantees that a store can be opened again at once when the process starts a child while it
// closes it: until a child runs its own program it has a copy of every open file, as this test makes them.
func TestLockWhileChildrenStart(t *testing.T) {
	dir := t.TempDir()
	s := openDir(t, dir)
	all, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	copied := 0
	for _, name := range all {
		path, err := os.Readlink(name)
		if err != nil || !strings.HasPrefix(path, dir) {
			continue // closed since, or of something else
		}
		fd, err := strconv.Atoi(filepath.Base(name))
		if err != nil {
			t.Fatal(err)
		}
		if fd, err = unix.Dup(fd); err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		copied++
	}
	if copied == 0 {
		t.Fatal("the store has no open files")
	}
	closeStore(t, s)
	closeStore(t, openDir(t, dir))
}
