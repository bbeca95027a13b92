package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/kenrec/ken/engine/internal/split"
)

// SplitKind names a way to part the store's interactions into training and held-out rows. The unit is the pair of user
// and item: all rows of a pair go to one side.
type SplitKind string

// The splits of Evaluate.
const (
	SplitRandom       SplitKind = "random"         // a fraction of all pairs
	SplitPerUser      SplitKind = "per-user"       // a fraction of each user's pairs
	SplitLeaveLastOut SplitKind = "leave-last-out" // each user's last N new items; ties by the store's order
	SplitByTime       SplitKind = "by-time"        // what comes after one moment, for all users
	SplitColdItems    SplitKind = "cold-items"     // every row of a fraction of the items
	SplitColdUsers    SplitKind = "cold-users"     // every row of a fraction of the users
	SplitKFold        SplitKind = "k-fold"         // N random folds, each held out once
	SplitGiven        SplitKind = "given"          // the pairs in EvaluateOptions.Test; trains on the whole store
	SplitCrossDomain  SplitKind = "cross-domain"   // what a fraction of the users did in one domain, see Domains
)

// Candidates names the items that are ranked.
type Candidates string

// The candidate rules of Evaluate.
const (
	CandidatesAuto Candidates = ""     // held-out items when none of them has a training row, else warm
	CandidatesWarm Candidates = "warm" // items with a training row
	CandidatesTest Candidates = "test" // the held-out items, warm or cold
	CandidatesAll  Candidates = "all"  // every item of the store
)

// EvaluateOptions of Evaluate. The zero value holds out a random fifth and compares the model at K = 20 with plain matrix
// factorisation and popularity.
type EvaluateOptions struct {
	Split      SplitKind  // "": random, given when Test is not nil, cross-domain when Domains is set
	Fraction   float64    // held out, strictly between 0 and 1; 0: 0.2
	N          int        // items a user for leave-last-out (0: 1), folds for k-fold (0: 5)
	Test       []TestPair // held-out pairs from outside, for SplitGiven
	K          int        // list length; 0: 20
	Seed       uint64     // of the split, the intervals and the tests; the models' own seed is in Config
	Candidates Candidates
	Types      []string // only items of these node types are ranked and looked for; nil: all. All are trained on
	Domains    Domains  // for SplitCrossDomain
	MinWeight  float32  // held-out pairs below it are not in T; pairs at 0 or below never are

	Config      *Config       // nil: the store's configuration, else DefaultConfig
	Compare     []NamedConfig // rows of their own, in place of Config
	NoBaselines bool          // leave out the rows for popularity and plain MF

	Ablation bool // rows for the scorers, for each source of knowledge alone, for all of them, and for all shuffled
	Buckets  bool // recall and NDCG by activity of users and items
	FoldIn   bool // users and items folded in, against the same trained, a share at a time until the interval is narrow
	Labels   bool // AUC, F1, log-loss, RMSE over held-out rows, see LabelScores

	FoldInShare float64 // of users, and of items, that FoldIn takes out of one training, below 1; 0: 0.02 of users, 0.05 of items

	Progress func(Progress) // may be nil
}

// TestPair is one held-out pair given from outside.
type TestPair struct {
	User, Item string
	Weight     float32 // 0 counts as 1, except with EvaluateOptions.Labels, where 0 is the negative label
}

// NamedConfig is a configuration with the name of its row in the report.
type NamedConfig struct {
	Name   string `json:"name"`
	Config Config `json:"config"`
}

// ranker ranks items for users, given the training rows it was fitted on. Users and items are rows of the dataset.
// For a user without training rows it uses what is known about them. Safe for concurrent use.
type ranker interface {
	// TopK returns for each user at most k candidates, best first, with their scores. Candidates nil means all items with
	// a training row; excludeSeen leaves out what the user has in the training rows.
	TopK(ctx context.Context, users []int32, k int, candidates []int32, excludeSeen bool) (lists [][]int32, scores [][]float32, err error)
}

// foldInRanker is a ranker that can take in rows of users or items it was not fitted on, everything else held fixed.
type foldInRanker interface {
	ranker
	// FoldIn returns a ranker with the rows added: what TopK leaves out and ranks as warm includes them.
	FoldIn(ctx context.Context, rows []int32) (ranker, error)
}

// variant says what of the knowledge a fit may use.
type variant struct {
	kind   variantKind
	source string // with variantSource
}

type variantKind uint8

