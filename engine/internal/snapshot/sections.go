package snapshot

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/sparse"
)

// add appends a rows × cols section that encode writes row by row.
func (f *File) add(name string, k kind, rows, cols int, encode func(buf []byte, i int) []byte) {
	var buf []byte
	f.list = append(f.list, section{
		Name: name, Kind: k, Rows: int64(rows), Cols: int64(cols), Length: int64(rows) * int64(cols) * k.size(),
		blocks: rows, encode: func(i int) []byte { buf = encode(buf[:0], i); return buf },
	})
}

// AddJSON appends v as JSON.
func (f *File) AddJSON(name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("snapshot: section %q: %w", name, err)
	}
	f.add(name, kindBytes, 1, len(b), func([]byte, int) []byte { return b })
	return nil
}

// AddMatrix appends a matrix, row by row without padding.
func (f *File) AddMatrix(name string, m dense.Matrix) {
	f.add(name, kindFloat32, m.Rows, m.Cols, func(buf []byte, i int) []byte {
		for _, v := range m.Row(i) {
			buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v))
		}
		return buf
	})
}

// addVector appends n elements as one column. Elements of a vector are encoded in blocks, since one call an element is slow.
func addVector[T any](f *File, name string, k kind, v []T, put func([]byte, T) []byte) {
	const block = 1 << 12
	f.add(name, k, len(v), 1, nil)
	s := &f.list[len(f.list)-1]
	s.blocks = (len(v) + block - 1) / block
	var buf []byte
	s.encode = func(i int) []byte {
		buf = buf[:0]
		for _, x := range v[i*block : min(len(v), (i+1)*block)] {
			buf = put(buf, x)
		}
		return buf
	}
}

// AddInt32s appends a vector.
func (f *File) AddInt32s(name string, v []int32) {
	addVector(f, name, kindInt32, v, func(b []byte, x int32) []byte { return binary.LittleEndian.AppendUint32(b, uint32(x)) })
}

// AddInt64s appends a vector.
func (f *File) AddInt64s(name string, v []int64) {
	addVector(f, name, kindInt64, v, func(b []byte, x int64) []byte { return binary.LittleEndian.AppendUint64(b, uint64(x)) })
}

// AddFloat32s appends a vector.
func (f *File) AddFloat32s(name string, v []float32) {
	addVector(f, name, kindFloat32, v, func(b []byte, x float32) []byte { return binary.LittleEndian.AppendUint32(b, math.Float32bits(x)) })
}

// AddFloat64s appends a vector.
func (f *File) AddFloat64s(name string, v []float64) {
	addVector(f, name, kindFloat64, v, func(b []byte, x float64) []byte { return binary.LittleEndian.AppendUint64(b, math.Float64bits(x)) })
}

// AddCSR appends a sparse matrix as three sections; nil appends nothing.
func (f *File) AddCSR(name string, m *sparse.CSR) {
	if m == nil {
		return
	}
	f.AddInt64s(name+".shape", []int64{int64(m.Rows), int64(m.Cols)})
	f.AddInt64s(name+".ptr", m.Ptr)
	f.AddInt32s(name+".idx", m.Idx)
	f.AddFloat32s(name+".val", m.Val)
}

// Has reports whether a section exists.
func (f *File) Has(name string) bool { _, ok := f.data[name]; return ok }

// find returns a section's entry and bytes.
func (f *File) find(name string, k kind) (*section, []byte, error) {
	for i := range f.list {
		if s := &f.list[i]; s.Name == name {
			if s.Kind != k {
				return nil, nil, fmt.Errorf("%w: section %q holds %s, want %s", ErrDamaged, name, s.Kind, k)
			}
			return s, f.data[name], nil
		}
	}
	return nil, nil, fmt.Errorf("%w: section %q is missing", ErrDamaged, name)
}

// JSON decodes a section into v.
func (f *File) JSON(name string, v any) error {
	_, b, err := f.find(name, kindBytes)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%w: section %q: %w", ErrDamaged, name, err)
	}
	return nil
}

