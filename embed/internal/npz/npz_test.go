package npz

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// npy encodes one array file.
func npy(version byte, header string, body []byte) []byte {
	out := []byte("\x93NUMPY")
	out = append(out, version, 0)
	if version == 1 {
		out = binary.LittleEndian.AppendUint16(out, uint16(len(header)))
	} else {
		out = binary.LittleEndian.AppendUint32(out, uint32(len(header)))
	}
	return append(append(out, header...), body...)
}

func header(kind, order, shape string) string {
	return fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }          \n", kind, order, shape)
}

// archive zips files given as name, content, name, content …
func archive(t testing.TB, files ...any) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i].(string))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(files[i+1].([]byte)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func floats(v ...float32) (out []byte) {
	for _, f := range v {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(f))
	}
	return out
}

func TestRead(t *testing.T) {
	got, err := Read(archive(t,
		"m.npy", npy(1, header("<f4", "False", "(2, 3)"), floats(1, 2, 3, 4, 5, 6)),
		"b.npy", npy(2, header("|u1", "False", "(3,)"), []byte{7, 8, 255}),
		"s.npy", npy(1, header("<f8", "False", "()"), binary.LittleEndian.AppendUint64(nil, math.Float64bits(0.5))),
		"e.npy", npy(1, header("<f4", "False", "(0, 9)"), nil),
	), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Array{
		"m": {Shape: []int{2, 3}, Floats: []float32{1, 2, 3, 4, 5, 6}},
		"b": {Shape: []int{3}, Bytes: []byte{7, 8, 255}},
		"s": {Floats: []float32{0.5}},
		"e": {Shape: []int{0, 9}, Floats: []float32{}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReadRefuses(t *testing.T) {
	good := npy(1, header("<f4", "False", "(2,)"), floats(1, 2))
	flipped := archive(t, "a.npy", bytes.Repeat(good, 1))
	at := bytes.Index(flipped, []byte("NUMPY"))
	if at < 0 { // deflate found something to shorten; damage the stream behind the local header instead
		at = 40
	}
	flipped[at] ^= 0x20
	cases := []struct {
		data []byte
		why  string
	}{
		{nil, "nothing"},
		{[]byte("PK no zip"), "no zip"},
		{archive(t, "a.npy", good)[:60], "cut"},
		{flipped, "a flipped bit"},
		{archive(t, "a.npy", []byte("short")), "no array"},
		{archive(t, "a.npy", npy(1, header("<f4", "False", "(2,)"), floats(1))), "less than the shape says"},
		{archive(t, "a.npy", npy(1, header("<f4", "False", "(2,)"), floats(1, 2, 3))), "more than the shape says"},
		{archive(t, "a.npy", npy(1, header("<f4", "True", "(2,)"), floats(1, 2))), "columns first"},
		{archive(t, "a.npy", npy(1, header(">f4", "False", "(2,)"), floats(1, 2))), "big endian"},
		{archive(t, "a.npy", npy(1, header("|O", "False", "(2,)"), floats(1, 2))), "objects"},
		{archive(t, "a.npy", npy(1, header("<f4", "False", "(9223372036854775807, 9223372036854775807)"), floats(1))), "a shape that overflows"},
		{archive(t, "a.npy", npy(1, header("<f4", "False", "(-2,)"), floats(1))), "a negative dimension"},
		{archive(t, "a.npy", npy(1, header("<f4", "False", "(x,)"), floats(1))), "no number"},
		{archive(t, "a.npy", npy(1, "{'descr': '<f4'}", floats(1))), "no shape"},
		{archive(t, "a.npy", npy(2, header("<f4", "False", "(2,)"), nil)[:14]), "header cut"},
		{archive(t, "a.npy", npy(1, header("|u1", "False", "(2000000,)"), make([]byte, 2000000))), "more than the limit, well compressed"},
	}
	for _, c := range cases {
		if _, err := Read(c.data, 1<<20); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: error %v, want ErrFormat", c.why, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(archive(f, "a.npy", npy(1, header("<f4", "False", "(2,)"), floats(1, 2))))
	f.Add(archive(f, "a.npy", npy(2, header("|u1", "False", "(2, 1)"), []byte{1, 2}), "b", []byte{}))
	f.Fuzz(func(t *testing.T, data []byte) {
		arrays, err := Read(data, 1<<20)
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Errorf("error %v does not wrap ErrFormat", err)
			}
			return
		}
		for name, a := range arrays {
			checkShape(t, name, a)
		}
	})
}

// FuzzParse skips the zip, whose checksums stop nearly every mutation.
func FuzzParse(f *testing.F) {
	f.Add(npy(1, header("<f4", "False", "(2,)"), floats(1, 2)))
	f.Add(npy(2, header("<f8", "False", "()"), make([]byte, 8)))
	f.Add(npy(3, header("|i1", "False", "(0,)"), nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		if a, err := parse(data); err == nil {
			checkShape(t, "", a)
		}
	})
}

func checkShape(t *testing.T, name string, a Array) {
	t.Helper()
	n := 1
	for _, d := range a.Shape {
		n *= d
	}
	if len(a.Floats)+len(a.Bytes) != n {
		t.Errorf("%s: shape %v but %d numbers", name, a.Shape, len(a.Floats)+len(a.Bytes))
	}
}
