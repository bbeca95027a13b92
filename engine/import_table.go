package engine

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/kenrec/ken/graph/tabular"
)

// rowReader yields rows of a table, see tabular.Reader.
type rowReader interface {
	Read() (tabular.Row, error)
}

// tableReader makes records of the rows of a table whose columns are settled.
type tableReader struct {
	im     *importer
	rows   rowReader
	cols   []tableColumn
	least  int          // columns a row must have
	many   bool         // the last column takes what is left: vectors
	first  *tabular.Row // the first row when it is data; nil afterwards
	failed error        // a bad first row
	known  map[string]string
	comma  bool // numbers have a comma for their decimal mark

	relation string // of every triple, for files that have no column for it
}

// newTable reads the first row and settles the columns by it.
func (im *importer) newTable(rows rowReader) (recordReader, error) {
	t := &tableReader{im: im, rows: rows, known: map[string]string{}}
	row, err := rows.Read()
	var bad *tabular.RowError
	switch {
	case err == io.EOF:
		t.failed = err
		return t, nil
	case errors.As(err, &bad):
		// A broken first row is no header that could be understood; the defaults hold unless the caller named columns.
		t.failed = fromRow(bad)
		row.Fields = nil
	case err != nil:
		return nil, err
	}
	if csv, ok := rows.(*tabular.Reader); ok {
		t.comma = csv.DecimalComma()
	}
	cols, isHeader, err := im.header(row.Fields)
	if err != nil {
		return nil, err
	}
	t.settle(cols)
	if !isHeader && t.failed == nil {
		t.first = &row
	}
	return t, nil
}

func (t *tableReader) settle(cols []tableColumn) {
	t.cols = cols
	fs, _ := neededFields(t.im.src.Kind)
	for i, c := range cols {
		for _, f := range fs {
			if c.field == f {
				t.least = max(t.least, i+1)
			}
		}
	}
	t.many = t.im.src.Kind == Vectors && cols[len(cols)-1].field == fieldVector
}

func (t *tableReader) next(rec *record) error {
	if err := t.failed; err != nil {
		if err != io.EOF {
			t.failed = nil
		}
		return err
	}
	var row tabular.Row
	if t.first != nil {
		row, t.first = *t.first, nil
	} else {
		var err error
		if row, err = t.rows.Read(); err != nil {
			var bad *tabular.RowError
			if errors.As(err, &bad) {
				return fromRow(bad)
			}
			return err
		}
	}
	if err := t.count(&row); err != nil {
		return err
	}
	*rec = record{kind: t.im.src.Kind, line: row.Line, raw: string(row.Raw)}
	rec.begin(&t.im.src)
	rec.triple.Relation = t.relation
	for i, f := range row.Fields {
		c := &t.cols[min(i, len(t.cols)-1)]
		if err := t.set(rec, c, f); err != nil {
			return &badRow{row.Line, i + 1, err.Error(), rec.raw}
		}
	}
	if err := rec.finish(&t.im.src); err != nil {
		return &badRow{row.Line, 0, err.Error(), rec.raw}
	}
	return nil
}

// count refuses rows with too few or too many columns; empty fields at the end are no columns.
func (t *tableReader) count(row *tabular.Row) error {
	n := len(row.Fields)
	if n < t.least {
		_, need := neededFields(t.im.src.Kind)
		reason := fmt.Sprintf("the row has %s but needs %d (%s)", countOf(n, "column"), t.least, need)
		if n == 1 {
			reason += separatorHint(string(row.Fields[0]))
		}
		return &badRow{row.Line, 0, reason, string(row.Raw)}
	}
	for n > len(t.cols) && !t.many && len(row.Fields[n-1]) == 0 {
		n--
	}
	if n > len(t.cols) && !t.many {
		return &badRow{row.Line, 0, fmt.Sprintf("the row has %s, more than the %d known ones; name them with --columns", countOf(n, "column"), len(t.cols)), string(row.Raw)}
	}
	if !t.many {
		row.Fields = row.Fields[:min(n, len(t.cols))]
	}
	return nil
}

// separatorHint guesses what separates the columns of a row that seems to have one only.
func separatorHint(s string) string {
	for _, sep := range [...]struct{ s, hint string }{
		{"\t", "; it holds tabs: try --input-format tsv"},
		{"::", "; it seems to be separated by :: — replace them by tabs"},
		{";", "; it holds semicolons: try --input-format csv"},
		{",", "; it holds commas: try --input-format csv"},
		{"|", "; it seems to be separated by | — replace them by tabs"},
		{" ", "; it holds spaces: try --input-format spaces"},
	} {
		if strings.Contains(s, sep.s) {
			return sep.hint
		}
	}
	return ""
}

func countOf(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// set puts one field of a row into the record.
func (t *tableReader) set(rec *record, c *tableColumn, f []byte) error {
	if t.comma && c.numeric() {
		f = tabular.DecimalPoint(f)
	}
	switch c.field {
	case fieldSkip:
		return nil
	case fieldUser, fieldItem, fieldRelation, fieldTail, fieldType, fieldSource:
		return rec.set(&t.im.src, c, t.intern(f)) // names that come again and again
	case fieldVector:
		if t.im.src.Kind == Vectors && len(t.cols) == 2 && len(rec.vector) == 0 && strings.ContainsAny(string(f), " ,[") {
			return rec.setVector(string(f))
		}
		x, err := number32(string(f))
		if err != nil {
			return err
		}
		rec.vector = append(rec.vector, x)
		return nil
	}
	return rec.set(&t.im.src, c, string(f))
}

// intern returns f as a string that is shared with earlier rows, without allocating when it is known.
func (t *tableReader) intern(f []byte) string {
	if s, ok := t.known[string(f)]; ok {
		return s
	}
	s := string(f)
	if len(s) > 256 {
		return s
	}
	if len(t.known) >= 1<<16 {
		clear(t.known)
	}
	t.known[s] = s
	return s
}

// listReader makes interactions of lines such as `user item item item`.
type listReader struct {
	im    *importer
	rows  rowReader
	line  int64
	raw   string
	user  string
	items []string
}

func (l *listReader) next(rec *record) error {
	for len(l.items) == 0 {
		row, err := l.rows.Read()
		var bad *tabular.RowError
		if errors.As(err, &bad) {
			return fromRow(bad)
		}
		if err != nil {
			return err
		}
		l.line, l.raw, l.user = row.Line, string(row.Raw), string(row.Fields[0])
		for _, f := range row.Fields[1:] {
			l.items = append(l.items, string(f))
		}
	}
	item := l.items[0]
	l.items = l.items[1:]
	*rec = record{kind: Interactions, line: l.line, raw: l.user + " " + item}
	rec.begin(&l.im.src)
	src := &l.im.src
	rec.inter.User, rec.inter.Item = src.UserPrefix+rec.tidy(src, l.user), src.ItemPrefix+rec.tidy(src, item)
	if err := rec.finish(src); err != nil {
		return &badRow{l.line, 0, err.Error(), rec.raw}
	}
	return nil
}
