package cli

import (
	"io"

	ucli "github.com/urfave/cli/v2"

	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/graph"
)

func newBackupCommand(a *app) *ucli.Command {
	return &ucli.Command{
		Name:      "backup",
		Usage:     "write the whole store to a file",
		ArgsUsage: "FILE",
		Description: `The file has a checksum for each part and for the whole, so that restore refuses one
that was cut or changed. "-" is standard output. The model is not in it: train again
after a restore.

A store and each of its spaces have a backup of their own; for all of them:

  ken backup ken.bak
  for s in $(ken info --spaces --format json | jq -r '.[].space')
  do ken backup --space "$s" "$s.bak"; done

Examples:
  ken backup ken.bak
  ken backup --space acme acme.bak
  ken backup - | ssh elsewhere 'cat > ken.bak'`,
		Action: func(c *ucli.Context) error {
			path, err := oneArgument(c, "FILE")
			if err != nil {
				return err
			}
			return a.with(c.Context, false, func(e *engine.Engine) error {
				var rep graph.BackupReport
				write := func(w io.Writer) (err error) {
					rep, err = e.Graph().Backup(c.Context, w)
					return err
				}
				if path == "-" {
					err = write(a.out)
				} else {
					err = writeFile(path, write)
				}
				if err == nil {
					a.say("%s: %s, as of batch %d", path, plural(rep.Records, "record"), rep.Seq)
				}
				return err
			})
		},
	}
}
