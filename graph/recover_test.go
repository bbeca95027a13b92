package graph

import (
	"errors"
	"fmt"
	"testing"
)

// TestTakeBack leaves a commit without its last part, as a crash does, and checks that the next Open takes it back: what it
// set, what it replaced and what it deleted.
func TestTakeBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openT(t, dir)
	for i := range 3 {
		if err := s.SetMeta(t.Context(), fmt.Sprint("k", i), []byte("old")); err != nil {
			t.Fatal(err)
		}
	}
	torn := []write{
		put(metaKey("k0"), []byte("new\x00")),
		{key: metaKey("k1")},
		put(metaKey("k9"), []byte("new\x00")),
	}
	if err := s.kv.commitPart(torn, s.last.ts+1); err != nil {
		t.Fatal(err)
	}
	check := func(s *Store) {
		t.Helper()
		for i := range 3 {
			if v, err := s.Meta(t.Context(), fmt.Sprint("k", i)); string(v) != "old" || err != nil {
				t.Errorf("k%d is %q, %v", i, v, err)
			}
		}
		if _, err := s.Meta(t.Context(), "k9"); !errors.Is(err, ErrNotFound) {
			t.Errorf("k9: %v", err)
		}
	}
	check(s)
	crash(t, s)
	s = openT(t, dir)
	check(s)
	if err := s.SetMeta(t.Context(), "k2", []byte("old")); err != nil { // a timestamp above the torn one
		t.Fatal(err)
	}
	check(s)
	crash(t, s)
	s = openT(t, dir)
	check(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func openT(t *testing.T, dir string, opts ...Option) *Store {
	t.Helper()
	s, err := Open(t.Context(), dir, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// crash ends the store without telling STORE that it was closed in order.
func crash(t *testing.T, s *Store) {
	t.Helper()
	s.kv.shut()
	if err := errors.Join(s.kv.close(), s.files.abandon()); err != nil {
		t.Fatal(err)
	}
}

// TestChain takes one commit out of the journal, as damage to the first of two write-ahead logs does: the newest state is
// there, what came before it is not.
func TestChain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openT(t, dir)
	for i := range 5 {
		if err := s.SetMeta(t.Context(), fmt.Sprint("k", i), nil); err != nil {
			t.Fatal(err)
		}
	}
	crash(t, s)
	s = openT(t, dir) // whole
	gone := s.last.ts - 2
	s.commits.Lock()
	err := s.commitLocked([]write{{key: journalKey(uint16(gone), 0)}}, s.last)
	s.commits.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	crash(t, s)
	if _, err := Open(t.Context(), dir); !errors.Is(err, ErrLoss) {
		t.Errorf("Open with a gap: %v", err)
	}
	crash(t, openT(t, dir, WithAcceptLoss()))
	s = openT(t, dir)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestFailedCommit makes a write fail and checks that nothing of it shows, that nothing is written after it, and that the
// next Open is as if it had not been.
func TestFailedCommit(t *testing.T) {
	dir := t.TempDir()
	s := openT(t, dir)
	fill(t, s, "a", 3)
	s.failed = errors.New("made up")
	b, err := s.NewBatch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.PutTriple(Triple{Head: "x", Relation: "new", Tail: "y"}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Commit(t.Context()); !errors.Is(err, s.failed) {
		t.Errorf("Commit: %v", err)
	}
	if _, ok := s.syms.lookup("new"); ok || s.Seq() != 1 || s.NodeCap() != 4 {
		t.Errorf("a failed commit left a name (%v), sequence %d, cap %d", ok, s.Seq(), s.NodeCap())
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openT(t, dir)
	defer s.Close()
	if s.files.clean {
		t.Error("a store with a failed commit was closed as clean")
	}
	fill(t, s, "b", 3)
}
