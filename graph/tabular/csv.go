package tabular

import (
	"bytes"
	"io"
	"unicode/utf8"
)

// NewCSV reads rows after RFC 4180: comma, fields in double quotes may hold commas, line ends and doubled quotes. Where
// the first line shows semicolons in the place of commas, they separate the fields, see Reader.DecimalComma.
// Unlike encoding/csv it keeps \r\n inside quotes, and a quote that never closes costs its line only.
func NewCSV(r io.Reader) *Reader {
	return &Reader{w: newWindow(r), split: (*Reader).readCSV}
}

// DecimalComma reports, after the first Read, whether the file is a CSV with semicolons between its fields, as programs
// write it in countries where the comma is the decimal mark.
func (r *Reader) DecimalComma() bool { return r.comma == ';' }

// readCSV takes the quick way for a line without quotes, which is nearly every line there is.
func (r *Reader) readCSV() (Row, error) {
	for {
		n, err := r.peekLine()
		if err != nil {
			return Row{}, err
		}
		raw := trimCR(r.w.buf[r.w.pos : r.w.pos+n])
		if len(raw) == 0 {
			r.consume(n)
			continue
		}
		if r.comma == 0 {
			r.comma = separatorOf(raw)
		}
		if bytes.IndexByte(raw, '"') >= 0 {
			return r.readQuoted(n)
		}
		r.consume(n)
		row := Row{Line: r.w.line, Raw: raw}
		if err := r.check(row); err != nil {
			return Row{}, err
		}
		r.fields = r.fields[:0]
		for {
			i := bytes.IndexByte(raw, r.comma)
			if i < 0 {
				break
			}
			r.fields = append(r.fields, raw[:i])
			raw = raw[i+1:]
		}
		r.fields = append(r.fields, raw)
		return r.sized(row)
	}
}

// peekLine returns the length of the next line without its line end and leaves it unread.
func (r *Reader) peekLine() (int, error) {
	w := &r.w
	if !w.started {
		if err := w.start(); err != nil {
			return 0, err
		}
	}
	seen := 0
	for {
		if i := bytes.IndexByte(w.buf[w.pos+seen:w.end], '\n'); i >= 0 {
			seen += i
			break
		}
		seen = w.end - w.pos
		if seen > MaxLine {
			break
		}
		if w.more() {
			continue
		}
		if err := w.failure(); err != nil {
			return 0, err
		}
		if seen == 0 {
			return 0, io.EOF
		}
		return seen, nil
	}
	if seen > MaxLine {
		return 0, w.skipLong()
	}
	return seen, nil
}

// consume takes n bytes and the line end behind them.
func (r *Reader) consume(n int) {
	r.w.pos += n
	if r.w.pos < r.w.end {
		r.w.pos++
	}
	r.w.line++
}

// readQuoted reads one record that may span lines. When it is malformed only its first line, n bytes, is lost: the rest
// may be good rows that an open quote swallowed.
func (r *Reader) readQuoted(n int) (Row, error) {
	line := r.w.line + 1
	q := quoted{r: r}
	reason, err := q.record()
	if err != nil {
		return Row{}, err
	}
	if reason == "" {
		raw := r.w.buf[r.w.pos : r.w.pos+q.i]
		if bytes.IndexByte(raw, 0) >= 0 {
			reason = "the row holds a NUL character"
		} else if !utf8.Valid(raw) {
			reason = notUTF8(raw, validPrefix(raw))
		}
	}
	if reason != "" {
		raw := trimCR(r.w.buf[r.w.pos : r.w.pos+n])
		r.consume(n)
		return Row{}, &RowError{line, q.column, reason, raw}
	}
	raw := r.w.buf[r.w.pos : r.w.pos+q.i]
	r.consume(q.i)
	r.w.line += int64(bytes.Count(raw, []byte{'\n'}))
	r.fields = r.fields[:0]
	for i, end := range q.ends {
		from := 0
		if i > 0 {
			from = q.ends[i-1]
		}
		r.fields = append(r.fields, r.scratch[from:end])
	}
	return r.sized(Row{Line: line, Raw: trimCR(raw)})
}

// quoted is the state of one record: i is the offset behind the window's pos, ends the end of each field in r.scratch.
type quoted struct {
	r      *Reader
	i      int
	column int
	ends   []int
}

// at returns the byte i places behind pos, reading on where needed; ok is false at the end of the stream.
func (q *quoted) at(i int) (byte, bool) {
	w := &q.r.w
	for w.pos+i >= w.end {
		if !w.more() {
			return 0, false
		}
	}
	return w.buf[w.pos+i], true
}

// record parses up to the end of the record. It returns why the record is bad, or the error that broke the stream.
func (q *quoted) record() (reason string, err error) {
	q.r.scratch = q.r.scratch[:0]
	for {
		q.column++
		from := len(q.r.scratch)
		c, _ := q.at(q.i)
		if c == '"' {
			reason = q.quotedField(from)
		} else {
			reason = q.bareField()
		}
		if err := q.r.w.failure(); err != nil {
			return "", err
		}
		if reason == "" && len(q.r.scratch)-from > MaxField {
			reason = "the field is longer than 1 MiB"
		}
		if reason != "" {
			return reason, nil
		}
		q.ends = append(q.ends, len(q.r.scratch))
		c, ok := q.at(q.i)
		if !ok || c == '\n' {
			return "", nil
		}
		if c == '\r' {
			if c, ok := q.at(q.i + 1); !ok || c == '\n' {
				if ok {
					q.i++
				}
				return "", nil
			}
			return "the row holds a lone carriage return outside quotes", nil
		}
		q.i++ // the comma
		if q.i > MaxLine {
			return "the record is longer than 16 MiB", nil
		}
	}
}

func (q *quoted) bareField() string {
	for {
		c, ok := q.at(q.i)
		if !ok || c == q.r.comma || c == '\n' || c == '\r' {
			return ""
		}
		if c == '"' {
			return "a quote stands inside a field that does not start with one"
		}
		q.r.scratch = append(q.r.scratch, c)
		q.i++
	}
}

func (q *quoted) quotedField(from int) string {
	q.i++
	for {
		c, ok := q.at(q.i)
		switch {
		case !ok:
			return "a quote is opened and never closed"
		case len(q.r.scratch)-from > MaxField:
			return "a quote is opened and not closed within 1 MiB"
		case c != '"':
			q.r.scratch = append(q.r.scratch, c)
			q.i++
			continue
		}
		next, ok := q.at(q.i + 1)
		if ok && next == '"' {
			q.r.scratch = append(q.r.scratch, '"')
			q.i += 2
			continue
		}
		q.i++
		if ok && next != q.r.comma && next != '\n' && next != '\r' {
			return "a closing quote is followed by something other than a " + separatorName(q.r.comma)
		}
		return ""
	}
}
