package itemitem

import (
	"context"
	"fmt"
	"math"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/kernel"
	"github.com/kenrec/ken/engine/internal/sparse"
)

// Columns makes columns of EASE's B for items that came after fitting. By block inverse the column of a newcomer is
//
//	b = (XᵀX + λI)⁻¹ g
//
// g being how many of its fans have each item. The inverse is gone and the rows of B are cut, so the system is solved by
// conjugate gradients, a pass over X each. Behaviour has few strong directions and the factorisation knows them: solved
// apart in the preconditioner, they leave a system that some ten steps solve. Safe for concurrent use.
// Source: Steck 2019, eq. 8; two-level preconditioner after Nicolaides 1987.
type Columns struct {
	x      *sparse.CSR
	lambda float64
	strong dense.Matrix // items × f
	coarse *dense.Cholesky
	scale  []float64 // 1/(n_i + λ); 0 for items without entries
	least  []float32 // by row of B: what an entry must exceed to be kept
}

// NewColumns prepares columns beside b, which EASE fitted to x with the same λ and keep. factors are the items' (items × f),
// for speed alone. Values of x are ignored. Cost O(entries·f + f³).
func NewColumns(ctx context.Context, x, b *sparse.CSR, lambda float64, keep int, factors dense.Matrix, workers int) (*Columns, error) {
	one := make([]float32, x.NNZ())
	for p := range one {
		one[p] = 1
	}
	x = &sparse.CSR{Rows: x.Rows, Cols: x.Cols, Ptr: x.Ptr, Idx: x.Idx, Val: one}
	c := &Columns{x: x, lambda: lambda, strong: factors.Clone(), scale: make([]float64, x.Cols), least: make([]float32, x.Cols)}
	for i, n := range x.ColCounts() {
		if n > 0 {
			c.scale[i] = 1 / (float64(n) + lambda)
		} else {
			clear(c.strong.Row(i))
		}
		if _, row := b.Row(i); len(row) >= keep {
			c.least[i] = float32(math.Inf(1))
			for _, v := range row {
				c.least[i] = min(c.least[i], size(v))
			}
		}
	}
	image := dense.New(x.Rows, factors.Cols)
	if err := sparse.MulDenseInto(ctx, image, x, c.strong, workers); err != nil {
		return nil, fmt.Errorf("itemitem: columns: %w", err)
	}
	system, err := dense.Gram(ctx, image, nil, workers)
	if err != nil {
		return nil, fmt.Errorf("itemitem: columns: %w", err)
	}
	own, err := dense.Gram(ctx, c.strong, nil, workers)
	if err != nil {
		return nil, fmt.Errorf("itemitem: columns: %w", err)
	}
	f, trace := factors.Cols, 0.0
	for i := range system {
		system[i] += lambda * own[i]
	}
	for i := range f {
		trace += system[i*(f+1)]
	}
	for i := range f {
		system[i*(f+1)] += 1e-6*trace/float64(f) + math.SmallestNonzeroFloat32 // factors may depend on each other, or be 0
	}
	if c.coarse, err = dense.NewCholesky(ctx, system, f); err != nil {
		return nil, fmt.Errorf("itemitem: columns: %w", err)
	}
	return c, nil
}

// Of returns the column of a newcomer: entry n is what having item at[n] says about it. An entry that its row of B would
// not have kept is left out. Cost some ten times 2·entries + 2·items·f.
func (c *Columns) Of(ctx context.Context, n Newcomer) (at []int32, val []float32, err error) {
	m := c.x.Cols
	r, b := make([]float64, m), make([]float64, m) // what is left of g, and the solution
	for _, items := range n.Fans {
		for _, j := range items {
			r[j]++
		}
	}
	enough := columnTolerance * columnTolerance * dot(r, r)
	z, p, q := make([]float64, m), make([]float64, m), make([]float64, m)
	rz := 0.0
	for step := range columnSteps {
		if dot(r, r) <= enough {
			break
		}
		if err := ctx.Err(); err != nil {
			return nil, nil, fmt.Errorf("itemitem: column: %w", err)
		}
		c.precondition(z, r)
		was := rz
		rz = dot(r, z)
		if step == 0 {
			copy(p, z)
		} else {
			for i := range p {
				p[i] = z[i] + rz/was*p[i]
			}
		}
		c.apply(q, p)
		by := rz / dot(p, q)
		for i := range b {
			b[i] += by * p[i]
			r[i] -= by * q[i]
		}
	}
	for i, v := range b {
		if v := float32(v); size(v) > c.least[i] {
			at, val = append(at, int32(i)), append(val, v)
		}
	}
	return at, val, nil
}

// The residual is brought to a thousandth: what is left then is far below what separates items.
const (
	columnTolerance = 1e-3
	columnSteps     = 100
)

// apply writes (XᵀX + λI)p to q.
func (c *Columns) apply(q, p []float64) {
	for i, v := range p {
		q[i] = c.lambda * v
	}
	for u := range c.x.Rows {
		items, _ := c.x.Row(u)
		sum := 0.0
		for _, i := range items {
			sum += p[i]
		}
		if sum == 0 {
			continue
		}
		for _, i := range items {
			q[i] += sum
		}
	}
}

// precondition writes an approximation of (XᵀX + λI)⁻¹r to z: exact in the span of the factors, by the diagonal beside it.
func (c *Columns) precondition(z, r []float64) {
	sum := make([]float32, c.strong.Cols)
	for i, v := range r {
		if v != 0 {
			kernel.Axpy(float32(v), c.strong.Row(i), sum)
		}
	}
	wide := make([]float64, len(sum))
	for j, v := range sum {
		wide[j] = float64(v)
	}
	c.coarse.SolveInto(wide, wide)
	for j, v := range wide {
		sum[j] = float32(v)
	}
	for i := range z {
		z[i] = c.scale[i] * r[i]
		if c.scale[i] > 0 {
			z[i] += float64(kernel.Dot(c.strong.Row(i), sum))
		}
	}
}

func dot(a, b []float64) float64 { return kernel.Dot64(a, b) }
