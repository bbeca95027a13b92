package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"

	ucli "github.com/urfave/cli/v2"

	"github.com/kenrec/ken/embed/chat"
	"github.com/kenrec/ken/engine"
)

func newEnrichCommand(a *app) *ucli.Command {
	var o enrichFlags
	return &ucli.Command{
		Name:      "enrich",
		Usage:     "propose facts and profiles, by a language model, by names in texts or by the graph itself",
		ArgsUsage: "attributes|profiles|schema|link|complete",
		Description: `attributes asks a chat model for facts about each item, from its name and text, and
keeps what the schema allows as proposals. They count for nothing until
` + "`ken review accept`" + `. Answers are kept: what was asked before is not sent or paid
for again, so an interrupted run goes on where it stopped.

schema writes such a schema, to be read and corrected: from the relations that items
have in the graph, or by asking a model about a sample when they have none.

profiles asks for a short text about the taste of each user, from the names, facts and
weights of what the user chose, the strongest first, and from the user's own triples.
Neither ids nor names of users are sent. Accepted ones are the users' texts: run
` + "`ken embed` and `ken train`" + `. Users with a text of their own are left out. A profile
remembers what it was written from: ` + "`ken evaluate` and `ken tune`" + ` leave out those that
saw what they hold out, and say how many. To measure what profiles bring, write them
from what an evaluation trains on: --split, --fraction, -n, --seed and --test as for
` + "`ken evaluate`" + `, or --split tune for what ` + "`ken tune`" + ` validates on.

link asks nobody: it finds the names of nodes in the texts of items and proposes
triples with the relation mentions.

complete asks nobody either: it proposes triples that the graph lacks, by what items
that are alike have. ` + "`ken evaluate --task triples`" + ` measures how often that is right.

A flag that is for another word than the one given is refused.

Any server that speaks OpenAI's chat interface will do. An API key is read from the
environment, never from a flag.

Examples:
  ken enrich schema > schema.json
  ken enrich attributes --schema schema.json --model gpt-4o-mini --dry-run
  ken enrich attributes --schema schema.json --base-url http://localhost:11434/v1 --model qwen3:8b
  ken enrich link --tail-type person
  ken enrich complete --relation author --min-confidence 0.7
  ken enrich profiles --model gpt-4o-mini --dry-run --price-in 0.15 --price-out 0.6
  ken enrich profiles --split per-user --model gpt-4o-mini && ken review accept --relation profile
  ken review list --sample 20`,
		Flags: o.flags(),
		Action: func(c *ucli.Context) error {
			what, err := oneWord(c, "attributes", "profiles", "schema", "link", "complete")
			if err != nil {
				return err
			}
			if err := refuseEnrichFlags(c, what); err != nil {
				return err
			}
			return a.enrich(c.Context, what, &o)
		},
	}
}

type enrichFlags struct {
	chatFlags
	schema                  string
	types, tails, relations ucli.StringSlice
	perItem                 int
	minConfidence           float64
	limit, sample, parallel int
	answer, history, n      int
	split, test             string
	fraction                float64
	seed                    uint64
	threshold               float64
	dryRun                  bool
}

func (o *enrichFlags) flags() []ucli.Flag {
	return append([]ucli.Flag{
		&ucli.StringFlag{Name: "schema", Usage: "extract what the JSON in `FILE` describes", Destination: &o.schema},
		&ucli.StringSliceFlag{Name: "type", Usage: "only items of type `T`; may be repeated", Destination: &o.types},
		&ucli.StringSliceFlag{Name: "tail-type", Usage: "link: only names of nodes of type `T`; may be repeated", DefaultText: "all but user", Destination: &o.tails},
		&ucli.StringSliceFlag{Name: "relation", Usage: "complete: only triples of relation `R`; may be repeated", DefaultText: "all with 50 triples of items", Destination: &o.relations},
		&ucli.Float64Flag{Name: "min-confidence", Value: 0.5, Usage: "complete: propose what is at least so likely", Destination: &o.minConfidence},
		&ucli.IntFlag{Name: "per-item", Value: 3, Usage: "complete: at most `N` triples an item, the likeliest", Destination: &o.perItem},
		&ucli.IntFlag{Name: "limit", Usage: "ask about the first `N` items or users only", Destination: &o.limit},
		&ucli.IntFlag{Name: "sample", Usage: "schema: show the model `N` items", DefaultText: "50", Destination: &o.sample},
		&ucli.IntFlag{Name: "parallel", Usage: "`N` requests at once", DefaultText: "4", Destination: &o.parallel},
		&ucli.IntFlag{Name: "max-answer", Usage: "at most `N` tokens an answer", DefaultText: "1024, of profiles 256", Destination: &o.answer},
		&ucli.IntFlag{Name: "history", Usage: "profiles: show the model `N` interactions of a user", DefaultText: "40", Destination: &o.history},
		&ucli.StringFlag{Name: "split", Usage: "profiles: keep back what ken evaluate holds out with this `SPLIT`, or tune", Destination: &o.split},
		&ucli.Float64Flag{Name: "fraction", Usage: "profiles: keep back this share", DefaultText: "0.2, for tune 0.1", Destination: &o.fraction},
		&ucli.IntFlag{Name: "n", Usage: "profiles: interactions a user that leave-last-out keeps back", DefaultText: "1", Destination: &o.n},
		&ucli.Uint64Flag{Name: "seed", Value: 1, Usage: "profiles: seed of the split", Destination: &o.seed},
		&ucli.StringFlag{Name: "test", Usage: "profiles: keep back the pairs in `FILE`", Destination: &o.test},
		&ucli.Float64Flag{Name: "threshold", Usage: "cosine from which two names are the same; above 1 for never", DefaultText: "0.9", Destination: &o.threshold},
		boolFlag("dry-run", "only say how much would be sent", &o.dryRun),
	}, o.chatFlags.flags()...)
}

