package tabular

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"
)

// Row is one row of a table. Fields and Raw are valid until the next Read.
type Row struct {
	Line   int64    // first line of the row in the file, from 1
	Fields [][]byte // at least one
	Raw    []byte   // the row as it stands in the file, without its line end
}

// Reader reads rows of TSV, CSV or space-separated files. Empty lines are passed over.
type Reader struct {
	w       window
	split   func(*Reader) (Row, error)
	fields  [][]byte
	scratch []byte // unescaped CSV fields of the present row
	comma   byte   // what separates the fields of a CSV; 0 before the first line
}

// NewTSV reads rows whose fields are separated by one tab each. There is no quoting: a field holds any character but
// tab and line end, quotes included.
func NewTSV(r io.Reader) *Reader {
	return &Reader{w: newWindow(r), split: (*Reader).readTSV}
}

// NewSpaces reads rows whose fields are separated by runs of spaces or tabs, such as `user item item item`.
func NewSpaces(r io.Reader) *Reader {
	return &Reader{w: newWindow(r), split: (*Reader).readSpaces}
}

// Read returns the next row, io.EOF at the end, a *RowError for a row that cannot be read (the next call goes on behind
// it), or the error that ends the file.
func (r *Reader) Read() (Row, error) { return r.split(r) }

func (r *Reader) readTSV() (Row, error) {
	line, err := r.line()
	if err != nil {
		return Row{}, err
	}
	row := Row{Line: r.w.line, Raw: line}
	if err := r.check(row); err != nil {
		return Row{}, err
	}
	r.fields = r.fields[:0]
	for {
		i := bytes.IndexByte(line, '\t')
		if i < 0 {
			break
		}
		r.fields = append(r.fields, line[:i])
		line = line[i+1:]
	}
	r.fields = append(r.fields, line)
	return r.sized(row)
}

func (r *Reader) readSpaces() (Row, error) {
	for {
		line, err := r.line()
		if err != nil {
			return Row{}, err
		}
		row := Row{Line: r.w.line, Raw: line}
		if err := r.check(row); err != nil {
			return Row{}, err
		}
		r.fields = r.fields[:0]
		for i := 0; i < len(line); {
			if line[i] == ' ' || line[i] == '\t' {
				i++
				continue
			}
			from := i
			for i < len(line) && line[i] != ' ' && line[i] != '\t' {
				i++
			}
			r.fields = append(r.fields, line[from:i])
		}
		if len(r.fields) > 0 {
			return r.sized(row)
		}
	}
}

// line returns the next line that is not empty.
func (r *Reader) line() ([]byte, error) {
	for {
		line, err := r.w.next()
		if err != nil || len(line) > 0 {
			return line, err
		}
	}
}

// check refuses what no text format of rows may hold.
func (r *Reader) check(row Row) error {
	if i := bytes.IndexByte(row.Raw, 0); i >= 0 {
		return &RowError{row.Line, r.column(row.Raw[:i]), "the row holds a NUL character", row.Raw}
	}
	if i := bytes.IndexByte(row.Raw, '\r'); i >= 0 {
		return &RowError{row.Line, r.column(row.Raw[:i]), "the row holds a lone carriage return (lines must end with LF or CR LF)", row.Raw}
	}
	if !utf8.Valid(row.Raw) {
		n := validPrefix(row.Raw)
		return &RowError{row.Line, r.column(row.Raw[:n]), notUTF8(row.Raw, n), row.Raw}
	}
	return nil
}

// column counts the field that starts after the tabs of head; for CSV lines it is not known.
func (r *Reader) column(head []byte) int {
	if i := bytes.IndexByte(head, '\t'); i >= 0 {
		return bytes.Count(head, []byte{'\t'}) + 1
	}
	return 0
}

// sized finishes a row: no field may be longer than MaxField.
func (r *Reader) sized(row Row) (Row, error) {
	row.Fields = r.fields
	if len(row.Raw) <= MaxField {
		return row, nil
	}
	for i, f := range row.Fields {
		if len(f) > MaxField {
			return Row{}, &RowError{row.Line, i + 1, "the field is longer than 1 MiB", row.Raw}
		}
	}
	return row, nil
}

// notUTF8 is the reason why a row is refused whose byte n is not UTF-8. What it is nobody can tell; most such files come
// from Windows.
func notUTF8(row []byte, n int) string {
	return fmt.Sprintf("the row is not valid UTF-8 (byte %d is 0x%02X): a file from Windows is converted by iconv -f WINDOWS-1252 -t UTF-8", n+1, row[n])
}

func validPrefix(b []byte) int {
	n := 0
	for n < len(b) {
		r, size := utf8.DecodeRune(b[n:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		n += size
	}
	return n
}
