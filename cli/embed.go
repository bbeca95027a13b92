package cli

import (
	"context"

	ucli "github.com/urfave/cli/v2"

	"github.com/kenrec/ken/engine"
)

func newEmbedCommand(a *app) *ucli.Command {
	var o embedOptions
	return &ucli.Command{
		Name:  "embed",
		Usage: "turn the texts of the nodes into vectors",
		Description: `Fills in what is missing; what was embedded before is not sent again. The embedder
is the one in the program (builtin), any server that speaks OpenAI's interface
(openai), or one that only sees shared words (hash). An API key is read from the
environment, never from a flag. Vectors of different embedders never mix: to change
the embedder, use --rebuild.

An endpoint that embeds pictures, and speaks OpenAI's interface too, gets the address
of each picture as its input: --text-field names the attribute that holds it,
--modality where the vectors go. Nodes without the attribute are left out, and training
does without their vectors.

Examples:
  ken embed
  ken embed --base-url http://localhost:11434/v1 --model bge-m3
  ken embed --model text-embedding-3-small --dry-run
  ken embed --rebuild --embedder hash
  ken embed --modality image --text-field image_url --base-url http://localhost:8000/v1 --model clip`,
		Flags: o.flags(),
		Action: func(c *ucli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			if err := o.checkField(); err != nil {
				return err
			}
			embedder, err := o.open(a.logger())
			if err != nil {
				return err
			}
			return a.with(c.Context, false, func(e *engine.Engine) error {
				return a.embed(c.Context, e, o)
			}, engine.WithEmbedder(embedder))
		},
	}
}

type embedOptions struct {
	embedderFlags
	types           ucli.StringSlice
	modality, field string
	dryRun, rebuild bool
}

func (o *embedOptions) flags() []ucli.Flag {
	return []ucli.Flag{
		&ucli.StringFlag{Name: "embedder", Usage: "builtin, openai or hash", DefaultText: defaultEmbedder + "; openai with --base-url or --model", Destination: &o.kind},
		&ucli.StringFlag{Name: "base-url", Usage: "`URL` of the server, up to and with /v1", DefaultText: "OpenAI's", Destination: &o.baseURL},
		&ucli.StringFlag{Name: "model", Usage: "model of the server", Destination: &o.model},
		&ucli.IntFlag{Name: "dimensions", Usage: "length of the vectors, where the model offers a choice", DefaultText: "the model's", Destination: &o.dimensions},
		&ucli.StringFlag{Name: "key-env", Value: defaultKeyEnv, Usage: "environment variable that holds the key", Destination: &o.keyEnv},
		&ucli.IntFlag{Name: "rate", Usage: "at most `N` requests a minute; 0 for no limit", Destination: &o.rate},
		boolFlag("allow-insecure", "permit http to other machines than this one and its private network", &o.allowInsecure),
		&ucli.StringSliceFlag{Name: "type", Usage: "only nodes of type `T`; may be repeated", Destination: &o.types},
		&ucli.StringFlag{Name: "modality", Usage: "what the vectors are of, such as image; needs --text-field", DefaultText: "text", Destination: &o.modality},
		&ucli.StringFlag{Name: "text-field", Usage: "send the attribute `NAME` instead of name and text; needs --modality", Destination: &o.field},
		boolFlag("dry-run", "only say how many texts and tokens would be sent", &o.dryRun),
		boolFlag("rebuild", "embed every text anew, also when the embedder is another one", &o.rebuild),
	}
}

// checkField reports what is no request for vectors of an attribute. The embedders in the program read texts: what they
// would make of an address has nothing to do with what stands there.
func (o *embedOptions) checkField() error {
	switch {
	case o.modality == textModality || o.modality == "" && o.field == "":
		if o.field != "" {
			return usagef("--text-field goes with another --modality than text: vectors of names and texts are the text")
		}
		return nil
	case o.modality == "" || o.field == "":
		return usagef("--modality and --text-field go together: --modality image --text-field image_url")
	case o.kind != embedderOpenAI && o.baseURL == "" && o.model == "":
		return usagef("--modality %s needs a server that embeds such things: name it with --base-url and --model", o.modality)
	}
	return nil
}

func (a *app) embed(ctx context.Context, e *engine.Engine, o embedOptions) error {
	if err := needTypes(ctx, e.Graph(), o.types.Value()); err != nil {
		return err
	}
	bar := a.newBar("embed")
	rep, err := e.Embed(ctx, engine.EmbedOptions{Types: o.types.Value(), Modality: o.modality, Field: o.field, Rebuild: o.rebuild, DryRun: o.dryRun, Progress: bar.report()})
	bar.done()
	for _, f := range rep.Failures {
		a.say("%s: %s", readable(f.ID), readable(f.Reason))
	}
	if err != nil {
		return err
	}
	if o.dryRun {
		a.say("dry run: nothing was sent or stored")
	}
	return a.emit(rep, embedGrid(rep))
}

func embedGrid(rep engine.EmbedReport) *grid {
	g := &grid{header: []string{"what", "value"}}
	g.fact("model", rep.Model)
	g.fact("dimensions", rep.Dim)
	g.fact("texts", rep.Texts)
	g.fact("fresh", rep.Fresh)
	g.fact("cached", rep.Cached)
	g.fact("sent", rep.Sent)
	g.fact("failed", rep.Failed)
	g.fact("tokens, about", rep.Tokens)
	g.fact("seconds", seconds(rep.Seconds))
	return g
}
