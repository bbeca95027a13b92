package snapshot

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/sparse"
)

// content is one section of every kind.
type content struct {
	Note   map[string]int
	Factor dense.Matrix
	Empty  dense.Matrix
	I32    []int32
	I64    []int64
	F32    []float32
	F64    []float64
	Links  *sparse.CSR
	None   *sparse.CSR
}

func sample(rows int) content {
	c := content{Note: map[string]int{"a": 1}, Factor: dense.New(rows, 17), F64: []float64{math.Pi, math.Copysign(0, -1), math.MaxFloat64}}
	for i := range rows {
		for j := range 17 {
			c.Factor.Set(i, j, float32(i)-float32(j)/16)
		}
		c.I32 = append(c.I32, int32(-i))
		c.I64 = append(c.I64, int64(i)<<40)
		c.F32 = append(c.F32, float32(i)/3)
	}
	c.Links = sparse.FromTriplets(rows, 5, []int32{0, 0, int32(rows - 1)}, []int32{1, 4, 0}, []float32{1, 2, 3}, nil)
	return c
}

func (c content) file(t testing.TB) *File {
	t.Helper()
	f := &File{}
	if err := f.AddJSON("note", c.Note); err != nil {
		t.Fatal(err)
	}
	f.AddMatrix("factor", c.Factor)
	f.AddMatrix("empty", c.Empty)
	f.AddInt32s("i32", c.I32)
	f.AddInt64s("i64", c.I64)
	f.AddFloat32s("f32", c.F32)
	f.AddFloat64s("f64", c.F64)
	f.AddCSR("links", c.Links)
	f.AddCSR("none", c.None)
	return f
}

func read(f *File) (c content, err error) {
	fail := func(e error) { err = errors.Join(err, e) }
	var e error
	fail(f.JSON("note", &c.Note))
	c.Factor, e = f.Matrix("factor")
	fail(e)
	c.Empty, e = f.Matrix("empty")
	fail(e)
	c.I32, e = f.Int32s("i32")
	fail(e)
	c.I64, e = f.Int64s("i64")
	fail(e)
	c.F32, e = f.Float32s("f32")
	fail(e)
	c.F64, e = f.Float64s("f64")
	fail(e)
	c.Links, e = f.CSR("links")
	fail(e)
	c.None, e = f.CSR("none")
	fail(e)
	return c, err
}

func write(t testing.TB, path string, f *File) []byte {
	t.Helper()
	size, err := Write(t.Context(), path, f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(b)) != size {
		t.Fatalf("Write said %d bytes, the file has %d", size, len(b))
	}
	return b
}

func load(b []byte) (*File, error) { return decode(bytes.NewReader(b), int64(len(b))) }

func TestWriteRead(t *testing.T) {
	for _, rows := range []int{1, 2, 100, 5000} { // vectors are encoded in blocks of 4,096
		path := filepath.Join(t.TempDir(), "model")
		want := sample(rows)
		first := write(t, path, want.file(t))
		f, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := read(f)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%d rows changed (-written +read):\n%s", rows, diff)
		}
		if again := write(t, path, got.file(t)); !bytes.Equal(first, again) {
			t.Errorf("%d rows: a second round trip gives other bytes", rows)
		}
	}
}

func TestReadSections(t *testing.T) {
	f, err := load(write(t, filepath.Join(t.TempDir(), "m"), sample(3).file(t)))
	if err != nil {
		t.Fatal(err)
	}
	var v any
	for _, tc := range []struct {
		name string
		call func() error
		want error
		why  string
	}{
		{"missing", func() error { _, err := f.Int32s("nothing"); return err }, ErrDamaged, "a section that the program needs is not there"},
		{"kind", func() error { _, err := f.Int32s("i64"); return err }, ErrDamaged, "numbers are not read as others"},
		{"json", func() error { return f.JSON("i32", &v) }, ErrDamaged, "nor as text"},
		{"into", func() error { return f.JSON("note", new([]int)) }, ErrDamaged, "JSON of another shape"},
	} {
		if err := tc.call(); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v: %s", tc.name, err, tc.want, tc.why)
		}
	}
	if _, err := f.Matrix("factor"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Matrix("factor"); err == nil {
		t.Error("a matrix was read twice")
	}
	if _, err := f.Float32s("factor"); err == nil {
		t.Error("a matrix was read twice, as a vector")
	}
}

