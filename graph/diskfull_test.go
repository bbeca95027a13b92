//go:build linux

package graph_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/kenrec/ken/graph"
	"github.com/kenrec/ken/graph/graphtest"
)

// TestDiskFull writes to a small file system until the store refuses: no death by signal, reads go on, nothing that was
// acknowledged is lost, and it works again when there is room.
func TestDiskFull(t *testing.T) {
	sizes := []int{220}
	if long() {
		sizes = []int{200, 230, 260, 290, 320}
	}
	for _, mib := range sizes {
		t.Run(fmt.Sprint(mib, " MiB"), func(t *testing.T) { diskFull(t, mib) })
	}
}

func diskFull(t *testing.T, mib int) {
	mount := t.TempDir()
	if err := unix.Mount("tmpfs", mount, "tmpfs", 0, fmt.Sprintf("size=%dm", mib)); err != nil {
		t.Skipf("a small file system needs root: %v", err)
	}
	defer func() {
		if err := unix.Unmount(mount, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	}()
	dir := filepath.Join(mount, "store")
	floor := graph.WithFreeSpaceFloor(160 << 20)
	s := openDir(t, dir, floor)
	graphtest.Films().Put(t, s)
	text := strings.Repeat("0123456789abcdef", 1<<15)
	n, err := 0, error(nil)
	for ; err == nil && n < 1000; n++ {
		err = putText(t, s, fmt.Sprint("text", n), text)
	}
	if !errors.Is(err, graph.ErrNoSpace) {
		t.Fatalf("after %d texts: %v", n, err)
	}
	if got := statsOf(t, s).Nodes; got != n-1+10 {
		t.Errorf("%d nodes are readable, %d were acknowledged", got, n-1+10)
	}
	graphtest.Check(t, s)
	closeStore(t, s)
	if _, err := graph.Open(t.Context(), dir, graph.WithFreeSpaceFloor(1<<30)); !errors.Is(err, graph.ErrNoSpace) {
		t.Errorf("Open of a full disk: %v", err)
	}
	if err := unix.Mount("tmpfs", mount, "tmpfs", unix.MS_REMOUNT, fmt.Sprintf("size=%dm", 2*mib)); err != nil {
		t.Fatal(err)
	}
	s = openDir(t, dir, floor)
	defer closeStore(t, s)
	if err := putText(t, s, "after", text); err != nil {
		t.Error(err)
	}
	graphtest.Check(t, s)
	if _, err := os.Stat(filepath.Join(dir, "lost+found")); err == nil {
		t.Error("tables were set aside")
	}
}

func putText(t *testing.T, s *graph.Store, id, text string) error {
	t.Helper()
	b, err := s.NewBatch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Cancel()
	if _, err := b.PutNode(graph.Node{ID: id, Text: text}); err != nil {
		t.Fatal(err)
	}
	_, err = b.Commit(t.Context())
	return err
}
