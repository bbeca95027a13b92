package cli

import (
	"context"
	"fmt"

	ucli "github.com/urfave/cli/v2"

	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/graph"
)

func newEraseCommand(a *app) *ucli.Command {
	var o eraseOptions
	return &ucli.Command{
		Name:      "erase",
		Usage:     "delete users or other nodes for good",
		ArgsUsage: "ID...",
		Description: `Deletes the nodes with their triples, interactions, vectors and cached texts, with what
was proposed about them and what language models answered about them, and the model,
which was learned from them, too. A hash of each id is kept, so that restoring an older
backup over this store does not bring them back; restored elsewhere, it does. Their
bytes stay in the files until --vacuum rewrites those, and so do the vectors of texts
that they had before; --verify then searches every file for the ids.

Examples:
  ken erase user:ann --vacuum --verify && ken train
  ken erase --node film:heat
  ken erase --file gone.txt`,
		Flags: []ucli.Flag{
			&ucli.StringSliceFlag{Name: "node", Usage: "erase `ID`, as if it were an argument; may be repeated", Destination: &o.nodes},
			&ucli.StringFlag{Name: "file", Usage: "erase the ids in `FILE`, one a line", Destination: &o.file},
			boolFlag("vacuum", "rewrite the files, so that no byte of what was erased is left", &o.vacuum),
			boolFlag("verify", "search the files for the ids and tell how often they stand there", &o.verify),
		},
		Action: func(c *ucli.Context) error {
			ids := append(c.Args().Slice(), o.nodes.Value()...)
			if o.file != "" {
				more, err := a.readIDs(o.file, 1)
				if err != nil {
					return fmt.Errorf("--file: %w", err)
				}
				ids = append(ids, more...)
			}
			if len(ids) == 0 {
				return usagef("erase what? name ids, or a file with --file")
			}
			return a.erase(c.Context, ids, o)
		},
	}
}

type eraseOptions struct {
	nodes          ucli.StringSlice
	file           string
	vacuum, verify bool
}

// receipt is what `ken erase` prints.
type receipt struct {
	Erased  int           `json:"erased"`
	Records int           `json:"records"` // proposals and answers of models about them
	Missing int           `json:"missing"` // were not in the store; their hashes are kept all the same
	Seq     uint64        `json:"seq"`
	Model   bool          `json:"model"` // a model was deleted
	Vacuum  *vacuumView   `json:"vacuum,omitempty"`
	Found   []findingSize `json:"found,omitempty"` // with --verify
}

type vacuumView struct {
	Records int64 `json:"records"`
	Before  int64 `json:"before"` // bytes
	After   int64 `json:"after"`
}

type findingSize struct {
	ID    string `json:"id"`
	Times int    `json:"times"` // in all files of the store, byte for byte
}

func (a *app) erase(ctx context.Context, ids []string, o eraseOptions) error {
	var r receipt
	err := a.with(ctx, false, func(e *engine.Engine) error {
		rep, err := e.Erase(ctx, ids)
		r.Erased, r.Records, r.Missing, r.Seq, r.Model = rep.Nodes, rep.Records, rep.Missing, rep.Seq, rep.ModelDropped
		return err
	})
	if err != nil {
		return err
	}
	if o.vacuum {
		v, err := engine.Vacuum(ctx, a.db, graph.WithLogger(a.logger()))
		if err != nil {
			return fmt.Errorf("erased, but not vacuumed: %w", err)
		}
		r.Vacuum = &vacuumView{v.Records, v.Before, v.After}
	}
	if o.verify {
		if err := a.search(ctx, ids, &r); err != nil {
			return fmt.Errorf("erased, but not verified: %w", err)
		}
	}
	if err := a.emit(r, r.grid()); err != nil {
		return err
	}
	return r.verdict(a.db, len(ids), o)
}

// search counts the ids in the files, byte for byte.
func (a *app) search(ctx context.Context, ids []string, r *receipt) error {
	needles := make([][]byte, len(ids))
	for i, id := range ids {
		needles[i] = []byte(id)
	}
	counts, err := graph.FindBytes(ctx, a.db, needles...)
	if err != nil {
		return err
	}
	for i, id := range ids {
		r.Found = append(r.Found, findingSize{id, counts[i]})
	}
	return nil
}

func (r *receipt) grid() *grid {
	g := &grid{header: []string{"what", "value"}}
	g.fact("erased", r.Erased)
	g.fact("proposals and answers", r.Records)
	g.fact("not in the store", r.Missing)
	g.fact("batch", r.Seq)
	if r.Vacuum != nil {
		g.fact("records kept", r.Vacuum.Records)
		g.fact("bytes before", r.Vacuum.Before)
		g.fact("bytes after", r.Vacuum.After)
	}
	for _, f := range r.Found {
		g.fact("found "+f.ID, plural(int64(f.Times), "time"))
	}
	return g
}

// verdict is nil when everything that was asked for is done. An id that was never there is most likely mistyped.
func (r *receipt) verdict(dir string, asked int, o eraseOptions) error {
	for _, f := range r.Found {
		if f.Times > 0 && o.vacuum {
			return fmt.Errorf("%s still holds %q: it may be a part of other ids or texts", dir, f.ID)
		}
	}
	if r.Missing == asked {
		return &notFoundError{plural(int64(asked), "id") + ", and none is in the graph"}
	}
	return nil
}
