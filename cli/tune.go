package cli

import (
	"context"
	"fmt"
	"strconv"
	"time"

	ucli "github.com/urfave/cli/v2"

	"github.com/kenrec/ken/engine"
)

func newTuneCommand(a *app) *ucli.Command {
	var o tuneFlags
	return &ucli.Command{
		Name:  "tune",
		Usage: "search for the configuration that ranks this store's data best",
		Description: `Holds out a part of the data, tries one hyper-parameter after the other, and keeps
what gains more than its standard error. What was found is then measured on parts that
the search has not seen: where the gain is gone, the defaults stay. The result is the
store's training configuration: run ` + "`ken train`" + ` afterwards. A run that is interrupted,
or ends by its budget, goes on where it stopped when it is started again.

Gains are of NDCG, relative to the start. "undone" marks what did not hold.

The half-life of interactions is searched where what is held out is newer than the
rest: with --objective by-time, or with --valid.

Over how many triples facts are handed down is searched where triples join nodes that
are neither users nor items.

Examples:
  ken tune && ken train
  ken tune --budget 10m --objective cold-items
  ken tune --objective by-time
  ken tune --valid valid.tsv --dry-run --format json`,
		Flags: o.flags(),
		Action: func(c *ucli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			options, err := o.options(a)
			if err != nil {
				return err
			}
			return a.with(c.Context, false, func(e *engine.Engine) error {
				return a.tune(c.Context, e, options)
			})
		},
	}
}

type tuneFlags struct {
	objective, valid, config, budget string
	fraction, minWeight              float64
	k, trials                        int
	seed                             uint64
	dryRun, fresh                    bool
}

func (o *tuneFlags) flags() []ucli.Flag {
	return []ucli.Flag{
		&ucli.StringFlag{Name: "objective", Value: string(engine.ObjectiveMix), Usage: "what to make better: mix, warm, cold-items, cold-users or by-time", Destination: &o.objective},
		&ucli.StringFlag{Name: "valid", Usage: "measure on the pairs in `FILE`: user, item and perhaps weight, separated by tabs", DefaultText: "a part of the data", Destination: &o.valid},
		&ucli.Float64Flag{Name: "fraction", Value: 0.1, Usage: "hold out this share", Destination: &o.fraction},
		&ucli.IntFlag{Name: "k", Value: 20, Usage: "length of the lists", Destination: &o.k},
		&ucli.Float64Flag{Name: "min-weight", Usage: "only held-out rows of at least this weight count as chosen", Destination: &o.minWeight},
		&ucli.IntFlag{Name: "trials", Usage: "train at most `N` models", DefaultText: "no limit", Destination: &o.trials},
		&ucli.StringFlag{Name: "budget", Usage: "begin no model after `TIME`, such as 300 (seconds) or 10m", DefaultText: "no limit", Destination: &o.budget},
		&ucli.Uint64Flag{Name: "seed", Value: 1, Usage: "seed of the part that is held out", Destination: &o.seed},
		&ucli.StringFlag{Name: "config", Usage: "start from the configuration in `FILE`", DefaultText: "the defaults", Destination: &o.config},
		boolFlag("dry-run", "only say what would be chosen", &o.dryRun),
		boolFlag("fresh", "forget the trials of an interrupted run", &o.fresh),
	}
}

// options makes the engine's options of the flags and reads the files they name.
func (o *tuneFlags) options(a *app) (engine.TuneOptions, error) {
	out := engine.TuneOptions{
		Objective: engine.Objective(o.objective), Fraction: o.fraction, K: o.k, MinWeight: float32(o.minWeight),
		Seed: o.seed, Trials: o.trials, DryRun: o.dryRun, Fresh: o.fresh,
	}
	if err := oneOf("--objective", o.objective, string(engine.ObjectiveMix), string(engine.ObjectiveWarm),
		string(engine.ObjectiveColdItems), string(engine.ObjectiveColdUsers), string(engine.ObjectiveByTime)); err != nil {
		return out, err
	}
	budget, err := duration(o.budget)
	switch {
	case err != nil:
		return out, usagef("--budget %q is no time: write 300 for seconds, or 10m", o.budget)
	case budget < 0 || o.trials < 0:
		return out, usagef("--budget and --trials cannot be negative")
	case o.k < 1:
		return out, usagef("-k is %d: a list has at least 1 item", o.k)
	case !(o.fraction > 0 && o.fraction < 1):
		return out, usagef("--fraction is %g: a share between 0 and 1 is needed", o.fraction)
	}
	out.Budget = budget
	if o.valid != "" {
		if out.Valid, err = a.readPairs(o.valid); err != nil {
			return out, fmt.Errorf("--valid: %w", err)
		}
	}
	if o.config != "" {
		out.Config = new(engine.Config)
		return out, a.readConfig("--config", o.config, out.Config)
	}
	return out, nil
}

// duration reads a number of seconds, or a time as Go writes it; "" is 0.
func duration(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	if n, err := strconv.ParseUint(s, 10, 31); err == nil {
		return time.Duration(n) * time.Second, nil
	}
	return time.ParseDuration(s)
}

func (a *app) tune(ctx context.Context, e *engine.Engine, o engine.TuneOptions) error {
	bar := a.newBar("tune")
	o.Progress = bar.report()
	rep, err := e.Tune(ctx, o)
	bar.done()
	if err != nil {
		return err
	}
	for _, w := range rep.Warnings {
		a.say("warning: %s", readable(w))
	}
	if err := a.emitAll(rep, tuneHeading(rep), choiceGrid(rep.Choices), partGrid(rep)); err != nil {
		return err
	}
	if rep.Spent {
		a.say("the budget is spent: the same command goes on from here")
	}
	if rep.Stored {
		a.say("the configuration is stored: run `ken train`")
	}
	return nil
}

func tuneHeading(rep engine.TuneReport) string {
	confirmed := "measured on them"
	if rep.Confirmed > 0 {
		confirmed = fmt.Sprintf("measured on %d fresh", rep.Confirmed)
	}
	return fmt.Sprintf("objective %s, seed %d, ndcg@%d, searched on %s of %d training rows, %s, %s (%d from an earlier run), %.1f s\n",
		rep.Objective, rep.Seed, rep.K, plural(int64(rep.Splits), "split"), rep.TrainRows, confirmed, plural(int64(rep.Trials), "trial"),
		rep.Resumed, rep.Seconds)
}

// choiceGrid lists what was chosen and what each choice gained.
func choiceGrid(choices []engine.TuneChoice) *grid {
	g := &grid{header: []string{"parameter", "from", "to", "best other", "gain", "se", "confirmed"}}
	for _, c := range choices {
		confirmed := ""
		switch {
		case c.Undone:
			confirmed = "undone"
		case c.From != c.To:
			confirmed = "kept"
		}
		g.add(c.Name, c.From, c.To, c.Best, c.Gain, c.SE, confirmed)
	}
	return g
}

// partGrid compares start and end on each part, and the end with the same without knowledge.
func partGrid(rep engine.TuneReport) *grid {
	g := &grid{header: []string{"part", "users", "start", "tuned", "se"}}
	for _, p := range rep.Parts {
		g.add(p.Name, strconv.Itoa(p.Users), p.Start, p.Tuned, p.SE)
	}
	if c := rep.Check; c != nil {
		what := "against no knowledge"
		if c.Switched != "" {
			what += ", " + c.Switched + " switched off"
		}
		g.add(what, "", c.Without, c.Tuned, c.SE)
	}
	return g
}
