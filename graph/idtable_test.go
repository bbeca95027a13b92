package graph

import (
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestIDTable compares the table with a map of Go's.
func TestIDTable(t *testing.T) {
	seed := maphash.MakeSeed()
	rng := rand.New(rand.NewPCG(1, 2))
	long := strings.Repeat("x", MaxID-8)
	table, want := newIDTable(seed), map[string]Idx{}
	for i := range 60_000 {
		id := fmt.Sprint("id", rng.IntN(20_000))
		if i%100 == 0 {
			id = long + id // pieces end at odd places
		}
		switch rng.IntN(5) {
		case 0:
			table.drop(id)
			delete(want, id)
		default:
			table.put(id, Idx(i))
			want[id] = Idx(i)
		}
		i, ok := table.get(id)
		if w, is := want[id]; ok != is || i != w {
			t.Fatalf("%s: got %d, %v, want %d, %v", quoted(id), i, ok, w, is)
		}
	}
	for n := range 20_000 {
		for _, id := range []string{fmt.Sprint("id", n), long + fmt.Sprint("id", n)} {
			i, ok := table.get(id)
			if w, is := want[id]; ok != is || i != w {
				t.Fatalf("at the end, %s: got %d, %v, want %d, %v", quoted(id), i, ok, w, is)
			}
		}
	}
	if table.bytes() > 3<<20 {
		t.Errorf("%d ids take %d bytes", len(want), table.bytes())
	}
}

// TestRecent: what is used stays, what was removed does not come back, and a map that dropped something is not whole.
func TestRecent(t *testing.T) {
	r := newRecent(64<<10, func() shelf[Idx, string] { return newIDMap() })
	r.begin()
	r.add(1, "one", 5)
	if v, ok, whole := r.look(1); v != "one" || !ok || !whole {
		t.Fatalf("got %q, %v, whole %v", v, ok, whole)
	}
	for i := range Idx(3000) { // several generations
		r.add(10+i, "an id", 5)
		if _, ok := r.get(1); !ok {
			t.Fatalf("what is used was dropped after %d others", i)
		}
	}
	if _, ok, whole := r.look(10); ok || whole {
		t.Errorf("the first of 3000 is still there: %v, whole %v", ok, whole)
	}
	r.remove([]Idx{1}, 7)
	r.add(1, "one", 6)
	if _, ok := r.get(1); ok {
		t.Error("what a reader saw before a removal came back")
	}
	r.add(1, "one", 7)
	if _, ok := r.get(1); !ok {
		t.Error("what was added after the removal is not there")
	}
}
