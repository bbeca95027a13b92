//go:build unix

package main

import (
	"context"
	"fmt"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/par"
	"github.com/kenrec/ken/engine/internal/sparse"
)

// algebra compares products and factorisations of matrices.
func (b *bench) algebra(ctx context.Context) error {
	b.header("Linear algebra")
	for _, f := range []func(context.Context) error{b.gemm, b.spmm, b.cholesky} {
		if err := f(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) gemm(ctx context.Context) error {
	const n = 1024
	x, y, dst := gaussian(n, n, 1), gaussian(n, n, 2), dense.New(n, n)
	if err := b.save("gemm.a", compact(x)); err != nil {
		return err
	}
	if err := b.save("gemm.b", compact(y)); err != nil {
		return err
	}
	return b.compare(fmt.Sprintf("product of float32 matrices, %d³", n), b.against(
		[]contestant{ours("ken", func() error { return dense.MulInto(ctx, dst, x, y, b.workers) })},
		func(p *peers) contestant { return p.contestant("OpenBLAS (numpy)", "gemm", map[string]any{"n": n}) })...)
}

func (b *bench) spmm(ctx context.Context) error {
	const nodes, edges = 50_000, 1_000_000
	rng, sums := par.Stream(3, 3), cumulative(nodes, 0.8)
	r, c, v := make([]int32, edges), make([]int32, edges), make([]float32, edges)
	for i := range r {
		r[i], c[i], v[i] = int32(rng.IntN(nodes)), int32(draw(sums, rng)), rng.Float32()
	}
	g := sparse.FromTriplets(nodes, nodes, r, c, v, nil)
	if err := b.saveCSR("graph", g); err != nil {
		return err
	}
	for _, d := range []int{128, 384} {
		x, dst := gaussian(nodes, d, 4), dense.New(nodes, d)
		if err := b.save(fmt.Sprintf("graph.x%d", d), compact(x)); err != nil {
			return err
		}
		err := b.compare(fmt.Sprintf("propagation over 50 k nodes, 1 M edges, d = %d", d), b.against(
			[]contestant{ours("ken", func() error { return sparse.MulDenseInto(ctx, dst, g, x, b.workers) })},
			func(p *peers) contestant { return p.contestant("scipy", "spmm", map[string]any{"d": d}) })...)
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) cholesky(ctx context.Context) error {
	const n = 1024
	a, err := dense.Gram(ctx, gaussian(2*n, n, 5), nil, b.workers)
	if err != nil {
		return err
	}
	single := make([]float32, len(a))
	for i, v := range a {
		single[i] = float32(v)
	}
	if err := b.save("spd.a", single); err != nil {
		return err
	}
	const ld = n + 16
	s, inv := make([]float32, n*ld), make([]float32, n)
	factor := func() error {
		for i := range n {
			copy(s[i*ld:], single[i*n:(i+1)*n])
		}
		if !dense.FactorUpper(s, n, ld, n, inv) {
			return dense.ErrNotPositive
		}
		return nil
	}
	return b.compare(fmt.Sprintf("float32 Cholesky, n = %d (copy included)", n), b.against(
		[]contestant{ours("ken", factor)},
		func(p *peers) contestant {
			return p.contestant("LAPACK spotrf (scipy)", "potrf", map[string]any{"n": n})
		})...)
}
