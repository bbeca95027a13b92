package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/engine/internal/sparse"
	"github.com/kenrec/ken/graph"
)

// embedLimit is how long a query waits for the vectors of new texts. Without them the texts' words still count.
const embedLimit = 5 * time.Second

// missing is the error of rawOf for a node that is not there, by its place among those asked for.
type missing struct {
	at  int
	err error
}

func (m *missing) Error() string { return m.err.Error() }
func (m *missing) Unwrap() error { return m.err }

// rawOf gathers from the store what the features need of some nodes (nil: no features), and their bags of contexts with
// the triples' weights, as training does from its arrays. Errors: graph.ErrNotFound in a *missing for a node that is not
// there.
func (e *Engine) rawOf(ctx context.Context, index *contextIndex, f *features, ids []string, sources []Weight) (*raw, []bag, error) {
	seen := e.watchErasures()
	defer seen.end()
	r := &raw{rows: len(ids), texts: make([]string, len(ids)), told: make([]bool, len(ids)), dims: map[string]int{}}
	bags := make([]bag, len(ids))
	ends := make([][]graph.Idx, len(ids))
	full := make([]string, len(ids)) // what Embed makes of name and text
	mute := make([]bool, len(ids))   // has a text that does not count, and so has no vector
	var rows, cols []int32
	var vals []float32
	about := index // what the features are about
	if f != nil && f.contexts != nil {
		about = f.contexts
	}
	symbols := about.relations(e.store.SymName)
	for i, id := range ids {
		node, err := e.store.Node(ctx, id)
		if err != nil {
			return nil, nil, missingAt(i, fmt.Errorf("engine: node %q: %w", id, err))
		}
		closed, err := e.profileClosed(ctx, sources, id, node.Text)
		if err != nil {
			return nil, nil, err
		}
		if closed {
			node.Text = ""
			mute[i] = true
		} else {
			full[i] = embedText(node.Name, node.Text)
		}
		info := nodeInfo{name: node.Name, text: node.Text}
		r.texts[i], r.told[i] = info.words(), node.Text != ""
		links, weights, around, err := e.linksOf(ctx, id, symbols, sources)
		if err != nil {
			return nil, nil, missingAt(i, err)
		}
		ends[i] = around
		bags[i] = index.of(links, weights, node.Attrs, false)
		all := about.of(links, weights, node.Attrs, false)
		for p, z := range all.at {
			rows, cols = append(rows, int32(i)), append(cols, z)
			vals = append(vals, all.weight[p]*about.rarity[z])
		}
	}
	r.bags = sparse.FromTriplets(len(ids), len(about.all), rows, cols, vals, func(a, b float32) float32 { return max(a, b) })
	return r, bags, e.gatherVectors(ctx, seen, f, r, ids, full, mute, ends)
}

// missingAt tells of which node err is, when that is not there.
func missingAt(i int, err error) error {
	if errors.Is(err, graph.ErrNotFound) {
		return &missing{i, err}
	}
	return err
}

// gatherVectors reads the vectors that the blocks of f take; a row that is mute has no text vector.
func (e *Engine) gatherVectors(ctx context.Context, seen *watch, f *features, r *raw, ids, texts []string, mute []bool, ends [][]graph.Idx) error {
	byModality := map[string][][]float32{}
	around := make([][]float32, len(ids))
	r.vector = func(modality string, row int) []float32 { return byModality[modality][row] }
	r.around = func(row int) []float32 { return around[row] }
	if f == nil {
		return nil
	}
	for _, b := range f.blocks {
		if b.whitener == nil {
			continue
		}
		dim := len(b.whitener.Mean)
		if b.name == blockNeighbours {
			for i := range ids {
				var err error
				if around[i], err = e.meanAround(ctx, ends[i], dim); err != nil {
					return err
				}
			}
			continue
		}
		vs, err := e.vectorsOf(ctx, b.modality, dim, ids)
		if err != nil {
			return err
		}
		if b.modality == modalityText {
			for i := range vs {
				if mute[i] {
					vs[i] = nil
				}
			}
			if err := e.fillTexts(ctx, seen, vs, dim, texts); err != nil {
				return err
			}
		}
		byModality[b.modality] = vs
	}
	return nil
}

// vectorsOf reads the vectors of nodes, nil where there is none of the length that the model was trained on.
func (e *Engine) vectorsOf(ctx context.Context, modality string, dim int, ids []string) ([][]float32, error) {
	vs := make([][]float32, len(ids))
	for i, id := range ids {
		v, err := e.store.Vector(ctx, id, modality)
		if err != nil && !errors.Is(err, graph.ErrNotFound) {
			return nil, fmt.Errorf("engine: %s vector of %q: %w", modality, id, err)
		}
		if len(v) == dim {
			vs[i] = v
		}
	}
	return vs, nil
}

// fillTexts makes the vectors that are missing and have a text, if the engine has an embedder of the model that made the
// stored ones; they are kept in the store's cache, so that no text is sent twice. A server that is down or slow is logged
// and no error: a missing vector counts as the mean.
func (e *Engine) fillTexts(ctx context.Context, seen *watch, vs [][]float32, dim int, texts []string) error {
	var at []int
	var ask []string
	for i, v := range vs {
		if v == nil && texts[i] != "" {
			at, ask = append(at, i), append(ask, texts[i])
		}
	}
	if len(ask) == 0 || e.embedder == nil {
		return nil
	}
	kinds, err := e.store.Modalities(ctx)
	if err != nil {
		return fmt.Errorf("engine: modalities: %w", err)
	}
	same := func(k graph.Modality) bool { return k.Name == modalityText && k.Model == e.embedder.Model().Name }
	if !slices.ContainsFunc(kinds, same) {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, embedLimit)
	defer cancel()
	made, err := embed.NewCached(e.embedder, seen).Embed(limited, ask)
	if ctx.Err() != nil {
		return fmt.Errorf("engine: embed new texts: %w", ctx.Err())
	}
	if err != nil {
		e.log.Warn("texts of new nodes were not embedded", "texts", len(ask), "error", err)
	}
	for i, v := range made {
		if len(v) == dim {
			vs[at[i]] = v
		}
	}
	return nil
}

