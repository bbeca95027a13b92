package tabular

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// npy makes a NumPy file of a version, as numpy.save does.
func npy(version byte, header string, numbers any) []byte {
	var b bytes.Buffer
	b.WriteString(NPYMagic)
	b.Write([]byte{version, 0})
	header += "\n"
	if version == 1 {
		binary.Write(&b, binary.LittleEndian, uint16(len(header)))
	} else {
		binary.Write(&b, binary.LittleEndian, uint32(len(header)))
	}
	b.WriteString(header)
	if numbers != nil {
		binary.Write(&b, binary.LittleEndian, numbers)
	}
	return b.Bytes()
}

func head(descr, shape string) string {
	return fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }          ", descr, shape)
}

// readNPY reads a whole file; bad rows are in bad.
func readNPY(in []byte, size int64, ids ...string) (rows []Vector, bad []string, err error) {
	n, err := NewNPY(bytes.NewReader(in), size, ids)
	if err != nil {
		return nil, nil, err
	}
	for {
		v, err := n.Read()
		var e *RowError
		switch {
		case err == io.EOF:
			return rows, bad, nil
		case errors.As(err, &e):
			bad = append(bad, e.Error())
		case err != nil:
			return rows, bad, err
		default:
			rows = append(rows, v)
		}
	}
}

func TestNPY(t *testing.T) {
	want := []Vector{{1, "a", []float32{1, -0.5}}, {2, "b", []float32{0.25, 65504}}}
	halves := []uint16{0x3c00, 0xb800, 0x3400, 0x7bff}
	for _, c := range []struct {
		in  []byte
		why string
	}{
		{npy(1, head("<f4", "(2, 2)"), []float32{1, -0.5, 0.25, 65504}), "as numpy.save writes it"},
		{npy(2, head("<f8", "(2, 2)"), []float64{1, -0.5, 0.25, 65504}), "a long header"},
		{npy(3, head("<f2", "(2,2)"), halves), "UTF-8 header, half precision"},
		{npy(1, `{"shape":(2L,2L,),"fortran_order":False,"descr":"<f2"}`, halves), "Python 2, other order and quotes"},
	} {
		for _, size := range []int64{int64(len(c.in)), -1} {
			got, bad, err := readNPY(c.in, size, "a", "b")
			if diff := cmp.Diff(want, got); diff != "" || err != nil || bad != nil {
				t.Errorf("%s, size %d: %v %v %s", c.why, size, err, bad, diff)
			}
		}
	}
}

func TestNPYBadNumbers(t *testing.T) {
	nan := math.NaN()
	got, bad, err := readNPY(npy(1, head("<f8", "(4, 1)"), []float64{nan, 1e39, 2, math.Inf(-1)}), -1, "a", "b", "c", "d")
	if err != nil || len(got) != 1 || got[0].ID != "c" {
		t.Errorf("%v, %v", got, err)
	}
	want := []string{"line 1, column 1: not a finite number of 32 bits", "line 2, column 1: not a finite number of 32 bits",
		"line 4, column 1: not a finite number of 32 bits"}
	if diff := cmp.Diff(want, bad); diff != "" {
		t.Error(diff)
	}
}

func TestNPYRefused(t *testing.T) {
	good := npy(1, head("<f4", "(1, 2)"), []float32{1, 2})
	for _, c := range []struct {
		in   []byte
		text string
	}{
		{nil, "ends too early"},
		{[]byte("id\tv1\tv2\nx"), "does not begin"},
		{npy(4, head("<f4", "(1, 2)"), nil), "version 4"},
		{good[:9], "ends too early"},
		{good[:40], "ends too early"},
		{good[:len(good)-1], "bytes, but 1 rows of 2 numbers make"},
		{append(bytes.Clone(good), 0), "bytes, but 1 rows"},
		{npy(1, head("<f4", "(2, 2)"), []float32{1, 2, 3, 4}), "2 rows, but there are 1 ids"},
		{npy(1, head("<f4", "(1, 0)"), nil), "rows of 0 numbers"},
		{npy(1, head("<f4", "(1, 65537)"), nil), "rows of 65537 numbers"},
		{npy(1, head("<f4", "(1, 9007199254740993000)"), nil), "malformed"},
		{npy(1, head("<f4", "(-1, 2)"), nil), "malformed"},
		{npy(1, head("<f4", "(2,)"), nil), "1 dimensions"},
		{npy(1, head("<f4", "()"), nil), "0 dimensions"},
		{npy(1, head(">f4", "(1, 2)"), nil), "astype('<f4')"},
		{npy(1, head("<i8", "(1, 2)"), nil), "astype('<f4')"},
		{npy(1, head("|O", "(1, 2)"), nil), "astype('<f4')"},
		{npy(1, "{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1, 2)}", nil), "records"},
		{npy(1, "{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2)}", nil), "ascontiguousarray"},
		{npy(1, "{'descr': '<f4', 'shape': (1, 2)}", nil), "malformed"},
		{npy(1, "{'descr': '<f4' 'fortran_order': False, 'shape': (1, 2)}", nil), "malformed"},
		{npy(1, head("<f4", "(1, 2)")+"x", nil), "malformed"},
		{npy(2, strings.Repeat(" ", 70_000), nil), "a header of"},
	} {
		if _, _, err := readNPY(c.in, int64(len(c.in)), "a"); !errors.Is(err, ErrNPY) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%q: %v, want %q", c.in[:min(len(c.in), 80)], err, c.text)
		}
	}
	// The same faults without a known size are found while reading, and stay.
	for _, in := range [][]byte{good[:len(good)-1], append(bytes.Clone(good), 0)} {
		if _, _, err := readNPY(in, -1, "a"); !errors.Is(err, ErrNPY) {
			t.Errorf("%d bytes: %v", len(in), err)
		}
	}
	broken := errors.New("gone")
	if _, err := NewNPY(iotest.ErrReader(broken), -1, nil); !errors.Is(err, broken) || errors.Is(err, ErrNPY) {
		t.Errorf("a broken stream: %v", err)
	}
}

// TestHalf: every half-precision number has the value that its bits say.
func TestHalf(t *testing.T) {
	for h := range 1 << 16 {
		sign, e, f := 1.0, h>>10&0x1f, float64(h&0x3ff)
		if h>>15 == 1 {
			sign = -1
		}
		want := sign * math.Ldexp(1+f/1024, e-15)
		switch {
		case e == 0:
			want = sign * math.Ldexp(f/1024, -14)
		case e == 31 && f == 0:
			want = math.Inf(int(sign))
		case e == 31:
			want = math.NaN()
		}
		got := float64(half(uint16(h)))
		if got != want && !(math.IsNaN(got) && math.IsNaN(want)) || math.Signbit(got) != (h>>15 == 1) && e != 31 {
			t.Fatalf("%#04x is %g, want %g", h, got, want)
		}
	}
}

func FuzzNPY(f *testing.F) {
	f.Add(npy(1, head("<f4", "(2, 1)"), []float32{1, 2}))
	f.Add(npy(3, head("<f2", "(2, 2)"), []uint16{1, 2, 3, 4}))
	f.Add(npy(2, head("<f8", "(2,0)"), nil))
	f.Fuzz(func(t *testing.T, in []byte) {
		rows, bad, err := readNPY(in, int64(len(in)), "a", "b")
		if err == nil && len(rows)+len(bad) != 2 {
			t.Errorf("%d rows and %d bad ones of 2", len(rows), len(bad))
		}
		for _, r := range rows {
			for _, x := range r.Values {
				if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
					t.Errorf("row %d holds %g", r.Line, x)
				}
			}
		}
	})
}
