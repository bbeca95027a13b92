package engine

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/kenrec/ken/graph"
)

const (
	functionalShare = 0.95 // of its heads have one tail: the relation is meant to have one
	functionalHeads = 20   // with fewer heads the share says nothing
)

// relationTally is how many heads a relation has, and which of them have several tails.
type relationTally struct {
	relation graph.Sym
	heads    int
	several  [][2]int // ranges of triples, one for each such head, in order of head
}

// contradictions finds heads with two tails in relations that nearly always have one: two birth dates, two capitals.
func (l *lint) contradictions() {
	byRelation := map[graph.Sym]*relationTally{}
	var order []*relationTally
	t := l.d.triples // in order of head, relation, tail
	for from := 0; from < len(t); {
		if l.cancelled(from) {
			return
		}
		to := from + 1
		for to < len(t) && t[to].Head == t[from].Head && t[to].Relation == t[from].Relation {
			to++
		}
		r := byRelation[t[from].Relation]
		if r == nil {
			r = &relationTally{relation: t[from].Relation}
			byRelation[r.relation], order = r, append(order, r)
		}
		r.heads++
		if to-from > 1 {
			r.several = append(r.several, [2]int{from, to})
		}
		from = to
	}
	none := newFinding(LintContradictions, "", "heads")
	for _, r := range order {
		none.Total += r.heads
	}
	order = slices.DeleteFunc(order, func(r *relationTally) bool {
		one := r.heads - len(r.several)
		return len(r.several) == 0 || r.heads < functionalHeads || float64(one) < functionalShare*float64(r.heads)
	})
	slices.SortStableFunc(order, func(a, b *relationTally) int { return cmp.Compare(len(b.several), len(a.several)) })
	for _, r := range order {
		f := newFinding(LintContradictions, l.d.symName(r.relation), "heads")
		f.N, f.Total = len(r.several), r.heads
		for _, s := range r.several[:min(len(r.several), maxLintExamples)] {
			ids := []string{l.d.nodes[t[s[0]].Head].id}
			for _, x := range t[s[0]:s[1]] {
				ids = append(ids, l.d.nodes[x.Tail].id)
			}
			f.example(fmt.Sprintf("%d tails", s[1]-s[0]), ids...)
		}
		l.add(f)
	}
	if len(order) == 0 {
		l.add(none)
	}
}

// contexts counts how many items share each context: a relation with its other end, or an attribute with its value.
func (l *lint) contexts() {
	x := newContextIndex()
	for r, n := range l.d.items {
		if l.cancelled(r) {
			return
		}
		for _, z := range x.of(l.adj.ties(n), l.d.nodes[n].attrs, true).at {
			x.all[z].count++
		}
	}
	hubs, lonely := newFinding(LintHubs, "", "contexts"), newFinding(LintLonely, "", "contexts")
	hubs.Total, lonely.Total = len(x.all), len(x.all)
	var found []contextInfo
	for _, c := range x.all {
		switch {
		case c.count == 1:
			lonely.N++
			l.contextExample(lonely, c)
		case 2*c.count > len(l.d.items):
			found = append(found, c)
		}
	}
	slices.SortStableFunc(found, func(a, b contextInfo) int { return cmp.Compare(b.count, a.count) })
	hubs.N = len(found)
	for _, c := range found {
		l.contextExample(hubs, c)
	}
	l.add(hubs)
	l.add(lonely)
}

func (l *lint) contextExample(f *LintFinding, c contextInfo) {
	if !f.wantsExample() {
		return
	}
	items := fmt.Sprintf("%d of %d items", c.count, len(l.d.items))
	if c.attr.key != "" {
		f.example(fmt.Sprintf("%s = %s: %s", c.attr.key, c.attr.value, items))
		return
	}
	relation := l.d.symName(c.link.relation)
	if c.link.in {
		relation += " from it"
	}
	f.example(relation+": "+items, l.d.nodes[c.link.end].id)
}
