package graph

import "testing"

// TestLetGo lets go of tables that are in use: what is read afterwards is the same.
func TestLetGo(t *testing.T) {
	s, err := Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	b, err := s.NewBatch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		if _, err := b.PutInteraction(Interaction{User: "user", Item: string(rune('a' + i)), Weight: float32(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.files.letGoAbove(0)
	n := 0
	for x, err := range s.UserInteractions(t.Context(), "user") {
		if err != nil || x.Weight != float32(n) {
			t.Fatalf("interaction %d: %v, %v", n, x, err)
		}
		n++
	}
	if n != 200 {
		t.Fatalf("%d interactions", n)
	}
}
