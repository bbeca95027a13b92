package graph_test

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kenrec/ken/graph"
	"github.com/kenrec/ken/graph/graphtest"
)

var contextBackground = context.Background() // for processes without a test

func TestInMemory(t *testing.T) {
	graphtest.Run(t, func(t *testing.T) *graph.Store {
		s, err := graph.OpenInMemory()
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

func TestOnDisk(t *testing.T) {
	t.Parallel()
	graphtest.Run(t, func(t *testing.T) *graph.Store { return openDir(t, graphtest.Dir(t)) })
}

func openDir(t testing.TB, dir string, opts ...graph.Option) *graph.Store {
	t.Helper()
	s, err := graph.Open(t.Context(), dir, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func closeStore(t testing.TB, s *graph.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func sameContent(t testing.TB, s *graph.Store, want graphtest.Graph) {
	t.Helper()
	if got := graphtest.Dump(t, s); !reflect.DeepEqual(got, want) { // much quicker than cmp
		t.Fatalf("store differs (-want +got):\n%.2000s", cmp.Diff(want, got, cmpopts.EquateEmpty()))
	}
}

func TestReopen(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "deep", "store")
	s := openDir(t, dir)
	graphtest.Films().Put(t, s)
	b, err := s.NewBatch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := b.DeleteNode("bob"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.SetMeta(t.Context(), "model", []byte("toy")); err != nil {
		t.Fatal(err)
	}
	want, stats, upto := graphtest.Dump(t, s), statsOf(t, s), s.NodeCap()
	closeStore(t, s)

	for range 3 {
		s = openDir(t, dir)
		sameContent(t, s, want)
		if got := statsOf(t, s); got != stats || s.NodeCap() != upto {
			t.Errorf("stats %+v, cap %d, want %+v, %d", got, s.NodeCap(), stats, upto)
		}
		if v, err := s.Meta(t.Context(), "model"); string(v) != "toy" || err != nil {
			t.Errorf("setting %q, %v", v, err)
		}
		graphtest.Check(t, s)
		closeStore(t, s)
	}
	r, err := graph.Check(t.Context(), dir)
	if err != nil || !r.OK() || r.Stats.Nodes != stats.Nodes {
		t.Errorf("Check: %+v, %v", r, err)
	}
}

func statsOf(t testing.TB, s *graph.Store) graph.Stats {
	t.Helper()
	st, err := s.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	st.Bytes = 0
	return st
}

func TestOpenRefuses(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		want  error
		why   string
	}{
		{"foreign files", map[string]string{"a.txt": "hello"}, graph.ErrNotStore, "not ours to write into"},
		{"foreign STORE", map[string]string{"STORE": "hello"}, graph.ErrNotStore, "a name says nothing"},
		{"foreign STORE with a sum", map[string]string{"STORE": withSum(`{"a": 1}`)}, graph.ErrNotStore, "nor does a checksum"},
		{"later format", map[string]string{"STORE": withSum(`{"store": "ken graph", "format": 99, "data": "kv-1"}`)}, graph.ErrVersion, "never guessed at"},
		{"STORE without its sum", map[string]string{"STORE": `{"store": "ken graph"}`}, graph.ErrCorrupt, "cut"},
		{"path in STORE", map[string]string{"STORE": withSum(`{"store": "ken graph", "format": 1, "data": "kv-1/../.."}`)}, graph.ErrCorrupt, "stays in the directory"},
		{"data without STORE", map[string]string{"kv-1/MANIFEST": ""}, graph.ErrCorrupt, "STORE was lost"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range tt.files {
				path := filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			before := listing(t, dir)
			if s, err := graph.Open(t.Context(), dir); !errors.Is(err, tt.want) {
				t.Errorf("%v, %v, want %v (%s)", s, err, tt.want, tt.why)
			}
			delete(before, "LOCK")
			after := listing(t, dir)
			delete(after, "LOCK")
			if d := cmp.Diff(before, after); d != "" {
				t.Errorf("refused, yet changed:\n%s", d)
			}
		})
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := graph.Open(t.Context(), file); !errors.Is(err, graph.ErrNotStore) {
		t.Errorf("a file: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := graph.Open(ctx, t.TempDir()); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// listing returns the files below dir with their content.
func listing(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		out[name] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestNoSpace(t *testing.T) {
	dir := t.TempDir()
	if _, err := graph.Open(t.Context(), dir, graph.WithFreeSpaceFloor(1<<62)); !errors.Is(err, graph.ErrNoSpace) {
		t.Errorf("Open: %v", err)
	}
	s := openDir(t, dir, graph.WithFreeSpaceFloor(0))
	defer closeStore(t, s)
	graphtest.Films().Put(t, s)
}

// lockDir, when set, makes the test binary a second process that tries to open the store.
const lockDir = "KEN_GRAPH_LOCK_DIR"

func lockTaker(dir string) {
	_, err := graph.Open(contextBackground, dir)
	fmt.Println(errors.Is(err, graph.ErrLocked), err)
}

func TestLocked(t *testing.T) {
	dir := t.TempDir()
	s := openDir(t, dir)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), lockDir+"="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "true ") {
		t.Errorf("second process: %s, %v", out, err)
	}
	if _, err := graph.Open(t.Context(), dir); !errors.Is(err, graph.ErrLocked) {
		t.Errorf("second Open in this process: %v", err)
	}
	if _, err := graph.Check(t.Context(), dir); !errors.Is(err, graph.ErrLocked) {
		t.Errorf("Check: %v", err)
	}
	closeStore(t, s)
	closeStore(t, openDir(t, dir))
}

// withSum returns a STORE file with a good checksum.
func withSum(json string) string {
	return fmt.Sprintf("%s\ncrc32c %08x\n", json, crc32.Checksum([]byte(json), crc32.MakeTable(crc32.Castagnoli)))
}
