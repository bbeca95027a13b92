package engine

import (
	"cmp"
	"context"
	"errors"
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
	other    string
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

// stepsOf reads the triples of a node that count in the model, those of the entities it is the same as included.
func (s *session) stepsOf(ctx context.Context, id string) ([]step, error) {
	steps, same, err := s.stepsAt(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, entity := range same {
		more, _, err := s.stepsAt(ctx, entity)
		if err != nil && !errors.Is(err, graph.ErrNotFound) {
			return nil, err
		}
		steps = append(steps, more...)
	}
	return steps, nil
}

// stepsAt reads the triples of one node that count and tells which nodes it is the same as.
func (s *session) stepsAt(ctx context.Context, id string) (steps []step, same []string, err error) {
	for t, err := range s.e.store.Neighbours(ctx, id, graph.NeighbourOptions{}) {
		if err != nil {
			return nil, nil, fmt.Errorf("engine: triples of %q: %w", id, err)
		}
		to := step{relation: t.Relation, other: t.Tail}
		if t.Head != id {
			to.in, to.other = true, t.Head
		}
		switch {
		case !s.m.config.counts(t): // what the score leaves out is no reason for it
		case !isSame(t.Relation):
			steps = append(steps, to)
		case !to.in:
			same = append(same, t.Tail)
		}
	}
	return steps, same, nil
}

// counts reports whether a triple adds to scores: its weight is positive, and that of its relation and of its source.
func (c Config) counts(t graph.Triple) bool {
	return t.Weight > 0 && weightOf(c.Relations, t.Relation, 1) > 0 && weightOf(c.Sources, t.Source, 1) > 0
}

// paths finds ways of two triples from what the user has or prefers to the item, those through rare nodes first.
func (s *session) paths(ctx context.Context, p *person, item string, parts []Part) ([]string, error) {
	ofItem, err := s.stepsOf(ctx, item)
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
		steps, err := s.stepsOf(ctx, id)
		if err != nil {
			return ignoreMissing(err)
		}
		taken := 0
		for _, a := range steps {
			for _, b := range ofItem {
				if a.other != b.other || a.other == item || taken == pathsForItem || verb != "" && (a.relation != b.relation || a.in != b.in) {
					continue
				}
				taken++
				text := strings.TrimSpace(fmt.Sprintf("%s %s %s %s %s %s", verb, s.e.label(id), a.arrow(), s.e.label(a.other), b.back(), s.e.label(item)))
				all = append(all, found{text, s.rarityOf(a.other), rank})
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
func (s *session) rarityOf(id string) float32 {
	n, ok, err := s.e.store.Lookup(id)
	if err != nil || !ok {
		return 0
	}
	rare := float32(0)
	for _, z := range s.m.know.profiler.ofEnd[n] {
		rare = max(rare, s.m.know.items.rarity[z])
	}
	return rare
}