// forge returns a file with a valid checksum around any directory and body: what a stranger could make.
func forge(version uint32, directory string, body []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(magic), version)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(directory)))
	b = append(b, directory...)
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	return append(b, body...)
}

// entry is the directory entry of a section with a right checksum.
func entry(t *testing.T, s section, body []byte) string {
	t.Helper()
	s.CRC = crc32.Checksum(body, castagnoli)
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestForeignFiles(t *testing.T) {
	good := write(t, filepath.Join(t.TempDir(), "m"), sample(4).file(t))
	four := []byte{1, 2, 3, 4}
	one := entry(t, section{Name: "x", Kind: kindInt32, Rows: 1, Cols: 1, Length: 4}, four)
	for _, tc := range []struct {
		name string
		file []byte
		want error
		why  string
	}{
		{"empty", nil, ErrNotModel, "no file of ours is empty"},
		{"short", []byte("KEN"), ErrNotModel, "cut within the name"},
		{"text", []byte("hello, this is a text file of some length"), ErrNotModel, "another program's file"},
		{"zeros", make([]byte, 1<<12), ErrNotModel, "what a crash can leave on some file systems"},
		{"name only", []byte(magic), ErrDamaged, "ours, and cut"},
		{"older", forge(0, "[]", nil), ErrVersion, "never a guess"},
		{"newer", forge(Version+1, "[]", nil), ErrVersion, "never a guess"},
		{"no sections", forge(Version, "[]", nil), nil, "a file without sections is whole; reading one fails"},
		{"one section", forge(Version, "["+one+"]", four), nil, "the smallest one"},
		{"too long", forge(Version, "["+one+"]", append(four, 0)), ErrDamaged, "bytes after the last section"},
		{"too short", forge(Version, "["+one+"]", four[:3]), ErrDamaged, "a section that ends beyond the file"},
		{"twice", forge(Version, "["+one+","+one+"]", append(four, four...)), ErrDamaged, "two sections of one name"},
		{"no list", forge(Version, `{"name":"x"}`, nil), ErrDamaged, "a directory is a list"},
		{"no JSON", forge(Version, `[{"name":`, nil), ErrDamaged, "cut JSON with a valid checksum"},
		{"text after it", forge(Version, `[] []`, nil), ErrDamaged, "two directories"},
		{"null", forge(Version, `null`, nil), ErrDamaged, "no list either"},
		{"empty entry", forge(Version, `[{}]`, nil), ErrDamaged, "no kind"},
		{"kind", forge(Version, `[{"name":"x","kind":"int8","rows":4,"cols":1,"length":4}]`, four), ErrDamaged, "a kind of the future"},
		{"sizes", forge(Version, `[{"name":"x","kind":"int32","rows":2,"cols":1,"length":4}]`, four), ErrDamaged, "rows × columns is not the length"},
		{"overflow", forge(Version, `[{"name":"x","kind":"int32","rows":4294967296,"cols":4294967296,"length":0}]`, nil), ErrDamaged, "2^64 elements are 0 in 64 bits"},
		{"negative", forge(Version, `[{"name":"x","kind":"int32","rows":-1,"cols":-1,"length":4}]`, four), ErrDamaged, "a size below 0"},
		{"negative length", forge(Version, `[{"name":"x","kind":"int32","rows":0,"cols":1,"length":-4}]`, four), ErrDamaged, "a length below 0"},
		{"rows of nothing", forge(Version, `[{"name":"x","kind":"float32","rows":2147483647,"cols":0,"length":0}]`, nil), ErrDamaged, "two billion rows in no bytes"},
		{"huge directory", forge(Version, "["+strings.Repeat(" ", maxDirectory)+"]", nil), ErrDamaged, "a directory beyond its bound"},
		{"brackets", forge(Version, "["+strings.Repeat("{},", 1<<18)+"{}]", nil), ErrDamaged, "entries that are smaller than their memory"},
		{"good", good, nil, "the file that the others differ from"},
		{"good and one byte", append(slices.Clone(good), 0), ErrDamaged, "something was appended"},
	} {
		f, err := load(tc.file)
		if !errors.Is(err, tc.want) || tc.want == nil && f == nil {
			t.Errorf("%s: %v, want %v: %s", tc.name, err, tc.want, tc.why)
		}
		if err != nil && f != nil {
			t.Errorf("%s: a file came with an error", tc.name)
		}
	}
}

// CSR sections whose parts contradict each other, in files that are otherwise whole.
func TestSparseContradictions(t *testing.T) {
	for _, tc := range []struct {
		name  string
		shape []int64
		ptr   []int64
		idx   []int32
		val   []float32
	}{
		{"shape", []int64{2}, []int64{0, 1, 2}, []int32{0, 1}, []float32{1, 1}},
		{"negative", []int64{-1, 3}, nil, nil, nil},
		{"rows", []int64{3, 3}, []int64{0, 1, 2}, []int32{0, 1}, []float32{1, 1}},
		{"values", []int64{2, 3}, []int64{0, 1, 2}, []int32{0, 1}, []float32{1}},
		{"start", []int64{2, 3}, []int64{1, 1, 2}, []int32{0, 1}, []float32{1, 1}},
		{"end", []int64{2, 3}, []int64{0, 1, 3}, []int32{0, 1}, []float32{1, 1}},
		{"falling", []int64{2, 3}, []int64{0, 3, 2}, []int32{0, 1}, []float32{1, 1}},
		{"below", []int64{3, 3}, []int64{0, -5, 1, 2}, []int32{0, 1}, []float32{1, 1}},
		{"column", []int64{2, 3}, []int64{0, 1, 2}, []int32{0, 3}, []float32{1, 1}},
		{"negative column", []int64{2, 3}, []int64{0, 1, 2}, []int32{0, -1}, []float32{1, 1}},
		{"twice", []int64{1, 3}, []int64{0, 2}, []int32{1, 1}, []float32{1, 1}},
		{"unsorted", []int64{1, 3}, []int64{0, 2}, []int32{2, 1}, []float32{1, 1}},
		{"not finite", []int64{2, 3}, []int64{0, 1, 2}, []int32{0, 1}, []float32{1, float32(math.NaN())}},
	} {
		f := &File{}
		f.AddInt64s("x.shape", tc.shape)
		f.AddInt64s("x.ptr", tc.ptr)
		f.AddInt32s("x.idx", tc.idx)
		f.AddFloat32s("x.val", tc.val)
		got, err := load(write(t, filepath.Join(t.TempDir(), "m"), f))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := got.CSR("x"); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v, want ErrDamaged", tc.name, err)
		}
	}
}

