package cli

import (
	ucli "github.com/urfave/cli/v2"

	"github.com/kenrec/ken/engine"
)

func newExplainCommand(a *app) *ucli.Command {
	return &ucli.Command{
		Name:      "explain",
		Usage:     "say why an item has the score it has for a user",
		ArgsUsage: "USER ITEM",
		Description: `Splits the score into parts that add up to it, and shows the ways through the
graph that carry them.

Examples:
  ken explain u1 collateral
  ken explain u1 collateral --format json`,
		Action: func(c *ucli.Context) error {
			if c.NArg() != 2 {
				return usagef("`ken explain` takes a USER and an ITEM, got %s", plural(int64(c.NArg()), "argument"))
			}
			return a.with(c.Context, false, func(e *engine.Engine) error {
				why, err := e.Explain(c.Context, c.Args().Get(0), c.Args().Get(1))
				if err != nil {
					return err
				}
				return a.printExplanation(why)
			})
		},
	}
}

// printExplanation prints the parts and, as their last row, the score. The paths follow as lines in a table; in TSV they
// are rows without a value, because they are data too.
func (a *app) printExplanation(why engine.Explanation) error {
	switch a.format {
	case formatJSON:
		return a.emitJSON(why, "  ")
	case formatTSV:
		g := partsGrid(why)
		for _, path := range why.Paths {
			g.add("path", "", path, "")
		}
		return a.emitTSV(g)
	}
	a.say("%s", restsOn(engine.Recommendations{User: why.User, Basis: why.Basis}))
	return a.explanationTable(why)
}

func (a *app) explanationTable(why engine.Explanation) error {
	if err := a.emitTable(partsGrid(why)); err != nil {
		return err
	}
	for _, path := range why.Paths {
		if _, err := a.out.WriteString("\n" + readable(path)); err != nil {
			return err
		}
	}
	_, err := a.out.WriteString("\n")
	return err
}

func partsGrid(why engine.Explanation) *grid {
	g := &grid{header: []string{"part", "id", "name", "value"}}
	for _, p := range why.Parts {
		g.add(p.Kind, p.ID, p.Name, p.Value)
	}
	g.add("score", why.Item, why.Name, why.Score)
	return g
}
