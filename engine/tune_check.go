package engine

import (
	"context"
	"fmt"

	"github.com/kenrec/ken/engine/internal/metrics"
	"github.com/kenrec/ken/engine/internal/tune"
)

// checkKnowledge compares the warm part with the same configuration without knowledge: knowledge must not make warm lists
// worse. What does, by more than the 95 % interval, is switched off step by step until it no longer does; of steps that
// all fail, the best is taken. change does the same to another configuration; nil: nothing is to be changed. It measures
// on the splits that confirm, where the configuration was not chosen, if there are any.
func (t *tuning) checkKnowledge(ctx context.Context, folds []*tuneFold, cfg Config, values tune.Values) (*TuneCheck, func(Config) Config, tune.Values, error) {
	at, warm := t.warmPart()
	if !warm || !t.knows() {
		return nil, nil, values, nil
	}
	without, err := t.trial(ctx, folds, cfg, variant{kind: variantPlain})
	if err != nil {
		return nil, nil, nil, fmt.Errorf("without knowledge: %w", err)
	}
	check := &TuneCheck{Without: metrics.Mean(without[at].Users)}
	check.Tuned, check.SE = metrics.Mean(values[at].Users), tune.StandardError(values[at], without[at])
	if check.holds() {
		return check, nil, values, nil
	}
	best, bestChange, bestValues := *check, (func(Config) Config)(nil), values
	for _, step := range t.fallbacks() {
		r, err := t.trial(ctx, folds, step.change(cfg), variant{})
		if err != nil {
			return nil, nil, nil, err
		}
		now := TuneCheck{
			Without: check.Without, Tuned: metrics.Mean(r[at].Users), SE: tune.StandardError(r[at], without[at]), Switched: step.name,
		}
		if now.Tuned > best.Tuned {
			best, bestChange, bestValues = now, step.change, r
		}
		if now.holds() {
			return &now, step.change, r, nil
		}
	}
	return &best, bestChange, bestValues, nil
}

// holds says that the configuration is not worse than without knowledge beyond the 95 % interval of their difference.
func (c *TuneCheck) holds() bool { return c.Tuned-c.Without >= -1.96*c.SE }

// fallback is one way to let knowledge have less of a say in warm lists.
type fallback struct {
	name   string
	change func(Config) Config
}

// fallbacks are ordered by what they leave for cold items, most first.
func (t *tuning) fallbacks() []fallback {
	sources := t.relations()
	prior := func(c Config) Config { c.Prior = "off"; return c }
	less := func(c Config) Config {
		for _, s := range sources {
			for _, name := range s.relations {
				c.Relations = setWeight(c.Relations, name, 0.1*weightOf(c.Relations, name, 1))
			}
		}
		return c
	}
	none := func(c Config) Config { c.noRelations(sources); return c }
	return []fallback{
		{"prior of warm items", prior},
		{"prior of warm items, nine tenths of all relations", func(c Config) Config { return less(prior(c)) }},
		{"prior of warm items, all relations", func(c Config) Config { return none(prior(c)) }},
	}
}

// partsOf reports the parts with what the start and the end reach.
func (t *tuning) partsOf(start, end tune.Values) []TunePart {
	var out []TunePart
	for i, p := range t.search[0].parts {
		out = append(out, TunePart{
			Name: p.name, Users: len(end[i].Users), Start: metrics.Mean(start[i].Users), Tuned: metrics.Mean(end[i].Users), SE: tune.StandardError(end[i], start[i]),
		})
	}
	return out
}
