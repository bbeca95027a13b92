package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kenrec/ken/graph"
)

const (
	maxPaths     = 5
	pathHistory  = 20 // items of the history, strongest first, whose triples are read for paths
	pathsForItem = 2  // at most this many ways from one item of the history, so that a list of paths says different things
)

// step is a triple seen from one of its ends.
type step struct {
	relation string
	in       bool // the end that it is seen from is the tail
}

// arrow writes a step away from a node: "—directed_by→" along the triple, "←directed_by—" against it.
func (t step) arrow() string {
	if t.in {
		return "←" + t.relation + "—"
	}
	return "—" + t.relation + "→"
}

// back writes the same triple towards the node that it is seen from.
func (t step) back() string { return step{relation: t.relation, in: !t.in}.arrow() }

// idOf returns the id of a node, "" when it was erased.
func (e *Engine) idOf(n graph.Idx) string {
	id, err := e.store.ID(n)
	if err != nil {
		return ""
	}
	return id
}

// labelAt is how a node is named to people, "" when it was erased.
func (e *Engine) labelAt(n graph.Idx) string {
	if id := e.idOf(n); id != "" {
		return e.label(id)
	}
	return ""
}

// label is how a node is named to people: its name, else its id.
func (e *Engine) label(id string) string {
	if n, err := e.store.Node(context.Background(), id); err == nil && n.Name != "" {
		return n.Name
	}
	return id
}

// grounds are the facts on which paths go from a node, or to it.
type grounds struct {
	ties []tie
	use  []int // places of those that count in the model
}

// groundsOf reads the facts of a node. What the score leaves out is no reason for it.
func (s *session) groundsOf(ctx context.Context, r *tieReader, id string) (grounds, error) {
	ties, err := r.of(ctx, id)
	of := grounds{ties: ties}
	for i, t := range ties {
		relation := s.e.store.SymName(t.link.relation)
		if t.weight > 0 && !isSame(relation) && s.m.config.counts(relation) {
			of.use = append(of.use, i)
		}
	}
	return of, err
}

// way writes how a node leads to the end of one of its facts, and back: what stands between the two.
func (s *session) way(of grounds, at int) (there, back string) {
	for i := at; i >= 0; i = int(of.ties[i].via) {
		link := of.ties[i].link
		t := step{relation: s.e.store.SymName(link.relation), in: link.in}
		if i == at {
			there, back = t.arrow(), t.back()
			continue
		}
		middle := s.e.labelAt(link.end)
		there, back = t.arrow()+" "+middle+" "+there, back+" "+middle+" "+t.back()
	}
	return there, back
}

// meet reports whether a fact of one node and one of another are about the same end, for a reason of its own: two that the
// same node handed down say nothing beyond that node.
func meet(a, b tie, from, to grounds) bool {
	return a.link.end == b.link.end && (a.hop == 1 || b.hop == 1 || from.ties[a.via].link.end != to.ties[b.via].link.end)
}

// paths finds ways from what the user has or prefers to the item, of two triples or, where facts were handed down, more:
// those through rare nodes first.
func (s *session) paths(ctx context.Context, r *tieReader, p *person, item string, parts []Part) ([]string, error) {
	ofItem, err := s.groundsOf(ctx, r, item)
	if err != nil {
		return nil, err
	}
	self, err := s.e.need("item", item)
	if err != nil {
		return nil, err
	}
	type found struct {
		text string
		rare float32
		rank int
	}
	var all []found
	from := func(id, verb string, rank int) error {
		own, err := s.groundsOf(ctx, r, id)
		if err != nil {
			return ignoreMissing(err)
		}
		taken := 0
		for _, i := range own.use {
			for _, j := range ofItem.use {
				a, b := own.ties[i], ofItem.ties[j]
				if taken == pathsForItem || !meet(a, b, own, ofItem) || a.link.end == self || verb != "" && (a.link.relation != b.link.relation || a.link.in != b.link.in) {
					continue
				}
				end := s.e.labelAt(a.link.end)
				if end == "" {
					continue // erased since
				}
				taken++
				there, _ := s.way(own, i)
				_, back := s.way(ofItem, j)
				text := strings.TrimSpace(fmt.Sprintf("%s %s %s %s %s %s", verb, s.e.label(id), there, end, back, s.e.label(item)))
				all = append(all, found{text, a.share() * b.share() * s.rarityOf(a.link.end), rank})
			}
		}
		return nil
	}
	if p.id != "" {
		if err := from(p.id, "", -1); err != nil {
			return nil, err
		}
	}
	for rank, id := range s.strongest(ctx, p, parts) {
		if id == item {
			continue // that she likes it because she has it is no reason
		}
		if err := from(id, "liked", rank); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(all, func(a, b found) int {
		return cmp.Or(cmp.Compare(b.rare, a.rare), cmp.Compare(a.rank, b.rank))
	})
	out := []string{}
	for _, f := range all[:min(len(all), maxPaths)] {
		out = append(out, f.text)
	}
	return out, nil
}

// strongest lists the liked items of a history whose parts carry most, then the others, pathHistory in all.
func (s *session) strongest(ctx context.Context, p *person, parts []Part) []string {
	var ids []string
	for _, part := range parts {
		if part.Kind == partHistory && part.Value > 0 && len(ids) < pathHistory {
			ids = append(ids, part.ID)
		}
	}
	for i, j := range p.past.Items {
		if len(ids) >= pathHistory {
			break
		}
		if p.past.Target != nil && p.past.Target[i] <= 0 {
			continue
		}
		it, err := s.show(ctx, int(j))
		if err == nil && !it.gone && !slices.Contains(ids, it.id) {
			ids = append(ids, it.id)
		}
	}
	return ids
}

// rarityOf is the rarity of the rarest context that ends at a node.
func (s *session) rarityOf(n graph.Idx) float32 {
	rare := float32(0)
	for _, z := range s.m.know.profiler.ofEnd[n] {
		rare = max(rare, s.m.know.items.rarity[z])
	}
	return rare
}
