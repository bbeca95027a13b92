package engine

import "slices"

// numbering numbers items from 0 on as they come, so that what is summed by item lies close together, in the cache, however
// large the catalogue is: a fetch from memory for each sum took longer than the sums.
type numbering struct {
	items []int32  // by number
	of    []ticket // by item
	turn  uint32
	rows  []int32 // the numbers of rows, one row after the other

	all   bool // each item is its own number
	count int  // of the items then
}

// ticket is the number that an item got in a turn.
type ticket struct {
	turn uint32
	at   int32
}

// begin starts anew: with all, each of so many items is its own number, else none has one yet.
func (n *numbering) begin(items int, all bool) {
	n.all, n.count, n.items, n.rows = all, items, n.items[:0], n.rows[:0]
	if all {
		return
	}
	n.turn++
	if len(n.of) != items || n.turn == 0 { // 0: after 2³² persons
		n.of, n.turn = make([]ticket, items), 1
	}
}

// take replaces the items of rows by their numbers, in other memory.
func (n *numbering) take(rows [][]int32) {
	most := entries(rows)
	n.rows = slices.Grow(n.rows[:0], most)
	n.items = slices.Grow(n.items, most)
	numbers, items, count := n.rows[:most], n.items[:cap(n.items)], int32(len(n.items))
	of, turn := n.of, n.turn
	for r, row := range rows {
		to := numbers[:len(row)]
		numbers = numbers[len(row):]
		for e, i := range row {
			// No branch depends on the ticket: a wrong guess would wait until it has come from memory, and others with it.
			t := of[i]
			at, next := count, count+1
			if t.turn == turn {
				at = t.at
			}
			if t.turn == turn {
				next = count
			}
			of[i], items[count], to[e] = ticket{turn, at}, i, at
			count = next
		}
		rows[r] = to
	}
	n.items = items[:count]
}

// len is how many items have numbers.
func (n *numbering) len() int {
	if n.all {
		return n.count
	}
	return len(n.items)
}

// number returns the number of an item, and whether it has one.
func (n *numbering) number(item int32) (int32, bool) {
	if n.all {
		return item, true
	}
	at := n.of[item]
	return at.at, at.turn == n.turn
}

// gather returns the values of items by their numbers, in the memory of out where it suffices.
func (n *numbering) gather(out, of []float32) []float32 {
	if n.all {
		return append(out[:0], of...)
	}
	out = slices.Grow(out[:0], len(n.items))[:len(n.items)]
	for at, i := range n.items {
		out[at] = of[i]
	}
	return out
}
