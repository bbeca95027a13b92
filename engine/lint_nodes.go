package engine

import (
	"cmp"
	"slices"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/kenrec/ken/graph"
)

// duplicates finds nodes of one type whose names are the same but for case, width, form of accents and white space.
// Those that a triple declares to be the same thing are known to be.
func (l *lint) duplicates() {
	type named struct {
		key string
		n   graph.Idx
	}
	fold := cases.Fold()
	var all []named
	f := newFinding(LintDuplicates, "", "nodes")
	for n, info := range l.d.nodes {
		if l.cancelled(n) {
			return
		}
		if key := strings.Join(strings.Fields(fold.String(norm.NFKC.String(info.name))), " "); key != "" {
			all = append(all, named{key, graph.Idx(n)})
		}
	}
	f.Total = len(all)
	typ := func(x named) graph.Sym { return l.d.nodes[x.n].typ }
	slices.SortFunc(all, func(a, b named) int {
		return cmp.Or(cmp.Compare(typ(a), typ(b)), strings.Compare(a.key, b.key), cmp.Compare(a.n, b.n))
	})
	for from := 0; from < len(all); {
		to := from + 1
		for to < len(all) && all[to].key == all[from].key && typ(all[to]) == typ(all[from]) {
			to++
		}
		var ids []string
		seen := map[graph.Idx]bool{}
		for _, x := range all[from:to] {
			if c := l.adj.canonical(x.n); !seen[c] {
				seen[c] = true
				ids = append(ids, l.d.nodes[x.n].id)
			}
		}
		if len(ids) > 1 {
			f.N += len(ids)
			f.example(l.d.nodes[all[from].n].name, ids...)
		}
		from = to
	}
	l.add(f)
}

// degrees counts the triples of each node and its interactions.
func (l *lint) degrees() []int {
	deg := make([]int, len(l.d.nodes))
	for _, t := range l.d.triples {
		deg[t.Head]++
		deg[t.Tail]++
	}
	for _, e := range l.d.events {
		deg[l.d.users[e.user]]++
		deg[l.d.items[e.item]]++
	}
	return deg
}

func (l *lint) isolated() {
	f := newFinding(LintIsolated, "", "nodes")
	for n, deg := range l.degrees() {
		if !l.d.has(graph.Idx(n)) {
			continue
		}
		f.Total++
		if deg == 0 {
			f.N++
			f.example(l.d.nodes[n].name, l.d.nodes[n].id)
		}
	}
	l.add(f)
}

func (l *lint) nameless() {
	f := newFinding(LintNameless, "", "nodes")
	for n, info := range l.d.nodes {
		if !l.d.has(graph.Idx(n)) || l.d.userRow[n] >= 0 && l.d.itemRow[n] < 0 {
			continue
		}
		f.Total++
		if strings.TrimSpace(info.name) == "" {
			f.N++
			f.example("", info.id)
		}
	}
	l.add(f)
}

func (l *lint) textless() {
	f := newFinding(LintTextless, "", "items")
	f.Total = len(l.d.items)
	for _, n := range l.d.items {
		if info := &l.d.nodes[n]; strings.TrimSpace(info.text) == "" {
			f.N++
			f.example(info.name, info.id)
		}
	}
	l.add(f)
}

// missingVectors finds, for each kind of vector, nodes without one whose type has some. Text vectors are expected only
// of nodes that have a name or a text.
func (l *lint) missingVectors() {
	for _, set := range l.d.vectors {
		f := newFinding(LintMissingVectors, set.name, "nodes")
		types := map[graph.Sym]bool{}
		for _, n := range set.at {
			types[l.d.nodes[n].typ] = true
		}
		at := 0
		for n, info := range l.d.nodes {
			if l.cancelled(n) {
				return
			}
			for at < len(set.at) && int(set.at[at]) < n {
				at++
			}
			expected := l.d.has(graph.Idx(n)) && types[info.typ] && (set.name != modalityText || info.name != "" || info.text != "")
			if !expected {
				continue
			}
			f.Total++
			if at == len(set.at) || int(set.at[at]) != n {
				f.N++
				f.example(info.name, info.id)
			}
		}
		l.add(f)
	}
	if len(l.d.vectors) == 0 {
		f := newFinding(LintMissingVectors, "", "nodes")
		f.Total = l.report.Nodes
		if f.N = f.Total; f.N > 0 {
			f.example("there are no vectors at all: run embed")
		}
		l.add(f)
	}
}
