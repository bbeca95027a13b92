//go:build linux

package cli

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/kenrec/ken/engine"
)

// TestDiskFull imports on a disk that is too small: the command ends with 1 and one sentence, not by a signal, as does
// each that writes later; what was stored is there, and when there is room the same command completes the import.
func TestDiskFull(t *testing.T) {
	workDir(t, nil)
	if err := os.Mkdir("disk", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", "disk", "tmpfs", 0, "size=330m"); err != nil {
		t.Skipf("a small file system needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount("disk", unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	const rows = 3000
	f, err := os.Create("nodes.tsv")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("0123456789abcdef", 4096) // 64 KiB
	for i := range rows {
		if _, err := fmt.Fprintf(f, "n%d\titem\tNode %d\t%d %s\n", i, i, i, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	r := child(t, "disk/ken.db", "import nodes nodes.tsv --format json")
	var reports []engine.ImportReport
	decode(t, r.out, &reports)
	stored := reports[0].Stored
	if r.code != ExitFailed || !strings.Contains(lastLine(r.stderr), "space") || stored == 0 || stored >= rows {
		t.Fatalf("exit %d, %d rows stored:\n%s", r.code, stored, r.stderr)
	}
	if last := lastLine(r.stderr); !strings.HasPrefix(last, "ken: ") || strings.Contains(last, "graph: ") {
		t.Errorf("%q is no sentence of ken", last)
	}
	t.Logf("%d of %d rows, then: %s", stored, rows, lastLine(r.stderr))
	again := child(t, "disk/ken.db", "import nodes nodes.tsv --format json")
	if again.out != "" { // it began: what was compacted at opening made room for some rows more
		decode(t, again.out, &reports)
		stored += reports[0].Stored
	}
	if again.code != ExitFailed || !strings.Contains(lastLine(again.stderr), "space") {
		t.Errorf("the second import: exit %d:\n%s", again.code, again.stderr)
	}
	if err := unix.Mount("tmpfs", "disk", "tmpfs", unix.MS_REMOUNT, "size=1200m"); err != nil {
		t.Fatal(err)
	}
	var info struct{ Nodes int64 }
	decode(t, child(t, "disk/ken.db", "info --format json").out, &info)
	if info.Nodes != stored {
		t.Errorf("%d nodes are there, %d were reported as stored", info.Nodes, stored)
	}
	r = child(t, "disk/ken.db", "import nodes nodes.tsv --format json")
	decode(t, r.out, &reports)
	if r.code != ExitDone || reports[0].Unchanged != stored || reports[0].Stored != rows-stored {
		t.Errorf("with room: exit %d, %+v\n%s", r.code, reports[0], r.stderr)
	}
	if r := child(t, "disk/ken.db", "check"); r.code != ExitDone {
		t.Errorf("check: exit %d\n%s%s", r.code, r.out, r.stderr)
	}
}

// TestReadOnly: a directory that cannot be written to costs one sentence.
func TestReadOnly(t *testing.T) {
	workDir(t, films)
	if err := os.Mkdir("disk", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", "disk", "tmpfs", 0, "size=600m"); err != nil {
		t.Skipf("a read-only file system needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount("disk", unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	must(t, "--db disk/ken.db import nodes nodes.tsv")
	if err := unix.Mount("tmpfs", "disk", "tmpfs", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"--db disk/ken.db import interactions events.csv", "--db disk/ken.db info", "--db disk/new.db import nodes nodes.tsv",
		"--db disk/ken.db backup disk/ken.bak",
	} {
		r := ken(t, "", line)
		if last := lastLine(r.stderr); r.code != ExitFailed || !strings.Contains(last, "read-only") || !strings.HasPrefix(last, "ken: ") {
			t.Errorf("ken %s: exit %d: %s", line, r.code, r.stderr)
		}
	}
}

// brokenPipe fails as standard output does when its reader has gone.
type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) {
	return 0, &os.PathError{Op: "write", Path: "|1", Err: unix.EPIPE}
}

func TestBrokenPipe(t *testing.T) {
	workDir(t, films)
	must(t, "import nodes nodes.tsv")
	for _, line := range []string{"export nodes", "info", "check --format json"} {
		var stderr strings.Builder
		code := Main(t.Context(), append([]string{"ken"}, words(line)...), strings.NewReader(""), brokenPipe{}, &stderr)
		if code != ExitFailed || lastLine(stderr.String()) != "ken: nobody reads the output any more: stopped" {
			t.Errorf("ken %s: exit %d: %s", line, code, stderr.String())
		}
	}
	must(t, "check")
}
