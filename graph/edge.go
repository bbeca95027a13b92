package graph

import "encoding/binary"

// edge is what a batch does to one triple or interaction.
type edge[K, V any] struct {
	key  K
	edit edit[V]
}

// changed returns the edges whose records the commit writes or deletes, in no order.
func changed[K, V comparable](all map[K]edit[V]) []edge[K, V] {
	out := make([]edge[K, V], 0, len(all))
	for k, e := range all {
		if e.had != e.has || e.old != e.cur {
			out = append(out, edge[K, V]{k, e})
		}
	}
	return out
}

// place is where an edge stands among those of its kind: the numbers of its key, and which edge it is.
type place struct {
	major uint64 // the first two numbers of the key
	minor uint32 // the third
	at    uint32
}

func placeOf(a, b, c uint32, at int) place {
	return place{major: uint64(a)<<32 | uint64(b), minor: c, at: uint32(at)}
}

// digit returns one byte of the twelve that order a place, counted from the lowest.
func (p *place) digit(n int) byte {
	if n < 4 {
		return byte(p.minor >> (8 * n))
	}
	return byte(p.major >> (8 * (n - 4)))
}

// inOrder returns places by major, then minor; equal ones stay in the order they have. It sorts by one byte after the other and
// leaves out those in which all places agree: most numbers are small. It uses the memory of its argument.
func inOrder(places []place) []place {
	var ends [12][256]uint32
	for i := range places {
		for n := range ends {
			ends[n][places[i].digit(n)]++
		}
	}
	from, to := places, make([]place, len(places))
	for n := range ends {
		end := &ends[n]
		if len(from) == 0 || int(end[from[0].digit(n)]) == len(from) {
			continue
		}
		at := uint32(0)
		for b, count := range end {
			end[b] = at
			at += count
		}
		for i := range from {
			b := from[i].digit(n)
			to[end[b]] = from[i]
			end[b]++
		}
		from, to = to, from
	}
	return from
}

// edgeWrites adds the records of triples and interactions, each kind in the order of its keys: numbers are sorted faster
// than bytes. The records share a few large pieces of memory.
func (b *Batch) edgeWrites(out []write, delta map[counter]int64) []write {
	var p slab
	out = p.triples(out, changed(b.triples), delta)
	return p.inters(out, changed(b.inters), delta)
}

func (p *slab) triples(out []write, all []edge[tripleKey, tripleVal], delta map[counter]int64) []write {
	byTail, byHead := make([]place, len(all)), make([]place, len(all))
	for i := range all {
		k, e := all[i].key, &all[i].edit
		if e.has != e.had {
			delta[counter{countTriples, k.rel}] += sign(e.has)
		}
		byTail[i] = placeOf(uint32(k.tail), uint32(k.rel), uint32(k.head), i)
		byHead[i] = placeOf(uint32(k.head), uint32(k.rel), uint32(k.tail), i)
	}
	for _, at := range inOrder(byTail) {
		t := &all[at.at]
		out = append(out, p.triple(kindIn, t.key.tail, t.key.head, t))
	}
	for _, at := range inOrder(byHead) {
		t := &all[at.at]
		out = append(out, p.triple(kindOut, t.key.head, t.key.tail, t))
	}
	return out
}

func (p *slab) inters(out []write, all []edge[interKey, float32], delta map[counter]int64) []write {
	byTime := make([]place, len(all))
	for i := range all {
		k, e := all[i].key, &all[i].edit
		if e.has != e.had {
			delta[counter{countInteractions, k.typ}] += sign(e.has)
		}
		byTime[i] = place{major: uint64(k.time) ^ 1<<63, at: uint32(i)}
	}
	byTime = inOrder(byTime) // the last number of the key: it decides where the other three agree
	byItem, byUser := make([]place, len(all)), make([]place, len(all))
	for i, t := range byTime {
		k := all[t.at].key
		byItem[i] = placeOf(uint32(k.item), uint32(k.user), uint32(k.typ), int(t.at))
		byUser[i] = placeOf(uint32(k.user), uint32(k.item), uint32(k.typ), int(t.at))
	}
	for _, at := range inOrder(byItem) {
		x := &all[at.at]
		out = append(out, p.inter(kindItem, x.key.item, x.key.user, x))
	}
	for _, at := range inOrder(byUser) {
		x := &all[at.at]
		out = append(out, p.inter(kindUser, x.key.user, x.key.item, x))
	}
	return out
}

// sign is what a record that is there, or not any more, adds to its counter.
func sign(there bool) int64 {
	if there {
		return 1
	}
	return -1
}

// slab lends memory for records from large pieces.
type slab struct{ free []byte }

const (
	slabSize = 256 << 10
	edgeSize = lenInter + 16 + sealSize // a bound of any edge's record
)

// begin returns room for one record.
func (p *slab) begin() []byte {
	if cap(p.free)-len(p.free) < edgeSize {
		p.free = make([]byte, 0, slabSize)
	}
	return p.free[len(p.free):]
}

// write cuts the record whose key is the first n bytes of r, with its value sealed after them; none: a deletion.
func (p *slab) write(r []byte, n int) write {
	w := write{key: r[:n:n]}
	if len(r) > n {
		r = binary.LittleEndian.AppendUint32(r, sum(w.key, r[n:]))
		w.val = r[n:len(r):len(r)]
	}
	p.free = r[len(r):]
	return w
}

func (p *slab) triple(kind byte, from, to Idx, t *edge[tripleKey, tripleVal]) write {
	r := appendEdgeKey(p.begin(), kind, from, t.key.rel, to)
	n := len(r)
	if t.edit.has {
		r = t.edit.cur.append(r)
	}
	return p.write(r, n)
}

func (p *slab) inter(kind byte, from, to Idx, x *edge[interKey, float32]) write {
	r := x.key.append(p.begin(), kind, from, to)
	n := len(r)
	if x.edit.has {
		r = appendWeight(r, x.edit.cur)
	}
	return p.write(r, n)
}
