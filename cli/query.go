package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	ucli "github.com/urfave/cli/v2"

	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/graph"
)

func newQueryCommand(a *app) *ucli.Command {
	var o queryOptions
	return &ucli.Command{
		Name:      "query",
		Usage:     "show a node and the triples around it",
		ArgsUsage: "ID",
		Description: `Prints one row a triple: how many steps it is away, head, relation, tail, weight.
The node itself, with its name, text, attributes and interactions, goes to
standard error; --format json has all of it in one document.

Examples:
  ken query heat
  ken query heat --relation directed_by --direction out
  ken query heat --hops 2 --format json`,
		Flags: []ucli.Flag{
			&ucli.StringFlag{Name: "relation", Aliases: []string{"r"}, Usage: "only triples of relation `R`", Destination: &o.relation},
			&ucli.StringFlag{Name: "direction", Aliases: []string{"d"}, Value: "both", Usage: "out (the node is the head), in, or both", Destination: &o.direction},
			&ucli.IntFlag{Name: "hops", Value: 1, Usage: "walk up to `N` steps, 1 to 5", Destination: &o.hops},
			&ucli.IntFlag{Name: "limit", Value: 1000, Usage: "stop after `N` triples; 0 for no limit", Destination: &o.limit},
		},
		Action: func(c *ucli.Context) error {
			id, err := oneArgument(c, "ID")
			if err != nil {
				return err
			}
			if err := o.validate(); err != nil {
				return err
			}
			return a.with(c.Context, false, func(e *engine.Engine) error {
				return a.query(c.Context, e.Graph(), id, o)
			})
		},
	}
}

type queryOptions struct {
	relation, direction string
	hops, limit         int
}

func (o queryOptions) validate() error {
	if o.hops < 1 || o.hops > 5 {
		return usagef("--hops is %d: it can be 1 to 5", o.hops)
	}
	if o.limit < 0 {
		return usagef("--limit is %d: it cannot be negative", o.limit)
	}
	return oneOf("--direction", o.direction, "out", "in", "both")
}

func (o queryOptions) neighbours() graph.NeighbourOptions {
	directions := map[string]graph.Direction{"both": graph.Both, "out": graph.Out, "in": graph.In}
	return graph.NeighbourOptions{Relation: o.relation, Direction: directions[o.direction]}
}

// nodeView is what `ken query --format json` prints.
type nodeView struct {
	ID           string            `json:"id"`
	Type         string            `json:"type"`
	Name         string            `json:"name"`
	Text         string            `json:"text"`
	Attributes   map[string]string `json:"attributes"`
	Interactions struct {
		AsUser int `json:"as_user"`
		AsItem int `json:"as_item"`
	} `json:"interactions"`
	Triples   []tripleView `json:"triples"`
	Truncated bool         `json:"truncated"` // --limit cut the triples
}

type tripleView struct {
	Hop        int     `json:"hop"`
	Head       string  `json:"head"`
	Relation   string  `json:"relation"`
	Tail       string  `json:"tail"`
	Weight     float32 `json:"weight"`
	Confidence float32 `json:"confidence"`
	Source     string  `json:"source,omitempty"`
}

func (a *app) query(ctx context.Context, s *graph.Store, id string, o queryOptions) error {
	view, err := readNode(ctx, s, id)
	if err != nil {
		return err
	}
	if err := needRelation(ctx, s, o.relation); err != nil {
		return err
	}
	if err := view.walk(ctx, s, o); err != nil {
		return err
	}
	g := &grid{header: []string{"hop", "head", "relation", "tail", "weight"}}
	for _, t := range view.Triples {
		g.add(t.Hop, t.Head, t.Relation, t.Tail, t.Weight)
	}
	if a.format == formatTable {
		a.describe(view)
	}
	if view.Truncated {
		a.say("there are more triples: --limit %d cut them off", o.limit)
	}
	return a.emit(view, g)
}

func readNode(ctx context.Context, s *graph.Store, id string) (nodeView, error) {
	n, err := s.Node(ctx, id)
	if errors.Is(err, graph.ErrNotFound) {
		return nodeView{}, &notFoundError{fmt.Sprintf("node %q is not in the graph", id)}
	}
	if err != nil {
		return nodeView{}, err
	}
	view := nodeView{ID: n.ID, Type: n.Type, Name: n.Name, Text: n.Text, Attributes: map[string]string{}, Triples: []tripleView{}}
	for _, attr := range n.Attrs {
		view.Attributes[attr.Key] = attr.Value.String()
	}
	for _, err := range s.UserInteractions(ctx, id) {
		if err != nil {
			return nodeView{}, err
		}
		view.Interactions.AsUser++
	}
	for _, err := range s.ItemInteractions(ctx, id) {
		if err != nil {
			return nodeView{}, err
		}
		view.Interactions.AsItem++
	}
	return view, nil
}

// walk collects the triples up to o.hops steps away, nearest first. Each triple stands once, at its smallest distance.
func (v *nodeView) walk(ctx context.Context, s *graph.Store, o queryOptions) error {
	nodes := map[string]bool{v.ID: true}
	triples := map[[3]string]bool{}
	frontier := []string{v.ID}
	for hop := 1; hop <= o.hops && !v.Truncated; hop++ {
		var next []string
		for _, id := range frontier {
			for t, err := range s.Neighbours(ctx, id, o.neighbours()) {
				if errors.Is(err, graph.ErrNotFound) && id != v.ID {
					break // erased since the step that led to it
				}
				if err != nil {
					return err
				}
				if key := [3]string{t.Head, t.Relation, t.Tail}; triples[key] {
					continue
				} else if triples[key] = true; o.limit > 0 && len(v.Triples) == o.limit {
					v.Truncated = true
					return nil
				}
				v.Triples = append(v.Triples, tripleView{hop, t.Head, t.Relation, t.Tail, t.Weight, t.Confidence, t.Source})
				next = appendNew(next, nodes, t.Head, t.Tail)
			}
		}
		frontier = next
	}
	return nil
}

// appendNew appends the ids that are not in seen yet, and notes them there.
func appendNew(ids []string, seen map[string]bool, candidates ...string) []string {
	for _, id := range candidates {
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids
}

// describe tells on stderr what the table of triples leaves out.
func (a *app) describe(v nodeView) {
	line := v.ID
	if v.Type != "" {
		line += " (" + v.Type + ")"
	}
	if v.Name != "" {
		line += ": " + v.Name
	}
	a.say("%s", readable(line))
	if v.Text != "" && v.Text != v.Name {
		a.say("  %s", readable(v.Text))
	}
	keys := make([]string, 0, len(v.Attributes))
	for k := range v.Attributes {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		a.say("  %s = %s", readable(k), readable(v.Attributes[k]))
	}
	if n := v.Interactions.AsUser; n > 0 {
		a.say("  %s by it", plural(int64(n), "interaction"))
	}
	if n := v.Interactions.AsItem; n > 0 {
		a.say("  %s with it", plural(int64(n), "interaction"))
	}
}

// oneArgument returns the only argument of the command, or a usage error.
func oneArgument(c *ucli.Context, name string) (string, error) {
	if c.NArg() != 1 {
		return "", usagef("`ken %s` takes one %s, got %d: see `ken %s --help`", c.Command.Name, name, c.NArg(), c.Command.Name)
	}
	return c.Args().First(), nil
}