// oneWord returns the only argument, one of choices.
func oneWord(c *ucli.Context, choices ...string) (string, error) {
	if c.NArg() != 1 {
		return "", usagef("`ken %s` takes one word: one of %s", c.Command.Name, list(choices))
	}
	word := c.Args().First()
	return word, oneOf("the word after ken "+c.Command.Name, word, choices...)
}

func (a *app) enrich(ctx context.Context, what string, o *enrichFlags) error {
	switch what {
	case "schema":
		return a.enrichSchema(ctx, o)
	case "link":
		return a.enrichLink(ctx, o)
	case "complete":
		return a.enrichComplete(ctx, o)
	case "profiles":
		return a.enrichProfiles(ctx, o)
	}
	if o.schema == "" {
		return usagef("--schema is needed: `ken enrich schema > schema.json` writes one")
	}
	f, err := a.openInput(o.schema)
	if err != nil {
		return fmt.Errorf("--schema: %w", err)
	}
	schema, err := engine.ReadEnrichSchema(f)
	f.Close()
	if err != nil {
		return usagef("--schema %s: %s", o.schema, plain(err))
	}
	model, err := o.open(a)
	if err != nil {
		return err
	}
	return a.with(ctx, false, func(e *engine.Engine) error {
		if err := needTypes(ctx, e.Graph(), o.types.Value()); err != nil {
			return err
		}
		bar := a.newBar("enrich")
		rep, err := e.EnrichAttributes(ctx, model, engine.EnrichOptions{
			Schema: schema, Types: given(o.types), Limit: o.limit, DryRun: o.dryRun, Parallel: o.parallel, MaxAnswer: o.answer, Threshold: o.threshold,
			Price: o.price(), By: userName(), Progress: bar.report(),
		})
		bar.done()
		return a.asked(rep, enrichGrid(rep), rep.Failures, o.dryRun, err)
	})
}

// asked prints what came of asking a model about many nodes, those that failed first.
func (a *app) asked(rep any, g *grid, failures []engine.EmbedFailure, dryRun bool, err error) error {
	for _, f := range failures {
		a.say("%s: %s", readable(f.ID), readable(plainText(f.Reason)))
	}
	if err != nil {
		return err
	}
	if dryRun {
		a.say("dry run: nothing was sent or stored; tokens are estimates")
	}
	return a.emit(rep, g)
}

// given is nil when a flag was not.
func given(s ucli.StringSlice) []string {
	if v := s.Value(); len(v) > 0 {
		return v
	}
	return nil
}

func (a *app) enrichSchema(ctx context.Context, o *enrichFlags) error {
	var model chat.Completer
	if o.model != "" {
		var err error
		if model, err = o.open(a); err != nil {
			return err
		}
	}
	return a.with(ctx, false, func(e *engine.Engine) error {
		s, err := e.ProposeSchema(ctx, model, engine.EnrichSchemaOptions{Types: given(o.types), Sample: o.sample})
		if err != nil {
			return err
		}
		return a.emitJSON(s, "  ") // a schema is a file, whatever --format says
	})
}

func (a *app) enrichLink(ctx context.Context, o *enrichFlags) error {
	return a.with(ctx, false, func(e *engine.Engine) error {
		if err := needTypes(ctx, e.Graph(), slices.Concat(o.types.Value(), o.tails.Value())); err != nil {
			return err
		}
		bar := a.newBar("link")
		rep, err := e.EnrichLink(ctx, engine.LinkOptions{
			Types: given(o.types), Tails: given(o.tails), Limit: o.limit, DryRun: o.dryRun, By: userName(), Progress: bar.report(),
		})
		bar.done()
		if err != nil {
			return err
		}
		g := &grid{header: []string{"what", "value"}}
		g.fact("source", rep.Source)
		g.fact("texts", rep.Texts)
		g.fact("names", rep.Names)
		g.fact("ambiguous names", rep.Ambiguous)
		g.fact("found", rep.Found)
		g.fact("in the graph", rep.Present)
		g.fact("proposed", rep.Proposed)
		g.fact("proposed before", rep.Known)
		g.fact("seconds", seconds(rep.Seconds))
		return a.emit(rep, g)
	})
}

func enrichGrid(rep engine.EnrichReport) *grid {
	g := &grid{header: []string{"what", "value"}}
	g.fact("source", rep.Source)
	g.fact("items", rep.Items)
	g.fact("cached", rep.Cached)
	g.fact("sent", rep.Sent)
	g.fact("repaired", rep.Repaired)
	g.fact("failed", rep.Failed)
	g.fact("facts", rep.Facts)
	for _, how := range slices.Sorted(maps.Keys(rep.Matched)) {
		g.fact("tail "+how, rep.Matched[how])
	}
	for _, why := range slices.Sorted(maps.Keys(rep.Refused)) {
		g.fact("refused: "+why, rep.Refused[why])
	}
	g.fact("proposed", rep.Proposed)
	g.fact("proposed before", rep.Known)
	g.fact("tokens in", rep.Usage.In)
	g.fact("tokens out", rep.Usage.Out)
	g.fact("cost", float32(rep.Cost))
	g.fact("seconds", seconds(rep.Seconds))
	return g
}
