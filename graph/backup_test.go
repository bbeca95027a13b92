package graph_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/kenrec/ken/graph"
	"github.com/kenrec/ken/graph/graphtest"
)

// backedUp returns a store with triples, films, settings and cache entries, and a backup of it.
func backedUp(t *testing.T, dir string) (*graph.Store, []byte) {
	t.Helper()
	s := openDir(t, dir)
	importTriples(t, s, 2000)
	g := graphtest.Films()
	text := make([]byte, 1<<19)
	for i := range text {
		text[i] = "0123456789abcdef"[rand.IntN(16)]
	}
	for _, id := range []string{"long 1", "long 2", "long 3"} { // more than one section
		g.Nodes = append(g.Nodes, graph.Node{ID: id, Text: string(text)})
	}
	g.Put(t, s)
	if err := s.SetMeta(t.Context(), "model", []byte("toy")); err != nil {
		t.Fatal(err)
	}
	if err := s.CacheStore(t.Context(), [][32]byte{{1}}, [][]float32{{1, 2}}); err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	rep, err := s.Backup(t.Context(), &buf)
	if err != nil || rep.Seq != s.Seq() || rep.Records == 0 {
		t.Fatalf("%+v, %v", rep, err)
	}
	return s, buf.Bytes()
}

func restore(t *testing.T, b []byte, dir string) (graph.RestoreReport, error) {
	t.Helper()
	return graph.Restore(t.Context(), bytes.NewReader(b), dir)
}

func TestRestore(t *testing.T) {
	t.Parallel()
	s, b := backedUp(t, graphtest.Dir(t))
	want, stats := graphtest.Dump(t, s), statsOf(t, s)
	closeStore(t, s)
	for _, there := range []string{"missing", "empty", "store", "damaged store"} {
		t.Run(there, func(t *testing.T) {
			dir := filepath.Join(graphtest.Dir(t), "new")
			switch there {
			case "empty":
				if err := os.Mkdir(dir, 0o700); err != nil {
					t.Fatal(err)
				}
			case "store", "damaged store":
				s := openDir(t, dir)
				graphtest.Graph{Nodes: []graph.Node{{ID: "other"}}}.Put(t, s)
				closeStore(t, s)
			}
			if there == "damaged store" {
				if err := os.Remove(filepath.Join(dir, "kv-1", "MANIFEST")); err != nil {
					t.Fatal(err)
				}
			}
			rep, err := restore(t, b, dir)
			if err != nil || rep.JournalLost != (there == "damaged store") {
				t.Fatalf("%+v, %v", rep, err)
			}
			s := openDir(t, dir)
			defer closeStore(t, s)
			sameContent(t, s, want)
			graphtest.Check(t, s)
			got := statsOf(t, s)
			if got.Seq < stats.Seq || got.CacheEntries != 1 {
				t.Errorf("stats %+v, were %+v", got, stats)
			}
			if v, err := s.Meta(t.Context(), "model"); string(v) != "toy" || err != nil {
				t.Errorf("setting %q, %v", v, err)
			}
			graphtest.Graph{Nodes: []graph.Node{{ID: "later"}}}.Put(t, s)
			if s.Seq() != got.Seq+1 {
				t.Errorf("sequence %d after %d", s.Seq(), got.Seq)
			}
		})
	}
}

