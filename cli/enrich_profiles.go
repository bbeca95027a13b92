package cli

import (
	"context"
	"fmt"

	"github.com/kenrec/ken/engine"
)

func (a *app) enrichProfiles(ctx context.Context, o *enrichFlags) error {
	options, err := o.profiles(a)
	if err != nil {
		return err
	}
	model, err := o.open(a)
	if err != nil {
		return err
	}
	return a.with(ctx, false, func(e *engine.Engine) error {
		bar := a.newBar("profiles")
		options.Progress = bar.report()
		rep, err := e.EnrichProfiles(ctx, model, options)
		bar.done()
		return a.asked(rep, profileGrid(rep), rep.Failures, o.dryRun, err)
	})
}

// profiles makes the engine's options of the flags.
func (o *enrichFlags) profiles(a *app) (engine.ProfileOptions, error) {
	out := engine.ProfileOptions{
		Split: engine.SplitKind(o.split), Fraction: o.fraction, N: o.n, Seed: o.seed, History: o.history, Limit: o.limit,
		DryRun: o.dryRun, Parallel: o.parallel, MaxAnswer: o.answer, Price: o.price(), By: userName(),
	}
	if o.split != "" {
		if err := oneOf("--split", o.split, append(splits(), string(engine.SplitTune))...); err != nil {
			return out, err
		}
	}
	if o.test == "" {
		return out, nil
	}
	if o.split != "" {
		return out, usagef("--test gives the pairs to keep back: leave out --split")
	}
	pairs, err := a.readPairs(o.test)
	if err != nil {
		return out, fmt.Errorf("--test: %w", err)
	}
	out.Test = pairs
	return out, nil
}

func profileGrid(rep engine.ProfileReport) *grid {
	g := &grid{header: []string{"what", "value"}}
	g.fact("source", rep.Source)
	g.fact("users", rep.Users)
	g.fact("with a text of their own", rep.Told)
	g.fact("nothing known", rep.Unknown)
	g.fact("interactions kept back", rep.Held)
	g.fact("cached", rep.Cached)
	g.fact("sent", rep.Sent)
	g.fact("repaired", rep.Repaired)
	g.fact("failed", rep.Failed)
	g.fact("proposed", rep.Proposed)
	g.fact("proposed before", rep.Known)
	g.fact("tokens in", rep.Usage.In)
	g.fact("tokens out", rep.Usage.Out)
	g.fact("cost", float32(rep.Cost))
	g.fact("seconds", seconds(rep.Seconds))
	return g
}
