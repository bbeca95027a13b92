package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/kenrec/ken/engine/internal/mf"
	"github.com/kenrec/ken/engine/internal/sparse"
	"github.com/kenrec/ken/graph"
)

// Kinds of parts. Blocks of features are parts of their own names: text, words, structure, popularity, …
const (
	partHistory    = "history"        // an item of the user's history, through what other people chose
	partContext    = "context"        // something the item is linked to
	partPreference = "preference"     // something the user's own triples point to
	partPeople     = "people"         // what other people's behaviour makes of the item, for a user without history
	partUser       = "user knowledge" // what is known about the user beside her history
	partEarlier    = "earlier"        // what was known at training and is not any more, or the other way round
)

// splitter splits the score of one item for one person into addends.
type splitter struct {
	s     *session
	p     *person
	v     voice // by which the score was taken; its bonuses are not valid any more
	at    int   // position of the item
	item  string
	parts []Part

	reader *tieReader
	ties   []tie // of the item, for the names of contexts that were handed down
}

func (sp *splitter) add(p Part) {
	if p.Value != 0 {
		sp.parts = append(sp.parts, p)
	}
}

// addErased adds what came from a node that was erased since: it has no name to be told by.
func (sp *splitter) addErased(value float64) {
	sp.add(Part{Kind: partEarlier, Name: "something erased", Value: value})
}

// sorted returns the parts, largest effect first, those of one kind and node joined.
func (sp *splitter) sorted() []Part {
	type key struct{ kind, id, name string }
	at := map[key]int{}
	var joined []Part
	for _, p := range sp.parts {
		k := key{p.Kind, p.ID, p.Name}
		if i, ok := at[k]; ok {
			joined[i].Value += p.Value
			continue
		}
		at[k] = len(joined)
		joined = append(joined, p)
	}
	slices.SortStableFunc(joined, func(a, b Part) int { return cmp.Compare(math.Abs(b.Value), math.Abs(a.Value)) })
	return joined
}

// split fills parts for a score.
//
// For a user with history the item's row is first split into what its contexts, its features and other people's behaviour
// make of it; the last part is then split over the user's history. For a user without, the score is split by what her own
// triples point to.
func (sp *splitter) split(ctx context.Context, score float64) error {
	m := sp.s.m
	warm := sp.s.warm(sp.at)
	if sp.p.past.Len() == 0 {
		return sp.splitPreferences(ctx)
	}
	terms, blocks, err := sp.terms(ctx, warm)
	if err != nil {
		return err
	}
	x, scale := sp.p.user, float32(1)
	switch {
	case warm:
		scale = sp.v.share[0]
	case sp.p.head != nil:
		x, scale = sp.p.head, m.factors.ColdScale
		if sp.at < len(m.items) {
			scale *= passedOver
		}
	}
	split, err := m.factors.SplitItem(ctx, terms, x)
	if err != nil {
		return err
	}
	if sp.ties, err = sp.reader.of(ctx, sp.item); err != nil {
		return err
	}
	for i, z := range terms.Contexts {
		if err := sp.addContext(partContext, z, float64(scale)*split.Contexts[i]); err != nil {
			return err
		}
	}
	for b, name := range blocks {
		sp.add(Part{Kind: name, Value: float64(scale) * split.Blocks[b]})
	}
	if !warm {
		sp.addRest(score)
		return nil
	}
	if err := sp.splitHistory(ctx, split.Known, scale); err != nil {
		return err
	}
	if sp.at >= len(m.items) {
		return sp.splitHeard(ctx)
	}
	return sp.splitScorers(ctx)
}

// addRest adds what the parts lack of the score of an item known by knowledge alone: its row is that of training, its
// contexts and features are those of now.
func (sp *splitter) addRest(score float64) {
	rest := score
	for _, p := range sp.parts {
		rest -= p.Value
	}
	if math.Abs(rest) > 1e-5*max(1, math.Abs(score)) {
		sp.add(Part{Kind: partEarlier, Name: "what was known at training", Value: rest})
	}
}

