package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/kenrec/ken/graph"
)

// MeasureRow compares what was proposed of one relation with what is known to be true.
type MeasureRow struct {
	Relation  string  `json:"relation"`
	Items     int     `json:"items"`     // that something was proposed about, of any relation
	Told      int     `json:"told"`      // of them, with a proposal of this relation
	Proposed  int     `json:"proposed"`  // distinct triples
	Right     int     `json:"right"`     // of them, known to be true
	Known     int     `json:"known"`     // true triples about the items
	Precision float64 `json:"precision"` // Right / Proposed; 0 when nothing was proposed
	Recall    float64 `json:"recall"`    // Right / Known; 0 when nothing is known
}

// ReviewMeasure compares the selected proposals, whatever their confidence, with triples that are known to be true: those
// that a file holds back of a sample, to see what a model is worth before its words are accepted. Only heads that truth
// knows something about are counted, and relations that it knows. Rows come by relation, the last is all of them together,
// named "". A proposed tail is right when it is the same node; a new node never is. Texts are left out.
// Errors: ErrNoData when no proposal is about a head in truth, ErrBadOption, ErrClosed, an error wrapping ctx.Err().
func (e *Engine) ReviewMeasure(ctx context.Context, f ReviewFilter, truth []graph.Triple) (_ []MeasureRow, err error) {
	defer border(&err)
	list, err := e.ReviewList(ctx, f)
	if err != nil {
		return nil, err
	}
	m := newMeasure(truth)
	for _, p := range list {
		m.add(p)
	}
	if len(m.items) == 0 {
		return nil, fmt.Errorf("%w: no proposal is about a head and of a relation in the truth", ErrNoData)
	}
	return m.rows(), nil
}

// measure counts proposals against the truth.
type measure struct {
	known     map[[3]string]bool
	heads     map[string]bool            // that truth speaks of
	relations map[string]map[string]bool // of truth, with the heads that have a proposal of it
	items     map[string]bool            // heads with a proposal
	said      map[[3]string]bool         // distinct proposals
}

func newMeasure(truth []graph.Triple) *measure {
	m := &measure{known: map[[3]string]bool{}, heads: map[string]bool{}, relations: map[string]map[string]bool{}, items: map[string]bool{}, said: map[[3]string]bool{}}
	for _, t := range truth {
		m.known[[3]string{t.Head, t.Relation, t.Tail}] = true
		m.heads[t.Head] = true
		m.relations[t.Relation] = map[string]bool{}
	}
	return m
}

func (m *measure) add(p Proposal) {
	told := m.relations[p.Relation]
	if p.isProfile() || !m.heads[p.Head] || told == nil {
		return
	}
	m.items[p.Head], told[p.Head] = true, true
	m.said[[3]string{p.Head, p.Relation, p.Tail}] = true
}

func (m *measure) rows() []MeasureRow {
	of := map[string]*MeasureRow{}
	all := MeasureRow{Items: len(m.items), Told: len(m.items)}
	for name, heads := range m.relations {
		of[name] = &MeasureRow{Relation: name, Items: len(m.items), Told: len(heads)}
	}
	for id := range m.said {
		r := of[id[1]]
		r.Proposed++
		if m.known[id] {
			r.Right++
		}
	}
	for id := range m.known {
		if m.items[id[0]] {
			of[id[1]].Known++
		}
	}
	var out []MeasureRow
	for _, r := range of {
		all.Proposed, all.Right, all.Known = all.Proposed+r.Proposed, all.Right+r.Right, all.Known+r.Known
		r.share()
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b MeasureRow) int { return cmp.Compare(a.Relation, b.Relation) })
	all.share()
	return append(out, all)
}

func (r *MeasureRow) share() {
	if r.Proposed > 0 {
		r.Precision = float64(r.Right) / float64(r.Proposed)
	}
	if r.Known > 0 {
		r.Recall = float64(r.Right) / float64(r.Known)
	}
}
