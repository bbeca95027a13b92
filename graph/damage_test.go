package graph_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenrec/ken/graph"
	"github.com/kenrec/ken/graph/graphtest"
)

// image is a directory in memory. The zeros at the end of a file are not kept: Badger's logs are 32 MiB of mostly nothing.
type image map[string]imageFile

type imageFile struct {
	b    []byte
	size int64
}

// readImage reads the files below dir; a store that is open but idle is read as a kill would leave it.
func readImage(t testing.TB, dir string) image {
	t.Helper()
	m := image{}
	for name, text := range listing(t, dir) {
		m[name] = imageFile{[]byte(strings.TrimRight(text, "\x00")), int64(len(text))}
	}
	return m
}

// write makes the files anew below dir.
func (m image) write(t testing.TB, dir string) {
	t.Helper()
	for name, f := range m {
		if err := f.write(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

func (f imageFile) write(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(path, f.b, 0o600); err != nil {
		return err
	}
	return os.Truncate(path, f.size)
}

// damageStores makes a store that was closed in order and one that was killed, with the same content: tables and a
// write-ahead log.
func damageStores(t *testing.T) (clean, killed image, want graphtest.Graph) {
	t.Helper()
	dir := graphtest.Dir(t)
	s := openDir(t, dir)
	importTriples(t, s, 2000)
	graphtest.Films().Put(t, s)
	closeStore(t, s) // what is there is in a table now
	s = openDir(t, dir)
	for n := uint64(1); n <= 10; n++ {
		b, err := s.NewBatch(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := crashBatch(b, n); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	want = graphtest.Dump(t, s)
	killed = readImage(t, dir)
	closeStore(t, s)
	return readImage(t, dir), killed, want
}

// damages are the things that happen to files.
var damages = []struct {
	name string
	do   func(r *rand.Rand, path string, f imageFile) error
}{
	{"flip", func(r *rand.Rand, path string, f imageFile) error {
		f.b = bytes.Clone(f.b)
		if len(f.b) > 0 {
			f.b[r.IntN(len(f.b))] ^= 1 << r.IntN(8)
		}
		return f.write(path)
	}},
	{"zero", func(r *rand.Rand, path string, f imageFile) error {
		f.b = bytes.Clone(f.b)
		at := r.IntN(len(f.b) + 1)
		clear(f.b[at:min(at+4096, len(f.b))])
		return f.write(path)
	}},
	{"cut", func(r *rand.Rand, path string, f imageFile) error {
		return os.Truncate(path, int64(r.IntN(len(f.b)+1)))
	}},
	{"delete", func(_ *rand.Rand, path string, _ imageFile) error { return os.Remove(path) }},
}

// TestDamage damages one file of a store in one way at a time. Each damage is noticed by Open or by reading, or does no
// harm: never is anything else read than what was written.
func TestDamage(t *testing.T) {
	t.Parallel()
	rounds := 2 // more than 120 damages
	if long() {
		rounds = 14 // more than 1,000 damages
	}
	seed := rand.Uint64()
	t.Log("seed", seed)
	r := rand.New(rand.NewPCG(seed, 2))
	clean, killed, want := damageStores(t)
	noticed, harmless := 0, 0
	for state, store := range []image{clean, killed} {
		for _, name := range slices.Sorted(maps.Keys(store)) {
			if testing.Short() && !strings.Contains(name, "0") {
				continue // tables and logs only
			}
			for _, d := range damages {
				for range rounds {
					dir := filepath.Join(graphtest.Dir(t), "store")
					store.write(t, dir)
					if err := d.do(r, filepath.Join(dir, name), store[name]); err != nil {
						t.Fatal(err)
					}
					what := fmt.Sprintf("%s %s, killed %d", d.name, name, state)
					if readsAs(t, dir, want, what) {
						harmless++
					} else {
						noticed++
					}
					os.RemoveAll(dir)
				}
			}
		}
	}
	t.Logf("%d damages noticed, %d harmless", noticed, harmless)
}

// readsAs opens a damaged store and compares what it reads with want. It returns false when an error says that the store
// is damaged, and fails the test when another content is read or another error returned.
func readsAs(t *testing.T, dir string, want graphtest.Graph, what string) bool {
	t.Helper()
	s, err := graph.Open(t.Context(), dir)
	if err != nil {
		if !errors.Is(err, graph.ErrCorrupt) && !errors.Is(err, graph.ErrNotStore) && !errors.Is(err, graph.ErrVersion) {
			t.Errorf("%s: Open: %v", what, err)
		}
		return false
	}
	defer s.Close()
	for _, err := range s.Triples(t.Context()) {
		if err != nil {
			if !errors.Is(err, graph.ErrCorrupt) {
				t.Errorf("%s: scan: %v", what, err)
			}
			return false
		}
	}
	if got := graphtest.Dump(t, s); !reflect.DeepEqual(got, want) {
		t.Errorf("%s: not noticed, and other content is read:\n%.600s", what, cmp.Diff(want, got))
	}
	return true
}
