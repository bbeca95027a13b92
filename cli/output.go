package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"
)

// What --format takes.
const (
	formatTable = "table"
	formatJSON  = "json"
	formatTSV   = "tsv"
)

// terminal says whether a stream is one, and how wide.
type terminal struct {
	is    bool
	width int // columns; 0 unknown
}

func terminalOf(w io.Writer) terminal {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return terminal{}
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		width = 0
	}
	return terminal{is: true, width: width}
}

// grid is data in rows: what a table or TSV shows. Cells are strings, whole numbers, float64 (scores) or float32 (weights as stored).
type grid struct {
	header []string
	rows   [][]any
}

func (g *grid) add(cells ...any) { g.rows = append(g.rows, cells) }

// fact adds a row of a name and its value: the values are of all sorts, so the column is text.
func (g *grid) fact(name string, value any) { g.add(name, exact(value)) }

// emit prints v as one indented JSON document, or g as a table or TSV, as --format says.
func (a *app) emit(v any, g *grid) error {
	switch a.format {
	case formatJSON:
		return a.emitJSON(v, "  ")
	case formatTSV:
		return a.emitTSV(g)
	}
	return a.emitTable(g)
}

// emitAll prints v as JSON, or several grids with an empty line between them. The heading stands above tables; with TSV,
// which has no place for it, it goes to stderr.
func (a *app) emitAll(v any, heading string, grids ...*grid) error {
	if a.format == formatJSON {
		return a.emitJSON(v, "  ")
	}
	if a.format == formatTable {
		a.out.WriteString(heading + "\n")
	} else {
		a.say("%s", strings.TrimSuffix(heading, "\n"))
	}
	for i, g := range grids {
		if i > 0 {
			a.out.WriteByte('\n')
		}
		if err := a.emit(v, g); err != nil {
			return err
		}
	}
	return nil
}

// emitJSON prints v; an empty indent puts it on one line, for streams of documents.
func (a *app) emitJSON(v any, indent string) error {
	enc := json.NewEncoder(a.out)
	enc.SetEscapeHTML(false) // ids hold & and < as they are
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// emitTSV prints a header line and the rows. Numbers have all their digits; tabs and line ends inside a text become
// the two characters \t, \n, \r, so that a row is a line.
func (a *app) emitTSV(g *grid) error {
	if err := a.tsvLine(g.header); err != nil {
		return err
	}
	for _, row := range g.rows {
		cells := make([]string, len(row))
		for i, c := range row {
			cells[i] = exact(c)
		}
		if err := a.tsvLine(cells); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) tsvLine(cells []string) error {
	for i, c := range cells {
		if i > 0 {
			a.out.WriteByte('\t') // an error stays in the buffer: the last write returns it
		}
		a.out.WriteString(tsvEscape.Replace(c))
	}
	_, err := a.out.WriteString("\n")
	return err
}

var tsvEscape = strings.NewReplacer("\t", `\t`, "\n", `\n`, "\r", `\r`)

// exact returns a cell with every digit that it has.
func exact(cell any) string {
	switch c := cell.(type) {
	case string:
		return c
	case float64:
		return strconv.FormatFloat(c, 'g', -1, 64)
	case float32:
		return strconv.FormatFloat(float64(c), 'g', -1, 32)
	}
	return fmt.Sprint(cell)
}

// emitTable prints aligned columns. On a terminal the header is bold and long cells are cut to its width.
func (a *app) emitTable(g *grid) error {
	t := table.NewWriter()
	style := table.StyleDefault
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	style.Format.Header = text.FormatDefault
	if a.outTerm.is {
		style.Color.Header = text.Colors{text.Bold}
	}
	style.Size.WidthMax = a.outTerm.width
	t.SetStyle(style)
	t.AppendHeader(toRow(g.header))
	for _, row := range g.rows {
		t.AppendRow(toRow(row))
	}
	t.SetColumnConfigs(alignment(g))
	for line := range strings.Lines(t.Render()) {
		a.out.WriteString(strings.TrimRight(line, " \n"))
		if _, err := a.out.WriteString("\n"); err != nil {
			return err
		}
	}
	return nil
}

// alignment puts columns of numbers to the right; the last row decides, for the first one may lack what is compared
// with it.
func alignment(g *grid) []table.ColumnConfig {
	var out []table.ColumnConfig
	if len(g.rows) == 0 {
		return nil
	}
	for i, c := range g.rows[len(g.rows)-1] {
		if _, isText := c.(string); !isText {
			out = append(out, table.ColumnConfig{Number: i + 1, Align: text.AlignRight, AlignHeader: text.AlignRight})
		}
	}
	return out
}

func toRow[T any](cells []T) table.Row {
	row := make(table.Row, len(cells))
	for i, c := range cells {
		row[i] = readable(c)
	}
	return row
}

// readable returns a cell as people like it: four digits after the point, and no character that moves the cursor or
// changes colours, because ids and names come from strangers.
func readable(cell any) string {
	if f, ok := cell.(float64); ok {
		return strconv.FormatFloat(f, 'f', 4, 64)
	}
	return strings.Map(func(r rune) rune {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			return unicode.ReplacementChar
		}
		return r
	}, exact(cell))
}
