package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/kenrec/ken/graph"
)

// LintReport says what in a store looks like a mistake of the data. Nothing is wrong for certain, and nothing is changed.
type LintReport struct {
	Nodes        int `json:"nodes"`
	Triples      int `json:"triples"`
	Interactions int `json:"interactions"`
	Users        int `json:"users"` // with what training takes for users and items
	Items        int `json:"items"`
	// Findings are in a fixed order. Each check is there, with N = 0 where it found nothing; those that look at one
	// relation or kind of vector at a time have a finding for each that is concerned.
	Findings []LintFinding `json:"findings"`
	Seconds  float64       `json:"seconds"`
}

// LintFinding is what one check found.
type LintFinding struct {
	Check    LintCheck     `json:"check"`
	Of       string        `json:"of,omitempty"` // the relation or kind of vector
	N        int           `json:"n"`            // how many are concerned
	Total    int           `json:"total"`        // of how many
	Unit     string        `json:"unit"`         // nodes, heads, contexts, …
	Examples []LintExample `json:"examples"`     // the first ones, at most 5
}

// LintExample is one of those concerned.
type LintExample struct {
	IDs  []string `json:"ids"`            // of the nodes, at most 5; names, for types of interactions
	What string   `json:"what,omitempty"` // what is the matter
}

// LintCheck names a check.
type LintCheck string

// The checks, in the order of the report.
const (
	LintDuplicates     LintCheck = "duplicate-nodes"      // same type and name, but for case, width and white space
	LintContradictions LintCheck = "contradictory-facts"  // two tails of a relation that nearly always has one
	LintIsolated       LintCheck = "isolated-nodes"       // no triple, no interaction
	LintNameless       LintCheck = "nodes-without-name"   // users aside
	LintTextless       LintCheck = "items-without-text"   // nothing to embed but perhaps a name
	LintHubs           LintCheck = "hub-contexts"         // shared by more than half of the items: they tell nothing apart
	LintLonely         LintCheck = "contexts-of-one-item" // shared with nobody
	LintBusyUsers      LintCheck = "robot-like-users"     // far more active than the others
	LintBusyItems      LintCheck = "robot-like-items"     // far more popular than the others
	LintTypeSpread     LintCheck = "interaction-types"    // no type among typed ones, or one type under two spellings
	LintMissingVectors LintCheck = "missing-vectors"      // others of the node's type have one
)

const (
	maxLintExamples = 5
	lintCheckEvery  = 4096 // rows between two looks at the context
)

// lint is one run of Lint.
type lint struct {
	ctx    context.Context
	d      *dataset
	adj    *adjacency
	report LintReport
}

// Lint looks for what is probably wrong in the data: duplicates, contradictions, nodes about which nothing is known,
// contexts that say nothing, activity that no person has. It reads the whole graph into memory, as Train does; writes
// that come meanwhile may be missed. Safe for concurrent use.
// Errors: ErrClosed, an error wrapping ctx.Err(), those of the store.
func (e *Engine) Lint(ctx context.Context) (_ LintReport, err error) {
	defer border(&err)
	start := time.Now()
	if e.closed.Load() {
		return LintReport{}, fmt.Errorf("engine: lint: %w", ErrClosed)
	}
	d, err := loadDataset(ctx, e.store)
	if err != nil {
		return LintReport{}, err
	}
	l := &lint{ctx: ctx, d: d, adj: buildAdjacency(d)}
	if err := l.run(); err != nil {
		return LintReport{}, fmt.Errorf("engine: lint: %w", err)
	}
	l.report.Seconds = time.Since(start).Seconds()
	return l.report, nil
}

func (l *lint) run() error {
	r := &l.report
	for n := range l.d.nodes {
		if l.d.has(graph.Idx(n)) {
			r.Nodes++
		}
	}
	r.Triples, r.Interactions = len(l.d.triples), len(l.d.events)
	r.Users, r.Items = len(l.d.users), len(l.d.items)
	for _, check := range []func(){
		l.duplicates, l.contradictions, l.isolated, l.nameless, l.textless, l.contexts, l.busy, l.typeSpread, l.missingVectors,
	} {
		if err := l.ctx.Err(); err != nil {
			return err
		}
		check()
	}
	return l.ctx.Err() // a check that was broken off is no finding
}

// cancelled reports whether a check is to break off; it looks now and then.
func (l *lint) cancelled(row int) bool { return row%lintCheckEvery == 0 && l.ctx.Err() != nil }

func newFinding(check LintCheck, of, unit string) *LintFinding {
	return &LintFinding{Check: check, Of: of, Unit: unit, Examples: []LintExample{}}
}

// wantsExample reports whether one more example is kept.
func (f *LintFinding) wantsExample() bool { return len(f.Examples) < maxLintExamples }

// example keeps an example if there is room for it.
func (f *LintFinding) example(what string, ids ...string) {
	if f.wantsExample() {
		f.Examples = append(f.Examples, LintExample{IDs: append([]string{}, ids[:min(len(ids), maxLintExamples)]...), What: what})
	}
}

func (l *lint) add(f *LintFinding) { l.report.Findings = append(l.report.Findings, *f) }
