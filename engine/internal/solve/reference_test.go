package solve

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/par"
	"github.com/kenrec/ken/engine/internal/sparse"
)

// reference solves one row the slow, obvious way: the f×f system in float64 by Gaussian elimination.
func reference(gram []float64, r Row) []float64 {
	f := r.F.Cols
	a := make([][]float64, f)
	for i := range a {
		a[i] = make([]float64, f+1)
		copy(a[i], gram[i*f:(i+1)*f])
		a[i][i] += float64(r.Reg)
		if r.Prior != nil {
			a[i][f] = float64(r.Reg) * float64(r.Prior[i])
		}
	}
	for p, j := range r.Idx {
		t := 1.0
		if r.Target != nil {
			t = float64(r.Target[p])
		}
		v := r.F.Row(int(j))
		for i := range a {
			cv := float64(r.Conf[p]) * float64(v[i])
			a[i][f] += t * cv
			for q := range v {
				a[i][q] += cv * float64(v[q])
			}
		}
	}
	for i := range a {
		for k := i + 1; k < f; k++ {
			m := a[k][i] / a[i][i]
			for q := i; q <= f; q++ {
				a[k][q] -= m * a[i][q]
			}
		}
	}
	x := make([]float64, f)
	for i := f - 1; i >= 0; i-- {
		x[i] = a[i][f]
		for q := i + 1; q < f; q++ {
			x[i] -= a[i][q] * x[q]
		}
		x[i] /= a[i][i]
	}
	return x
}

// relError is |got − want| / |want|.
func relError(got []float32, want []float64) float64 {
	var diff, norm float64
	for i, w := range want {
		diff += (float64(got[i]) - w) * (float64(got[i]) - w)
		norm += w * w
	}
	if norm == 0 {
		return math.Sqrt(diff)
	}
	return math.Sqrt(diff / norm)
}

// shape describes a random problem.
type shape struct {
	f            int
	cols         int
	lens         []int // entries of each row
	prior        bool
	target       bool
	alpha, scale float64
	conf         float32
	why          string
}

// random makes a problem of the given shape, reproducibly.
func (s shape) random(t testing.TB, seed uint64) Problem {
	t.Helper()
	rng := par.Stream(seed, 1)
	p := Problem{F: dense.New(s.cols, s.f), Reg: make([]float32, len(s.lens))}
	fill(p.F, rng, s.scale)
	gram, err := dense.Gram(t.Context(), p.F, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i := range gram {
		gram[i] *= s.alpha
	}
	p.Gram = gram
	var r, c []int32
	var v []float32
	for row, n := range s.lens {
		for _, j := range rng.Perm(s.cols)[:n] {
			r, c, v = append(r, int32(row)), append(c, int32(j)), append(v, s.conf*(0.2+rng.Float32()))
		}
		p.Reg[row] = 0.05 + rng.Float32()
	}
	p.Rows = sparse.FromTriplets(len(s.lens), s.cols, r, c, v, nil)
	if s.prior {
		p.Prior = dense.New(len(s.lens), s.f)
		fill(p.Prior, rng, s.scale)
	}
	if s.target {
		p.Target = make([]float32, p.Rows.NNZ())
		for i := range p.Target {
			p.Target[i] = float32(rng.NormFloat64())
		}
	}
	return p
}

func fill(m dense.Matrix, rng *rand.Rand, scale float64) {
	for i := range m.Rows {
		for j := range m.Row(i) {
			m.Set(i, j, float32(rng.NormFloat64()*scale))
		}
	}
}

// row returns row r of p as a single Row.
func (p *Problem) row(r int) Row {
	row := Row{F: p.F, Reg: p.Reg[r]}
	row.Idx, row.Conf = p.Rows.Row(r)
	if p.Target != nil {
		row.Target = p.Target[p.Rows.Ptr[r]:p.Rows.Ptr[r+1]]
	}
	if p.Prior.Rows != 0 {
		row.Prior = p.Prior.Row(r)
	}
	return row
}
