//go:build linux

package graph_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kenrec/ken/graph/graphtest"
)

// TestPowerCut cuts the power of a writer and checks that each batch it acknowledged is there. The store is on a file
// system in a file. The writer is stopped and the file copied: it holds what was written back or synced, and nothing of
// what the kernel still keeps in memory. The copy is mounted, which replays its journal, and opened.
func TestPowerCut(t *testing.T) {
	if testing.Short() {
		t.Skip("makes file systems")
	}
	t.Parallel()
	cuts, upto := 5, 400
	if long() {
		cuts, upto = 50, 1800
	}
	seed := rand.Uint64()
	t.Log("seed", seed)
	r := rand.New(rand.NewPCG(seed, 4))
	for range cuts {
		work := graphtest.Dir(t)
		image, after := filepath.Join(work, "disk"), filepath.Join(work, "after")
		makeDisk(t, image)
		live := mountDisk(t, image)
		acked := cutWriter(t, filepath.Join(live, "store"), time.Duration(r.IntN(upto))*time.Millisecond, func() {
			run(t, "cp", "--sparse=always", image, after)
		})
		run(t, "umount", live)
		dead := mountDisk(t, after)
		s := openDir(t, filepath.Join(dead, "store"))
		if s.Seq() < acked {
			t.Errorf("batch %d was acknowledged, the store is at %d", acked, s.Seq())
		}
		graphtest.Check(t, s)
		sameAsReplay(t, s)
		closeStore(t, s)
		run(t, "umount", dead)
		if err := os.RemoveAll(work); err != nil {
			t.Fatal(err)
		}
	}
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
}

// makeDisk makes a file of 1 GiB with an ext4 file system, or skips the test.
func makeDisk(t *testing.T, image string) {
	t.Helper()
	f, err := os.Create(image)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(1 << 30); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfs.ext4", "-q", image).CombinedOutput(); err != nil {
		t.Skipf("no mkfs.ext4: %v: %s", err, out)
	}
}

// mountDisk mounts a file system in a file, or skips the test.
func mountDisk(t *testing.T, image string) string {
	t.Helper()
	dir := image + ".mnt"
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-o", "loop", image, dir).CombinedOutput(); err != nil {
		t.Skipf("mounting needs root and loop devices: %v: %s", err, out)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// cutWriter runs a writer on dir, stops it after its first batch and a while, calls then, and returns the last batch that
// was acknowledged before the stop.
func cutWriter(t *testing.T, dir string, while time.Duration, then func()) (acked uint64) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	first, all := make(chan struct{}), make(chan uint64)
	go func() {
		last := uint64(0)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if _, err := fmt.Sscanf(lines.Text(), "ack %d", &last); err != nil {
				t.Errorf("writer: %s", lines.Text())
			}
			if last == 1 {
				close(first)
			}
		}
		all <- last
	}()
	select {
	case <-first:
		<-time.After(while)
		if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Error(err)
		}
		then()
	case <-all:
		t.Fatal("the writer ended by itself")
	}
	_ = cmd.Process.Kill()
	acked = <-all
	_ = cmd.Wait()
	return acked
}
