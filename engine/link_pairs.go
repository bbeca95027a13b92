package engine

import (
	"slices"
	"strings"

	"github.com/kenrec/ken/engine/internal/par"
	"github.com/kenrec/ken/engine/internal/sparse"
	"github.com/kenrec/ken/graph"
)

// linkSide is a relation as the items see it: they are its heads, or its tails where the heads are no items.
type linkSide struct {
	relation graph.Sym
	in       bool        // the items are the tails
	ends     []graph.Idx // ascending
	links    *sparse.CSR // items × ends
	barred   *sparse.CSR // items × ends that are no links and never shall be: denied by a triple of weight 0 or less, or the item itself
}

// name is how the side is called: its relation, with an arrow where the items are the tails.
func (s *linkSide) name(d *dataset) string {
	if s.in {
		return "←" + d.symName(s.relation)
	}
	return d.symName(s.relation)
}

// linkPair is a place in links of a side.
type linkPair struct{ item, end int32 }

// withoutTriples returns the dataset without the triples that drop names.
func (d *dataset) withoutTriples(drop func(t graph.TripleRow) bool) *dataset {
	out := *d
	out.triples = make([]graph.TripleRow, 0, len(d.triples))
	for _, t := range d.triples {
		if !drop(t) {
			out.triples = append(out.triples, t)
		}
	}
	return &out
}

// withoutGuesses leaves out what Complete proposed and somebody accepted: guesses do not breed guesses, and none is
// judged by another.
func (d *dataset) withoutGuesses() *dataset {
	return d.withoutTriples(func(t graph.TripleRow) bool { return strings.HasPrefix(d.symName(t.Source), completeSource) })
}

// pairSet is pairs of nodes, each with the lower one first.
type pairSet map[[2]graph.Idx]bool

func ordered(a, b graph.Idx) [2]graph.Idx { return [2]graph.Idx{min(a, b), max(a, b)} }

// pairSetOf collects held pairs.
func pairSetOf(d *dataset, sides []linkSide, held [][]linkPair) pairSet {
	set := pairSet{}
	for s, pairs := range held {
		for _, p := range pairs {
			set[ordered(d.items[p.item], sides[s].ends[p.end])] = true
		}
	}
	return set
}

// withoutPairs leaves out every triple that joins a pair of the set, whatever its relation and direction: that a book is
// the next one would otherwise be told by the one before it.
func (d *dataset) withoutPairs(adj *adjacency, set pairSet) *dataset {
	return d.withoutTriples(func(t graph.TripleRow) bool { return set[ordered(adj.canonical(t.Head), adj.canonical(t.Tail))] })
}

// sideKey tells sides apart.
type sideKey struct {
	relation graph.Sym
	in       bool
}

// nodePair is an item with an end.
type nodePair struct{ item, end graph.Idx }

// linkSides lists the relations of items by name, items as heads first.
func linkSides(d *dataset, adj *adjacency) []linkSide {
	links, denied := map[sideKey][]nodePair{}, map[sideKey][]nodePair{}
	for _, t := range d.triples {
		head, tail := adj.canonical(t.Head), adj.canonical(t.Tail)
		k, p := sideKey{t.Relation, false}, nodePair{head, tail}
		if d.itemRow[head] < 0 {
			k.in, p = true, nodePair{tail, head}
			if d.userRow[head] >= 0 {
				continue // what a user prefers says nothing about an item
			}
		}
		switch {
		case isSame(d.symName(t.Relation)) || head == tail || d.itemRow[p.item] < 0:
		case t.Weight*t.Confidence > 0:
			links[k] = append(links[k], p)
		default:
			denied[k] = append(denied[k], p)
		}
	}
	var sides []linkSide
	for k, pairs := range links { // sorted below
		sides = append(sides, newLinkSide(d, k, pairs, denied[k]))
	}
	slices.SortFunc(sides, func(a, b linkSide) int { return strings.Compare(a.name(d), b.name(d)) })
	return sides
}

func newLinkSide(d *dataset, k sideKey, links, denied []nodePair) linkSide {
	s := linkSide{relation: k.relation, in: k.in}
	for _, p := range links {
		s.ends = append(s.ends, p.end)
	}
	slices.Sort(s.ends)
	s.ends = slices.Compact(s.ends)
	for _, end := range s.ends {
		if d.itemRow[end] >= 0 {
			denied = append(denied, nodePair{end, end})
		}
	}
	s.links, s.barred = s.pairs(d, links), s.pairs(d, denied)
	return s
}

