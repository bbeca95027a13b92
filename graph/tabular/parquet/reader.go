package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/kenrec/ken/graph/tabular"
)

// Errors that end a file.
var (
	// ErrFile reports a file that is no Parquet file, or a damaged or unreadable one.
	ErrFile = errors.New("parquet: cannot read the file")
	// ErrLimit reports a file whose parts are announced, or turn out, to be larger than any honest one.
	ErrLimit = errors.New("parquet: beyond the limits")
)

const (
	maxFooter  = 64 << 20
	maxChunk   = 256 << 20 // bytes of one column in one row group, uncompressed
	maxRatio   = 1000
	freeRatio  = 16 << 20 // a chunk up to here may be compressed as well as it likes
	maxColumns = 10_000
	batchRows  = 256
)

// patience is how long one step may take: a few hundred rows, or the footer.
const patience = time.Minute

var errSlow = fmt.Errorf("%w: a few hundred rows take longer than %v", ErrLimit, patience)

// Reader yields the rows of a file. It is not safe for concurrent use. Close it when done.
type Reader struct {
	file    *pq.File
	leaves  []leaf
	group   int // row groups opened so far
	rows    pq.Rows
	buf     []pq.Row
	pending []pq.Row // rows of buf that are still to be handed out
	line    int64
	members []tabular.Member
	raw     []byte
	err     error // sticky: what ended the file
}

// Open reads the footer of a file of the given size and checks what it announces.
// Errors: ErrFile, ErrLimit, or what r says.
func Open(r io.ReaderAt, size int64) (*Reader, error) {
	if err := checkFooter(r, size); err != nil {
		return nil, err
	}
	rd := &Reader{buf: make([]pq.Row, batchRows)}
	err := guard(func() error {
		f, err := pq.OpenFile(r, size, pq.SkipPageIndex(true), pq.SkipBloomFilters(true), pq.ReadBufferSize(256<<10))
		if err != nil {
			return err
		}
		rd.file = f
		if err := checkChunks(f); err != nil {
			return err
		}
		rd.leaves, err = leavesOf(f.Schema())
		return err
	})
	if err != nil {
		return nil, err
	}
	return rd, nil
}

// checkFooter looks at the last bytes before a library allocates what they say.
func checkFooter(r io.ReaderAt, size int64) error {
	var tail [8]byte
	if size < 12 {
		return fmt.Errorf("%w: %d bytes are too few for a Parquet file", ErrFile, size)
	}
	if _, err := r.ReadAt(tail[:], size-8); err != nil && err != io.EOF {
		return fmt.Errorf("parquet: read: %w", err)
	}
	if magic := string(tail[4:]); magic == "PARE" {
		return fmt.Errorf("%w: it is encrypted", ErrFile)
	} else if magic != "PAR1" {
		return fmt.Errorf("%w: it does not end like a Parquet file, perhaps it is cut", ErrFile)
	}
	n := int64(binary.LittleEndian.Uint32(tail[:4]))
	switch {
	case n > size-12:
		return fmt.Errorf("%w: the footer is said to be longer than the file", ErrFile)
	case n > maxFooter:
		return fmt.Errorf("%w: a footer of %d bytes", ErrLimit, n)
	}
	return nil
}

// checkChunks refuses sizes that no honest file has, before a page is opened.
func checkChunks(f *pq.File) error {
	for g, group := range f.Metadata().RowGroups {
		for _, c := range group.Columns {
			m := &c.MetaData
			large, small := m.TotalUncompressedSize, max(m.TotalCompressedSize, 1)
			switch {
			case m.Codec == format.Lz4Raw: // the library doubles its buffer for ever when such a page is damaged
				return fmt.Errorf("%w: it is compressed by LZ4: write it with zstd or snappy", ErrFile)
			case large < 0 || m.TotalCompressedSize < 0 || m.TotalCompressedSize > f.Size():
				return fmt.Errorf("%w: a column chunk of row group %d has impossible sizes", ErrFile, g+1)
			case large > maxChunk:
				return fmt.Errorf("%w: a column chunk of row group %d takes %d bytes, more than %d; write smaller row groups", ErrLimit, g+1, large, maxChunk)
			case large > freeRatio && large/small > maxRatio:
				return fmt.Errorf("%w: %d bytes of row group %d become %d", ErrLimit, small, g+1, large)
			}
		}
	}
	return nil
}

// guard runs a step of the library: panics become errors and a step that hangs is left to itself. Nothing can stop a
// goroutine from outside, so that one which hangs stays until the program ends.
func guard(step func() error) error {
	done := make(chan error, 1)
	go func() { done <- caught(step) }()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case err := <-done:
		if err == nil || err == io.EOF || errors.Is(err, ErrFile) || errors.Is(err, ErrLimit) {
			return err
		}
		return fmt.Errorf("%w: %w", ErrFile, err)
	case <-timer.C:
		return errSlow
	}
}

// caught runs a step and makes errors of its panics. The library keeps values as bare pointers, so that a damaged file may
// make it read where nothing is: that is a panic too, instead of the end of the process.
func caught(step func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if x := recover(); x != nil {
			err = fmt.Errorf("%w: the library gave up: %v", ErrFile, x)
		}
	}()
	return step()
}

// Read returns the next row, io.EOF at the end, a *tabular.RowError for a row that is no text and numbers (the next call
// goes on behind it), or the error that ends the file. Line is the number of the row; Raw is the row as JSON.
func (r *Reader) Read() (tabular.Object, error) {
	for len(r.pending) == 0 {
		if r.err != nil {
			return tabular.Object{}, r.err
		}
		n := 0
		r.err = guard(func() error { return r.fill(&n) })
		if !errors.Is(r.err, errSlow) { // else the step still runs, and what it touches is its own
			r.pending = r.buf[:n]
		}
	}
	row := r.pending[0]
	r.pending = r.pending[1:]
	r.line++
	reason := ""
	if err := caught(func() error { reason = r.object(row); return nil }); err != nil {
		r.pending, r.err = nil, err
		return tabular.Object{}, err
	}
	if reason != "" {
		return tabular.Object{}, &tabular.RowError{Line: r.line, Reason: reason, Raw: r.raw}
	}
	return tabular.Object{Line: r.line, Members: r.members, Raw: r.raw}, nil
}

// fill reads up to batchRows rows into buf, from the next row group where one ends, and sets n to their number.
func (r *Reader) fill(n *int) error {
	if r.rows == nil {
		groups := r.file.RowGroups()
		if r.group == len(groups) {
			return io.EOF
		}
		r.rows = groups[r.group].Rows()
		r.group++
	}
	var err error
	*n, err = r.rows.ReadRows(r.buf)
	if err == io.EOF || err == nil && *n == 0 {
		err = r.rows.Close()
		r.rows = nil
	}
	return err
}

// Rows returns how many rows the footer announces, at least 0.
func (r *Reader) Rows() int64 { return max(r.file.NumRows(), 0) }

// Close lets go of the open row group. It is idempotent.
func (r *Reader) Close() error {
	slow := errors.Is(r.err, errSlow)
	r.pending, r.err = nil, io.EOF
	if slow || r.rows == nil { // a step that hangs still holds the row group
		return nil
	}
	rows := r.rows
	r.rows = nil
	return guard(rows.Close)
}
