//go:build unix

package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/kernel"
	"github.com/kenrec/ken/engine/internal/solve"
	"github.com/kenrec/ken/engine/internal/topk"
)

// topk compares the search for the best items of many users. Gaussian factors are the worst case: norms differ too little for
// skipping panels to help.
func (b *bench) topk(ctx context.Context) error {
	const f, k = 128, 20
	name := "ken, float32"
	if kernel.HasInt8() {
		name = "ken, int8 and float32"
	}
	b.header("The 20 best items for many users, f = 128")
	for _, s := range []struct{ items, users int }{{20_000, 4000}, {100_000, 1000}} {
		v, u := gaussian(s.items, f, 1), gaussian(s.users, f, 2)
		items, users := fmt.Sprintf("items%d", s.items), fmt.Sprintf("users%d", s.users)
		if err := b.save(items, compact(v)); err != nil {
			return err
		}
		if err := b.save(users, compact(u)); err != nil {
			return err
		}
		peer := func(label, kind string) func(*peers) contestant {
			return func(p *peers) contestant {
				return p.contestant(label, "topk", map[string]any{"items": items, "users": users, "f": f, "n": s.items, "m": s.users, "k": k, "kind": kind})
			}
		}
		it := topk.NewItems(v)
		err := b.compare(fmt.Sprintf("%d items, %d users", s.items, s.users), b.against(
			[]contestant{ours(name, func() error {
				_, _, err := it.Search(ctx, topk.Request{Users: u, K: k}, b.workers)
				return err
			})},
			peer("implicit", "implicit"), peer("numpy", "numpy"))...)
		if err != nil {
			return err
		}
	}
	return nil
}

// request measures single requests: 20 of 100 k items for one user, with known factors and with 50 interactions to fold in.
func (b *bench) request(ctx context.Context) error {
	const items, f, k, history, runs = 100_000, 128, 20, 50, 500
	v := gaussian(items, f, 1)
	it, user := topk.NewItems(v), gaussian(runs, f, 2)
	gram, err := dense.Gram(ctx, v, nil, 1)
	if err != nil {
		return err
	}
	basis, err := solve.NewBasis(gram, f)
	if err != nil {
		return err
	}
	solver, idx, seen := solve.New(f, 1), make([]int32, history), make([]int32, history)
	search := func(u dense.Matrix) error {
		_, _, err := it.Search(ctx, topk.Request{Users: u, K: k, Exclude: func(int) []int32 { return seen }}, 1)
		return err
	}
	foldIn := func(i int) error {
		for j := range idx {
			idx[j] = int32((i*7919 + j*1999) % items)
		}
		copy(seen, idx)
		slices.Sort(seen)
		u := dense.New(1, f)
		if err := solver.Row(ctx, basis, solve.Row{Idx: idx, Conf: constant(history, 1), F: v, Reg: 1}, u.Row(0)); err != nil {
			return err
		}
		return search(u)
	}
	b.printf("\n### One user, 100 k items, f = 128, k = 20\n\n| request | p50 ms | p99 ms |\n|---|---|---|\n")
	if err := b.latencies("known factors", runs, func(i int) error { return search(user.Slice(i, i+1)) }); err != nil {
		return err
	}
	return b.latencies("fold-in of 50 interactions", runs, foldIn)
}

// latencies prints the quantiles of n runs of f, in milliseconds.
func (b *bench) latencies(name string, n int, f func(i int) error) error {
	took := make([]float64, n)
	for i := range took {
		start := time.Now()
		if err := f(i); err != nil {
			return err
		}
		took[i] = time.Since(start).Seconds() * 1000
	}
	slices.Sort(took)
	b.printf("| %s | %.3f | %.3f |\n", name, took[n/2], took[n*99/100])
	return nil
}