// terms gathers what the item's row was solved from, and the names of its prior's addends.
func (sp *splitter) terms(ctx context.Context, warm bool) (mf.ItemTerms, []string, error) {
	m := sp.s.m
	t := mf.ItemTerms{Warm: warm}
	r, bags, err := sp.s.e.rawOf(ctx, sp.reader, m.know.items, m.know.itemFeatures, []string{sp.item})
	if err != nil {
		return t, nil, err
	}
	if sp.at < len(m.items) {
		t.Contexts, t.ContextConf = m.links.Row(sp.at)
		if warm {
			of, conf := m.audience().Row(sp.at)
			t.UserConf = conf
			for _, u := range of {
				t.Users = append(t.Users, m.factors.U.Row(int(u)))
			}
		}
	} else {
		t.Contexts = bags[0].at
		for i, z := range bags[0].at {
			t.ContextConf = append(t.ContextConf, bags[0].weight[i]*m.know.conf[z])
		}
		if warm {
			by := sp.s.live.joins[sp.at-len(m.items)].by
			t.Users, t.UserConf = by.Users, by.Conf
		}
	}
	f := m.know.itemFeatures
	if f == nil || f.cols == 0 {
		return t, nil, nil
	}
	h, err := f.apply(ctx, r, sp.s.e.workers)
	if err != nil {
		return t, nil, fmt.Errorf("engine: features of %q: %w", sp.item, err)
	}
	var names []string
	t.Prior = m.factors.ItemPrior(h.Row(0), warm)
	for _, b := range f.blocks {
		only := make([]float32, f.cols)
		copy(only[b.from:b.to], h.Row(0)[b.from:b.to])
		t.PriorParts = append(t.PriorParts, m.factors.ItemPrior(only, warm))
		names = append(names, b.name)
	}
	return t, names, nil
}

// addContext adds the part of a context, one that was handed down to the item by the way on which it came: "by → Poe,
// movement → Gothic". A preference is named by its end alone.
func (sp *splitter) addContext(kind string, z int32, value float64) error {
	c := sp.s.m.know.items.all[z]
	if c.attr.key != "" {
		sp.add(Part{Kind: kind, ID: c.attr.key + "=" + c.attr.value, Name: c.attr.key + " is " + c.attr.value, Value: value})
		return nil
	}
	id, err := sp.s.e.store.ID(c.link.end)
	if errors.Is(err, graph.ErrNotFound) {
		sp.addErased(value)
		return nil
	}
	if err != nil {
		return fmt.Errorf("engine: node: %w", err)
	}
	name, arrow := sp.s.e.label(id), " → "
	if c.link.in {
		arrow = " ← "
	}
	if kind != partPreference {
		name = sp.s.e.store.SymName(c.link.relation) + arrow + name
		i := slices.IndexFunc(sp.ties, func(t tie) bool { return t.link == c.link })
		for i >= 0 && sp.ties[i].via >= 0 {
			i = int(sp.ties[i].via)
			link := sp.ties[i].link
			name = sp.s.e.store.SymName(link.relation) + " → " + sp.s.e.labelAt(link.end) + ", " + name
		}
	}
	sp.add(Part{Kind: kind, ID: id, Name: name, Value: value})
	return nil
}

// splitHistory splits what behaviour makes of the item over the user's history.
func (sp *splitter) splitHistory(ctx context.Context, known []float32, scale float32) error {
	m := sp.s.m
	people := slices.Clone(sp.s.row(sp.at))
	for j, v := range known {
		people[j] -= v
	}
	a, err := m.factors.UserInfluence(ctx, sp.p.past, people)
	if err != nil {
		return err
	}
	rest := float64(dot32(sp.p.user, people))
	past := sp.p.past
	for i := range past.Len() {
		var row []float32
		var at int // position of the item
		if i < len(past.Items) {
			at = int(past.Items[i])
			row = m.factors.V.Row(at)
		} else {
			row, at = past.LateV.Row(i-len(past.Items)), sp.s.position(sp.p.late[i-len(past.Items)])
		}
		value := float64(past.Conf[i] * past.TargetOf(i) * dot32(a, row))
		rest -= value
		if err := sp.addHistory(ctx, at, float64(scale)*value); err != nil {
			return err
		}
	}
	if math.Abs(rest) > 1e-6 { // the prior's addend, λ (A⁻¹v)·p
		sp.add(Part{Kind: partUser, Value: float64(scale) * rest})
	}
	return nil
}

