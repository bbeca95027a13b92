package cli

import (
	ucli "github.com/urfave/cli/v2"

	"github.com/kenrec/ken/engine"
)

func newSimilarCommand(a *app) *ucli.Command {
	var k int
	var types ucli.StringSlice
	return &ucli.Command{
		Name:      "similar",
		Usage:     "list the nodes nearest to one: items, users, or any other",
		ArgsUsage: "ID",
		Description: `Examples:
  ken similar heat -k 5
  ken similar film:heat --type book
  ken similar "Michael Mann" --format json`,
		Flags: []ucli.Flag{
			&ucli.IntFlag{Name: "k", Value: 10, Usage: "list `N` nodes", Destination: &k},
			&ucli.StringSliceFlag{Name: "type", Usage: "only nodes of type `T`; may be repeated", Destination: &types},
		},
		Action: func(c *ucli.Context) error {
			id, err := oneArgument(c, "ID")
			if err != nil {
				return err
			}
			if k < 1 {
				return usagef("-k is %d: a list has at least 1 node", k)
			}
			return a.with(c.Context, false, func(e *engine.Engine) error {
				if err := needTypes(c.Context, e.Graph(), types.Value()); err != nil {
					return err
				}
				list, err := e.Similar(c.Context, id, k, types.Value()...)
				if err != nil {
					return err
				}
				return a.emit(list, similarGrid(list))
			})
		},
	}
}

func similarGrid(list []engine.SimilarNode) *grid {
	g := &grid{header: []string{"rank", "id", "name", "type", "score"}}
	for _, n := range list {
		g.add(n.Rank, n.ID, n.Name, n.Type, n.Score)
	}
	return g
}
