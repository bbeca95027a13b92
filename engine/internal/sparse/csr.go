package sparse

import (
	"fmt"
	"slices"
)

// CSR is a sparse matrix in compressed rows. Row r has the columns Idx[Ptr[r]:Ptr[r+1]], ascending and without
// duplicates, and their values at the same places of Val. The zero CSR has no rows. Reading is safe for concurrent use.
type CSR struct {
	Rows, Cols int
	Ptr        []int64
	Idx        []int32
	Val        []float32
}

// FromTriplets builds a rows×cols matrix from the entries (r[i], c[i], v[i]), in any order. Entries at one place are
// merged in the order given; a nil merge adds them. A nil v means all ones. It panics when the lengths differ or
// an entry lies outside the matrix: these numbers are ours. Cost O(entries + rows + cols), not O(n log n): it
// sorts by counting, columns first.
func FromTriplets(rows, cols int, r, c []int32, v []float32, merge func(a, b float32) float32) *CSR {
	if len(r) != len(c) || v != nil && len(v) != len(r) {
		panic(fmt.Sprintf("sparse: %d rows, %d columns, %d values", len(r), len(c), len(v)))
	}
	byCol := scatter(cols, rows, c, r, v)
	m := byCol.Transpose()
	m.mergeDuplicates(merge)
	return m
}

// scatter groups entries by row, in the order given; columns are left unsorted.
func scatter(rows, cols int, r, c []int32, v []float32) *CSR {
	m := &CSR{Rows: rows, Cols: cols, Ptr: make([]int64, rows+1), Idx: make([]int32, len(r)), Val: make([]float32, len(r))}
	for i, row := range r {
		if uint(row) >= uint(rows) || uint(c[i]) >= uint(cols) {
			panic(fmt.Sprintf("sparse: entry (%d, %d) outside %d×%d", row, c[i], rows, cols))
		}
		m.Ptr[row+1]++
	}
	for i := range rows {
		m.Ptr[i+1] += m.Ptr[i]
	}
	next := slices.Clone(m.Ptr[:rows])
	for i, row := range r {
		at := next[row]
		next[row]++
		m.Idx[at] = c[i]
		m.Val[at] = 1
		if v != nil {
			m.Val[at] = v[i]
		}
	}
	return m
}

// mergeDuplicates makes the columns of each row unique; they ascend already.
func (m *CSR) mergeDuplicates(merge func(a, b float32) float32) {
	if merge == nil {
		merge = func(a, b float32) float32 { return a + b }
	}
	var kept, start int64
	for r := range m.Rows {
		end := m.Ptr[r+1]
		first := kept
		for p := start; p < end; p++ {
			if kept > first && m.Idx[kept-1] == m.Idx[p] {
				m.Val[kept-1] = merge(m.Val[kept-1], m.Val[p])
				continue
			}
			m.Idx[kept], m.Val[kept] = m.Idx[p], m.Val[p]
			kept++
		}
		start = end
		m.Ptr[r+1] = kept
	}
	m.Idx, m.Val = m.Idx[:kept], m.Val[:kept]
}

// Transpose returns mᵀ. Cost O(entries + rows + cols).
func (m *CSR) Transpose() *CSR {
	t := &CSR{Rows: m.Cols, Cols: m.Rows, Ptr: make([]int64, m.Cols+1), Idx: make([]int32, m.NNZ()), Val: make([]float32, m.NNZ())}
	for _, c := range m.Idx {
		t.Ptr[c+1]++
	}
	for i := range t.Rows {
		t.Ptr[i+1] += t.Ptr[i]
	}
	next := slices.Clone(t.Ptr[:t.Rows])
	for r := range m.Rows {
		idx, val := m.Row(r)
		for p, c := range idx {
			at := next[c]
			next[c]++
			t.Idx[at], t.Val[at] = int32(r), val[p]
		}
	}
	return t
}

// Row returns the columns and values of row r; they share m's memory.
func (m *CSR) Row(r int) (idx []int32, val []float32) {
	lo, hi := m.Ptr[r], m.Ptr[r+1]
	return m.Idx[lo:hi:hi], m.Val[lo:hi:hi]
}

// Len returns the number of entries in row r.
func (m *CSR) Len(r int) int { return int(m.Ptr[r+1] - m.Ptr[r]) }

// NNZ returns the number of entries.
func (m *CSR) NNZ() int { return len(m.Idx) }

// RowSums returns the sum of the values in each row, added in float64.
func (m *CSR) RowSums() []float64 {
	sums := make([]float64, m.Rows)
	for r := range sums {
		_, val := m.Row(r)
		for _, v := range val {
			sums[r] += float64(v)
		}
	}
	return sums
}

// ColSums returns the sum of the values in each column, added in float64 in row order.
func (m *CSR) ColSums() []float64 {
	sums := make([]float64, m.Cols)
	for p, c := range m.Idx {
		sums[c] += float64(m.Val[p])
	}
	return sums
}

// RowCounts returns the number of entries in each row.
func (m *CSR) RowCounts() []int32 {
	counts := make([]int32, m.Rows)
	for r := range counts {
		counts[r] = int32(m.Len(r))
	}
	return counts
}

// ColCounts returns the number of entries in each column.
func (m *CSR) ColCounts() []int32 {
	counts := make([]int32, m.Cols)
	for _, c := range m.Idx {
		counts[c]++
	}
	return counts
}