// TestRestoreRefuses cuts and changes a backup in many places: each time it is refused and the store that was there stays.
func TestRestoreRefuses(t *testing.T) {
	trials := 50
	if long() {
		trials = 500
	}
	if testing.Short() {
		trials = 5
	}
	t.Parallel()
	seed := rand.Uint64()
	t.Log("seed", seed)
	r := rand.New(rand.NewPCG(seed, 3))
	s, b := backedUp(t, graphtest.Dir(t))
	closeStore(t, s)
	dir := filepath.Join(graphtest.Dir(t), "old")
	old := openDir(t, dir)
	graphtest.Films().Put(t, old)
	want := graphtest.Dump(t, old)
	closeStore(t, old)

	bad := map[string][]byte{
		"nothing":         nil,
		"text":            []byte("a backup this is not"),
		"something after": append(bytes.Clone(b), 0),
		"twice":           append(bytes.Clone(b), b...),
		"last byte":       b[:len(b)-1],
	}
	later := bytes.Clone(b)
	later[8] = 9
	bad["later version"] = later
	for name, x := range bad {
		want := graph.ErrBadBackup
		if name == "later version" {
			want = graph.ErrVersion
		}
		if _, err := restore(t, x, dir); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	for range trials {
		if _, err := restore(t, b[:r.IntN(len(b))], dir); !errors.Is(err, graph.ErrBadBackup) {
			t.Errorf("cut: %v", err)
		}
		x := bytes.Clone(b)
		x[r.IntN(len(x))] ^= 1 << r.IntN(8)
		if _, err := restore(t, x, dir); !errors.Is(err, graph.ErrBadBackup) && !errors.Is(err, graph.ErrVersion) {
			t.Errorf("flipped: %v", err)
		}
	}
	old = openDir(t, dir)
	defer closeStore(t, old)
	sameContent(t, old, want)
	if _, err := restore(t, b, dir); !errors.Is(err, graph.ErrLocked) {
		t.Errorf("restoring over an open store: %v", err)
	}
}

func TestRestoreLeavesOthersAlone(t *testing.T) {
	s, b := backedUp(t, t.TempDir())
	closeStore(t, s)
	missing := filepath.Join(t.TempDir(), "missing")
	if _, err := restore(t, b[:1000], missing); err == nil {
		t.Error("a cut backup made a store")
	}
	if _, err := os.Stat(missing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a cut backup left a directory: %v", err)
	}
	foreign := t.TempDir()
	if err := os.WriteFile(filepath.Join(foreign, "a.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := restore(t, b, foreign); !errors.Is(err, graph.ErrNotStore) {
		t.Errorf("restoring into a foreign directory: %v", err)
	}
}

// TestEraseForGood erases a user, looks for his bytes in all files after a vacuum, and checks that restoring an older backup
// does not bring him back.
func TestEraseForGood(t *testing.T) {
	t.Parallel()
	const user, text = "user-canary-5af1", "text-canary-77c3"
	dir := filepath.Join(t.TempDir(), "store")
	s := openDir(t, dir)
	g := graphtest.Films()
	g.Put(t, s)
	without := graphtest.Dump(t, s)
	key := [32]byte{7}
	if err := s.CacheStore(t.Context(), [][32]byte{key}, [][]float32{{1}}); err != nil {
		t.Fatal(err)
	}
	graphtest.Graph{
		Nodes:        []graph.Node{{ID: user, Type: "user", Text: text}},
		Triples:      []graph.Triple{{Head: user, Relation: "likes", Tail: "mann"}},
		Interactions: []graph.Interaction{{User: user, Item: "up"}},
		Vectors:      []graphtest.Vector{{ID: user, Modality: "text", Model: "toy", Vec: []float32{1}}},
	}.Put(t, s)
	var buf bytes.Buffer
	if _, err := s.Backup(t.Context(), &buf); err != nil {
		t.Fatal(err)
	}
	rep, err := s.Erase(t.Context(), []string{user, "nobody"}, func(graph.Node) [][32]byte { return [][32]byte{key, key} })
	if err != nil || rep.Nodes != 1 || rep.Missing != 1 {
		t.Fatalf("%+v, %v", rep, err)
	}
	sameContent(t, s, without)
	if st := statsOf(t, s); st.CacheEntries != 0 {
		t.Errorf("%d cache entries", st.CacheEntries)
	}
	closeStore(t, s)

	find := func() []int { return findBytes(t, dir, user, text) }
	if n := find(); n[1] == 0 {
		t.Errorf("found %v before the vacuum: the search finds nothing", n)
	}
	if _, err := graph.Vacuum(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	if n := find(); n[0] != 0 || n[1] != 0 {
		t.Errorf("found %v after the vacuum", n)
	}
	back, err := restore(t, buf.Bytes(), dir)
	if err != nil || back.Erased != 1 {
		t.Fatalf("%+v, %v", back, err)
	}
	s = openDir(t, dir)
	defer closeStore(t, s)
	if _, err := s.Node(t.Context(), user); !errors.Is(err, graph.ErrNotFound) {
		t.Errorf("erased user after restoring: %v", err)
	}
	if st := statsOf(t, s); st.CacheEntries != 0 {
		t.Errorf("%d cache entries after restoring", st.CacheEntries)
	}
	sameContent(t, s, without)
	graphtest.Check(t, s)
	if n := find(); n[0] != 0 || n[1] != 0 {
		t.Errorf("found %v after restoring", n)
	}
}

func findBytes(t *testing.T, dir string, needles ...string) []int {
	t.Helper()
	var b [][]byte
	for _, n := range needles {
		b = append(b, []byte(n))
	}
	found, err := graph.FindBytes(t.Context(), dir, b...)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestVacuumKeepsEverything(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := backedUp(t, dir)
	want, stats, upto := graphtest.Dump(t, s), statsOf(t, s), s.NodeCap()
	i, _, err := s.Lookup("heat")
	if err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	for range 2 {
		rep, err := graph.Vacuum(t.Context(), dir)
		if err != nil || rep.Records == 0 {
			t.Fatalf("%+v, %v", rep, err)
		}
	}
	s = openDir(t, dir)
	defer closeStore(t, s)
	if got := graphtest.Dump(t, s); !reflect.DeepEqual(got, want) {
		t.Error("content differs after a vacuum")
	}
	if got := statsOf(t, s); got != stats || s.NodeCap() != upto {
		t.Errorf("stats %+v, cap %d, were %+v, %d", got, s.NodeCap(), stats, upto)
	}
	if id, err := s.ID(i); id != "heat" || err != nil {
		t.Errorf("node %d is %q, %v", i, id, err)
	}
	graphtest.Check(t, s)
}

// TestBackupWhileWriting takes backups and checks while a writer puts batches of equal size and erases: each backup holds
// whole batches only.
func TestBackupWhileWriting(t *testing.T) {
	t.Parallel()
	const per = 300
	s := openDir(t, graphtest.Dir(t))
	defer closeStore(t, s)
	done, backups := make(chan struct{}), make(chan []byte, 100)
	go func() {
		defer close(backups)
		for range cap(backups) {
			var buf bytes.Buffer
			if _, err := s.Backup(t.Context(), &buf); err != nil {
				t.Error(err)
				return
			}
			backups <- buf.Bytes()
			select {
			case <-done:
				return
			default:
			}
		}
	}()
	for n := range 12 {
		var g graphtest.Graph
		for i := range per {
			g.Triples = append(g.Triples, graph.Triple{Head: fmt.Sprint("h", n), Relation: "r", Tail: fmt.Sprint("t", i)})
		}
		g.Put(t, s)
		if n%3 == 2 {
			if _, err := s.Erase(t.Context(), []string{fmt.Sprint("h", n)}, nil); err != nil {
				t.Error(err)
			}
			graphtest.Check(t, s)
		}
	}
	close(done)
	every := 0
	for b := range backups {
		if every++; every%4 != 1 {
			continue // the first of each four is enough
		}
		dir := filepath.Join(graphtest.Dir(t), "restored")
		rep, err := restore(t, b, dir)
		if err != nil {
			t.Fatal(err)
		}
		r := openDir(t, dir)
		if n := len(graphtest.Dump(t, r).Triples); n%per != 0 {
			t.Errorf("a backup after batch %d holds %d triples", rep.Seq, n)
		}
		graphtest.Check(t, r)
		closeStore(t, r)
	}
}
