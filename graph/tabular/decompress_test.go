package tabular

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"
)

func gzipped(t testing.TB, blocks int, block []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	for range blocks {
		if _, err := z.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstded(t testing.TB, blocks int, block []byte) []byte {
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		t.Fatal(err)
	}
	for range blocks {
		if _, err := z.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestDecompress(t *testing.T) {
	want := []byte("a\tb\nc\td\n")
	for name, in := range map[string][]byte{"plain": want, "gzip": gzipped(t, 1, want), "two gzip members": append(gzipped(t, 1, want[:4]), gzipped(t, 1, want[4:])...), "zstd": zstded(t, 1, want)} {
		r, err := Decompress(bytes.NewReader(in))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	for name, in := range map[string][]byte{"gzip": gzipped(t, 1, want), "zstd": zstded(t, 1, want)} {
		for cut := 4; cut < len(in); cut++ {
			if err := drain(in[:cut]); !errors.Is(err, ErrCompressed) {
				t.Fatalf("%s cut at %d: %v", name, cut, err)
			}
		}
		flip := bytes.Clone(in)
		flip[len(flip)-5] ^= 1
		if err := drain(flip); !errors.Is(err, ErrCompressed) {
			t.Errorf("%s flipped: %v", name, err)
		}
	}
	broken := errors.New("broken")
	r, err := Decompress(io.MultiReader(bytes.NewReader(gzipped(t, 1, want)[:12]), iotest.ErrReader(broken)))
	if err == nil {
		_, err = io.Copy(io.Discard, r)
	}
	if !errors.Is(err, broken) || errors.Is(err, ErrCompressed) {
		t.Errorf("a broken disk is no broken archive: %v", err)
	}
}

func drain(in []byte) error {
	r, err := Decompress(bytes.NewReader(in))
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.Copy(io.Discard, r)
	return err
}

// TestBombs: a gigabyte out of some 100 kilobytes is refused before a tenth of it is unpacked, which takes well under
// two seconds. Frames repeat, so that the test itself need not pack a gigabyte.
func TestBombs(t *testing.T) {
	line := bytes.Repeat([]byte("a"), 1<<20)
	for name, in := range map[string][]byte{
		"zstd": bytes.Repeat(zstded(t, 64, line), 16), "gzip": bytes.Repeat(gzipped(t, 64, line), 16),
	} {
		for format, open := range map[string]func(io.Reader) *Reader{"csv": NewCSV, "tsv": NewTSV, "lists": NewSpaces} {
			plain, err := Decompress(bytes.NewReader(in))
			if err != nil {
				t.Fatal(err)
			}
			unpacked := &counter{r: plain}
			_, _, err = all(open(unpacked))
			if !errors.Is(err, ErrBomb) && !errors.Is(err, ErrTooLong) {
				t.Errorf("%s, %s: %v", name, format, err)
			}
			if unpacked.n > 100<<20 {
				t.Errorf("%s, %s: refused after %d MiB", name, format, unpacked.n>>20)
			}
			plain.Close()
		}
	}
	rows := bytes.Repeat([]byte("u1,i1\n"), 1<<20)
	if err := drain(bytes.Repeat(zstded(t, 10, rows), 100)); !errors.Is(err, ErrBomb) {
		t.Errorf("rows without end: %v", err)
	}
}

func FuzzDecompress(f *testing.F) {
	f.Add(gzipped(f, 1, []byte("abc")))
	f.Add(zstded(f, 1, []byte("abc")))
	f.Fuzz(func(t *testing.T, in []byte) { drain(in) })
}
