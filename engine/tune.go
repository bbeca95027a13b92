package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/kenrec/ken/engine/internal/tune"
	"github.com/kenrec/ken/graph"
)

// Objective names what Tune makes better.
type Objective string

// The objectives of Tune.
const (
	ObjectiveMix       Objective = "mix"        // warm, and cold items when the store has knowledge of items, in equal parts
	ObjectiveWarm      Objective = "warm"       // a random part of all pairs
	ObjectiveColdItems Objective = "cold-items" // every row of a part of the items
	ObjectiveColdUsers Objective = "cold-users" // every row of a part of the users
	ObjectiveByTime    Objective = "by-time"    // the newest part of all pairs; the half-life is tuned with it alone, or with Valid
)

// TuneOptions of Tune. The zero value goes through the whole plan for the objective mix.
type TuneOptions struct {
	Objective Objective     // "": mix
	Valid     []TestPair    // validation pairs from outside; they are taken out of training. With mix they are the warm part. Nothing is left to confirm on then
	Fraction  float64       // of what is held out for validation, strictly between 0 and 1; 0: 0.1
	K         int           // NDCG@K is measured; 0: 20
	MinWeight float32       // pairs below it are not what lists are for; pairs at 0 or below never are
	Seed      uint64        // of the validation part; the models' own seed is in Config
	Trials    int           // at most so many models, those of an interrupted run included; 0: no limit
	Budget    time.Duration // no model is begun after so much time in trials, likewise; 0: no limit
	Config    *Config       // where to start; nil: DefaultConfig
	DryRun    bool          // leave the store's training configuration alone
	Fresh     bool          // forget the trials of an interrupted run
	Progress  func(Progress)
}

// TuneReport says what Tune found.
type TuneReport struct {
	Objective Objective    `json:"objective"`
	K         int          `json:"k"`
	Seed      uint64       `json:"seed"`
	Splits    int          `json:"splits"`       // validation splits of the search: several where few pairs are held out
	Confirmed int          `json:"confirmed_on"` // fresh splits that Parts and Check are measured on; 0: those of the search
	TrainRows int          `json:"train_rows"`   // of the first split
	Parts     []TunePart   `json:"parts"`
	Choices   []TuneChoice `json:"choices"` // all that was searched, in order
	Check     *TuneCheck   `json:"check,omitempty"`
	Trials    int          `json:"trials"`
	Resumed   int          `json:"resumed"`      // of them, known from an interrupted run
	Spent     bool         `json:"budget_spent"` // the budget ended the search
	Warnings  []string     `json:"warnings,omitempty"`
	Seconds   float64      `json:"seconds"`
	Config    Config       `json:"config"` // zero fields stay automatic
	Stored    bool         `json:"stored"` // Train uses Config from now on
}

// TunePart is one part of the objective: the mean NDCG of the users with the first and the last configuration.
type TunePart struct {
	Name  string  `json:"name"`
	Users int     `json:"users"`
	Start float64 `json:"start"`
	Tuned float64 `json:"tuned"`
	SE    float64 `json:"se"` // standard error of Tuned − Start, over the paired users or over items, the larger one
}

// TuneChoice is what the search of one hyper-parameter came to.
type TuneChoice struct {
	Name   string  `json:"name"`
	From   string  `json:"from"`
	To     string  `json:"to"`               // equal to From: nothing changed
	Best   string  `json:"best"`             // the alternative that did best; empty when all were ruled out at low fidelity
	Gain   float64 `json:"gain"`             // of Best over From: change of NDCG relative to the start, mean over the parts
	SE     float64 `json:"se"`               // its standard error, likewise
	Undone bool    `json:"undone,omitempty"` // back at the start: the gain was gone on the fresh splits
}

// TuneCheck compares the warm part with the same configuration without knowledge.
type TuneCheck struct {
	Without  float64 `json:"without_knowledge"`  // NDCG
	Tuned    float64 `json:"tuned"`              // NDCG, after what Switched did
	SE       float64 `json:"se"`                 // of the difference
	Switched string  `json:"switched,omitempty"` // what of the knowledge was switched off for losing
}

