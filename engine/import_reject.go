package engine

import (
	"fmt"
	"strings"

	"github.com/kenrec/ken/graph/tabular"
)

// badRow is a row that cannot be stored. It travels as an error from the readers to the report.
type badRow struct {
	line   int64
	column int // 0: the whole row
	reason string
	raw    string
}

func (b *badRow) Error() string { return b.rejection().String() }

func (b *badRow) rejection() Rejection {
	return Rejection{Line: b.line, Column: b.column, Reason: b.reason, Text: printable(b.raw)}
}

// fromRow makes a badRow of what a reader of tables says.
func fromRow(e *tabular.RowError) *badRow {
	return &badRow{e.Line, e.Column, e.Reason, string(e.Raw)}
}

// reject counts a bad row, keeps it for the report and hands it to the Rejects writer.
func (im *importer) reject(b *badRow) error {
	im.report.Skipped++
	if len(im.report.Rejected) < maxRejections {
		im.report.Rejected = append(im.report.Rejected, b.rejection())
	}
	if im.src.Rejects == nil {
		return nil
	}
	if _, err := fmt.Fprintf(im.src.Rejects, "# %s:%d: %s\n%s\n", im.src.Name, b.line, b.reason, b.raw); err != nil {
		return fmt.Errorf("write rejected rows: %w", err)
	}
	return nil
}

// printable cuts s to what a report line can show: no control characters, which could drive a terminal.
func printable(s string) string {
	const most = 160
	cut := len(s) > most
	if cut {
		s = s[:most]
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return r
		case r < 0x20, r >= 0x7f && r < 0xa0, r == 0x2028, r == 0x2029:
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if cut {
		s += "…"
	}
	return s
}
