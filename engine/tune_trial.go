package engine

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/kenrec/ken/engine/internal/mf"
	"github.com/kenrec/ken/engine/internal/tune"
)

// tuning is one call of Tune under way.
type tuning struct {
	o       TuneOptions // defaults filled in
	d       *dataset
	workers int
	base    *knowledge // of the starting configuration, unweighted
	search  []*tuneFold
	fresh   []*tuneFold // to confirm on; none with given pairs
	scale   scale       // of the first split's training rows
	whole   scale       // of all rows
	journal *journal

	warnings      []string
	used, resumed int               // trials of this run, and how many of them came from the journal
	spent         float64           // seconds in them
	seen          map[trialKey]bool // counted already
	planned       int

	features recent[*knowledge] // unweighted, by what features depend on
}

func (e *Engine) newTuning(ctx context.Context, o TuneOptions) (*tuning, error) {
	d, err := loadDataset(ctx, e.store)
	if err != nil {
		return nil, err
	}
	if len(d.events) == 0 {
		return nil, fmt.Errorf("%w: the store has no interactions", ErrNoData)
	}
	t := &tuning{o: o, d: d, workers: e.workers, seen: map[trialKey]bool{}}
	t.report()
	if t.base, err = t.unweighted(ctx, *o.Config); err != nil {
		return nil, err
	}
	if err := t.carveAll(); err != nil {
		return nil, err
	}
	if err := t.silenceLeaks(ctx); err != nil {
		return nil, err
	}
	t.scale, t.whole = t.search[0].scale, t.measure(nil)
	run, err := t.runKey()
	if err != nil {
		return nil, err
	}
	t.journal, err = openJournal(ctx, e.store, run, o.Fresh)
	return t, err
}

// measure is what automatic values of the given rows depend on.
func (t *tuning) measure(rows []int32) scale {
	x, _, how := behaviour(t.d, rows, *t.o.Config)
	s := scaleOf(x)
	s.links, s.slope = t.base.links, how.Slope
	return s
}

// runKey is a hash of everything that the values of trials depend on, besides their configuration.
func (t *tuning) runKey() ([]byte, error) {
	o := t.o
	raw, err := json.Marshal(struct {
		Version   int
		Seq       uint64
		Objective Objective
		Valid     []TestPair
		Fraction  float64
		K         int
		MinWeight float32
		Seed      uint64
	}{journalVersion, t.d.seq, o.Objective, o.Valid, o.Fraction, o.K, o.MinWeight, o.Seed})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(raw)
	return sum[:], nil
}

// knows reports whether the store says anything about items.
func (t *tuning) knows() bool { return t.base.itemLinks.NNZ() > 0 || t.base.h.Rows > 0 }

// shorter is the configuration at a rung: with fewer sweeps, the later ones of which a survivor goes on with.
func shorter(cfg Config, rung int) Config {
	cfg.Iterations = max(cfg.filled(scale{}).Iterations>>(tune.Full-rung), 1)
	return cfg
}

// judge returns the values of a configuration on the splits of the search, from the journal or a fit; tune.ErrBudget when
// no more may be fitted.
func (t *tuning) judge(ctx context.Context, cfg Config) (tune.Values, error) {
	if t.used > 0 && !t.have(t.search, cfg, variant{}) && t.over() {
		return nil, tune.ErrBudget
	}
	return t.trial(ctx, t.search, cfg, variant{})
}

// over says that the budget is spent.
func (t *tuning) over() bool {
	return t.o.Trials > 0 && t.used >= t.o.Trials || t.o.Budget > 0 && t.spent >= t.o.Budget.Seconds()
}

// have says whether a trial was counted already.
func (t *tuning) have(folds []*tuneFold, cfg Config, v variant) bool {
	return t.seen[t.keyOf(folds, cfg, v)]
}

func (t *tuning) keyOf(folds []*tuneFold, cfg Config, v variant) trialKey {
	return trialKey(sha256.Sum256([]byte(mustJSON(struct {
		Config  Config
		Variant variantKind
		Fresh   bool
	}{cfg, v.kind, len(t.fresh) > 0 && folds[0] == t.fresh[0]}))))
}

// trial is judge for any splits and variant. The checks at the end are not limited by the budget.
func (t *tuning) trial(ctx context.Context, folds []*tuneFold, cfg Config, v variant) (tune.Values, error) {
	key := t.keyOf(folds, cfg, v)
	old := t.journal.known[key]
	if !t.seen[key] {
		t.seen[key] = true
		t.used++
		if old != nil {
			t.resumed++
		} else {
			var err error
			if old, err = t.run(ctx, folds, key, cfg, v); err != nil {
				return nil, err
			}
		}
		t.spent += old.seconds
		t.report()
	}
	return old.values, nil
}

// run does a trial and writes it down.
func (t *tuning) run(ctx context.Context, folds []*tuneFold, key trialKey, cfg Config, v variant) (*trial, error) {
	start := time.Now()
	ev := t.evaluation()
	tallies := make([]tally, len(folds[0].parts))
	for i := range tallies {
		tallies[i] = tally{users: map[int32][2]float64{}, items: make([]float64, min(len(t.d.items), itemGroups))}
	}
	for _, f := range folds {
		r, err := t.ranker(ctx, f, cfg, v)
		if err != nil {
			return nil, err
		}
		for i := range f.parts {
			p := &f.parts[i]
			lists, err := ev.rank(ctx, r, p.users, p.candidates, p.history)
			if err != nil {
				return nil, err
			}
			tallies[i].add(p, lists, t.o.K)
		}
	}
	done := &trial{key: key}
	for i := range tallies {
		done.values = append(done.values, tallies[i].part())
	}
	done.seconds = time.Since(start).Seconds()
	return done, t.journal.add(ctx, done)
}

