package tabular

import (
	"bytes"
	"fmt"
	"io"
)

// window is a growing view of a stream: buf[pos:end] is read but not consumed. It finds lines without copying them.
type window struct {
	r        io.Reader
	buf      []byte
	pos, end int
	err      error // sticky: io.EOF or what the stream said
	line     int64 // lines consumed so far
	started  bool
}

func newWindow(r io.Reader) window { return window{r: r, buf: make([]byte, 64<<10)} }

// more reads further bytes behind the unread ones and reports whether there are any. It may move the unread bytes.
func (w *window) more() bool {
	if w.err != nil {
		return false
	}
	if w.pos > 0 {
		copy(w.buf, w.buf[w.pos:w.end])
		w.end -= w.pos
		w.pos = 0
	}
	if w.end == len(w.buf) {
		w.buf = append(w.buf, make([]byte, len(w.buf))...)
	}
	for empty := 0; empty < 100; empty++ {
		n, err := w.r.Read(w.buf[w.end:])
		w.end += n
		w.err = err
		if n > 0 {
			return true
		}
		if err != nil {
			return false
		}
	}
	w.err = io.ErrNoProgress
	return false
}

// start looks at the first bytes: a UTF-8 mark is dropped, UTF-16 and binary files are refused with what to do.
func (w *window) start() error {
	w.started = true
	for w.end-w.pos < 4 && w.more() {
	}
	head := w.buf[w.pos:w.end]
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		w.pos += 3
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		w.err = fmt.Errorf("%w: the file starts with a UTF-16 mark; convert it with: iconv -f UTF-16 -t UTF-8", ErrEncoding)
		w.pos = w.end
	case len(head) >= 4 && head[0] == 0 && head[1] != 0 && head[2] == 0 && head[3] != 0,
		len(head) >= 4 && head[0] != 0 && head[1] == 0 && head[2] != 0 && head[3] == 0:
		w.err = fmt.Errorf("%w: every other byte is zero, as in UTF-16; convert it with: iconv -f UTF-16 -t UTF-8", ErrEncoding)
		w.pos = w.end
	case bytes.HasPrefix(head, []byte("PAR1")):
		w.err = fmt.Errorf("%w: this is a Parquet file", ErrEncoding)
		w.pos = w.end
	}
	return w.failure()
}

// failure returns what the stream said unless it merely ended.
func (w *window) failure() error {
	if w.err == nil || w.err == io.EOF {
		return nil
	}
	return w.err
}

// next returns the next line without its \n or \r\n. At the end of the stream it returns io.EOF. A last line without
// line end counts, but not when the stream broke: half a row may look like a whole one.
func (w *window) next() ([]byte, error) {
	if !w.started {
		if err := w.start(); err != nil {
			return nil, err
		}
	}
	seen := 0
	for {
		if i := bytes.IndexByte(w.buf[w.pos+seen:w.end], '\n'); i >= 0 {
			line := w.buf[w.pos : w.pos+seen+i]
			if len(line) > MaxLine {
				return nil, w.skipLong()
			}
			w.pos += seen + i + 1
			w.line++
			return trimCR(line), nil
		}
		seen = w.end - w.pos
		if seen > MaxLine {
			return nil, w.skipLong()
		}
		if w.more() {
			continue
		}
		if err := w.failure(); err != nil {
			return nil, err
		}
		if seen == 0 {
			return nil, io.EOF
		}
		line := w.buf[w.pos:w.end]
		w.pos = w.end
		w.line++
		return trimCR(line), nil
	}
}

// skipLong drops a line longer than MaxLine and says so; it gives the file up when no line end comes within maxSkip.
func (w *window) skipLong() error {
	w.line++
	bad := &RowError{Line: w.line, Reason: "the line is longer than 16 MiB", Raw: bytes.Clone(w.buf[w.pos : w.pos+200])}
	for dropped := 0; ; {
		if i := bytes.IndexByte(w.buf[w.pos:w.end], '\n'); i >= 0 {
			w.pos += i + 1
			return bad
		}
		dropped += w.end - w.pos
		w.pos = w.end
		if dropped > maxSkip {
			w.err = fmt.Errorf("%w: line %d does not end within %d MiB", ErrTooLong, w.line, maxSkip>>20)
			return w.err
		}
		if !w.more() {
			if err := w.failure(); err != nil {
				return err
			}
			return bad
		}
	}
}

func trimCR(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		return line[:n-1]
	}
	return line
}
