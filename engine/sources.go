package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kenrec/ken/graph"
)

// mostSources is how many sources of triples and texts have a weight in Tune and a row in Evaluate of their own.
const mostSources = 12

// origins lists the machines that proposed what the dataset holds of triples and profiles, those with the most first,
// ties by name.
func (d *dataset) origins() []string {
	bySym := map[graph.Sym]int{}
	for _, t := range d.triples {
		bySym[t.Source]++
	}
	count := map[string]int{}
	for sym, n := range bySym {
		if name := d.symName(sym); isMachine(name) {
			count[name] = n
		}
	}
	for _, w := range d.written {
		if w.current {
			count[w.source]++
		}
	}
	names := slices.SortedFunc(maps.Keys(count), func(a, b string) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) })
	return names[:min(len(names), mostSources)]
}

// isMachine reports whether a source is one of those that propose: a language model, a link or a completion.
func isMachine(source string) bool {
	for _, prefix := range []string{proposalPrefix, "link:", completeSource} {
		if strings.HasPrefix(source, prefix) {
			return true
		}
	}
	return false
}

// weighed returns the dataset with the weights of triples multiplied by those of their sources, and without the triples
// and profiles of sources with weight 0. Nodes, users and items keep their numbers.
func (d *dataset) weighed(list []Weight) *dataset {
	of := d.sourceWeights(list)
	if of == nil {
		return d
	}
	out := *d
	out.triples = make([]graph.TripleRow, 0, len(d.triples))
	for _, t := range d.triples {
		w, named := of[t.Source]
		if !named {
			w = 1
		}
		if t.Weight *= w; w > 0 {
			out.triples = append(out.triples, t)
		}
	}
	var closed []graph.Idx
	for n, w := range d.written {
		if w.current && weightOf(list, w.source, 1) == 0 {
			closed = append(closed, n)
		}
	}
	slices.Sort(closed)
	out.silence(closed)
	return &out
}

// sourceWeights returns the weights by symbol, nil when every source has weight 1.
func (d *dataset) sourceWeights(list []Weight) map[graph.Sym]float32 {
	var of map[graph.Sym]float32
	for _, w := range list {
		if w.Value != 1 && of == nil {
			of = map[graph.Sym]float32{}
		}
	}
	if of == nil {
		return nil
	}
	for _, t := range d.triples {
		if _, done := of[t.Source]; !done {
			of[t.Source] = float32(weightOf(list, d.symName(t.Source), 1))
		}
	}
	return of
}

// only returns the dataset with the knowledge of one source: its triples and profiles, and no other triple, name, text,
// attribute or vector.
func (d *dataset) only(source string) *dataset {
	told := func(n graph.Idx) bool { w := d.written[n]; return w.current && w.source == source }
	out := d.bare(told, func(t graph.TripleRow) bool { return d.symName(t.Source) == source })
	for n := range d.written {
		if told(n) {
			out.nodes[n].name, out.nodes[n].attrs = "", nil
		}
	}
	out.vectors = slices.DeleteFunc(out.vectors, func(v vectorSet) bool { return v.name != modalityText })
	return out
}

// profileClosed reports whether the text of a node is a profile of a source with weight 0.
func (e *Engine) profileClosed(ctx context.Context, sources []Weight, id, text string) (bool, error) {
	if text == "" || !slices.ContainsFunc(sources, func(w Weight) bool { return w.Value == 0 }) {
		return false, nil
	}
	note, ok, err := e.profileNote(ctx, id)
	return ok && note.Tail == profileTail(text) && weightOf(sources, note.Source, 1) == 0, err
}

// profileNote reads the note about a user's text.
func (e *Engine) profileNote(ctx context.Context, id string) (note profileNote, ok bool, err error) {
	val, err := e.store.Record(ctx, spaceProfile, id)
	if errors.Is(err, graph.ErrNotFound) {
		return note, false, nil
	}
	if err == nil {
		err = json.Unmarshal(val, &note)
	}
	if err != nil {
		return note, false, fmt.Errorf("engine: profile of %q: %w", id, err)
	}
	return note, true, nil
}
