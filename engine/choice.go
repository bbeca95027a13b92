package engine

import "github.com/kenrec/ken/engine/internal/topk"

// choice is a set of a model's items in the forms in which lists are made of it. It never changes.
type choice struct {
	bits       []uint64    // nil: all
	warm, cold topk.Places // of the scans; nil: all
}

// choose prepares the items whose bits are set in allowed (nil: all). Cost O(items).
func (r *ranking) choose(allowed []uint64) *choice {
	c := &choice{bits: allowed, warm: r.warm}
	if allowed == nil || r.items == nil {
		return c
	}
	c.warm = r.items.Places(allowed).And(r.warm)
	if r.cold == nil {
		return c
	}
	set := newBits(len(r.coldAt))
	for n, i := range r.coldAt {
		if hasBit(allowed, int(i)) {
			setBit(set, n)
		}
	}
	c.cold = r.cold.Places(set)
	return c
}