// meanAround is the mean text vector of some nodes, nil when none has one.
func (e *Engine) meanAround(ctx context.Context, ends []graph.Idx, dim int) ([]float32, error) {
	var ids []string
	for _, end := range ends {
		if id := e.idOf(end); id != "" {
			ids = append(ids, id)
		}
	}
	vs, err := e.vectorsOf(ctx, modalityText, dim, ids)
	if err != nil {
		return nil, err
	}
	return meanOf(vs), nil
}

// relations maps relation names to the symbols that the index knows.
func (x *contextIndex) relations(symName func(graph.Sym) string) map[string]graph.Sym {
	names := map[string]graph.Sym{}
	for _, c := range x.all {
		if c.attr.key == "" {
			names[symName(c.link.relation)] = c.link.relation
		}
	}
	return names
}

// linksOf reads the triples of a node from the store, those of the entities it is the same as included, with the other
// ends resolved as adjacency.each does. Weights are multiplied by those of the triples' sources; at 0 a triple is not there.
func (e *Engine) linksOf(ctx context.Context, id string, symbols map[string]graph.Sym, sources []Weight) (keys []linkKey, weights []float32, ends []graph.Idx, err error) {
	self, ok, err := e.store.Lookup(id)
	if err == nil && !ok {
		err = graph.ErrNotFound
	}
	if err != nil {
		return nil, nil, nil, fmt.Errorf("engine: node %q: %w", id, err)
	}
	same, err := e.sameRelations(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	var entities []string
	visit := func(id string, first bool) error {
		for t, err := range e.store.Neighbours(ctx, id, graph.NeighbourOptions{}) {
			if err != nil {
				return fmt.Errorf("engine: triples of %q: %w", id, err)
			}
			other, in := t.Tail, false
			if t.Head != id {
				other, in = t.Head, true
			}
			if first && !in && slices.Contains(same, t.Relation) {
				entities = append(entities, other)
			}
			end, ok, err := e.canonical(ctx, other, same)
			if err != nil {
				return err
			}
			trust := float32(weightOf(sources, t.Source, 1))
			if !ok || end == self || trust == 0 {
				continue
			}
			ends = append(ends, end)
			if rel, known := symbols[t.Relation]; known {
				keys = append(keys, linkKey{relation: rel, in: in, end: end})
				weights = append(weights, t.Weight*trust*t.Confidence)
			}
		}
		return nil
	}
	if err := visit(id, true); err != nil {
		return nil, nil, nil, err
	}
	for _, entity := range entities {
		if err := visit(entity, false); err != nil && !errors.Is(err, graph.ErrNotFound) {
			return nil, nil, nil, err
		}
	}
	return keys, weights, ends, nil
}

// sameRelations lists the relations of the store that say that two nodes are one.
func (e *Engine) sameRelations(ctx context.Context) ([]string, error) {
	all, err := e.store.Relations(ctx)
	if err != nil {
		return nil, fmt.Errorf("engine: relations: %w", err)
	}
	var same []string
	for _, r := range all {
		if isSame(r.Name) {
			same = append(same, r.Name)
		}
	}
	return same, nil
}

// canonical returns the number of a node, that of the item which is the same if there is one; ok is false for a node that
// was erased.
func (e *Engine) canonical(ctx context.Context, id string, same []string) (n graph.Idx, ok bool, err error) {
	last := id
	for _, relation := range same {
		for t, err := range e.store.Neighbours(ctx, id, graph.NeighbourOptions{Relation: relation, Direction: graph.In}) {
			if errors.Is(err, graph.ErrNotFound) {
				return 0, false, nil
			}
			if err != nil {
				return 0, false, fmt.Errorf("engine: triples of %q: %w", id, err)
			}
			last = t.Head
		}
	}
	if n, ok, err = e.store.Lookup(last); err != nil {
		return 0, false, fmt.Errorf("engine: node %q: %w", last, err)
	}
	return n, ok, nil
}

// userPrior returns what the triples, attributes and texts of a user say, nil when that is nothing.
func (e *Engine) userPrior(ctx context.Context, m *model, id string) ([]float32, error) {
	f := m.know.userFeatures
	r, _, err := e.rawOf(ctx, m.know.users, f, []string{id}, m.config.Sources)
	if err != nil {
		return nil, err
	}
	_, _, ends, err := e.linksOf(ctx, id, nil, m.config.Sources)
	if err != nil {
		return nil, err
	}
	at, weight := m.know.profiler.profile(ends, e.labelAt)
	var h []float32
	if f.width() > 0 && r.known(0) {
		features, err := f.apply(ctx, r, e.workers)
		if err != nil {
			return nil, fmt.Errorf("engine: features of user %q: %w", id, err)
		}
		h = features.Row(0)
	}
	if len(at) == 0 && h == nil {
		return nil, nil
	}
	return m.factors.UserPrior(at, weight, h), nil
}