// Tune searches for a configuration that ranks a validation part better, carved out of the training data, and stores it
// as the store's training configuration: Train uses it from then on. It does not publish a model.
//
// From the start, one hyper-parameter after the other is tried over a small grid by successive halving: all alternatives
// with a quarter of the sweeps, the better half with half of them, what is left in full, each going on from the factors
// that it has. An alternative is taken when its gain in NDCG is above its standard error (√(2 ln n) of them when it is the
// best of n), paired over users or over items, whichever is larger; else the start stays. Where few pairs are held out,
// every configuration is measured on up to three splits; by time, on the newest pairs alone, and what is found there is
// confirmed on the window before them.
//
// Searched are the shares of the item-to-item scorers and the power of the graph filter, how ratings and time count, α, λ,
// the prior, factors, the weight of all relations and of each, and of each block of features. Where triples join nodes that
// are neither users nor items, so are the hops over which their facts are handed down, 1 to 3, see Config.Hops. The texts
// around a node (block neighbours) are those of one hop.
//
// The best of many looks better than it is. So what the search found is compared with the start on as many fresh splits,
// and stays when it gains more than a standard error there; else the half of the changes that was surest is tried, and so
// on down to none. At the end, what of the knowledge makes warm lists worse than the same model without knowledge, by more
// than the 95 % interval, is switched off.
//
// Profiles that were written from validation interactions, see EnrichProfiles, are left out, with their vectors, and a
// warning counts them.
//
// Finished trials are kept in the store: a run that was cancelled or ran out of budget goes on where it stopped when the
// store's data and the options, budgets aside, are the same, and ends as if it had never stopped. The result depends on
// the seed, not on the number of workers; a budget in time only decides how many trials are run.
// Errors: ErrNoData, ErrBadOption, ErrClosed; a cancelled call returns an error wrapping ctx.Err() and stores no
// configuration.
func (e *Engine) Tune(ctx context.Context, o TuneOptions) (_ TuneReport, err error) {
	defer border(&err)
	start := time.Now()
	if err := o.fill(); err != nil {
		return TuneReport{}, fmt.Errorf("engine: tune: %w", err)
	}
	if err := e.train.LockContext(ctx); err != nil {
		return TuneReport{}, fmt.Errorf("engine: tune: waiting for another training: %w", err)
	}
	defer e.train.Unlock()
	if e.closed.Load() {
		return TuneReport{}, ErrClosed
	}
	t, err := e.newTuning(ctx, o)
	if err != nil {
		return TuneReport{}, fmt.Errorf("engine: tune: %w", err)
	}
	rep, err := t.find(ctx)
	if err != nil {
		return TuneReport{}, fmt.Errorf("engine: tune: %w", err)
	}
	if !o.DryRun {
		raw, err := json.Marshal(rep.Config)
		if err == nil {
			err = e.store.SetMeta(ctx, metaConfig, raw)
		}
		if err != nil {
			return TuneReport{}, fmt.Errorf("engine: tune: store the configuration: %w", err)
		}
		rep.Stored = true
	}
	rep.Seconds = time.Since(start).Seconds()
	e.log.Info("tuned", "trials", rep.Trials, "took", time.Since(start))
	return rep, nil
}

