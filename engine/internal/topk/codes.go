package topk

import (
	"math"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/kernel"
)

// codes are items in 8 bits: v ≈ scale·q with |v − scale·q| = err, so that
//
//	|u·v − s_u s_v (q_u·q_v)| ≤ |e_u||v| + |s_u q_u||e_v| ≤ |e_u||v| + (|u| + |e_u|)|e_v|
//
// and the product of the codes is exact. Adding the bound to the estimate can only admit too many items, never miss one.
type codes struct {
	steps int       // groups of four factors
	q     []uint8   // a panel: for each step, four codes of each of 32 items, 128 added
	terms []float32 // a panel: 32 scales, 32 norms, 32 errors
}

// inflate makes up for the rounding of norms and errors themselves.
const inflate = 1 + 1e-5

func newCodes(v dense.Matrix, ids []int32, norms []float32) *codes {
	n := (len(ids) + panelItems - 1) / panelItems
	c := &codes{steps: (v.Cols + 3) / 4}
	c.q, c.terms = make([]uint8, n*c.steps*4*panelItems), make([]float32, n*3*panelItems)
	for at, id := range ids {
		panel, lane := at/panelItems, at%panelItems
		q, terms := c.panel(panel)
		scale, err := quantise(v.Row(int(id)), func(x int, code int8) {
			q[x/4*4*panelItems+4*lane+x%4] = uint8(int(code) + 128)
		})
		terms[lane], terms[panelItems+lane], terms[2*panelItems+lane] = scale, norms[id]*inflate, err*inflate
	}
	return c
}

// panel returns the codes and terms of panel p.
func (c *codes) panel(p int) (q []uint8, terms []float32) {
	size := c.steps * 4 * panelItems
	return c.q[p*size : (p+1)*size], c.terms[p*3*panelItems : (p+1)*3*panelItems]
}

// quantise passes the 8-bit code of each element of v to set and returns the scale and the norm of what was lost.
func quantise(v []float32, set func(x int, code int8)) (scale, err float32) {
	var top float32
	for _, x := range v {
		top = max(top, x, -x)
	}
	scale = top / 127
	if scale < 1e-30 { // the inverse would overflow; all of a vector this small is error
		scale = 1
	}
	var lost float64
	for i, x := range v {
		code := math.RoundToEven(float64(x) / float64(scale))
		set(i, int8(code))
		d := float64(x) - code*float64(scale)
		lost += d * d
	}
	return scale, float32(math.Sqrt(lost))
}

// users are the users of one block in 8 bits.
type users struct {
	q     []int8
	init  []int32
	terms []float32
	scale []float32
}

// set quantises u as member i of the tile of rows users that begins at first.
func (us *users) set(c *codes, u []float32, first, i, rows int, slack float32) {
	base := first * c.steps * 4
	sum := int32(0)
	scale, err := quantise(u, func(x int, code int8) {
		us.q[base+x/4*4*rows+4*i+x%4] = code
		sum += int32(code)
	})
	length, at := norm(u), first+i
	us.init[at], us.scale[at] = -128*sum, scale
	us.terms[3*at] = (err*inflate + slack*length) / scale
	us.terms[3*at+1] = (length + err) * inflate / scale
	us.terms[3*at+2] = 1 / scale
}

// resize makes room for n users and clears what is padding.
func (us *users) resize(n, steps int) {
	us.q, us.init = grown(us.q, n*steps*4), grown(us.init, n)
	us.terms, us.scale = grown(us.terms, 3*n), grown(us.scale, n)
	clear(us.q)
	clear(us.init)
	clear(us.terms)
}

// tile returns the rows users from first on, as the kernel wants them.
func (us *users) tile(c *codes, first, rows int) kernel.Int8Users {
	return kernel.Int8Users{
		Codes: us.q[first*c.steps*4:][:rows*c.steps*4],
		Init:  us.init[first:][:rows],
		Terms: us.terms[3*first:][:3*rows],
	}
}

// grown returns a slice of n elements, v's memory if that suffices.
func grown[T any](v []T, n int) []T {
	if cap(v) >= n {
		return v[:n]
	}
	return make([]T, n)
}
