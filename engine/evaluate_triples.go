package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kenrec/ken/engine/internal/link"
	"github.com/kenrec/ken/engine/internal/metrics"
	"github.com/kenrec/ken/engine/internal/sparse"
)

// TriplesOptions of EvaluateTriples. The zero value holds out a fifth of the links of every relation that has 50.
type TriplesOptions struct {
	Relations []string       // only these; nil: all with enough links
	Fraction  float64        // of the links of each relation held out, strictly between 0 and 1; 0: 0.2
	Seed      uint64         // of the hold-outs and the intervals
	Config    *Config        // nil: the store's configuration, else DefaultConfig
	Progress  func(Progress) // may be nil
}

// TriplesReport says how well held-out links of items are found again. The same store, options and seed give the same
// report but for Seconds.
type TriplesReport struct {
	Fraction  float64       `json:"fraction"`
	Seed      uint64        `json:"seed"`
	Links     int           `json:"links"`    // trained on
	HeldOut   int           `json:"held_out"` // means are over these
	Unseen    int           `json:"unseen"`   // of them, those whose tail no item has in training: they rank below all others
	Told      int           `json:"told"`     // links that stay in training because a name, text or attribute tells them
	Rows      []TriplesRow  `json:"rows"`
	Relations []RelationRow `json:"relations"`
	Trust     []TrustRow    `json:"trust"`
	Seconds   float64       `json:"seconds"`
}

// TriplesRow is one scorer. Ranks are among all tails that the relation has in the store, the item's others left out;
// equal scores share the mean of their ranks. Means are over held-out links, and so are the intervals.
type TriplesRow struct {
	Name   string      `json:"name"`
	Hits1  Estimate    `json:"hits_1"` // share of ranks up to 1
	Hits3  Estimate    `json:"hits_3"`
	Hits10 Estimate    `json:"hits_10"`
	MRR    Estimate    `json:"mrr"`              // mean of 1/rank
	Versus *Difference `json:"versus,omitempty"` // of MRR, against frequency
}

// RelationRow is one relation.
type RelationRow struct {
	Relation string       `json:"relation"` // with ← where items are the tails, and heads are ranked
	Tails    int          `json:"tails"`
	HeldOut  int          `json:"held_out"`
	Unseen   int          `json:"unseen"`
	Told     int          `json:"told"`
	Rows     []TriplesRow `json:"rows"` // frequency and ken
}

// TrustRow says what came of the links that Complete would propose at some confidence, on items that have a link of the
// relation, held out or not: whether one is right is known of no others. A link that is true and not in the store counts as
// wrong.
type TrustRow struct {
	From       float64 `json:"from"` // confidence, to the From of the next row
	Proposed   int     `json:"proposed"`
	Confidence float64 `json:"confidence"` // mean
	Right      float64 `json:"right"`      // share that was held out
}

// Rows of the report.
const (
	rowFrequency = "frequency" // how many items have the tail
	rowKen       = "ken"
)

// EvaluateTriples holds out links of items, relation by relation, trains on the rest and ranks what was held out: the
// prediction that Complete makes, beside the most frequent tails of the relation and each sort of evidence alone.
//
// A link is a triple between an item and another node, which may be an item as well; where only the tail is one, heads are
// ranked. Held-out pairs are joined in training by no triple of any relation or direction, and no name, text or attribute
// of one end names the other: links that are told in such a way are not held out. What Complete proposed and somebody
// accepted takes no part.
// Errors: ErrNoData, ErrBadOption, ErrClosed, an error wrapping ctx.Err(). Cost: two trainings.
func (e *Engine) EvaluateTriples(ctx context.Context, o TriplesOptions) (_ TriplesReport, err error) {
	defer border(&err)
	start := time.Now()
	if o.Fraction == 0 {
		o.Fraction = 0.2
	}
	if !(o.Fraction > 0 && o.Fraction < 1) {
		return TriplesReport{}, fmt.Errorf("%w: fraction %g, want more than 0 and less than 1", ErrBadOption, o.Fraction)
	}
	job, err := e.newLinkJob(ctx, o.Relations, o.Config)
	if err != nil {
		return TriplesReport{}, err
	}
	job.seed, job.step = o.Seed, steps(o.Progress, "evaluate", 2)
	ev := triplesEvaluation{job: job, o: o}
	if err := ev.run(ctx); err != nil {
		return TriplesReport{}, fmt.Errorf("engine: evaluate triples: %w", err)
	}
	ev.rep.Seconds = time.Since(start).Seconds()
	return ev.rep, nil
}

// steps reports the beginning of each of n trainings.
func steps(progress func(Progress), stage string, n int64) func() {
	done := int64(0)
	return func() {
		if progress != nil {
			progress(Progress{Stage: stage, Done: done, Total: n, Unit: "models"})
		}
		done++
	}
}

// triplesEvaluation is one call of EvaluateTriples.
type triplesEvaluation struct {
	job   *linkJob
	o     TriplesOptions
	model *linkModel
	names []string     // of the rows
	ranks [][]float64  // by row: of all held-out links
	trust []link.Guess // what would be proposed
	right map[int]bool // places in trust
	rep   TriplesReport
}

