package engine

import (
	"cmp"
	"slices"

	"github.com/kenrec/ken/graph"
)

const (
	maxHops   = 3    // over which facts reach an item; more tie everything to everything
	hubFacts  = 16   // a node with more facts about others hands none down: it is a list, not a category
	hubRead   = 1024 // triples of one node that are looked at for them
	maxHanded = 64   // facts that are handed down to one item, the heaviest of the nearest hop first
)

// tie is a triple as one of its ends sees it: its own, or one that a node it points to has handed down.
type tie struct {
	link   linkKey
	weight float32 // weight × confidence, and half of it for each hop over which it came
	hop    int8    // 1: its own
	via    int32   // place of the fact whose end handed it down, -1 for its own
}

// share is what a hop leaves of a fact's weight: 1, a half, a quarter.
func (f tie) share() float32 { return 1 / float32(int(1)<<(f.hop-1)) }

// ends returns the other ends of a node's own facts.
func ends(facts []tie) []graph.Idx {
	var to []graph.Idx
	for _, f := range facts {
		if f.hop == 1 {
			to = append(to, f.link.end)
		}
	}
	return to
}

// telling gathers what a node hands down: its outgoing facts about nodes that are neither users nor items.
type telling struct {
	facts []tie
	read  int
}

// add looks at one outgoing fact, about a plain node or not; more is false when the node has turned out to be a hub.
func (t *telling) add(f tie, plain bool) (more bool) {
	t.read++
	if plain && f.weight > 0 {
		t.facts = append(t.facts, f)
	}
	if t.read > hubRead || len(t.facts) > hubFacts {
		t.facts = nil
		return false
	}
	return true
}

// handDown appends to a node's own facts what the nodes that it points to say of themselves: a book by an author of a
// movement belongs to the movement. Each hop halves the weight, a triple's weight above 1 adds nothing; of several ways
// to a fact the shortest counts, then the heaviest, and what the node says itself, also that it is not so, comes first.
// A relation that does not count neither hands down nor is handed down: what lies behind it is as far as if it were not there.
// tells returns what a node hands down; nothing for users, items and hubs. Own facts come first and keep their order; those
// handed down come by hop, then weight, whatever the order of the triples: training and serving cut off the same ones.
func handDown(self graph.Idx, own []tie, hops int, counts func(relation graph.Sym) bool, tells func(graph.Idx) ([]tie, error)) ([]tie, error) {
	if hops < 2 || len(own) == 0 {
		return own, nil
	}
	facts := own
	known := map[linkKey]bool{}
	for _, f := range own {
		known[f.link] = true
	}
	asked := map[graph.Idx]bool{self: true}
	for from, hop := 0, 2; hop <= hops && from < len(facts); hop++ {
		ways := heaviest(facts, from, asked, counts)
		from = len(facts)
		at := map[linkKey]int{}
		for _, way := range ways {
			told, err := tells(facts[way].link.end)
			if err != nil {
				return nil, err
			}
			for _, f := range told {
				if known[f.link] || f.link.end == self || !counts(f.link.relation) {
					continue
				}
				f.weight, f.hop, f.via = facts[way].weight*min(f.weight, 1)/2, int8(hop), int32(way)
				if i, twice := at[f.link]; !twice {
					at[f.link] = len(facts)
					facts = append(facts, f)
				} else if f.weight > facts[i].weight {
					facts[i] = f
				}
			}
		}
		slices.SortFunc(facts[from:], func(a, b tie) int {
			return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.link.end, b.link.end), cmp.Compare(a.link.relation, b.link.relation))
		})
		facts = facts[:min(len(facts), len(own)+maxHanded)]
		for _, f := range facts[from:] {
			known[f.link] = true
		}
	}
	return facts, nil
}

// heaviest returns the places of the facts from a place on, of relations that count, that lead to ends nobody has asked yet,
// the heaviest for each end, and marks those ends as asked.
func heaviest(facts []tie, from int, asked map[graph.Idx]bool, counts func(graph.Sym) bool) []int {
	var ways []int
	at := map[graph.Idx]int{}
	for i := from; i < len(facts); i++ {
		f := facts[i]
		if f.link.in || !(f.weight > 0) || !counts(f.link.relation) {
			continue
		}
		if w, again := at[f.link.end]; again {
			if f.weight > facts[ways[w]].weight {
				ways[w] = i
			}
		} else if !asked[f.link.end] {
			asked[f.link.end], at[f.link.end] = true, len(ways)
			ways = append(ways, i)
		}
	}
	return ways
}

// ties returns what the triples of a node say of it.
func (a *adjacency) ties(n graph.Idx) []tie {
	var facts []tie
	a.each(n, func(t graph.TripleRow, in bool, end graph.Idx) {
		if end != n { // no triple that ties an item to the entity it is the same as
			facts = append(facts, tie{link: linkKey{t.Relation, in, end}, weight: t.Weight * t.Confidence, hop: 1, via: -1})
		}
	})
	return facts
}

// reader returns how the facts of nodes are read, those handed down over cfg.Hops hops included. It is not for concurrent use.
func (a *adjacency) reader(d *dataset, cfg Config) func(graph.Idx) []tie {
	if cfg.Hops < 2 {
		return a.ties
	}
	counts := func(r graph.Sym) bool { return cfg.counts(d.symName(r)) }
	told := map[graph.Idx][]tie{}
	tells := func(n graph.Idx) ([]tie, error) {
		facts, ok := told[n]
		if !ok {
			facts = a.tells(d, n)
			told[n] = facts
		}
		return facts, nil
	}
	return func(n graph.Idx) []tie {
		facts, _ := handDown(n, a.ties(n), cfg.Hops, counts, tells) // arrays do not fail
		return facts
	}
}

// tells returns what a node hands down.
func (a *adjacency) tells(d *dataset, n graph.Idx) []tie {
	if !d.plain(n) {
		return nil
	}
	var told telling
	for _, from := range append([]graph.Idx{n}, a.entity[n]...) {
		for _, t := range a.triples[a.out[from][0]:a.out[from][1]] {
			end := a.canonical(t.Tail)
			if end == n {
				continue
			}
			if !told.add(tie{link: linkKey{relation: t.Relation, end: end}, weight: t.Weight * t.Confidence, hop: 1, via: -1}, d.plain(end)) {
				return nil
			}
		}
	}
	return told.facts
}

// deep reports whether any triple joins two nodes that are neither users nor items: only then is there a fact to hand down.
func (a *adjacency) deep(d *dataset) bool {
	return slices.ContainsFunc(a.triples, func(t graph.TripleRow) bool {
		head, tail := a.canonical(t.Head), a.canonical(t.Tail)
		return head != tail && d.plain(head) && d.plain(tail)
	})
}
