package cli

import (
	"context"

	ucli "github.com/urfave/cli/v2"

	"github.com/kenrec/ken/graph"
)

func newRepairCommand(a *app) *ucli.Command {
	var here bool
	return &ucli.Command{
		Name:  "repair",
		Usage: "bring a damaged store back to a whole state, as far as that is possible",
		Description: `Makes anew what can be derived from the records, and sets aside what cannot be read.
Says each step. A store with damaged records is refused: restore a backup then.

Examples:
  ken check; ken repair; ken check`,
		Flags: []ucli.Flag{
			&ucli.BoolFlag{Name: "here", Usage: "in this process", Hidden: true, Destination: &here},
		},
		Action: func(c *ucli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			if err := a.needStore(); err != nil {
				return err
			}
			if here {
				return a.repairHere(c.Context)
			}
			return a.repairApart(c.Context)
		},
	}
}

// repairView is what `ken repair --format json` prints.
type repairView struct {
	Steps   []string `json:"steps"`   // in order; empty when nothing was wrong
	Unread  int64    `json:"unread"`  // records that could not be read and are gone
	Dropped int64    `json:"dropped"` // records that referred to nodes that are not there
}

func (a *app) repairHere(ctx context.Context) error {
	rep, err := graph.Repair(ctx, a.db, graph.WithLogger(a.logger()))
	if err != nil {
		return err
	}
	v := repairView{Steps: []string{}, Unread: rep.Unread, Dropped: rep.Dropped}
	for _, s := range rep.Steps {
		v.Steps = append(v.Steps, plainText(s))
	}
	return a.emitJSON(v, "")
}

func (a *app) repairApart(ctx context.Context) error {
	var v repairView
	if err := a.apart(ctx, &v, "repair", "--here"); err != nil {
		return err
	}
	g := &grid{header: []string{"step", "done"}}
	for i, s := range v.Steps {
		g.add(i+1, s)
	}
	if len(v.Steps) == 0 {
		a.say("nothing is wrong with %s", a.db)
	}
	if v.Unread+v.Dropped > 0 {
		a.say("%s lost: %d could not be read, %d belonged to nodes that are gone", plural(v.Unread+v.Dropped, "record"), v.Unread, v.Dropped)
	}
	return a.emit(v, g)
}
