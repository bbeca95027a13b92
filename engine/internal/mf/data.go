package mf

import (
	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/sparse"
)

// Data is what a factorisation is fitted to. Only X is needed; what is zero is left out of the loss.
type Data struct {
	X      *sparse.CSR  // users × items, confidence c > 0
	Target []float32    // t of each entry of X in its order, 1 likes and 0 or below dislikes; nil: all 1
	C      *sparse.CSR  // contexts × items, confidence of a link: relation weight × rarity
	CAlpha []float32    // per context: factor on Config.ContextAlpha, its relation's weight; nil: all 1
	H      dense.Matrix // items × d features
	L      *sparse.CSR  // users × contexts, row sums 1: the contexts that a user's own triples point to
	UH     dense.Matrix // users × d features of users
}

func (d *Data) users() int { return d.X.Rows }
func (d *Data) items() int { return d.X.Cols }

func (d *Data) contexts() int {
	if d.C == nil {
		return 0
	}
	return d.C.Rows
}

// links returns items × contexts, without entries where there are no contexts.
func (d *Data) links() *sparse.CSR {
	if d.C == nil {
		return &sparse.CSR{Rows: d.items(), Ptr: make([]int64, d.items()+1)}
	}
	return d.C.Transpose()
}

// rowset is some rows of a sparse matrix with what the solver needs for each.
type rowset struct {
	at     []int32 // row numbers in the whole matrix
	rows   *sparse.CSR
	target []float32
	reg    []float32
}

// selectRows copies the rows in at, in that order, with their targets (nil stays nil).
func selectRows(a *sparse.CSR, target []float32, reg []float32, at []int32) rowset {
	n := 0
	for _, r := range at {
		n += int(a.Ptr[r+1] - a.Ptr[r])
	}
	s := rowset{
		at: at, reg: make([]float32, len(at)),
		rows: &sparse.CSR{Rows: len(at), Cols: a.Cols, Ptr: make([]int64, len(at)+1), Idx: make([]int32, 0, n), Val: make([]float32, 0, n)},
	}
	if target != nil {
		s.target = make([]float32, 0, n)
	}
	for i, r := range at {
		lo, hi := a.Ptr[r], a.Ptr[r+1]
		s.rows.Idx = append(s.rows.Idx, a.Idx[lo:hi]...)
		s.rows.Val = append(s.rows.Val, a.Val[lo:hi]...)
		if target != nil {
			s.target = append(s.target, target[lo:hi]...)
		}
		s.rows.Ptr[i+1] = int64(len(s.rows.Idx))
		s.reg[i] = reg[r]
	}
	return s
}

// beside joins the rows of a and b: columns of b come after those of a. Targets of b are 1.
func beside(a *sparse.CSR, ta []float32, b *sparse.CSR) (*sparse.CSR, []float32) {
	n := a.NNZ() + b.NNZ()
	m := &sparse.CSR{Rows: a.Rows, Cols: a.Cols + b.Cols, Ptr: make([]int64, a.Rows+1), Idx: make([]int32, 0, n), Val: make([]float32, 0, n)}
	var t []float32
	if ta != nil {
		t = make([]float32, 0, n)
	}
	for r := range a.Rows {
		ai, av := a.Row(r)
		m.Idx, m.Val = append(m.Idx, ai...), append(m.Val, av...)
		bi, bv := b.Row(r)
		for _, j := range bi {
			m.Idx = append(m.Idx, j+int32(a.Cols))
		}
		m.Val = append(m.Val, bv...)
		if t != nil {
			t = append(t, ta[a.Ptr[r]:a.Ptr[r+1]]...)
			for range bi {
				t = append(t, 1)
			}
		}
		m.Ptr[r+1] = int64(len(m.Idx))
	}
	return m, t
}

// transposeTargets returns aᵀ and the targets in its order.
func transposeTargets(a *sparse.CSR, target []float32) (*sparse.CSR, []float32) {
	at := a.Transpose()
	if target == nil {
		return at, nil
	}
	return at, (&sparse.CSR{Rows: a.Rows, Cols: a.Cols, Ptr: a.Ptr, Idx: a.Idx, Val: target}).Transpose().Val
}
