package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	ucli "github.com/urfave/cli/v2"

	"github.com/kenrec/ken/engine"
)

func newImportCommand(a *app) *ucli.Command {
	var o importOptions
	return &ucli.Command{
		Name:      "import",
		Usage:     "store nodes, triples, interactions or vectors from files",
		ArgsUsage: "nodes|triples|interactions|vectors FILE...",
		Description: `Columns, unless a header line or --columns names others:

  nodes         id, type, name, text
  triples       head, relation, tail[, weight]
  interactions  user, item[, weight[, time[, type]]]
  vectors       id, v1, v2, ...; or a NumPy file, .npy, with its ids by --ids

A first line that names the columns needed is a header; any other is the first row, in
the order above. One with more columns than these is refused: name them by --columns.

Formats are told by the name of the file, else by its first lines: TSV, CSV, JSON
Lines, Parquet, N-Triples, N-Quads, Turtle, RecBole atomic files; .gz and .zst are
unpacked. In a CSV with semicolons between its columns 2,5 is a number. In Parquet and
JSON Lines a vector is a column of lists of numbers, and --columns user=customer,item=sku
says which fields are meant.
Files whose format says what they hold need no kind: ` + "`ken import ml.inter ml.kg`" + `.
Importing a file twice changes nothing, so a broken import is simply run again.
Text is stored as it stands in the file, unless --normalize is given.
A flag that says nothing about any of the files is refused.
Bad rows are left out and told with file, line and reason; the exit code is 4 then.

Examples:
  ken import nodes items.tsv
  ken import interactions --columns user,item,-,time ratings.csv.gz
  ken import triples --rejects bad.txt --source wikidata graph.nt.zst
  ken import vectors --modality image images.npy --ids images.txt
  cat events.jsonl | ken import interactions --input-format jsonl -`,
		Flags: o.flags(),
		Action: func(c *ucli.Context) error {
			kind, files, err := o.arguments(c.Args().Slice())
			if err != nil {
				return err
			}
			src, err := o.source(kind)
			if err != nil {
				return err
			}
			if err := refuseImportFlags(c, src, files); err != nil {
				return err
			}
			return a.importFiles(c.Context, &importJob{src: src, files: files, rejects: o.rejects, ids: o.ids})
		},
	}
}

// importJob is one command line of import.
type importJob struct {
	src     engine.Source // what all files have in common
	files   []string
	rejects string   // file for the bad rows, "" for none
	ids     string   // file with the ids of a NumPy file
	rows    []string // what it holds
}

// checkImport finds what is wrong with the files before the store is opened: a mistyped second file must not cost the import
// of the first.
func (a *app) checkImport(j *importJob) (err error) {
	for _, path := range j.files {
		if err := checkParquet(j.src, path); err != nil {
			return err
		}
		if err := j.checkIDs(path); err != nil {
			return err
		}
		f, err := a.openInput(path)
		if err != nil {
			return err
		}
		f.Close()
	}
	if j.ids == "" {
		return nil
	}
	if j.rows, err = a.readRowIDs(j.ids); err != nil {
		return fmt.Errorf("--ids: %w", err)
	}
	return nil
}

// importFiles imports one file after the other and prints a report of each, of the one that failed too.
func (a *app) importFiles(ctx context.Context, j *importJob) (err error) {
	if err := a.checkImport(j); err != nil {
		return err
	}
	if j.rejects != "" {
		f, err := os.Create(j.rejects)
		if err != nil {
			return fmt.Errorf("--rejects: %w", fileError(j.rejects, err))
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		j.src.Rejects = f
	}
	return a.with(ctx, true, func(e *engine.Engine) error {
		var reports []engine.ImportReport
		var skipped skippedError
		var failed error
		for _, path := range j.files {
			rep, err := a.importFile(ctx, e, j, path)
			reports = append(reports, rep)
			a.tellRejected(rep)
			if failed = err; !rowsSkipped(rep, err, j.src.Strict) {
				if err != nil {
					break
				}
				continue
			}
			failed = nil
			skipped.rows += rep.Skipped
			skipped.of = append(skipped.of, rep.Name)
		}
		if err := a.emit(reports, importGrid(reports)); err != nil {
			return errors.Join(failed, err)
		}
		if failed == nil && skipped.rows > 0 {
			failed = &skipped
		}
		return failed
	})
}

// rowsSkipped reports whether the import went to its end and stored something, but not everything.
func rowsSkipped(rep engine.ImportReport, err error, strict bool) bool {
	return errors.Is(err, engine.ErrBadRecord) && !strict && rep.Stored+rep.Unchanged > 0 && !errors.Is(err, context.Canceled)
}

func (a *app) importFile(ctx context.Context, e *engine.Engine, j *importJob, path string) (engine.ImportReport, error) {
	f, err := a.openInput(path)
	if err != nil {
		return engine.ImportReport{Name: path}, err
	}
	defer f.Close()
	bar := a.newFileBar(filepath.Base(path), sizeOf(f))
	defer bar.done()
	src := j.src
	src.Name, src.Reader, src.Progress = path, f, bar.reportRows()
	var rep engine.ImportReport
	switch {
	case isParquet(src, path):
		rep, err = importParquet(ctx, e, src, f)
	case isNPY(src, path):
		rep, err = importNPY(ctx, e, src, f, j.rows)
	default:
		rep, err = e.Import(ctx, src)
	}
	rep.Rejected = append([]engine.Rejection{}, rep.Rejected...) // scripts get [], not null
	rep.Ignored = append([]string{}, rep.Ignored...)
	return rep, err
}

func sizeOf(r io.Reader) int64 {
	if f, ok := r.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			return info.Size()
		}
	}
	return -1
}

// tellRejected lists the first bad rows as file:line:column: reason, which editors can jump to.
func (a *app) tellRejected(rep engine.ImportReport) {
	for _, r := range rep.Rejected {
		at := fmt.Sprintf("%s:%d", rep.Name, r.Line)
		if r.Column > 0 {
			at += fmt.Sprintf(":%d", r.Column)
		}
		a.say("%s: %s: %s", readable(at), readable(r.Reason), readable(tsvEscape.Replace(r.Text)))
	}
	if more := rep.Skipped - int64(len(rep.Rejected)); more > 0 {
		a.say("%s: %s not shown: --rejects FILE keeps them", rep.Name, plural(more, "more bad row"))
	}
	if rep.Normalized > 0 {
		a.say("%s: normalized: %s trimmed or brought to Unicode NFC", rep.Name, plural(rep.Normalized, "field"))
	}
	if len(rep.Ignored) > 0 {
		a.say("%s: columns left out, there is no place for them: %s", rep.Name, readable(strings.Join(rep.Ignored, ", ")))
	}
}

func importGrid(reports []engine.ImportReport) *grid {
	g := &grid{header: []string{"file", "kind", "format", "read", "stored", "unchanged", "skipped", "bytes"}}
	for _, r := range reports {
		g.add(r.Name, r.Kind, r.Format, r.Read, r.Stored, r.Unchanged, r.Skipped, r.Bytes)
	}
	return g
}

// nonEmpty returns s as the only element, or nothing when it is empty.
func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}
