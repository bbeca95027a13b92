package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kenrec/ken/engine/internal/link"
	"github.com/kenrec/ken/graph"
)

// CompleteOptions of EnrichComplete. The zero value proposes, of all relations with 50 triples, what is more likely right
// than wrong, at most 3 triples an item.
type CompleteOptions struct {
	Relations     []string // only these, however few triples they have; nil: all with enough
	Types         []string // only for items of these node types; nil: all
	MinConfidence float64  // above 0, at most 1; 0: 0.5
	PerItem       int      // at most so many triples an item; 0: 3
	Config        *Config  // nil: the store's configuration, else DefaultConfig
	DryRun        bool     // only count
	By            string   // who asked, for the log
	Progress      func(Progress)
}

// CompleteReport says what EnrichComplete did.
type CompleteReport struct {
	Source    string             `json:"source"`
	Relations []CompleteRelation `json:"relations"`
	Items     int                `json:"items"`    // with a proposal
	Found     int                `json:"found"`    // triples to propose
	Proposed  int                `json:"proposed"` // of them, new in quarantine
	Known     int                `json:"known"`    // proposed before
	Seconds   float64            `json:"seconds"`
}

// CompleteRelation is one relation in a CompleteReport.
type CompleteRelation struct {
	Relation   string  `json:"relation"` // with ← where items are the tails
	Links      int     `json:"links"`    // learnt from
	Tails      int     `json:"tails"`
	Found      int     `json:"found"`
	Confidence float64 `json:"confidence"` // mean of what was found
}

// completeSource begins the source of what EnrichComplete proposes; a version follows.
const (
	completeSource  = "ken:complete:"
	completeVersion = "1"
)

// EnrichComplete predicts triples of items that are not in the graph and proposes them; see Proposal. No model is asked
// and no text read for it but by the features: items that are alike by their factors, their contexts, who chose them and
// their texts have tails, and so do the factors of a context; a logistic regression, fitted on triples held out, makes a
// confidence of that. It says how likely a triple is, given that as large a part of the relation is missing as was held out,
// a fifth, and that the item has a tail of the relation at all: whether every book has a series is not asked. Items of a node
// type none of which has a relation get none.
// EvaluateTriples measures how good that is.
//
// The same store and options give the same proposals. What was accepted of them before is no evidence for others.
// Errors: ErrBadOption, ErrNoData (no interactions or too few triples), ErrClosed, an error wrapping ctx.Err(). Cost: two
// trainings.
func (e *Engine) EnrichComplete(ctx context.Context, o CompleteOptions) (rep CompleteReport, err error) {
	defer border(&err)
	start := time.Now()
	rep.Source = completeSource + completeVersion
	if err := o.fill(); err != nil {
		return rep, err
	}
	if err = e.complete(ctx, o, &rep); err != nil {
		err = fmt.Errorf("engine: complete: %w", err)
	}
	rep.Seconds = time.Since(start).Seconds()
	return rep, err
}

func (o *CompleteOptions) fill() error {
	if o.MinConfidence == 0 {
		o.MinConfidence = 0.5
	}
	if o.PerItem == 0 {
		o.PerItem = 3
	}
	if !(o.MinConfidence > 0 && o.MinConfidence <= 1) || o.PerItem < 0 {
		return fmt.Errorf("%w: minimum confidence is %g (above 0, at most 1), triples an item %d (1 or more)", ErrBadOption, o.MinConfidence, o.PerItem)
	}
	return nil
}

// sideGuess is a guess of one side.
type sideGuess struct {
	side int
	link.Guess
}

func (e *Engine) complete(ctx context.Context, o CompleteOptions, rep *CompleteReport) error {
	j, err := e.newLinkJob(ctx, o.Relations, o.Config)
	if err != nil {
		return err
	}
	j.seed, j.step = j.cfg.seed(), steps(o.Progress, "complete", 2)
	m, err := j.fit(ctx)
	if err != nil {
		return err
	}
	best, err := j.best(ctx, m, o)
	if err != nil {
		return err
	}
	var found []Proposal
	sums := make([]float64, len(j.sides))
	rep.Relations = make([]CompleteRelation, len(j.sides))
	for s := range j.sides {
		side := &j.sides[s]
		rep.Relations[s] = CompleteRelation{Relation: side.name(j.d), Links: side.links.NNZ(), Tails: len(side.ends)}
	}
	for _, guesses := range best {
		for _, g := range guesses {
			rep.Relations[g.side].Found++
			sums[g.side] += g.Confidence
			found = append(found, j.proposal(g, rep.Source))
		}
		rep.Items += min(len(guesses), 1)
	}
	for s := range rep.Relations {
		rep.Relations[s].Confidence = sums[s] / float64(max(rep.Relations[s].Found, 1))
	}
	rep.Found = len(found)
	if o.DryRun {
		return nil
	}
	done, err := e.Propose(ctx, o.By, found...)
	rep.Proposed, rep.Known = done.Added, done.Known
	return err
}

// best returns by item its guesses of highest confidence; ties go to the earlier relation, then to the older end.
func (j *linkJob) best(ctx context.Context, m *linkModel, o CompleteOptions) ([][]sideGuess, error) {
	out := make([][]sideGuess, len(j.d.items))
	for s := range j.sides {
		wanted := j.wanted(s, o.Types)
		byItem, err := m.evidence.Guesses(ctx, m.relations[s], j.sides[s].closed(j.sides[s].links), m.fits[s], o.MinConfidence, o.PerItem, j.workers)
		if err != nil {
			return nil, err
		}
		for i, guesses := range byItem {
			for _, g := range guesses {
				if wanted[i] {
					out[i] = append(out[i], sideGuess{s, g})
				}
			}
		}
	}
	for i := range out {
		slices.SortStableFunc(out[i], func(a, b sideGuess) int { return cmp.Compare(b.Confidence, a.Confidence) })
		out[i] = out[i][:min(len(out[i]), o.PerItem)]
	}
	return out, nil
}

// wanted marks the items that may get a triple of a relation: of the types asked for, and of a type some of whose items have
// it. No book has a director.
func (j *linkJob) wanted(side int, types []string) []bool {
	has := map[graph.Sym]bool{}
	for i, n := range j.d.items {
		if j.sides[side].links.Len(i) > 0 {
			has[j.d.nodes[n].typ] = true
		}
	}
	out := make([]bool, len(j.d.items))
	for i, n := range j.d.items {
		typ := j.d.nodes[n].typ
		out[i] = has[typ] && (types == nil || slices.Contains(types, j.d.symName(typ)))
	}
	return out
}

func (j *linkJob) proposal(g sideGuess, source string) Proposal {
	side := &j.sides[g.side]
	p := Proposal{Head: j.d.nodes[j.d.items[g.Item]].id, Relation: j.d.symName(side.relation), Tail: j.d.nodes[side.ends[g.End]].id,
		Source: source, Confidence: float32(g.Confidence), Match: matchPredicted}
	if side.in {
		p.Head, p.Tail = p.Tail, p.Head
	}
	return p
}
