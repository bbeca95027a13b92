package graph

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fill puts n triples around a hub in one batch.
func fill(t *testing.T, s *Store, hub string, n int) {
	t.Helper()
	b, err := s.NewBatch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Cancel()
	for i := range n {
		if _, err := b.PutTriple(Triple{Head: hub, Relation: "has", Tail: fmt.Sprint("leaf", i)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestRepair(t *testing.T) {
	t.Parallel()
	data := dataDir(1)
	tests := []struct {
		name   string
		damage func(t *testing.T, dir string)
		step   string
		why    string
	}{
		{"nothing", func(*testing.T, string) {}, "", "a whole store is left alone"},
		{"STORE missing", remove(storeName), "STORE", ""},
		{"STORE damaged", cutFile(storeName, 100), "STORE", ""},
		{"MANIFEST missing", remove(data + "/MANIFEST"), "copy in STORE", "STORE has a copy"},
		{"MANIFEST torn", cutFile(data+"/MANIFEST", 20), "copy in STORE", ""},
		{"MANIFEST empty", cutFile(data+"/MANIFEST", 0), "copy in STORE", ""},
		{"both missing", func(t *testing.T, dir string) {
			remove(storeName)(t, dir)
			remove(data+"/MANIFEST")(t, dir)
		}, "tables", "the tables themselves are left"},
		{"index records", func(t *testing.T, dir string) { breakIndex(t, dir) }, "anew", "derived again"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			s := openT(t, dir)
			fill(t, s, "a", 50)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = openT(t, dir) // a second table
			fill(t, s, "b", 50)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			tt.damage(t, dir)
			if tt.step != "" {
				if r, err := Check(t.Context(), dir); err != nil || r.OK() {
					t.Errorf("Check before: %+v, %v", r, err)
				}
			}
			rep, err := Repair(t.Context(), dir)
			if err != nil || (tt.step == "") != (len(rep.Steps) == 0) || !strings.Contains(fmt.Sprint(rep.Steps), tt.step) {
				t.Fatalf("%+v, %v (%s)", rep, err, tt.why)
			}
			r, err := Check(t.Context(), dir)
			if err != nil || !r.OK() || r.Stats.Triples != 100 || r.Stats.Nodes != 52 {
				t.Errorf("Check after: %+v, %v", r, err)
			}
		})
	}
}

func remove(name string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

func cutFile(name string, size int64) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		if err := os.Truncate(filepath.Join(dir, name), size); err != nil {
			t.Fatal(err)
		}
	}
}

// breakIndex removes one direction of a triple, a dictionary entry and a counter, and damages a record of the other
// direction, as no call of the package would.
func breakIndex(t *testing.T, dir string) {
	s := openT(t, dir)
	a, _, err := s.Lookup("a")
	if err != nil {
		t.Fatal(err)
	}
	rel, _ := s.syms.lookup("has")
	one, _, _ := s.Lookup("leaf1")
	two, _, _ := s.Lookup("leaf2")
	s.commits.Lock()
	err = s.commitLocked([]write{
		{key: tripleKey{a, rel, one}.inKey()},
		{key: dictKey("leaf3")},
		{key: countKey(counter{countTriples, rel})},
		{key: tripleKey{a, rel, two}.inKey(), val: []byte("not sealed")},
	}, s.last)
	s.commits.Unlock()
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestRepairRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := Repair(t.Context(), dir); !errors.Is(err, ErrNotStore) {
		t.Errorf("an empty directory: %v", err)
	}
	s := openT(t, dir)
	fill(t, s, "a", 50)
	if _, err := Repair(t.Context(), dir); !errors.Is(err, ErrLocked) {
		t.Errorf("an open store: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	tables, err := filepath.Glob(filepath.Join(dir, "kv-1", "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatal(tables, err)
	}
	if err := os.Truncate(tables[0], 100); err != nil {
		t.Fatal(err)
	}
	if _, err := Repair(t.Context(), dir); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "backup") {
		t.Errorf("a cut table: %v", err)
	}
}

// TestLoss takes the write-ahead log away from a store that was killed: acknowledged batches are gone, Open says so, and
// goes on only when told.
func TestLoss(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openT(t, dir)
	fill(t, s, "a", 5)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openT(t, dir)
	fill(t, s, "b", 5)
	fill(t, s, "c", 5)
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	logs, err := filepath.Glob(filepath.Join(copied, "kv-1", "*.mem"))
	if err != nil || len(logs) != 1 {
		t.Fatal(logs, err)
	}
	if err := os.Remove(logs[0]); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := Open(t.Context(), copied); !errors.Is(err, ErrLoss) || !errors.Is(err, ErrCorrupt) {
			t.Errorf("Open: %v", err)
		}
	}
	s = openT(t, copied, WithAcceptLoss())
	if s.Seq() != 1 {
		t.Errorf("sequence %d, want 1", s.Seq())
	}
	crash(t, s)
	s = openT(t, copied) // what was accepted is no loss any more, even after a crash
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestOrphans checks that a table that MANIFEST does not name is set aside, not deleted.
func TestOrphans(t *testing.T) {
	dir := t.TempDir()
	s := openT(t, dir)
	fill(t, s, "a", 5)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	orphan := filepath.Join(dir, "kv-1", "000777.sst")
	if err := os.WriteFile(orphan, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"000.vlog", "00777.mem"} {
		if err := os.WriteFile(filepath.Join(dir, "kv-1", name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s = openT(t, dir)
	defer s.Close()
	b, err := os.ReadFile(filepath.Join(dir, lostName, "kv-1-777.0.sst"))
	if string(b) != "precious" || err != nil {
		t.Errorf("orphan: %q, %v", b, err)
	}
}

// TestReadLater damages a table that is too large to be read before Open returns: calls fail once it has been read.
func TestReadLater(t *testing.T) {
	later := func(o *options) { o.readFirst = -1 }
	dir := t.TempDir()
	s := openT(t, dir, later)
	fill(t, s, "a", 500)
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = openT(t, dir, later)
		s.reading.Wait()
		if _, err := s.Node(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	tables, err := filepath.Glob(filepath.Join(dir, "kv-1", "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatal(tables, err)
	}
	f, err := os.OpenFile(tables[0], os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte{0xff, 0xee}, 500); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	s = openT(t, dir, later)
	s.reading.Wait()
	if _, err := s.Node(t.Context(), "a"); !errors.Is(err, ErrCorrupt) {
		t.Errorf("Node: %v", err)
	}
	if _, err := s.NewBatch(t.Context()); !errors.Is(err, ErrCorrupt) {
		t.Errorf("NewBatch: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir); !errors.Is(err, ErrCorrupt) {
		t.Errorf("Open after: %v", err)
	}
}

// TestLogHoldsNoIDs opens, crashes and recovers a store with a logger and looks for ids in what it says.
func TestLogHoldsNoIDs(t *testing.T) {
	const id = "canary-id-91"
	var buf strings.Builder
	log := WithLogger(slog.New(slog.NewTextHandler(&buf, &slog.HandlerOptions{Level: slog.LevelDebug})))
	dir := t.TempDir()
	s := openT(t, dir, log)
	fill(t, s, id, 50)
	crash(t, s)
	s = openT(t, dir, log)
	if _, err := s.Node(t.Context(), id+" missing"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if buf.Len() == 0 || strings.Contains(buf.String(), id) {
		t.Errorf("log of %d bytes, id at %d", buf.Len(), strings.Index(buf.String(), id))
	}
}

// TestValueFields reads each kind of value back.
func TestValueFields(t *testing.T) {
	for _, tt := range []struct {
		v     Value
		kind  string
		text  string
		num   float64
		truth bool
		unix  int64
		list  int
	}{
		{v: String("a"), kind: "string", text: "a"},
		{v: Number(1.5), kind: "number", num: 1.5},
		{v: Bool(true), kind: "bool", truth: true},
		{v: Bool(false), kind: "bool"},
		{v: Time(7), kind: "time", unix: 7},
		{v: List("a", "b"), kind: "list", list: 2},
	} {
		v := tt.v
		if v.Kind().String() != tt.kind || v.Text() != tt.text || v.Float() != tt.num || v.Truth() != tt.truth ||
			v.Unix() != tt.unix || len(v.Strings()) != tt.list {
			t.Errorf("%v %v reads as %q, %v, %v, %v, %v", v.Kind(), v, v.Text(), v.Float(), v.Truth(), v.Unix(), v.Strings())
		}
	}
}
