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
func (e *Engine) rawOf(ctx context.Context, reader *tieReader, index *contextIndex, f *features, ids []string) (*raw, []bag, error) {
	seen := e.watchErasures()
	defer seen.end()
	r := &raw{rows: len(ids), texts: make([]string, len(ids)), told: make([]bool, len(ids)), dims: map[string]int{}}
	bags := make([]bag, len(ids))
	around := make([][]graph.Idx, len(ids))
	full := make([]string, len(ids)) // what Embed makes of name and text
	mute := make([]bool, len(ids))   // has a text that does not count, and so has no vector
	var rows, cols []int32
	var vals []float32
	about := index // what the features are about
	if f != nil && f.contexts != nil {
		about = f.contexts
	}
	for i, id := range ids {
		node, err := e.store.Node(ctx, id)
		if err != nil {
			return nil, nil, missingAt(i, fmt.Errorf("engine: node %q: %w", id, err))
		}
		closed, err := e.profileClosed(ctx, reader.m.config.Sources, id, node.Text)
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
		ties, err := reader.of(ctx, id)
		if err != nil {
			return nil, nil, missingAt(i, err)
		}
		around[i] = ends(ties)
		bags[i] = index.of(ties, node.Attrs, false)
		all := about.of(ties, node.Attrs, false)
		for p, z := range all.at {
			rows, cols = append(rows, int32(i)), append(cols, z)
			vals = append(vals, all.weight[p]*about.rarity[z])
		}
	}
	r.bags = sparse.FromTriplets(len(ids), len(about.all), rows, cols, vals, func(a, b float32) float32 { return max(a, b) })
	return r, bags, e.gatherVectors(ctx, seen, f, r, ids, full, mute, around)
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

// userPrior returns what the triples, attributes and texts of a user say, nil when that is nothing.
func (e *Engine) userPrior(ctx context.Context, reader *tieReader, id string) ([]float32, error) {
	m := reader.m
	f := m.know.userFeatures
	r, _, err := e.rawOf(ctx, reader, m.know.users, f, []string{id})
	if err != nil {
		return nil, err
	}
	ties, err := reader.of(ctx, id)
	if err != nil {
		return nil, err
	}
	at, weight := m.know.profiler.profile(ties, e.labelAt)
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
