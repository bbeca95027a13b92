package engine

import (
	"math"

	"github.com/kenrec/ken/graph"
)

// digest is an FNV-1a hash taken by words: the vectors of a large store are many bytes.
type digest uint64

func newDigest() digest { return 14695981039346656037 }

func (h *digest) word(v uint64) {
	x := (uint64(*h) ^ v) * 1099511628211
	*h = digest(x ^ x>>32) // a product leaves the low bits unmixed with the high ones
}

// text adds a string after its length, so that no two lists of strings read alike.
func (h *digest) text(s string) {
	h.word(uint64(len(s)))
	for i := range len(s) {
		h.word(uint64(s[i]))
	}
}

// factsOf hashes all that a dataset says about its first nodes, but for what they did: names, texts, attributes, vectors,
// and triples, unless one end is a later node and the other neither user nor item; what such a node says of a later one
// that is neither counts, too, since it is handed down. What is said of a later node leaves the hash alone.
func factsOf(d *dataset, nodes int) uint64 {
	h := newDigest()
	for _, n := range d.nodes[:nodes] {
		h.text(n.id)
		h.text(n.name)
		h.text(n.text)
		h.word(uint64(n.typ))
		for _, a := range n.attrs {
			h.text(a.Key)
			h.text(a.Value.String())
		}
	}
	counts := func(n graph.Idx) bool { return int(n) < nodes && (d.userRow[n] >= 0 || d.itemRow[n] >= 0) }
	for _, t := range d.triples {
		both := int(t.Head) < nodes && (int(t.Tail) < nodes || d.plain(t.Tail))
		if both || counts(t.Head) || counts(t.Tail) {
			h.word(uint64(t.Head)<<32 | uint64(t.Tail))
			h.word(uint64(t.Relation)<<32 | uint64(t.Source))
			h.word(uint64(math.Float32bits(t.Weight))<<32 | uint64(math.Float32bits(t.Confidence)))
		}
	}
	for i := range d.vectors {
		v := &d.vectors[i]
		h.text(v.name)
		h.text(v.model)
		for r, n := range v.at {
			if int(n) >= nodes {
				break
			}
			h.word(uint64(n))
			for _, x := range v.vec.Row(r) {
				h.word(uint64(math.Float32bits(x)))
			}
		}
	}
	return uint64(h)
}
