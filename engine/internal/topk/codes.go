package topk

import (
	"math"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/kernel"
	"github.com/kenrec/ken/engine/internal/page"
)

// codes are items in 8 bits, the 32 of a panel with one scale: v ≈ s_v·q with |v − s_v q_v| ≤ |e_v|, so that
//
//	|u·v − s_u s_v (q_u·q_v)| ≤ |e_u||v| + |s_u q_u||e_v| ≤ |e_u||v| + (|u| + |e_u|)|e_v|
//
// and the product of the codes is exact. The largest norm and error of a panel serve for all of its items: what a product must
// reach is then one whole number a user and panel.
type codes struct {
	steps int       // groups of four factors
	q     []uint8   // a panel: for each step, four codes of each of 32 items, 128 added
	terms []float32 // a panel: norm, error, inverse of the scale, scale
}

// inflate makes up for the rounding of norms and errors themselves.
const inflate = 1 + 1e-5

func newCodes(v dense.Matrix, ids []int32, norms []float32) *codes {
	n := (len(ids) + panelItems - 1) / panelItems
	c := &codes{steps: (v.Cols + 3) / 4, terms: make([]float32, 4*n)}
	size := c.steps * 4 * panelItems
	c.q = make([]uint8, n*size)
	page.Huge(c.q)
	for p := range n {
		here := ids[p*panelItems : min((p+1)*panelItems, len(ids))]
		var longest, lost, most float32
		for _, id := range here {
			longest, most = max(longest, norms[id]), max(most, largest(v.Row(int(id))))
		}
		q, scale := c.q[p*size:(p+1)*size], scaleOf(most)
		for lane, id := range here {
			lost = max(lost, quantise(v.Row(int(id)), scale, func(x int, code int8) {
				q[x/4*4*panelItems+4*lane+x%4] = uint8(int(code) + 128)
			}))
		}
		copy(c.terms[4*p:], []float32{longest * inflate, lost * inflate, 1 / scale, scale})
	}
	return c
}

// panels returns the codes and terms of the panels [from, to).
func (c *codes) panels(from, to int) kernel.Int8Panels {
	size := c.steps * 4 * panelItems
	return kernel.Int8Panels{Codes: c.q[from*size : to*size], Terms: c.terms[4*from : 4*to]}
}

// largest returns the largest magnitude in v.
func largest(v []float32) float32 {
	var top float32
	for _, x := range v {
		top = max(top, x, -x)
	}
	return top
}

// scaleOf returns the scale of codes of numbers up to top.
func scaleOf(top float32) float32 {
	scale := top / 127
	if scale < 1e-30 { // the inverse would overflow; all of a vector this small is error
		return 1
	}
	return scale
}

// quantise passes the 8-bit code of each element of v to set and returns the norm of what was lost.
func quantise(v []float32, scale float32, set func(x int, code int8)) (err float32) {
	var lost float64
	for i, x := range v {
		code := math.RoundToEven(float64(x) / float64(scale))
		set(i, int8(code))
		d := float64(x) - code*float64(scale)
		lost += d * d
	}
	return float32(math.Sqrt(lost))
}

// users are the users of one block in 8 bits. Norms and errors are what those of a panel are multiplied by, in units of the
// user's scale.
type users struct {
	q                []int8
	init             []int32
	norm, err, scale []float32
}

// set quantises u as member i of the tile of rows users that begins at first.
func (us *users) set(c *codes, u []float32, first, i, rows int, slack float32) {
	base, at, sum := first*c.steps*4, first+i, int32(0)
	scale := scaleOf(largest(u))
	err := quantise(u, scale, func(x int, code int8) {
		us.q[base+x/4*4*rows+4*i+x%4] = code
		sum += int32(code)
	})
	length := norm(u)
	us.init[at], us.scale[at] = -128*sum, scale
	us.norm[at] = (err*inflate + slack*length) / scale
	us.err[at] = (length + err) * inflate / scale
}

// resize makes room for n users and clears what is padding.
func (us *users) resize(n, steps int) {
	us.q, us.init = grown(us.q, n*steps*4), grown(us.init, n)
	us.norm, us.err, us.scale = grown(us.norm, n), grown(us.err, n), grown(us.scale, n)
	clear(us.q)
	clear(us.init)
	clear(us.norm)
	clear(us.err)
}

// tile returns the rows users from first on, as the kernel wants them.
func (us *users) tile(c *codes, first, rows int) kernel.Int8Users {
	return kernel.Int8Users{
		Codes: us.q[first*c.steps*4:][:rows*c.steps*4],
		Init:  us.init[first:][:rows],
		Norm:  us.norm[first:][:rows],
		Err:   us.err[first:][:rows],
		Unit:  1 / us.scale[first],
	}
}

// grown returns a slice of n elements, v's memory if that suffices.
func grown[T any](v []T, n int) []T {
	if cap(v) >= n {
		return v[:n]
	}
	return make([]T, n)
}
