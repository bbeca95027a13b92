package engine

import (
	"slices"
	"testing"
)

func TestNumbering(t *testing.T) {
	var n numbering
	for _, test := range []struct {
		why   string
		rows  [][]int32
		want  [][]int32
		items []int32
	}{
		{"nothing is numbered by nothing", nil, nil, nil},
		{"numbers go by first sight, over the ends of rows", [][]int32{{7, 2}, {2, 9, 7}}, [][]int32{{0, 1}, {1, 2, 0}}, []int32{7, 2, 9}},
		{"a new turn forgets the last", [][]int32{{9}, {}, {0, 9}}, [][]int32{{0}, {}, {1, 0}}, []int32{9, 0}},
		{"a longer turn needs more room", [][]int32{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}}, [][]int32{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
			[]int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
	} {
		n.begin(10, false)
		rows := slices.Clone(test.rows)
		n.take(rows)
		if !slices.EqualFunc(rows, test.want, slices.Equal) || !slices.Equal(n.items, test.items) || n.len() != len(test.items) {
			t.Errorf("%s: rows %v of items %v, want %v of %v", test.why, rows, n.items, test.want, test.items)
		}
		values := []float32{0, 10, 20, 30, 40, 50, 60, 70, 80, 90}
		for at, v := range n.gather(nil, values) {
			if v != values[n.items[at]] {
				t.Errorf("%s: value %d is %v, want that of item %d", test.why, at, v, n.items[at])
			}
		}
		for i := range int32(10) {
			want := slices.Index(test.items, i)
			if at, ok := n.number(i); ok != (want >= 0) || ok && int(at) != want {
				t.Errorf("%s: item %d has number %d, %v, want %d", test.why, i, at, ok, want)
			}
		}
	}
	n.begin(3, true)
	if at, ok := n.number(2); at != 2 || !ok || n.len() != 3 || !slices.Equal(n.gather(nil, []float32{4, 5, 6}), []float32{4, 5, 6}) {
		t.Error("with all, an item is not its own number")
	}
}

// The count of turns ends; no ticket of a former one may pass for new then.
func TestNumberingTurnsOver(t *testing.T) {
	var n numbering
	n.begin(2, false)
	n.take([][]int32{{1}})
	n.turn = ^uint32(0)
	n.begin(2, false)
	if _, ok := n.number(1); ok || n.turn != 1 {
		t.Errorf("turn %d: item 1 kept the number of a turn long ago", n.turn)
	}
}
