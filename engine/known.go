package engine

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"

	"github.com/kenrec/ken/graph"
)

// What was known about a user at training is kept as a hash of it: when her name, text, attributes or triples have
// changed since, her trained factors rest on old knowledge and she is solved for anew.

// factLine writes a triple as one of its ends sees it.
func factLine(relation string, in bool, other string, weight, confidence float32) string {
	direction := ">"
	if in {
		direction = "<"
	}
	number := func(v float32) string { return strconv.FormatFloat(float64(v), 'g', -1, 32) }
	return direction + "\x00" + relation + "\x00" + other + "\x00" + number(weight) + "\x00" + number(confidence)
}

// knownHash hashes what is known about a node; facts may come in any order.
func knownHash(name, text string, attrs []graph.Attr, facts []string) int64 {
	h := fnv.New64a()
	put := func(s string) {
		h.Write([]byte(strconv.Itoa(len(s)))) // a length before each: no two lists read alike
		h.Write([]byte{':'})
		h.Write([]byte(s))
	}
	put(name)
	put(text)
	for _, a := range attrs {
		put(a.Key)
		put(a.Value.String())
	}
	slices.Sort(facts)
	for _, f := range facts {
		put(f)
	}
	return int64(h.Sum64())
}

// knownOf hashes what the dataset knows about each of the given nodes.
func knownOf(d *dataset, adj *adjacency, of []graph.Idx) []int64 {
	hashes := make([]int64, len(of))
	for i, n := range of {
		var facts []string
		for _, t := range adj.triples[adj.out[n][0]:adj.out[n][1]] {
			facts = append(facts, factLine(d.symName(t.Relation), false, d.nodes[t.Tail].id, t.Weight, t.Confidence))
		}
		for _, at := range adj.inAt[adj.in[n][0]:adj.in[n][1]] {
			if t := adj.triples[at]; t.Head != t.Tail {
				facts = append(facts, factLine(d.symName(t.Relation), true, d.nodes[t.Head].id, t.Weight, t.Confidence))
			}
		}
		info := d.nodes[n]
		hashes[i] = knownHash(info.name, info.text, info.attrs, facts)
	}
	return hashes
}

// knownNow hashes what the store knows about a node.
func (e *Engine) knownNow(ctx context.Context, id string) (int64, error) {
	node, err := e.store.Node(ctx, id)
	if err != nil {
		return 0, fmt.Errorf("engine: node %q: %w", id, err)
	}
	var facts []string
	for t, err := range e.store.Neighbours(ctx, id, graph.NeighbourOptions{}) {
		if err != nil {
			return 0, fmt.Errorf("engine: triples of %q: %w", id, err)
		}
		other, in := t.Tail, false
		if t.Head != id {
			other, in = t.Head, true
		}
		facts = append(facts, factLine(t.Relation, in, other, t.Weight, t.Confidence))
	}
	return knownHash(node.Name, node.Text, node.Attrs, facts), nil
}
