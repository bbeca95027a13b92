package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/kenrec/ken/graph"
)

// Domains names two parts of a catalogue: what people do in Source is to say what they want of Target.
type Domains struct {
	Source string `json:"source"`
	Target string `json:"target"`
	// By parts the items: "" by their node types; else it names a relation, the domains being ids or names of its tails,
	// or an attribute, the domains being its values.
	By string `json:"by,omitempty"`
}

func (d Domains) validate() error {
	switch {
	case d.Source == "" || d.Target == "":
		return fmt.Errorf("%w: domains need a source and a target, got %q and %q", ErrBadOption, d.Source, d.Target)
	case d.Source == d.Target:
		return fmt.Errorf("%w: source and target are both %q", ErrBadOption, d.Source)
	}
	return nil
}

// ofTypes marks the items whose node type is one of names, by row.
func (d *dataset) ofTypes(names ...string) []bool {
	in := make([]bool, len(d.items))
	for i, n := range d.items {
		in[i] = slices.Contains(names, d.symName(d.nodes[n].typ))
	}
	return in
}

// ofDomain marks the items of a domain, by row.
func (d *dataset) ofDomain(name, by string) []bool {
	if by == "" {
		return d.ofTypes(name)
	}
	in, adj := make([]bool, len(d.items)), buildAdjacency(d)
	for i, n := range d.items {
		adj.each(n, func(t graph.TripleRow, incoming bool, end graph.Idx) {
			if !incoming && d.symName(t.Relation) == by && (d.nodes[end].id == name || d.nodes[end].name == name) {
				in[i] = true
			}
		})
		for _, a := range d.nodes[n].attrs {
			in[i] = in[i] || a.Key == by && slices.Contains(categories(a.Value), name)
		}
	}
	return in
}

// crossDomain holds out all that a share of the users did in the target domain, and keeps of these users what they did in
// the source domain and nothing else: the figures then say what the source alone tells. Users are drawn among those who
// liked something in both. An item of both domains counts as one of the source. What is ranked are items of the target.
func (ev *evaluation) crossDomain() (holdout, error) {
	o, d := ev.o, ev.data
	source, target := d.ofDomain(o.Domains.Source, o.Domains.By), d.ofDomain(o.Domains.Target, o.Domains.By)
	for i := range target {
		target[i] = target[i] && !source[i]
	}
	likes := func(of []bool) []bool {
		does := make([]bool, len(d.users))
		for _, e := range d.events {
			does[e.user] = does[e.user] || e.weight > 0 && of[e.item]
		}
		return does
	}
	inSource, inTarget := likes(source), likes(target)
	var both []int32
	for u := range d.users {
		if inSource[u] && inTarget[u] {
			both = append(both, int32(u))
		}
	}
	if len(both) < 2 {
		return holdout{}, fmt.Errorf("%w: %d users have items of both %q and %q, at least 2 are needed", ErrNoData, len(both), o.Domains.Source, o.Domains.Target)
	}
	ev.report.Domains, ev.report.InBoth, ev.eligible = &o.Domains, len(both), target
	tested := make([]bool, len(d.users))
	share := min(max(int(o.Fraction*float64(len(both))+0.5), 1), len(both)-1) // others must show how the domains hang together
	for _, at := range rand.New(rand.NewPCG(o.Seed, 9)).Perm(len(both))[:share] {
		tested[both[at]] = true
	}
	var h holdout
	for r, e := range d.events {
		switch {
		case !tested[e.user] || source[e.item]:
			h.train = append(h.train, int32(r))
		case target[e.item]:
			h.rows = append(h.rows, labelRow{e.user, e.item, e.weight})
		}
	}
	return h, ev.complete(&h)
}