const (
	variantFull       variantKind = iota // everything the configuration asks for: a row of the caller's
	variantKnowledge                     // the same, as a row of the ablation
	variantPlain                         // no knowledge: plain matrix factorisation
	variantPopularity                    // the most popular items for everybody
	variantSource                        // plain matrix factorisation and one source of knowledge
	variantShuffled                      // everything, what is known dealt to other nodes
)

// fitter fits a model on the rows train of the dataset's events.
type fitter func(ctx context.Context, train []int32, cfg Config, v variant) (ranker, error)

// evaluation is one call of Evaluate under way.
type evaluation struct {
	o       EvaluateOptions // defaults filled in
	data    *dataset
	list    func(ctx context.Context) ([]string, error) // names the sources of knowledge, for Ablation
	sources []string                                    // what list found
	fit     fitter
	workers int
	report  EvaluateReport
	// eligible marks the items that may be ranked and looked for, by row; nil: all.
	eligible []bool
	models   int64 // fitted so far
	total    int64 // to be fitted
}

// evaluate runs the protocol; cfg is the configuration of the row "ken".
func (ev *evaluation) evaluate(ctx context.Context, cfg Config) (EvaluateReport, error) {
	start := time.Now()
	if err := ev.o.fill(); err != nil {
		return EvaluateReport{}, fmt.Errorf("engine: evaluate: %w", err)
	}
	if err := ev.run(ctx, cfg); err != nil {
		return EvaluateReport{}, fmt.Errorf("engine: evaluate: %w", err)
	}
	ev.models = ev.total // fold-in may have had less to do than planned
	ev.progress()
	ev.report.Seconds = time.Since(start).Seconds()
	return ev.report, nil
}

func (ev *evaluation) run(ctx context.Context, cfg Config) error {
	folds, err := ev.holdouts()
	if err != nil {
		return err
	}
	ev.silenceLeaks(folds)
	if ev.o.Ablation && ev.list != nil {
		if ev.sources, err = ev.list(ctx); err != nil {
			return err
		}
	}
	rows := ev.plan(cfg)
	for _, r := range rows {
		if r.variant.kind == variantFull {
			ev.warnNames(r.name, r.cfg)
		}
	}
	ev.total = int64(len(rows) * len(folds))
	var rounds []foldInRound
	if ev.o.FoldIn {
		rounds = ev.planFoldIn(&folds[0])
		ev.total += int64(len(rounds))
	}
	for f := range folds {
		for r := range rows {
			result, err := ev.measure(ctx, &rows[r], &folds[f])
			if err != nil {
				return fmt.Errorf("%s: %w", rows[r].name, err)
			}
			rows[r].folds = append(rows[r].folds, result)
		}
	}
	ev.describe(folds)
	ev.summarise(rows, folds)
	if ev.o.Buckets {
		ev.report.Buckets = bucketTable(rows, folds)
	}
	if ev.o.FoldIn {
		return ev.measureFoldIn(ctx, rounds, rows, &folds[0])
	}
	return nil
}

// plan lists the rows of the table in the order printed.
func (ev *evaluation) plan(cfg Config) []tableRow {
	var rows []tableRow
	add := func(name string, c Config, kind variantKind, source string) {
		rows = append(rows, tableRow{name: name, cfg: c, variant: variant{kind, source}})
	}
	if !ev.o.NoBaselines {
		add("popularity", cfg, variantPopularity, "")
	}
	alone := cfg.unblended()
	if !ev.o.NoBaselines || ev.o.Ablation {
		add(rowPlain, alone, variantPlain, "")
	}
	if ev.o.Ablation {
		for _, s := range ev.sources {
			add("+ "+s, alone, variantSource, s)
		}
		add(rowKnowledge, alone, variantKnowledge, "")
		add(rowShuffled, alone, variantShuffled, "")
		add(rowScorers, cfg, variantPlain, "")
	}
	for _, c := range ev.o.Compare {
		add(c.Name, c.Config, variantFull, "")
	}
	if len(ev.o.Compare) == 0 {
		add("ken", cfg, variantFull, "")
	}
	return rows
}

// Names of rows. Plain MF is the factorisation of behaviour and nothing else; the rows that begin with a plus add one thing
// to it, and the model in full has all of them.
const (
	rowPlain     = "plain MF"
	rowKnowledge = "+ all knowledge"
	rowShuffled  = "+ all knowledge, shuffled"
	rowScorers   = "+ item-to-item scorers"
)

