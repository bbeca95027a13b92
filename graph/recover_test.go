package graph

import (
	"errors"
	"fmt"
	"testing"
)

// TestTakeBack leaves a commit without its last part, as a crash does, and checks that the next Open takes it back: what it
// set, what it replaced and what it deleted.
func TestTakeBack(t *testing.T) {
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
	if err := s.kv.commitPart(torn, s.last.ts+1, nil); err != nil {
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