// ranker fits the configuration on a split, or takes what was fitted before when only the shares of the scorers differ: a
// blend costs a ranking, not a factorisation.
func (t *tuning) ranker(ctx context.Context, f *tuneFold, cfg Config, v variant) (*modelRanker, error) {
	type what struct {
		Config  Config
		Variant variantKind
	}
	alone := cfg.unblended()
	key := mustJSON(what{alone, v.kind})
	r, ok := f.fitted.get(key)
	if !ok {
		var k *knowledge
		if v.kind != variantPlain {
			var err error
			if k, err = t.knowledge(ctx, cfg); err != nil {
				return nil, err
			}
		}
		anyLength := alone
		anyLength.Iterations = 0
		from := mustJSON(what{anyLength, v.kind})
		at, ok := f.states.get(from)
		if !ok {
			at = &mf.State{}
		}
		m, err := fitFrom(ctx, t.d, k, f.train, alone, t.workers, at, nil)
		if err != nil {
			return nil, err
		}
		if !ok {
			f.states.put(from, at, keptStates)
		}
		r = &modelRanker{d: t.d, m: m, k: k, train: f.train, history: f.parts[0].history, workers: t.workers}
		// with every source at weight 0, cold items tie: by row, what was imported first would come first
		r.chance = rand.New(rand.NewPCG(t.o.Seed, 3)).Perm(len(t.d.items))
		f.fitted.put(key, r, keptModels)
	}
	var err error
	r.m.scorers, err = t.blend(ctx, f, cfg) // the model is this run's own
	if _, warm := t.warmPart(); warm {
		r.m.likeMinded.weight = cfg.likeMinded(f.scale)
	}
	return r, err
}

// blend returns the scorers with the shares of the configuration. They depend on behaviour alone.
func (t *tuning) blend(ctx context.Context, f *tuneFold, cfg Config) ([]scorer, error) {
	if _, warm := t.warmPart(); !warm {
		return nil, nil
	}
	coChoice, itemItem := cfg.shares(f.scale)
	if coChoice == 0 && itemItem == 0 {
		return nil, nil
	}
	both := cfg
	both.Scorers = []Weight{{scorerCoChoice, 0.5}, {scorerItemItem, 0.5}}
	key := mustJSON(struct {
		Types                  []Weight
		Slope, HalfLife, Power float64
	}{cfg.Types, cfg.RatingSlope, cfg.HalfLife, cfg.FilterPower})
	all, ok := f.scorers.get(key)
	if !ok {
		x, target, _ := behaviour(t.d, f.train, cfg)
		var err error
		if all, err = fitScorers(ctx, x, target, both, t.workers); err != nil {
			return nil, err
		}
		f.scorers.put(key, all, keptModels)
	}
	share := map[string]float64{scorerCoChoice: coChoice, scorerItemItem: itemItem}
	var blended []scorer
	for _, s := range all {
		if s.weight = share[s.name]; s.weight > 0 {
			blended = append(blended, s)
		}
	}
	return blended, nil
}

// knowledge returns what buildKnowledge makes with a configuration, from what was made for others where that is the same.
func (t *tuning) knowledge(ctx context.Context, cfg Config) (*knowledge, error) {
	base, err := t.unweighted(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if base.cuts(cfg) {
		return buildKnowledge(ctx, t.d, cfg, t.workers)
	}
	return base.reweighed(cfg), nil
}

// unweighted returns the knowledge with the features of a configuration and weight 1 for every triple.
func (t *tuning) unweighted(ctx context.Context, cfg Config) (*knowledge, error) {
	key := mustJSON(struct {
		Blocks, Sources []Weight
		Seed            uint64
		Hops            int
	}{cfg.Blocks, cfg.Sources, cfg.seed(), cfg.Hops})
	if k, ok := t.features.get(key); ok {
		return k, nil
	}
	k, err := buildKnowledge(ctx, t.d, cfg.unweighted(), t.workers)
	if err == nil {
		t.features.put(key, k, keptModels)
	}
	return k, err
}

// mustJSON is plain data as a key.
func mustJSON(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("engine: tune: key: %v", err)) // of numbers that Validate lets through
	}
	return string(raw)
}

func (t *tuning) report() {
	if t.o.Progress == nil {
		return
	}
	total := max(t.planned, t.used)
	if t.o.Trials > 0 {
		total = min(total, max(t.o.Trials, t.used))
	}
	t.o.Progress(Progress{Stage: "tune", Done: int64(t.used), Total: int64(total), Unit: "trials"})
}

// How much is kept between trials: the present point's and an alternative's models, and the factors of all alternatives
// of one hyper-parameter. Both are large.
const (
	keptModels = 2
	keptStates = 6
)

// recent keeps the values used last.
type recent[T any] struct {
	keys   []string // the last used first
	values []T
}

func (m *recent[T]) get(key string) (v T, ok bool) {
	at := slices.Index(m.keys, key)
	if at < 0 {
		return v, false
	}
	v = m.values[at]
	m.keys, m.values = slices.Delete(m.keys, at, at+1), slices.Delete(m.values, at, at+1)
	m.put(key, v, len(m.keys)+1)
	return v, true
}

// put adds a value and forgets what was used longest ago when there are more than most.
func (m *recent[T]) put(key string, v T, most int) {
	m.keys, m.values = slices.Insert(m.keys, 0, key), slices.Insert(m.values, 0, v)
	if len(m.keys) > most {
		m.keys, m.values = slices.Delete(m.keys, most, len(m.keys)), slices.Delete(m.values, most, len(m.values))
	}
}
