package engine

import (
	"strings"

	"github.com/kenrec/ken/graph"
)

// adjacency is the triples by node in both directions, with entities that are the same as an item resolved to it.
type adjacency struct {
	triples []graph.TripleRow
	out, in [][2]int32                // by node: range of triples (out), of inAt (in)
	inAt    []int32                   // triples in order of tail
	alias   map[graph.Idx]graph.Idx   // entity -> the item that is the same, the last one if there are several
	entity  map[graph.Idx][]graph.Idx // item -> those entities
}

// buildAdjacency indexes the triples, which come in order of head. Cost O(nodes + triples).
func buildAdjacency(d *dataset) *adjacency {
	n := len(d.nodes)
	a := &adjacency{
		triples: d.triples, out: make([][2]int32, n), in: make([][2]int32, n), inAt: make([]int32, len(d.triples)),
		alias: map[graph.Idx]graph.Idx{}, entity: map[graph.Idx][]graph.Idx{},
	}
	count := make([]int32, n+1)
	for i, t := range d.triples {
		if i == 0 || d.triples[i-1].Head != t.Head {
			a.out[t.Head][0] = int32(i)
		}
		a.out[t.Head][1] = int32(i + 1)
		count[t.Tail+1]++
		if isSame(d.symName(t.Relation)) {
			a.alias[t.Tail], a.entity[t.Head] = t.Head, append(a.entity[t.Head], t.Tail)
		}
	}
	for i := range n {
		count[i+1] += count[i]
		a.in[i] = [2]int32{count[i], count[i]}
	}
	for i, t := range d.triples {
		end := &a.in[t.Tail][1]
		a.inAt[*end] = int32(i)
		*end++
	}
	return a
}

// isSame reports whether a relation says that its two ends are one thing: what is known of the tail is known of the head.
func isSame(relation string) bool {
	return relation == relationSame || relation == "owl:sameAs" || strings.HasSuffix(relation, "owl#sameAs")
}

// each calls f for every triple of n, and of the entities it is the same as, with the other end resolved. A loop stands
// once. tieReader does the same from the store.
func (a *adjacency) each(n graph.Idx, f func(t graph.TripleRow, in bool, end graph.Idx)) {
	visit := func(n graph.Idx) {
		for _, t := range a.triples[a.out[n][0]:a.out[n][1]] {
			f(t, false, a.canonical(t.Tail))
		}
		for _, i := range a.inAt[a.in[n][0]:a.in[n][1]] {
			if t := a.triples[i]; t.Head != t.Tail {
				f(t, true, a.canonical(t.Head))
			}
		}
	}
	visit(n)
	for _, e := range a.entity[n] {
		visit(e)
	}
}

func (a *adjacency) canonical(n graph.Idx) graph.Idx {
	if item, ok := a.alias[n]; ok {
		return item
	}
	return n
}
