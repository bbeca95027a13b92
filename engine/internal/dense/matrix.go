package dense

import "unsafe"

// lane is the number of float32 in a cache line and in the widest vector register; strides are multiples of it.
const lane = 16

// Matrix is a row-major matrix. Row i is Data[i*Stride:][:Cols]; the rest of its Stride is padding and zero.
// Matrices made by New have rows aligned to 64 bytes. A Matrix is a view: copies share Data.
// The zero Matrix has no rows and no columns.
type Matrix struct {
	Rows, Cols, Stride int
	Data               []float32
}

// New returns a rows×cols matrix of zeros.
func New(rows, cols int) Matrix {
	stride := (cols + lane - 1) / lane * lane
	return Matrix{Rows: rows, Cols: cols, Stride: stride, Data: alignedFloats(rows * stride)}
}

// alignedFloats returns n zeros whose first lies on a 64-byte border, which Go itself does not promise.
func alignedFloats(n int) []float32 {
	buf := make([]float32, n+lane)
	skip := 0
	if miss := uintptr(unsafe.Pointer(&buf[0])) % 64; miss != 0 {
		skip = int(64-miss) / 4
	}
	return buf[skip : skip+n : skip+n]
}

// Row returns row i, without padding, to read or to write.
func (m Matrix) Row(i int) []float32 {
	return m.Data[i*m.Stride : i*m.Stride+m.Cols : i*m.Stride+m.Cols]
}

// padded returns row i with its padding.
func (m Matrix) padded(i int) []float32 {
	return m.Data[i*m.Stride : (i+1)*m.Stride : (i+1)*m.Stride]
}

// At returns the element in row i and column j.
func (m Matrix) At(i, j int) float32 { return m.Row(i)[j] }

// Set writes the element in row i and column j.
func (m Matrix) Set(i, j int, v float32) { m.Row(i)[j] = v }

// Slice returns the rows [lo, hi) of m; it shares m's memory.
func (m Matrix) Slice(lo, hi int) Matrix {
	return Matrix{Rows: hi - lo, Cols: m.Cols, Stride: m.Stride, Data: m.Data[lo*m.Stride : hi*m.Stride : hi*m.Stride]}
}

// Clone returns a copy of m that shares nothing with it.
func (m Matrix) Clone() Matrix {
	c := New(m.Rows, m.Cols)
	for i := range m.Rows {
		copy(c.Row(i), m.Row(i))
	}
	return c
}

// Transpose returns mᵀ.
func (m Matrix) Transpose() Matrix {
	const block = 16 // a block of both matrices fits the first-level cache
	t := New(m.Cols, m.Rows)
	for lo := 0; lo < m.Rows; lo += block {
		hi := min(lo+block, m.Rows)
		for left := 0; left < m.Cols; left += block {
			right := min(left+block, m.Cols)
			for i := lo; i < hi; i++ {
				for j, v := range m.Data[i*m.Stride+left : i*m.Stride+right] {
					t.Data[(left+j)*t.Stride+i] = v
				}
			}
		}
	}
	return t
}

// IsZero reports whether every element of v is 0, as of a row that was never filled in.
func IsZero(v []float32) bool {
	for _, x := range v {
		if x != 0 {
			return false
		}
	}
	return true
}
