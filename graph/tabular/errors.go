package tabular

import (
	"errors"
	"fmt"
)

// Errors that end a file. They are wrapped with what was found.
var (
	// ErrEncoding reports text that is not UTF-8 as a whole, such as UTF-16.
	ErrEncoding = errors.New("tabular: not UTF-8")
	// ErrBomb reports a compressed stream that grows beyond all measure.
	ErrBomb = errors.New("tabular: compressed data grows too much")
	// ErrTooLong reports a line that does not end within 64 MiB.
	ErrTooLong = errors.New("tabular: no end of line")
	// ErrCompressed reports a compressed stream that is cut or damaged.
	ErrCompressed = errors.New("tabular: damaged compressed data")
)

// RowError says why one row could not be read. Reading can go on after it.
type RowError struct {
	Line   int64  // first line of the row, from 1
	Column int    // field of the row, from 1; 0 when the whole row is meant
	Reason string // one sentence without a full stop
	Raw    []byte // the row as it stands in the file, perhaps cut; valid until the next Read
}

func (e *RowError) Error() string {
	if e.Column > 0 {
		return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Reason)
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Reason)
}

// Limits that hold for every reader of this package.
const (
	MaxLine  = 16 << 20 // bytes of one line, or of one CSV record over several lines
	MaxField = 1 << 20  // bytes of one field
	maxSkip  = 64 << 20 // a line beyond MaxLine is skipped up to here, then the file is given up
)
