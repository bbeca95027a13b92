package solve

import (
	"fmt"
	"math"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/kernel"
)

// scratch is what one goroutine needs to solve rows; it grows to the longest row and stays.
type scratch struct {
	k int // factors, padded to whole vectors

	rows   []float32 // entries' factors, scaled: at least the row's length × k
	weight []float32 // one number an entry
	pull   []float32 // √c·t of each entry
	count  []int32   // 0, 1, 2, …
	index  []int32   // entries kept, when some have no confidence
	conf   []float32
	target []float32

	system  []float32    // triangular system with its right-hand side
	inverse []float32    // of the system's diagonal
	y       []float32    // its solution
	diag    diagonal     // of the last row
	rho     float32      // what gradients stopped at
	vec     [6][]float32 // vectors of k numbers; the last two are Row's
	local   dense.Matrix // factors of a single row's entries in the basis
	panel   []float32    // eight packed rows
}

func newScratch(f int) *scratch {
	k := (f + kernel.Lane - 1) / kernel.Lane * kernel.Lane
	sc := &scratch{k: k}
	for i := range sc.vec {
		sc.vec[i] = dense.New(1, k).Data
	}
	sc.diag = diagonal{sum: dense.New(1, k).Data, inv: dense.New(1, k).Data, root: dense.New(1, k).Data}
	return sc
}

// diagonal is D = diag(values) + λ. Rows with the same λ share it.
type diagonal struct {
	values         []float32
	reg            float32
	sum, inv, root []float32 // D, 1/D and the root of 1/D
}

// set makes the diagonal of values, which never change, and λ.
func (d *diagonal) set(values []float32, reg float32) {
	if d.reg == reg && len(d.values) != 0 && &d.values[0] == &values[0] {
		return
	}
	d.values, d.reg = values, reg
	kernel.Shift(d.inv, d.root, values, reg)
	for i, v := range values {
		d.sum[i] = v + reg
	}
}

// floats returns n aligned numbers, reusing v when it is long enough. What they hold is undefined.
func floats(v []float32, n int) []float32 {
	if cap(v) >= n {
		return v[:n]
	}
	return dense.New(1, n+n/4).Data[:n]
}

// grow makes room for n entries, and for the factors of held of them at once.
func (sc *scratch) grow(n, held int) {
	sc.rows = floats(sc.rows, held*sc.k)
	sc.weight, sc.pull = floats(sc.weight, n), floats(sc.pull, n)
	for i := len(sc.count); i < n; i++ {
		sc.count = append(sc.count, int32(i))
	}
}

// growSystem makes room for a system of n unknowns and returns the length of its rows.
func (sc *scratch) growSystem(n int) (ld int) {
	ld = (n+1+15)&^15 + kernel.Lane // not a power of two: rows would share cache sets
	sc.system = floats(sc.system, n*ld)
	sc.inverse = floats(sc.inverse, n)
	sc.y = floats(sc.y, n)
	return ld
}

// term is one row to solve in the eigenbasis; all vectors there have k numbers, the padding zero.
type term struct {
	index  []int32 // of the entries; may go on with those of the rows that come next
	conf   []float32
	target []float32 // nil: all 1
	f      dense.Matrix
	values []float32 // eigenvalues
	reg    float32
	prior  bool // whether x holds the prior
}

// targetOf returns the target of entry j.
func (t *term) targetOf(j int) float32 {
	if t.target == nil {
		return 1
	}
	return t.target[j]
}

// keep checks the confidences and drops entries without any: Woodbury divides by them.
func (sc *scratch) keep(t *term) error {
	zeros := 0
	for _, c := range t.conf {
		if !(c >= 0 && c <= math.MaxFloat32) {
			return fmt.Errorf("%w: %g", ErrConfidence, c)
		}
		if c == 0 {
			zeros++
		}
	}
	if zeros == 0 {
		return nil
	}
	sc.index, sc.conf, sc.target = sc.index[:0], sc.conf[:0], sc.target[:0]
	for j, c := range t.conf {
		if c != 0 {
			sc.index, sc.conf, sc.target = append(sc.index, t.index[j]), append(sc.conf, c), append(sc.target, t.targetOf(j))
		}
	}
	t.index, t.conf, t.target = sc.index, sc.conf, sc.target
	return nil
}

// solve writes the solution of t, in the eigenbasis, to x, which holds the prior in that basis if t has one. Rows of fewer than short
// entries are solved by woodbury first. It tries the ways to solve a row from the fastest to the surest.
func (sc *scratch) solve(t term, x []float32, mode Mode, short int) error {
	if err := sc.keep(&t); err != nil {
		return err
	}
	prior, n := sc.takePrior(t, x), len(t.conf)
	held := n*sc.k <= heldFloats
	done := false
	switch {
	case n == 0:
		sc.priorOnly(t, prior, x)
		done = true
	case mode == Approximate && n > maxExactShort && n*sc.k <= fewHeldFloats:
		sc.fewSteps(t, prior, x)
		done = true
	case n < short || n < sc.k && sc.k < gradientFactors:
		done = sc.woodbury(t, prior, x)
	case held && sc.k >= gradientFactors:
		_, done = sc.gradients(t, prior, x, maxSteps(n, sc.k))
		if !done && n < sc.k {
			done = sc.woodbury(t, prior, x)
		}
	}
	if !done {
		done = sc.direct(t, prior, x)
	}
	if !done || !finite(x) {
		return sc.double(t, prior, x)
	}
	return nil
}

// takePrior returns a copy of the prior that x holds, or zeros.
func (sc *scratch) takePrior(t term, x []float32) []float32 {
	prior := sc.vec[3]
	clear(prior)
	if t.prior {
		copy(prior, x)
	}
	return prior
}

// priorOnly solves a row without entries: x = λ(D+λ)⁻¹p.
func (sc *scratch) priorOnly(t term, prior, x []float32) {
	sc.diag.set(t.values, t.reg)
	kernel.Mul(x, sc.diag.inv, prior)
	kernel.Scale(x, t.reg, x)
}
