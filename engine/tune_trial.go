package engine

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/kenrec/ken/engine/internal/tune"
)

// Low fidelity: what a choice is worth shows in its order, and that shows early.
const (
	cheapFactors    = 64
	cheapIterations = 4
)

// tuning is one call of Tune under way.
type tuning struct {
	o       TuneOptions // defaults filled in
	d       *dataset
	workers int
	base    *knowledge // of the starting configuration, unweighted
	train   []int32
	parts   []tunePart
	scale   scale // of the training rows
	whole   scale // of all rows
	journal *journal

	used, resumed int               // trials of this run, and how many of them came from the journal
	spent         float64           // seconds in them
	seen          map[trialKey]bool // counted already
	planned       int

	features recent[*knowledge] // unweighted, by what features depend on
	fitted   recent[*modelRanker]
	scorers  recent[[]scorer]
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
	if err := t.carve(); err != nil {
		return nil, err
	}
	t.scale, t.whole = t.measure(t.train), t.measure(nil)
	run, err := t.runKey()
	if err != nil {
		return nil, err
	}
	t.journal, err = openJournal(ctx, e.store, run, o.Fresh)
	return t, err
}

// measure is what automatic values of the given rows depend on.
func (t *tuning) measure(rows []int32) scale {
	x, _, _ := behaviour(t.d, rows, *t.o.Config)
	s := scaleOf(x)
	s.links = t.base.links
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

// cheaper is the configuration at low fidelity.
func cheaper(cfg Config) Config {
	full := cfg.filled(scale{})
	cfg.Factors, cfg.Iterations = min(full.Factors, cheapFactors), min(full.Iterations, cheapIterations)
	return cfg
}

// judge returns the values of a configuration, from the journal or a fit; tune.ErrBudget when no more may be fitted.
func (t *tuning) judge(ctx context.Context, cfg Config) (tune.Values, error) {
	return t.trial(ctx, cfg, variant{}, true)
}

// trial is judge for any variant; the checks at the end are not limited by the budget.
func (t *tuning) trial(ctx context.Context, cfg Config, v variant, limited bool) (tune.Values, error) {
	raw, err := json.Marshal(struct {
		Config  Config
		Variant variantKind
	}{cfg, v.kind})
	if err != nil {
		return nil, err
	}
	key := trialKey(sha256.Sum256(raw))
	old := t.journal.known[key]
	if !t.seen[key] {
		if limited && t.used > 0 && (t.o.Trials > 0 && t.used >= t.o.Trials || t.o.Budget > 0 && t.spent >= t.o.Budget.Seconds()) {
			return nil, tune.ErrBudget
		}
		t.seen[key] = true
		t.used++
		if old != nil {
			t.resumed++
		} else if old, err = t.fresh(ctx, key, cfg, v); err != nil {
			return nil, err
		}
		t.spent += old.seconds
		t.report()
	}
	return old.values, nil
}

// fresh runs a trial and writes it down.
func (t *tuning) fresh(ctx context.Context, key trialKey, cfg Config, v variant) (*trial, error) {
	start := time.Now()
	r, err := t.ranker(ctx, cfg, v)
	if err != nil {
		return nil, err
	}
	done := &trial{key: key}
	ev := t.evaluation()
	for _, p := range t.parts {
		lists, err := ev.rank(ctx, r, p.users, p.candidates, p.history)
		if err != nil {
			return nil, err
		}
		done.values = append(done.values, p.score(lists, t.o.K))
	}
	done.seconds = time.Since(start).Seconds()
	return done, t.journal.add(ctx, done)
}

// ranker fits the configuration, or takes what was fitted before when only the shares of the scorers differ: a blend
// costs a ranking, not a factorisation.
func (t *tuning) ranker(ctx context.Context, cfg Config, v variant) (*modelRanker, error) {
	alone := cfg.unblended()
	key, err := json.Marshal(struct {
		Config  Config
		Variant variantKind
	}{alone, v.kind})
	if err != nil {
		return nil, err
	}
	r, ok := t.fitted.get(string(key))
	if !ok {
		var k *knowledge
		if v.kind != variantPlain {
			base, err := t.unweighted(ctx, cfg)
			if err != nil {
				return nil, err
			}
			k = base.reweighed(cfg)
		}
		m, err := fit(ctx, t.d, k, t.train, alone, t.workers, nil)
		if err != nil {
			return nil, err
		}
		r = &modelRanker{d: t.d, m: m, k: k, train: t.train, history: t.parts[0].history, workers: t.workers}
		// with every source at weight 0, cold items tie: by row, what was imported first would come first
		r.chance = rand.New(rand.NewPCG(t.o.Seed, 3)).Perm(len(t.d.items))
		t.fitted.put(string(key), r)
	}
	r.m.scorers, err = t.blend(ctx, cfg) // the model is this run's own
	return r, err
}

// blend returns the scorers with the shares of the configuration. They depend on behaviour alone.
func (t *tuning) blend(ctx context.Context, cfg Config) ([]scorer, error) {
	if _, warm := t.warmPart(); !warm {
		return nil, nil
	}
	coChoice, itemItem := cfg.shares(t.scale)
	if coChoice == 0 && itemItem == 0 {
		return nil, nil
	}
	key, err := json.Marshal(struct {
		Types []Weight
		Slope float64
	}{cfg.Types, cfg.RatingSlope})
	if err != nil {
		return nil, err
	}
	all, ok := t.scorers.get(string(key))
	if !ok {
		x, target, _ := behaviour(t.d, t.train, cfg)
		both := cfg
		both.Scorers = []Weight{{scorerCoChoice, 0.5}, {scorerItemItem, 0.5}}
		if all, err = fitScorers(ctx, x, target, both, t.workers); err != nil {
			return nil, err
		}
		t.scorers.put(string(key), all)
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

// unweighted returns the knowledge with the features of a configuration and weight 1 for every triple.
func (t *tuning) unweighted(ctx context.Context, cfg Config) (*knowledge, error) {
	key, err := json.Marshal(struct {
		Blocks []Weight
		Seed   uint64
	}{cfg.Blocks, cfg.seed()})
	if err != nil {
		return nil, err
	}
	if k, ok := t.features.get(string(key)); ok {
		return k, nil
	}
	k, err := buildKnowledge(ctx, t.d, cfg.unweighted(), t.workers)
	if err == nil {
		t.features.put(string(key), k)
	}
	return k, err
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

// recent keeps the two values used last: the present point's and an alternative's. Models are large.
type recent[T any] struct {
	keys   [2]string
	values [2]T
}

func (m *recent[T]) get(key string) (v T, ok bool) {
	switch key {
	case m.keys[0]:
		return m.values[0], true
	case m.keys[1]:
		m.keys[0], m.keys[1] = m.keys[1], m.keys[0]
		m.values[0], m.values[1] = m.values[1], m.values[0]
		return m.values[0], true
	}
	return v, false
}

func (m *recent[T]) put(key string, v T) {
	m.keys[0], m.keys[1] = key, m.keys[0]
	m.values[0], m.values[1] = v, m.values[0]
}