// Matrix returns a section of finite factors and drops its bytes, since factors are most of a model: a second call
// returns an error.
func (f *File) Matrix(name string) (dense.Matrix, error) {
	s, b, err := f.find(name, kindFloat32)
	if err != nil {
		return dense.Matrix{}, err
	}
	if int64(len(b)) != s.Length {
		return dense.Matrix{}, fmt.Errorf("snapshot: section %q was read before", name)
	}
	m := dense.New(int(s.Rows), int(s.Cols))
	for i := range m.Rows {
		row := m.Row(i)
		for j := range row {
			row[j] = math.Float32frombits(binary.LittleEndian.Uint32(b))
			b = b[4:]
		}
	}
	f.data[name] = nil
	for i := range m.Rows {
		if err := finite(name, m.Row(i)); err != nil {
			return dense.Matrix{}, err
		}
	}
	return m, nil
}

// finite reports numbers that are NaN or an infinity: the file was written by a broken program.
func finite[T float32 | float64](name string, v []T) error {
	for _, x := range v {
		if x-x != 0 {
			return fmt.Errorf("%w: section %q holds a number that is not finite", ErrDamaged, name)
		}
	}
	return nil
}

func vector[T any](f *File, name string, k kind, get func([]byte) T) ([]T, error) {
	s, b, err := f.find(name, k)
	if err != nil {
		return nil, err
	}
	if int64(len(b)) != s.Length {
		return nil, fmt.Errorf("snapshot: section %q was read before", name)
	}
	v := make([]T, s.Rows*s.Cols)
	size := int(k.size())
	for i := range v {
		v[i] = get(b[i*size:])
	}
	return v, nil
}

// Int32s returns a vector.
func (f *File) Int32s(name string) ([]int32, error) {
	return vector(f, name, kindInt32, func(b []byte) int32 { return int32(binary.LittleEndian.Uint32(b)) })
}

// Int64s returns a vector.
func (f *File) Int64s(name string) ([]int64, error) {
	return vector(f, name, kindInt64, func(b []byte) int64 { return int64(binary.LittleEndian.Uint64(b)) })
}

// Float32s returns a vector of finite numbers.
func (f *File) Float32s(name string) ([]float32, error) {
	v, err := vector(f, name, kindFloat32, func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) })
	if err != nil {
		return nil, err
	}
	return v, finite(name, v)
}

// Float64s returns a vector of finite numbers.
func (f *File) Float64s(name string) ([]float64, error) {
	v, err := vector(f, name, kindFloat64, func(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) })
	if err != nil {
		return nil, err
	}
	return v, finite(name, v)
}

// CSR returns a sparse matrix whose indices have been checked: within its shape, ascending in each row. It is nil when
// it was not written.
func (f *File) CSR(name string) (*sparse.CSR, error) {
	if !f.Has(name + ".shape") {
		return nil, nil
	}
	shape, err := f.Int64s(name + ".shape")
	if err != nil {
		return nil, err
	}
	m := &sparse.CSR{}
	if m.Ptr, err = f.Int64s(name + ".ptr"); err != nil {
		return nil, err
	}
	if m.Idx, err = f.Int32s(name + ".idx"); err != nil {
		return nil, err
	}
	if m.Val, err = f.Float32s(name + ".val"); err != nil {
		return nil, err
	}
	bad := fmt.Errorf("%w: sparse matrix %q contradicts itself", ErrDamaged, name)
	if len(shape) != 2 || shape[0] < 0 || shape[1] < 0 || int64(len(m.Ptr)) != shape[0]+1 || len(m.Idx) != len(m.Val) ||
		m.Ptr[0] != 0 || m.Ptr[len(m.Ptr)-1] != int64(len(m.Idx)) {
		return nil, bad
	}
	m.Rows, m.Cols = int(shape[0]), int(shape[1])
	for r := range m.Rows {
		lo, hi := m.Ptr[r], m.Ptr[r+1]
		if lo < 0 || lo > hi || hi > int64(len(m.Idx)) {
			return nil, bad
		}
		before := int32(-1)
		for _, c := range m.Idx[lo:hi] {
			if c <= before || int(c) >= m.Cols {
				return nil, bad
			}
			before = c
		}
	}
	return m, nil
}
