package parquet

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	pq "github.com/parquet-go/parquet-go"

	"github.com/kenrec/ken/graph/tabular"
)

type row struct {
	User   string    `parquet:"user"`
	Rating *float64  `parquet:"rating,optional"`
	At     time.Time `parquet:"at,timestamp(millisecond)"`
	Tags   []string  `parquet:"tags,list"`
	Vec    []float32 `parquet:"vec"`
	N      uint32    `parquet:"n"`
	In     struct {
		Ok bool `parquet:"ok"`
	} `parquet:"in"`
}

func sample(t testing.TB, rows ...row) []byte {
	t.Helper()
	var b bytes.Buffer
	w := pq.NewGenericWriter[row](&b, pq.Compression(&pq.Zstd))
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// all reads a file to its end.
func all(in []byte) (rows, bad []string, err error) {
	r, err := Open(bytes.NewReader(in), int64(len(in)))
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	for {
		o, err := r.Read()
		var e *tabular.RowError
		switch {
		case err == io.EOF:
			return rows, bad, nil
		case errors.As(err, &e):
			bad = append(bad, e.Error())
		case err != nil:
			return rows, bad, err
		default:
			rows = append(rows, string(o.Raw))
		}
	}
}

func TestRead(t *testing.T) {
	half, nan := 0.5, 0.0
	nan /= nan
	at := time.Unix(1700000000, 0).UTC()
	a := row{User: "ü\"1", Rating: &half, At: at, Tags: []string{"p", "q"}, Vec: []float32{1, -0.25}, N: 1 << 31}
	a.In.Ok = true
	rows, bad, err := all(sample(t, a, row{User: "u2", Rating: &nan, At: at}, row{User: "\xff", At: at}, row{User: "u4", At: time.Unix(-1, 5e8)}))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{
		`{"user":"ü\"1","rating":0.5,"at":{"time":1700000000},"tags":["p","q"],"vec":[1,-0.25],"n":2147483648,"in.ok":true}`,
		`{"user":"u4","at":{"time":-1},"n":0,"in.ok":false}`,
	}, rows); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{`line 2: column "rating" is not a finite number`, `line 3: column "user" is not valid UTF-8`}, bad); diff != "" {
		t.Error(diff)
	}
}

func TestManyRows(t *testing.T) {
	in := make([]row, 3000)
	for i := range in {
		in[i].User = "u"
	}
	if rows, bad, err := all(sample(t, in...)); err != nil || len(rows) != 3000 || len(bad) > 0 {
		t.Error(len(rows), bad, err)
	}
}

// TestDamaged: cut and flipped files end with an error or give rows, and nothing else.
func TestDamaged(t *testing.T) {
	in := sample(t, row{User: "u1", Tags: []string{"a"}}, row{User: "u2"})
	for cut := range in {
		if _, _, err := all(in[:cut]); err == nil {
			t.Fatalf("cut at %d is accepted", cut)
		}
	}
	for i := range in {
		bad := bytes.Clone(in)
		bad[i] ^= 0x5a
		all(bad)
	}
}

// TestMutated: files with some bytes changed end as those do. The library takes values of such files for pointers to where
// nothing is. What hangs gives itself up after a minute, or meets the time limit of the test binary.
func TestMutated(t *testing.T) {
	in := sample(t, row{User: "u1", Tags: []string{"a"}})
	random := rand.New(rand.NewPCG(7, 2))
	rounds := 6000
	if testing.Short() {
		rounds = 1000
	}
	for range rounds {
		bad := bytes.Clone(in)
		for range 1 + random.IntN(4) {
			bad[random.IntN(len(bad))] = byte(random.Uint32())
		}
		all(bad)
	}
}

func TestLZ4(t *testing.T) {
	var b bytes.Buffer
	w := pq.NewGenericWriter[row](&b, pq.Compression(&pq.Lz4Raw))
	if _, err := w.Write([]row{{User: "u"}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := all(b.Bytes()); !errors.Is(err, ErrFile) || !strings.Contains(err.Error(), "zstd or snappy") {
		t.Error(err)
	}
}

// TestSuite reads all files of parquet-testing: no panic and no hang; what is unreadable says so.
func TestSuite(t *testing.T) {
	dir := shared(t, "conformance/parquet-testing")
	for sub, want := range map[string][2]int{"data": {50, 65}, "bad_data": {0, 4}} {
		files, err := filepath.Glob(filepath.Join(dir, sub, "*.parquet"))
		if err != nil || len(files) == 0 {
			t.Fatal(err)
		}
		good := 0
		for _, f := range files {
			in, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = all(in)
			if err == nil {
				good++
			} else if t.Logf("%s: %.150s", filepath.Base(f), err); !errors.Is(err, ErrFile) && !errors.Is(err, ErrLimit) {
				t.Errorf("%s: %v", f, err)
			}
		}
		t.Logf("%s: %d of %d read", sub, good, len(files))
		if good < want[0] || good > want[1] {
			t.Errorf("%s: %d of %d files are readable, expected %d to %d", sub, good, len(files), want[0], want[1])
		}
	}
}

func shared(t testing.TB, path string) string {
	t.Helper()
	if dir := os.Getenv("KEN_SHARED"); dir != "" {
		return filepath.Join(dir, path)
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; filepath.Dir(dir) != dir; dir = filepath.Dir(dir) {
		found := filepath.Join(filepath.Dir(dir), "shared", path)
		if _, err := os.Stat(found); err == nil {
			return found
		}
	}
	t.Skipf("%s is not here: set KEN_SHARED or put the shared folder beside the project", path)
	return ""
}

func FuzzRead(f *testing.F) {
	f.Add(sample(f, row{User: "u1", Tags: []string{"a"}}))
	f.Fuzz(func(t *testing.T, in []byte) { all(in) })
}
