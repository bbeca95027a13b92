package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	ucli "github.com/urfave/cli/v2"

	"github.com/kenrec/ken/engine"
)

func newTrainCommand(a *app) *ucli.Command {
	var o configFlags
	var sinceLast bool
	return &ucli.Command{
		Name:  "train",
		Usage: "learn from everything in the store and publish the model",
		Description: `Without a flag the configuration is the one that ` + "`ken tune`" + ` found for this store,
or the defaults; --defaults leaves that one aside. The previous model serves until
the new one is complete.

--since-last brings the last model up to date with new interactions, users and items,
in a third of the time. Where facts, texts or vectors of older nodes changed as well,
or the configuration, or more than a tenth of the interactions, it trains in full and
says why. So train in full now and then: each night, say.

The keys of a configuration are those that --format json prints under "config". With
"half_life": 30, an interaction counts half after 30 days, a quarter after 60: days
before the newest interaction in the store, not before today. 0, the default, lets
nothing age. With "hops": 1, facts of what an item points to (the movement of a book's
author, the parent of its category) are not handed down to it; 3, the default, reaches
over three triples.

Examples:
  ken train
  ken train --since-last
  ken train --defaults
  ken train --factors 128 --seed 7
  ken train --config config.json`,
		Flags: append(o.flags(), boolFlag("since-last", "bring the last model up to date with what came since, if that is enough", &sinceLast)),
		Action: func(c *ucli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			config, err := o.config(a, c)
			if err != nil {
				return err
			}
			return a.with(c.Context, false, func(e *engine.Engine) error {
				return a.train(c.Context, e, config, sinceLast)
			})
		},
	}
}

func (a *app) train(ctx context.Context, e *engine.Engine, config *engine.Config, sinceLast bool) error {
	if config == nil {
		tuned, err := e.Tuned(ctx)
		if err != nil {
			return err
		}
		if tuned {
			a.say("training with the configuration that `ken tune` chose")
		}
	}
	bar := a.newBar("train")
	rep, err := e.Train(ctx, engine.TrainOptions{Config: config, SinceLast: sinceLast, Progress: bar.report()})
	bar.done()
	if err != nil {
		return err
	}
	switch {
	case rep.Updated:
		a.say("the last model was brought up to date: %s of users and items changed", plural(int64(rep.Changed), "pair"))
	case sinceLast:
		a.say("trained in full: %s", rep.Why)
	}
	return a.emit(rep, trainGrid(rep))
}

func trainGrid(rep engine.TrainReport) *grid {
	g := &grid{header: []string{"what", "value"}}
	g.fact("users", rep.Users)
	g.fact("items", rep.Items)
	g.fact("cold items", rep.ColdItems)
	g.fact("interactions", rep.Interactions)
	g.fact("contexts", rep.Contexts)
	g.fact("triples", rep.Triples)
	g.fact("texts", rep.Texts)
	g.fact("factors", rep.Config.Factors)
	g.fact("iterations", rep.Config.Iterations)
	g.fact("alpha", float32(rep.Config.Alpha))
	g.fact("regularisation", float32(rep.Config.Reg))
	g.fact("seed", rep.Config.Seed)
	g.fact("model bytes", rep.ModelBytes)
	g.fact("seconds", seconds(rep.Seconds))
	return g
}

// configFlags are the flags of the main hyper-parameters; what is not given keeps its value from --config or is
// automatic. The others are reached by --config only.
type configFlags struct {
	file                string
	defaults            bool
	factors, iterations int
	alpha, reg          float64
	seed                uint64
}

func (o *configFlags) flags() []ucli.Flag {
	const auto = "chosen by the data"
	return []ucli.Flag{
		&ucli.StringFlag{Name: "config", Usage: "read the configuration from the JSON in `FILE`; other flags override it", Destination: &o.file},
		boolFlag("defaults", "leave aside what ken tune chose", &o.defaults),
		&ucli.IntFlag{Name: "factors", Usage: "factor size `F`, 1 to 512", DefaultText: auto, Destination: &o.factors},
		&ucli.IntFlag{Name: "iterations", Usage: "`N` sweeps over the data", DefaultText: auto, Destination: &o.iterations},
		&ucli.Float64Flag{Name: "alpha", Usage: "weight of what was not seen against what was", DefaultText: auto, Destination: &o.alpha},
		&ucli.Float64Flag{Name: "reg", Usage: "regularisation: more is smoother", DefaultText: auto, Destination: &o.reg},
		&ucli.Uint64Flag{Name: "seed", Usage: "seed of the random numbers", DefaultText: "1", Destination: &o.seed},
	}
}

// config returns the configuration that the flags ask for, nil when none was given: the store's own then.
func (o *configFlags) config(a *app, c *ucli.Context) (*engine.Config, error) {
	config := engine.DefaultConfig()
	given := o.file != "" || o.defaults
	if o.file != "" {
		if err := a.readConfig("--config", o.file, &config); err != nil {
			return nil, err
		}
	}
	for _, f := range []struct {
		name string
		zero bool // 0 means automatic in a Config: nobody who writes --reg 0 wants that
		set  func()
	}{
		{"factors", o.factors == 0, func() { config.Factors = o.factors }},
		{"iterations", o.iterations == 0, func() { config.Iterations = o.iterations }},
		{"alpha", o.alpha == 0, func() { config.Alpha = o.alpha }},
		{"reg", o.reg == 0, func() { config.Reg = o.reg }},
		{"seed", o.seed == 0, func() { config.Seed = o.seed }},
	} {
		if !c.IsSet(f.name) {
			continue
		}
		if f.zero {
			return nil, usagef("--%s is 0: it must be larger", f.name)
		}
		f.set()
		given = true
	}
	if !given {
		return nil, nil
	}
	return &config, config.Validate()
}

// readConfig reads a configuration in JSON from the file that a flag names; keys that are missing keep their value, unknown
// keys are errors.
func (a *app) readConfig(flag, path string, into *engine.Config) error {
	f, err := a.openInput(path)
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return fmt.Errorf("%s: %w", flag, fileError(path, err))
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	err = dec.Decode(into)
	if err == nil && dec.More() {
		err = errors.New("something follows the configuration")
	}
	if err == nil {
		return nil
	}
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong):
		return usagef("%s %s: %q cannot be a JSON %s", flag, path, wrong.Field, wrong.Value)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return usagef("%s %s: the JSON ends too early", flag, path)
	}
	return usagef("%s %s: %s", flag, path, strings.TrimPrefix(err.Error(), "json: "))
}
