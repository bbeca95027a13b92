package snapshot

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// A changed bit anywhere is found: each byte of the file is under one of the checksums, or is one.
func TestMutatedFiles(t *testing.T) {
	good := write(t, filepath.Join(t.TempDir(), "m"), sample(50).file(t))
	n := 10_000
	if testing.Short() {
		n = 1000
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range n {
		bad := slices.Clone(good)
		at, bit := rng.IntN(len(bad)), rng.IntN(8)
		bad[at] ^= 1 << bit
		if _, err := load(bad); err == nil {
			t.Fatalf("bit %d of byte %d of %d changed unnoticed", bit, at, len(bad))
		} else if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNotModel) && !errors.Is(err, ErrVersion) {
			t.Fatalf("byte %d: %v is none of the package's errors", at, err)
		}
	}
}

func TestTruncatedFiles(t *testing.T) {
	good := write(t, filepath.Join(t.TempDir(), "m"), sample(2000).file(t))
	for n := 0; n < len(good); n += 997 {
		if _, err := load(good[:n]); !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNotModel) {
			t.Fatalf("%d of %d bytes: %v", n, len(good), err)
		}
		// the same when the file was longer when its size was asked for
		if _, err := decode(bytes.NewReader(good[:n]), int64(len(good))); !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNotModel) {
			t.Fatalf("%d of %d bytes, shrinking: %v", n, len(good), err)
		}
	}
	for n := range 64 { // byte by byte through the header
		if _, err := load(good[:n]); err == nil {
			t.Fatalf("%d bytes were read", n)
		}
	}
}

// Reading takes no more memory than twice the file, whatever the file says about itself.
func TestReadMemory(t *testing.T) {
	good := write(t, filepath.Join(t.TempDir(), "m"), sample(20_000).file(t))
	claims := slices.Clone(good)
	binary.LittleEndian.PutUint32(claims[len(magic)+4:], math.MaxUint32)
	for name, file := range map[string][]byte{
		"good":     good,
		"claims":   claims,
		"brackets": forge(Version, "["+strings.Repeat("{},", 1<<18)+"{}]", nil),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f, err := load(file)
		if err == nil {
			_, err = read(f)
		}
		runtime.ReadMemStats(&after)
		if name == "good" && err != nil {
			t.Fatal(err)
		}
		const padding = 2 // rows of 17 numbers are stored in 32
		if used := after.TotalAlloc - before.TotalAlloc; used > uint64(padding*2*len(file)+1<<16) {
			t.Errorf("%s: %d bytes allocated for a file of %d", name, used, len(file))
		}
	}
}

// slowDisk fails with a reason of its own.
type slowDisk struct{ r io.Reader }

var errDisk = errors.New("i/o error")

func (d slowDisk) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	if err == io.EOF {
		err = errDisk
	}
	return n, err
}

func TestReadErrorsOfTheDiskAreNoDamage(t *testing.T) {
	good := write(t, filepath.Join(t.TempDir(), "m"), sample(3).file(t))
	for _, n := range []int{4, 12, 60, len(good) - 2} {
		_, err := decode(slowDisk{bytes.NewReader(good[:n])}, int64(len(good)))
		if !errors.Is(err, errDisk) || errors.Is(err, ErrDamaged) || errors.Is(err, ErrNotModel) {
			t.Errorf("after %d bytes: %v, want the disk's error alone", n, err)
		}
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}