func (ev *triplesEvaluation) run(ctx context.Context) error {
	j := ev.job
	held, told := drawPairs(j.sides, j.may, ev.o.Fraction, ev.o.Seed)
	ev.rep.Fraction, ev.rep.Seed = ev.o.Fraction, ev.o.Seed
	j.hidden = pairSetOf(j.d, j.sides, held)
	if len(j.hidden) == 0 {
		return fmt.Errorf("%w: no link can be held out: there are too few, or texts tell them all", ErrNoData)
	}
	j.d = j.d.withoutPairs(j.adj, j.hidden)
	var err error
	if ev.model, err = j.fit(ctx); err != nil {
		return err
	}
	var scorers [][]float64
	ev.names, scorers = triplesScorers(ev.model.evidence)
	ev.ranks, ev.right = make([][]float64, len(ev.names)), map[int]bool{}
	for s := range j.sides {
		if err := ev.side(ctx, s, j.sides[s].matrix(held[s]), told[s], scorers); err != nil {
			return err
		}
	}
	ev.rep.Rows = triplesRows(ev.names, ev.ranks, ev.o.Seed)
	ev.rep.Trust = ev.trustRows()
	return nil
}

// side measures one relation.
func (ev *triplesEvaluation) side(ctx context.Context, s int, held *sparse.CSR, told int, scorers [][]float64) error {
	j, m, side := ev.job, ev.model, &ev.job.sides[s]
	ranks, err := m.evidence.Ranks(ctx, m.relations[s], held, side.closed(side.links), append(slices.Clone(scorers), m.fits[s].Weights), j.workers)
	if err != nil {
		return err
	}
	row := RelationRow{Relation: side.name(j.d), Tails: len(side.ends), HeldOut: held.NNZ(), Told: told}
	seen := m.relations[s].Links.ColCounts()
	for _, z := range held.Idx {
		if seen[z] == 0 {
			row.Unseen++
		}
	}
	row.Rows = triplesRows([]string{rowFrequency, rowKen}, [][]float64{ranks[0], ranks[len(ranks)-1]}, ev.o.Seed)
	for n := range ranks {
		ev.ranks[n] = append(ev.ranks[n], ranks[n]...)
	}
	rep := &ev.rep
	rep.Relations = append(rep.Relations, row)
	rep.Links += m.relations[s].Links.NNZ()
	rep.HeldOut, rep.Unseen, rep.Told = rep.HeldOut+row.HeldOut, rep.Unseen+row.Unseen, rep.Told+told
	return ev.guess(ctx, s, held)
}

// trustFrom are the confidences that TrustRow parts by.
var trustFrom = [...]float64{0.3, 0.5, 0.7, 0.9}

// guess collects what would be proposed of one relation, and whether it is right.
func (ev *triplesEvaluation) guess(ctx context.Context, s int, held *sparse.CSR) error {
	m, r := ev.model, ev.model.relations[s]
	byItem, err := m.evidence.Guesses(ctx, r, ev.job.sides[s].closed(r.Links), m.fits[s], trustFrom[0], r.Links.Cols, ev.job.workers)
	if err != nil {
		return err
	}
	for i, guesses := range byItem {
		if r.Links.Len(i)+held.Len(i) == 0 {
			continue
		}
		truth, _ := held.Row(i)
		for _, g := range guesses {
			_, ev.right[len(ev.trust)] = slices.BinarySearch(truth, g.End)
			ev.trust = append(ev.trust, g)
		}
	}
	return nil
}

func (ev *triplesEvaluation) trustRows() []TrustRow {
	rows := make([]TrustRow, len(trustFrom))
	for n := range rows {
		rows[n].From = trustFrom[n]
	}
	for at, g := range ev.trust {
		n, found := slices.BinarySearch(trustFrom[:], g.Confidence)
		if !found {
			n--
		}
		row := &rows[n]
		row.Proposed++
		row.Confidence += g.Confidence
		if ev.right[at] {
			row.Right++
		}
	}
	for n := range rows {
		of := float64(max(rows[n].Proposed, 1))
		rows[n].Confidence, rows[n].Right = rows[n].Confidence/of, rows[n].Right/of
	}
	return rows
}

// triplesScorers lists the rows of the report, and all but the last one as weights of the features: frequency alone, then
// each other sort of evidence with it.
func triplesScorers(e *link.Evidence) (names []string, weights [][]float64) {
	features := e.Features()
	for f, name := range features[:len(features)-1] { // the last one orders no tails
		w := make([]float64, len(features))
		w[0], w[f] = 1, 1
		if f == 1 {
			w[0] = 1e-6 // a product of factors is no logarithm: frequency only breaks ties
		}
		names, weights = append(names, name), append(weights, w)
	}
	return append(names, rowKen), weights
}

// triplesRows turns ranks by scorer into rows; the first scorer is what the others are tested against.
func triplesRows(names []string, ranks [][]float64, seed uint64) []TriplesRow {
	var out []TriplesRow
	var base []float64
	for n, name := range names {
		columns := make([][]float64, 4)
		for _, r := range ranks[n] {
			for c, k := range []float64{1, 3, 10} {
				hit := 0.0
				if r <= k {
					hit = 1
				}
				columns[c] = append(columns[c], hit)
			}
			columns[3] = append(columns[3], 1/r)
		}
		iv := metrics.Intervals(columns, seed)
		estimate := func(c int) Estimate { return Estimate{Value: iv[c].Mean, Low: iv[c].Low, High: iv[c].High} }
		row := TriplesRow{Name: name, Hits1: estimate(0), Hits3: estimate(1), Hits10: estimate(2), MRR: estimate(3)}
		if n == 0 {
			base = columns[3]
		} else {
			versus := difference(columns[3], base, seed)
			row.Versus = &versus
		}
		out = append(out, row)
	}
	return out
}