func TestNotFinite(t *testing.T) {
	bad := dense.New(2, 2)
	bad.Set(1, 1, float32(math.Inf(1)))
	f := &File{}
	f.AddMatrix("m", bad)
	f.AddFloat32s("v", []float32{1, float32(math.NaN())})
	f.AddFloat64s("w", []float64{math.Inf(-1)})
	got, err := load(write(t, filepath.Join(t.TempDir(), "m"), f))
	if err != nil {
		t.Fatal(err)
	}
	_, err1 := got.Matrix("m")
	_, err2 := got.Float32s("v")
	_, err3 := got.Float64s("w")
	for _, err := range []error{err1, err2, err3} {
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("got %v, want ErrDamaged", err)
		}
	}
}

// FuzzRead reads files whose directory has a valid checksum, so that the fuzzer gets past it.
func FuzzRead(f *testing.F) {
	good := write(f, filepath.Join(f.TempDir(), "m"), sample(3).file(f))
	n := binary.LittleEndian.Uint32(good[len(magic)+4:])
	f.Add(string(good[headLen:headLen+int(n)]), good[headLen+int(n)+4:])
	f.Add(`[{"name":"x","kind":"int32","rows":1,"cols":1,"length":4}]`, []byte{0, 0, 0, 0})
	f.Add(`[{}]`, []byte{})
	f.Fuzz(func(t *testing.T, directory string, body []byte) {
		file, err := load(forge(Version, directory, body))
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Fatalf("%v is not ErrDamaged", err)
			}
			return
		}
		if c, err := read(file); err == nil && (c.Factor.Rows > len(body) || len(c.I32)*4 > len(body)) {
			t.Fatalf("%d rows, %d numbers in %d bytes", c.Factor.Rows, len(c.I32), len(body))
		}
	})
}
