package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenrec/ken/graph"
)

// What reaches an item, in the order in which it counts, is the same from arrays and from the store.
func TestHandDown(t *testing.T) {
	list := func(head string, n int) (rows []string) {
		for i := range n {
			rows = append(rows, fmt.Sprintf("%s says %s-%02d", head, head, i))
		}
		return rows
	}
	for _, tc := range []struct {
		name    string
		triples []string
		hops    int
		want    string // relation>end:weight of what i1 has been handed
		why     string
	}{
		{"chain", []string{"i1 in a", "a parent b", "b parent c", "c parent d"}, 3, "parent>b:0.5 parent>c:0.25", "three triples long, half a hop"},
		{"two hops", []string{"i1 in a", "a parent b", "b parent c"}, 2, "parent>b:0.5", "as Config.Hops says"},
		{"none", []string{"i1 in a", "a parent b"}, 1, "", "its own triples only"},
		{"backwards", []string{"a has i1", "a parent b", "i1 in c", "d parent c"}, 3, "", "along triples, not against them"},
		{"items and users", []string{"i1 next i2", "i2 in a", "i1 in b", "b best i2", "b fan u1", "u1 prefers c"}, 3, "", "what they say is theirs"},
		{"cycle", []string{"i1 in a", "a parent b", "b parent a", "a parent a"}, 3, "parent>b:0.5 parent>a:0.25", "each node is asked once"},
		{"back to the item", []string{"i1 in a", "a of i1", "a same_as x", "x parent b"}, 3, "parent>b:0.5", "what is the same as a category speaks for it"},
		{"nearest", []string{"i1 in a", "i1 in b", "a parent c", "c parent d", "b parent d"}, 3, "parent>c:0.5 parent>d:0.5", "the shorter way counts"},
		{"its own", []string{"i1 in a", "i1 parent b 0.3", "a parent b", "i1 parent c -1", "a parent c"}, 3, "", "what it says itself counts, also that it is not so"},
		{"heaviest", []string{"i1 in a 0.2", "i1 of a", "i1 in b 0.4", "a parent c", "b parent c"}, 3, "parent>c:0.5", "of two ways of one length"},
		{"large weights", []string{"i1 in a 4", "a parent b 9", "a parent c 0.5"}, 3, "parent>b:2 parent>c:1", "no hop makes a fact weigh more"},
		{"no fact", []string{"i1 in a -1", "a parent b", "i1 in c", "c parent d -1"}, 3, "", "negative triples say that it is not so"},
		{"16 facts", append(list("a", 16), "i1 in a", "i1 in b"), 2, "16", "no hub yet"},
		{"switched off", []string{"i1 off a", "i1 in b", "a parent c", "b parent d"}, 3, "parent>d:0.5", "a relation of weight 0 hands nothing down"},
		{"switched off behind", []string{"i1 in a", "a off b", "b parent c", "a parent d"}, 3, "parent>d:0.5", "nor is one handed down, or what lies behind it"},
		{"off beside on", []string{"i1 off a", "i1 in a", "a parent b"}, 3, "parent>b:0.5", "another relation to the same node still does"},
		{"hub", append(list("a", 17), "i1 in a", "i1 in b", "b parent c"), 2, "parent>c:0.5", "a list says nothing of what is on it"},
		{"items are no facts", []string{"a wrote i1", "a wrote i2", "a wrote i3", "i1 by a", "a parent b"}, 2, "parent>b:0.5", "an author with many books is no hub"},
		{"cap", slices.Concat(list("a", 16), list("b", 16), list("c", 16), list("d", 16), list("e", 16),
			[]string{"i1 in a 0.5", "i1 in b", "i1 in c", "i1 in d", "i1 in e"}), 3, "64", "bounded memory"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := memory(t)
			linesTSV(t, e, Nodes, "i1 item One", "i2 item Two", "i3 item Three", "u1 user Ann")
			for _, row := range tc.triples {
				var x graph.Triple
				if n, _ := fmt.Sscan(row, &x.Head, &x.Relation, &x.Tail, &x.Weight); n == 3 {
					x.Weight = 1
				}
				if err := e.AddTriple(t.Context(), x); err != nil {
					t.Fatal(err)
				}
			}
			linesTSV(t, e, Interactions, "u1 i1 1", "u1 i2 1", "u2 i2 1", "u2 i3 1")
			cfg := Config{Factors: 4, Iterations: 1, Hops: tc.hops, Relations: []Weight{{"off", 0}, {"parent", 2}}}
			if _, err := e.Train(t.Context(), TrainOptions{Config: &cfg}); err != nil {
				t.Fatal(err)
			}
			d, err := loadDataset(t.Context(), e.store)
			if err != nil {
				t.Fatal(err)
			}
			i1, _, _ := e.store.Lookup("i1")
			trained := buildAdjacency(d).reader(d, cfg)(i1)
			r, err := e.tieReader(t.Context(), e.model.Load())
			if err != nil {
				t.Fatal(err)
			}
			served, err := r.of(t.Context(), "i1")
			if err != nil {
				t.Fatal(err)
			}
			var texts [2][]string
			for i, ties := range [][]tie{trained, served} {
				for _, x := range ties {
					if x.hop > 1 {
						texts[i] = append(texts[i], fmt.Sprintf("%s>%s:%g", d.symName(x.link.relation), d.nodes[x.link.end].id, x.weight))
					}
				}
			}
			if diff := cmp.Diff(texts[0], texts[1]); diff != "" {
				t.Errorf("training and serving differ:\n%s", diff)
			}
			got := strings.Join(texts[0], " ")
			if n := len(texts[0]); n > 10 {
				got = fmt.Sprint(n)
			}
			if got != tc.want {
				t.Errorf("handed down: %q, want %q: %s", got, tc.want, tc.why)
			}
		})
	}
}

// Whatever the graph, handing down ends, in bounds, and each fact comes once, by the way that it names.
func FuzzHandDown(f *testing.F) {
	f.Add([]byte{0, 1, 1, 2, 2, 0}, byte(3))
	f.Add([]byte{0, 1, 0, 2, 1, 1, 2, 1, 1, 3}, byte(2))
	f.Fuzz(func(t *testing.T, edges []byte, hops byte) {
		of := map[graph.Idx][]tie{}
		for i := 0; i+1 < len(edges); i += 2 {
			head := graph.Idx(edges[i])
			of[head] = append(of[head], tie{link: linkKey{relation: 1, end: graph.Idx(edges[i+1])}, weight: 1, hop: 1, via: -1})
		}
		own := of[0]
		n := len(own)
		got, err := handDown(0, slices.Clone(own), int(hops%4), func(graph.Sym) bool { return true }, func(n graph.Idx) ([]tie, error) { return of[n], nil })
		if err != nil || len(got) > n+maxHanded {
			t.Fatalf("%d facts from %d, %v", len(got), n, err)
		}
		seen := map[linkKey]bool{}
		for i, x := range got[n:] {
			if seen[x.link] || x.link.end == 0 || int(x.via) >= n+i || got[x.via].hop != x.hop-1 || x.weight != x.share() {
				t.Fatalf("%+v among %+v", x, got)
			}
			seen[x.link] = true
		}
	})
}