func (sp *splitter) addHistory(ctx context.Context, j int, value float64) error {
	it, err := sp.s.show(ctx, j)
	if err != nil {
		return err
	}
	if it.gone {
		sp.addErased(value)
		return nil
	}
	name := it.name
	if name == "" {
		name = it.id
	}
	sp.add(Part{Kind: partHistory, ID: it.id, Name: name, Value: value})
	return nil
}

// splitScorers adds the addends of the item-to-item scorers, each an item of the history.
func (sp *splitter) splitScorers(ctx context.Context) error {
	if err := sp.splitPeers(ctx, func(u int32) bool { return hasItem(sp.s.m.likeMinded.rows().liked, u, sp.at) }); err != nil {
		return err
	}
	for n := range sp.s.m.scorers {
		for i, j := range sp.p.past.Items {
			idx, val := sp.s.m.scorers[n].next.Row(int(j))
			at, ok := slices.BinarySearch(idx, int32(sp.at))
			if !ok {
				continue
			}
			if err := sp.addHistory(ctx, int(j), float64(sp.v.share[n+1]*sp.s.m.pull(sp.p.past, i)*val[at])); err != nil {
				return err
			}
		}
	}
	return nil
}

// splitPeers adds the addends of like-minded: by what each item of the history brings in those peers who like the item.
func (sp *splitter) splitPeers(ctx context.Context, fan func(user int32) bool) error {
	by := sp.v.share[len(sp.v.share)-1]
	if by == 0 {
		return nil
	}
	return sp.s.m.likenessBy(sp.p.past, sp.v.peers, fan, func(item int32, value float32) error {
		return sp.addHistory(ctx, int(item), float64(by*value))
	})
}

// hasItem reports whether a row of a matrix with ascending columns has an item.
func hasItem(m *sparse.CSR, row int32, item int) bool {
	idx, _ := m.Row(int(row))
	_, ok := slices.BinarySearch(idx, int32(item))
	return ok
}

// splitHeard does the same for an item that joined after training.
func (sp *splitter) splitHeard(ctx context.Context) error {
	j := &sp.s.live.joins[sp.at-len(sp.s.m.items)]
	err := sp.splitPeers(ctx, func(u int32) bool {
		_, fan := slices.BinarySearch(j.fans, u)
		return fan
	})
	if err != nil {
		return err
	}
	for n, h := range j.heard {
		for i, j := range sp.p.past.Items {
			at, ok := slices.BinarySearch(h.at, j)
			if !ok {
				continue
			}
			if err := sp.addHistory(ctx, int(j), float64(sp.v.share[n+1]*sp.s.m.pull(sp.p.past, i)*h.val[at])); err != nil {
				return err
			}
		}
	}
	return nil
}

// splitPreferences splits the score of a user without history by the contexts that her triples point to.
func (sp *splitter) splitPreferences(ctx context.Context) error {
	m := sp.s.m
	v := sp.s.row(sp.at)
	rest := float64(dot32(sp.p.user, v))
	mean := float64(dot32(m.factors.MeanUser, v))
	sp.add(Part{Kind: blockPopularity, Name: "what the mean user likes", Value: mean})
	rest -= mean
	ties, err := sp.reader.of(ctx, sp.p.id)
	if err != nil {
		return err
	}
	at, weight := m.know.profiler.profile(ties, sp.s.e.labelAt)
	for i, z := range at {
		value := float64(m.factors.Profile * weight[i] * dot32(m.factors.Z.Row(int(z)), v))
		rest -= value
		if err := sp.addContext(partPreference, z, value); err != nil {
			return err
		}
	}
	if math.Abs(rest) > 1e-6 {
		sp.add(Part{Kind: partUser, Value: rest})
	}
	return nil
}
