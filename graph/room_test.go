package graph

import (
	"errors"
	"testing"
)

// TestRoomForMerging: tables that are still to be merged want room to be written anew.
func TestRoomForMerging(t *testing.T) {
	dir := t.TempDir()
	put := func(id string) (merging int64) {
		t.Helper()
		s, err := Open(t.Context(), dir, WithFreeSpaceFloor(1))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		merging = s.kv.merging()
		b, err := s.NewBatch(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.PutNode(Node{ID: id}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.files.room(1 << 60); !errors.Is(err, ErrNoSpace) {
			t.Errorf("no room to merge: %v", err)
		}
		s.files.floor = 0
		if err := s.files.room(1 << 60); err != nil {
			t.Errorf("the check is off: %v", err)
		}
		return merging
	}
	first, second := put("a"), put("b")
	if first != 0 || second <= 0 {
		t.Errorf("a new store merges %d bytes, one with a table %d", first, second)
	}
}
