package cli

import (
	"fmt"
	"path/filepath"

	ucli "github.com/urfave/cli/v2"

	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/graph"
)

func newRestoreCommand(a *app) *ucli.Command {
	var replace bool
	return &ucli.Command{
		Name:      "restore",
		Usage:     "make the store from a backup",
		ArgsUsage: "FILE",
		Description: `The backup is read to its end before it takes over: one that is cut, changed or
foreign leaves everything as it was. What was erased after the backup was taken stays
erased. Train again afterwards: a backup has no model.

Examples:
  ken restore ken.bak --db new.db
  ken restore ken.bak --replace`,
		Flags: []ucli.Flag{
			boolFlag("replace", "take the place of the store that is there, which is gone then", &replace),
		},
		Action: func(c *ucli.Context) error {
			path, err := oneArgument(c, "FILE")
			if err != nil {
				return err
			}
			if a.needStore() == nil && !replace {
				return fmt.Errorf("%s is not empty: name another directory with --db, or allow to replace it with --replace", a.db)
			}
			return a.restore(c, path)
		},
	}
}

func (a *app) restore(c *ucli.Context, path string) error {
	f, err := a.openInput(path)
	if err != nil {
		return err
	}
	defer f.Close()
	rep, err := engine.Restore(c.Context, f, a.db, graph.WithLogger(a.logger()))
	if err != nil {
		return fmt.Errorf("restore %s: %w", filepath.Base(path), err)
	}
	if rep.JournalLost {
		a.say("warning: what was erased from the store that was there is not known any more: erase it again")
	}
	if rep.Erased > 0 {
		a.say("%s left out: erased since the backup", plural(int64(rep.Erased), "node"))
	}
	if rep.Forgotten > 0 {
		a.say("%s left out: about what was erased since the backup", plural(int64(rep.Forgotten), "record"))
	}
	a.say("%s: %s, as of batch %d; run `ken train`", a.db, plural(rep.Records, "record"), rep.Seq)
	return nil
}