// Tuned reports whether the store holds a configuration by Tune, which Train uses when it is given none.
func (e *Engine) Tuned(ctx context.Context) (_ bool, err error) {
	defer border(&err)
	_, err = e.store.Meta(ctx, metaConfig)
	if errors.Is(err, graph.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// fill sets the defaults and checks the rest.
func (o *TuneOptions) fill() error {
	if o.Objective == "" {
		o.Objective = ObjectiveMix
	}
	if o.Fraction == 0 {
		o.Fraction = 0.1
	}
	if o.K == 0 {
		o.K = 20
	}
	if o.Config == nil {
		c := DefaultConfig()
		o.Config = &c
	}
	all := []Objective{ObjectiveMix, ObjectiveWarm, ObjectiveColdItems, ObjectiveColdUsers, ObjectiveByTime}
	switch {
	case !slices.Contains(all, o.Objective):
		return fmt.Errorf("%w: objective %q, want one of %v", ErrBadOption, o.Objective, all)
	case !(o.Fraction > 0 && o.Fraction < 1):
		return fmt.Errorf("%w: fraction %g, want above 0 and below 1", ErrBadOption, o.Fraction)
	case o.K < 1:
		return fmt.Errorf("%w: k = %d, want 1 or more", ErrBadOption, o.K)
	case o.Trials < 0 || o.Budget < 0:
		return fmt.Errorf("%w: a budget below 0", ErrBadOption)
	case !(o.MinWeight >= -math.MaxFloat32 && o.MinWeight <= math.MaxFloat32):
		return fmt.Errorf("%w: least weight is %g, want a finite number", ErrBadOption, o.MinWeight)
	case o.Valid != nil && len(o.Valid) == 0:
		return fmt.Errorf("%w: no validation pairs", ErrBadOption)
	}
	return o.Config.Validate()
}

// find searches, confirms, checks and reports.
func (t *tuning) find(ctx context.Context) (TuneReport, error) {
	knobs := t.knobs()
	dims := dimensions(knobs)
	t.planned = tune.Trials(dims)
	found, err := tune.Search(ctx, dims, func(ctx context.Context, p tune.Point, rung int) (tune.Values, error) {
		return t.judge(ctx, shorter(configure(*t.o.Config, knobs, p, t.scale), rung))
	})
	if err != nil {
		return TuneReport{}, err
	}
	rep := TuneReport{Objective: t.o.Objective, K: t.o.K, Seed: t.o.Seed, Splits: len(t.search), TrainRows: len(t.search[0].train), Spent: found.Spent,
		Warnings: t.warnings}
	folds, final, err := t.confirm(ctx, knobs, found)
	if err != nil {
		return TuneReport{}, err
	}
	for _, m := range found.Moves {
		c := choiceOf(knobs[m.Dimension], m)
		c.Undone = m.From != m.To && final.Point[m.Dimension] == knobs[m.Dimension].Start
		rep.Choices = append(rep.Choices, c)
	}
	trial := shorter(configure(*t.o.Config, knobs, final.Point, t.scale), tune.Full)
	rep.Config = configure(*t.o.Config, knobs, final.Point, t.whole)
	check, change, values, err := t.checkKnowledge(ctx, folds, trial, final.End)
	if err != nil {
		return TuneReport{}, err
	}
	rep.Check = check
	if change != nil {
		rep.Config = change(rep.Config)
	}
	rep.Parts, rep.Confirmed = t.partsOf(final.Start, values), len(t.fresh)
	rep.Trials, rep.Resumed = t.used, t.resumed
	return rep, rep.Config.Validate()
}

// confirm measures the end of the search on the fresh splits, and keeps what holds there. Without such splits the search
// is believed.
func (t *tuning) confirm(ctx context.Context, knobs []knob, found tune.Result) (folds []*tuneFold, final tune.Confirmed, err error) {
	folds = t.fresh
	if len(folds) == 0 {
		folds = t.search
	}
	final, err = tune.Confirm(ctx, dimensions(knobs), found, func(ctx context.Context, p tune.Point, rung int) (tune.Values, error) {
		return t.trial(ctx, folds, shorter(configure(*t.o.Config, knobs, p, t.scale), rung), variant{})
	})
	return folds, final, err
}

func choiceOf(k knob, m tune.Move) TuneChoice {
	c := TuneChoice{Name: k.Name, From: k.labels[m.From], To: k.labels[m.To], Gain: m.Gain.Gain, SE: m.Gain.SE}
	if m.Best >= 0 {
		c.Best = k.labels[m.Best]
	}
	return c
}
