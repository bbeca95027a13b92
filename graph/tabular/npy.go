package tabular

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// ErrNPY reports a NumPy file that is damaged, or holds something else than a table of floating-point numbers.
var ErrNPY = errors.New("tabular: cannot read the NumPy file")

// Limits of NumPy files.
const (
	maxNPYHeader  = 64 << 10
	maxNPYColumns = 1 << 16 // numbers of one row
)

// Vector is one row of numbers with the id of what it describes.
type Vector struct {
	Line   int64 // number of the row, from 1
	ID     string
	Values []float32 // the caller may keep them
}

// NPY reads a two-dimensional array from a NumPy file, .npy of version 1, 2 or 3: float16, float32 or float64,
// little-endian, in C order. It is not safe for concurrent use.
type NPY struct {
	r    *bufio.Reader
	head npyHeader
	ids  []string
	row  int64
	raw  []byte // one row as it stands in the file
	err  error  // sticky: what ended the file
}

// NewNPY reads the header of r and checks that the file has size bytes (-1: not known) and a row for each of the ids.
// Nothing is allocated for what the header merely claims: one row has at most 65,536 numbers. Errors: ErrNPY, or what r says.
func NewNPY(r io.Reader, size int64, ids []string) (*NPY, error) {
	n := &NPY{r: bufio.NewReaderSize(r, 64<<10), ids: ids}
	length, err := n.readHeader()
	if err != nil {
		return nil, err
	}
	h := &n.head
	switch {
	case h.columns < 1 || h.columns > maxNPYColumns:
		return nil, fmt.Errorf("%w: rows of %d numbers, want 1 to %d", ErrNPY, h.columns, maxNPYColumns)
	case h.rows != int64(len(ids)):
		return nil, fmt.Errorf("%w: it has %d rows, but there are %d ids", ErrNPY, h.rows, len(ids))
	}
	// No overflow: rows is a number of strings in memory, a row has at most 512 KiB.
	if want := length + h.rows*h.columns*int64(h.bytes); size >= 0 && size != want {
		return nil, fmt.Errorf("%w: it has %d bytes, but %d rows of %d numbers make %d", ErrNPY, size, h.rows, h.columns, want)
	}
	n.raw = make([]byte, int(h.columns)*h.bytes)
	return n, nil
}

// readHeader returns the length of everything before the numbers.
func (n *NPY) readHeader() (int64, error) {
	var start [12]byte
	if err := n.full(start[:8]); err != nil {
		return 0, err
	}
	if !bytes.HasPrefix(start[:], []byte(NPYMagic)) {
		return 0, fmt.Errorf("%w: it does not begin like one", ErrNPY)
	}
	field := 2
	switch major := start[6]; major {
	case 1:
	case 2, 3:
		field = 4
	default:
		return 0, fmt.Errorf("%w: format version %d is unknown", ErrNPY, major)
	}
	if err := n.full(start[8 : 8+field]); err != nil {
		return 0, err
	}
	size := int64(binary.LittleEndian.Uint32(start[8:]))
	if size > maxNPYHeader {
		return 0, fmt.Errorf("%w: a header of %d bytes", ErrNPY, size)
	}
	text := make([]byte, size)
	if err := n.full(text); err != nil {
		return 0, err
	}
	var err error
	n.head, err = parseNPYHeader(string(text))
	return int64(8+field) + size, err
}

// full reads exactly len(p) bytes; a file that ends before is cut.
func (n *NPY) full(p []byte) error {
	_, err := io.ReadFull(n.r, p)
	switch {
	case err == io.EOF, err == io.ErrUnexpectedEOF:
		return fmt.Errorf("%w: it ends too early", ErrNPY)
	case err != nil:
		return fmt.Errorf("tabular: read: %w", err)
	}
	return nil
}

// Read returns the next row, io.EOF at the end, a *RowError for a row with a number that is not finite (the next call
// goes on behind it), or the error that ends the file: ErrNPY when it is cut or goes on behind its last row.
func (n *NPY) Read() (Vector, error) {
	if n.err != nil {
		return Vector{}, n.err
	}
	if n.row == n.head.rows {
		n.err = n.end()
		return Vector{}, n.err
	}
	if n.err = n.full(n.raw); n.err != nil {
		return Vector{}, n.err
	}
	id := n.ids[n.row]
	n.row++
	v := Vector{Line: n.row, ID: id, Values: make([]float32, n.head.columns)}
	for i := range v.Values {
		x := n.head.number(n.raw[i*n.head.bytes:])
		if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
			return Vector{}, &RowError{Line: n.row, Column: i + 1, Reason: "not a finite number of 32 bits", Raw: []byte(id)}
		}
		v.Values[i] = x
	}
	return v, nil
}

// end expects the end of the file.
func (n *NPY) end() error {
	switch _, err := n.r.ReadByte(); err {
	case nil:
		return fmt.Errorf("%w: it goes on behind its %d rows", ErrNPY, n.head.rows)
	case io.EOF:
		return io.EOF
	default:
		return fmt.Errorf("tabular: read: %w", err)
	}
}

// number decodes one number of the file.
func (h *npyHeader) number(b []byte) float32 {
	switch h.bytes {
	case 2:
		return half(binary.LittleEndian.Uint16(b))
	case 4:
		return math.Float32frombits(binary.LittleEndian.Uint32(b))
	}
	return float32(math.Float64frombits(binary.LittleEndian.Uint64(b)))
}

// half widens an IEEE 754 half-precision number; it loses nothing.
func half(h uint16) float32 {
	sign, exponent, fraction := uint32(h>>15)<<31, uint32(h>>10&0x1f), uint32(h&0x3ff)
	switch exponent {
	case 0: // subnormal, or zero
		x := float32(fraction) * 0x1p-24
		return math.Float32frombits(math.Float32bits(x) | sign)
	case 0x1f:
		return math.Float32frombits(sign | 0xff<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}