// fitOne fits one model and counts it.
func (ev *evaluation) fitOne(ctx context.Context, train []int32, cfg Config, v variant) (ranker, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ev.progress()
	ev.models++
	if v.kind == variantPopularity {
		return newPopularityRanker(ev.data, train, ev.o.Seed), nil
	}
	return ev.fit(ctx, train, cfg, v)
}

func (ev *evaluation) progress() {
	if ev.o.Progress != nil {
		ev.o.Progress(Progress{Stage: "evaluate", Done: ev.models, Total: ev.total, Unit: "models"})
	}
}

// fill sets the defaults and checks the rest.
func (o *EvaluateOptions) fill() error {
	if o.Split == "" {
		o.Split = SplitRandom
		switch {
		case o.Test != nil:
			o.Split = SplitGiven
		case o.Domains != (Domains{}):
			o.Split = SplitCrossDomain
		}
	}
	switch o.Split {
	case SplitLeaveLastOut, SplitKFold, SplitGiven:
		if o.Fraction != 0 {
			return fmt.Errorf("%w: split %q holds out no fraction", ErrBadOption, o.Split)
		}
	}
	if o.N != 0 && o.Split != SplitLeaveLastOut && o.Split != SplitKFold {
		return fmt.Errorf("%w: n is for splits %q and %q, not for %q", ErrBadOption, SplitLeaveLastOut, SplitKFold, o.Split)
	}
	if o.Fraction == 0 {
		o.Fraction = 0.2
	}
	if o.K == 0 {
		o.K = 20
	}
	if o.N == 0 {
		o.N = 1
		if o.Split == SplitKFold {
			o.N = 5
		}
	}
	kinds := []SplitKind{SplitRandom, SplitPerUser, SplitLeaveLastOut, SplitByTime, SplitColdItems, SplitColdUsers, SplitKFold, SplitGiven, SplitCrossDomain}
	rules := []Candidates{CandidatesAuto, CandidatesWarm, CandidatesTest, CandidatesAll}
	switch {
	case !slices.Contains(kinds, o.Split):
		return fmt.Errorf("%w: split %q, want one of %v", ErrBadOption, o.Split, kinds)
	case !slices.Contains(rules, o.Candidates):
		return fmt.Errorf("%w: candidates %q, want one of %q", ErrBadOption, o.Candidates, rules)
	case o.K < 1:
		return fmt.Errorf("%w: k = %d, want 1 or more", ErrBadOption, o.K)
	case !(o.MinWeight >= -math.MaxFloat32 && o.MinWeight <= math.MaxFloat32):
		return fmt.Errorf("%w: least weight is %g, want a finite number", ErrBadOption, o.MinWeight)
	case (o.Test != nil) != (o.Split == SplitGiven):
		return fmt.Errorf("%w: test pairs go with split %q and no other", ErrBadOption, SplitGiven)
	case (o.Domains != Domains{}) != (o.Split == SplitCrossDomain):
		return fmt.Errorf("%w: domains go with split %q and no other", ErrBadOption, SplitCrossDomain)
	case o.Split == SplitCrossDomain && o.Types != nil:
		return fmt.Errorf("%w: domains say what is ranked: leave out the types", ErrBadOption)
	case !(o.FoldInShare >= 0 && o.FoldInShare < 1):
		return fmt.Errorf("%w: share to fold in is %g, want at least 0 and below 1", ErrBadOption, o.FoldInShare)
	case o.FoldIn && o.Split == SplitColdUsers:
		return fmt.Errorf("%w: cold users have no history to fold in", ErrBadOption)
	case o.Labels && o.Split == SplitKFold:
		return fmt.Errorf("%w: labelled rows are measured on one split, not on folds", ErrBadOption)
	}
	if o.Split == SplitCrossDomain {
		if err := o.Domains.validate(); err != nil {
			return err
		}
	}
	names := map[string]bool{rowPlain: true, "popularity": true}
	for _, c := range o.Compare {
		if c.Name == "" || names[c.Name] {
			return fmt.Errorf("%w: configuration name %q is empty or taken", ErrBadOption, c.Name)
		}
		names[c.Name] = true
	}
	return nil
}

// splitError tells bad options from thin data.
func splitError(err error) error {
	if errors.Is(err, split.ErrBadFraction) {
		return fmt.Errorf("%w: %w", ErrBadOption, err)
	}
	return fmt.Errorf("%w: %w", ErrNoData, err)
}
