package cli

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	ucli "github.com/urfave/cli/v2"

	"github.com/kenrec/ken/engine"
)

func newExportCommand(a *app) *ucli.Command {
	var o exportOptions
	return &ucli.Command{
		Name:      "export",
		Usage:     "write nodes, triples, interactions or vectors in a form that import reads",
		ArgsUsage: "nodes|triples|interactions|vectors",
		Description: `Importing the file again gives the same rows. JSON Lines can hold everything, and is
what is written unless the name of the file, --output-format or --format says
otherwise. A row that the chosen format has no place for ends the export, unless
--lossy allows to leave things out.

Examples:
  ken export nodes > nodes.jsonl
  ken export triples -o triples.nt.gz
  ken export interactions --format tsv
  ken export vectors --modality image -o image.jsonl`,
		Flags: o.flags(),
		Action: func(c *ucli.Context) error {
			kind, format, err := o.parse(a, c)
			if err != nil {
				return err
			}
			return a.with(c.Context, false, func(e *engine.Engine) error {
				return a.export(c.Context, e, kind, format, o)
			})
		},
	}
}

type exportOptions struct {
	output, format, modality string
	lossy                    bool
}

func (o *exportOptions) flags() []ucli.Flag {
	return []ucli.Flag{
		&ucli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write to `FILE`, compressed if it ends in .gz or .zst", DefaultText: "standard output", Destination: &o.output},
		&ucli.StringFlag{Name: "output-format", Usage: "jsonl, tsv, csv, ntriples or nquads", DefaultText: "jsonl, or as the file is called", Destination: &o.format},
		&ucli.StringFlag{Name: "modality", Usage: "which vectors", DefaultText: "the only ones", Destination: &o.modality},
		boolFlag("lossy", "leave out what the format has no place for", &o.lossy),
	}
}

func (o *exportOptions) parse(a *app, c *ucli.Context) (engine.Kind, engine.Format, error) {
	what, err := oneArgument(c, "kind")
	if err != nil {
		return 0, 0, err
	}
	kind, err := engine.ParseKind(what)
	if err != nil {
		return 0, 0, oneOf("the kind to export", what, "nodes", "triples", "interactions", "vectors")
	}
	if o.format != "" {
		format, err := engine.ParseFormat(o.format)
		if err != nil {
			return 0, 0, usagef("--output-format: %s", plain(err))
		}
		return kind, format, nil
	}
	ext := strings.TrimPrefix(filepath.Ext(strings.TrimSuffix(strings.TrimSuffix(o.output, ".gz"), ".zst")), ".")
	if format, err := engine.ParseFormat(ext); err == nil && ext != "" {
		return kind, format, nil
	}
	if a.format == formatTSV {
		return kind, engine.TSV, nil
	}
	return kind, engine.JSONL, nil
}

func (a *app) export(ctx context.Context, e *engine.Engine, kind engine.Kind, format engine.Format, o exportOptions) error {
	if kind == engine.Vectors && o.modality == "" {
		only, err := onlyModality(ctx, e)
		if err != nil {
			return err
		}
		o.modality = only
	}
	bar := a.newBar("export")
	defer bar.done()
	var n int64
	write := func(w io.Writer) (err error) {
		n, err = e.Export(ctx, kind, format, w, engine.ExportOptions{Modality: o.modality, Lossy: o.lossy, Progress: bar.report()})
		return err
	}
	if o.output == "" {
		return write(a.out)
	}
	if err := writeFile(o.output, write); err != nil {
		return err
	}
	bar.done()
	a.say("%s: %s", o.output, plural(n, "row"))
	return nil
}

// onlyModality names the vectors that are meant when there is no choice.
func onlyModality(ctx context.Context, e *engine.Engine) (string, error) {
	all, err := e.Graph().Modalities(ctx)
	if err != nil {
		return "", err
	}
	var names []string
	for _, m := range all {
		names = append(names, m.Name)
	}
	switch len(names) {
	case 0:
		return "", fmt.Errorf("there are no vectors in the store")
	case 1:
		return names[0], nil
	}
	return "", usagef("which vectors? choose one by --modality: %s", strings.Join(names, ", "))
}