// pairs is pairs of nodes as items × ends, without those whose end is none of the side's.
func (s *linkSide) pairs(d *dataset, pairs []nodePair) *sparse.CSR {
	var rows, cols []int32
	for _, p := range pairs {
		if at, ok := slices.BinarySearch(s.ends, p.end); ok {
			rows, cols = append(rows, d.itemRow[p.item]), append(cols, int32(at))
		}
	}
	return sparse.FromTriplets(len(d.items), len(s.ends), rows, cols, nil, nil)
}

// closed is links with what is barred: what no guess may be.
func (s *linkSide) closed(links *sparse.CSR) *sparse.CSR {
	out := &sparse.CSR{Rows: links.Rows, Cols: links.Cols, Ptr: make([]int64, links.Rows+1)}
	for i := range links.Rows {
		a, _ := links.Row(i)
		b, _ := s.barred.Row(i)
		both := slices.Concat(a, b)
		slices.Sort(both)
		out.Idx = append(out.Idx, slices.Compact(both)...)
		out.Ptr[i+1] = int64(len(out.Idx))
	}
	out.Val = make([]float32, len(out.Idx))
	return out
}

// drawPairs takes by seed a share of the links of each side, of those that may be held out, and counts the others.
func drawPairs(sides []linkSide, may func(s int, p linkPair) bool, fraction float64, seed uint64) (held [][]linkPair, told []int) {
	held, told = make([][]linkPair, len(sides)), make([]int, len(sides))
	for s := range sides {
		var open []linkPair
		for i := range sides[s].links.Rows {
			ends, _ := sides[s].links.Row(i)
			for _, z := range ends {
				if p := (linkPair{int32(i), z}); may(s, p) {
					open = append(open, p)
				} else {
					told[s]++
				}
			}
		}
		rng := par.Stream(seed, uint64(s))
		rng.Shuffle(len(open), func(a, b int) { open[a], open[b] = open[b], open[a] })
		held[s] = open[:int(fraction*float64(len(open))+0.5)]
	}
	return held, told
}

// without returns the links of the side that join no pair of the set.
func (s *linkSide) without(d *dataset, set pairSet) *sparse.CSR {
	out := &sparse.CSR{Rows: s.links.Rows, Cols: s.links.Cols, Ptr: make([]int64, s.links.Rows+1)}
	for i := range s.links.Rows {
		ends, val := s.links.Row(i)
		for n, z := range ends {
			if !set[ordered(d.items[i], s.ends[z])] {
				out.Idx, out.Val = append(out.Idx, z), append(out.Val, val[n])
			}
		}
		out.Ptr[i+1] = int64(len(out.Idx))
	}
	return out
}

// matrix is pairs of the side in the shape of its links.
func (s *linkSide) matrix(pairs []linkPair) *sparse.CSR {
	rows, cols := make([]int32, len(pairs)), make([]int32, len(pairs))
	for n, p := range pairs {
		rows[n], cols[n] = p.item, p.end
	}
	return sparse.FromTriplets(s.links.Rows, s.links.Cols, rows, cols, nil, nil)
}

// pairTeller tells whether texts give a pair away.
type pairTeller struct {
	d     *dataset
	names map[graph.Idx][][]string // normalised, in words
	texts map[graph.Idx][]string
}

func newPairTeller(d *dataset) *pairTeller {
	return &pairTeller{d: d, names: map[graph.Idx][][]string{}, texts: map[graph.Idx][]string{}}
}

// tells reports whether the name, text or an attribute of one of two nodes names the other.
func (t *pairTeller) tells(a, b graph.Idx) bool { return t.says(a, b) || t.says(b, a) }

func (t *pairTeller) says(about, named graph.Idx) bool {
	text, ok := t.texts[about]
	if !ok {
		n := t.d.nodes[about]
		all := n.name + "\n" + n.text
		for _, a := range n.attrs {
			all += "\n" + strings.Join(categories(a.Value), "\n")
		}
		text = words(normalName(all))
		t.texts[about] = text
	}
	names, ok := t.names[named]
	if !ok {
		n := t.d.nodes[named]
		for _, name := range namesOf(graph.Node{ID: n.id, Name: n.name}) {
			names = append(names, words(normalName(name)))
		}
		t.names[named] = names
	}
	for _, name := range names {
		if containsWords(text, name) {
			return true
		}
	}
	return false
}

// containsWords reports whether part stands in text in one piece.
func containsWords(text, part []string) bool {
	if len(part) == 0 {
		return false
	}
	for at := 0; at+len(part) <= len(text); at++ {
		if text[at] == part[0] && slices.Equal(text[at:at+len(part)], part) {
			return true
		}
	}
	return false
}
