//go:build unix

package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/kenrec/ken/engine/internal/par"
)

// serve measures single requests to the whole engine, over 100 k items of which some are cold.
func (b *bench) serve(ctx context.Context) error {
	const users, items, events, runs = 5_000, 100_000, 200_000, 1000
	dir := filepath.Join(b.dir, "serve")
	nodes, inter := filepath.Join(b.dir, "serve-nodes.tsv"), filepath.Join(b.dir, "serve.tsv")
	err := writeLines(nodes, items, func(i int) string { return fmt.Sprintf("i%d\t%s\tItem %d", i, []string{"item", "film"}[i%2], i) })
	if err != nil {
		return err
	}
	rng := par.Stream(11, 1)
	if err := writeLines(inter, events, func(int) string { return fmt.Sprintf("u%d\ti%d", rng.IntN(users), rng.IntN(items)) }); err != nil {
		return err
	}
	for _, j := range []job{
		{Verb: "import", Kind: "nodes", File: nodes}, {Verb: "import", Kind: "interactions", File: inter}, {Verb: "train", Factors: 128, Sweeps: 1},
	} {
		j.Dir = dir
		if _, err := b.step(ctx, j); err != nil {
			return err
		}
	}
	var known, likes []string
	for range runs {
		known = append(known, fmt.Sprint("u", rng.IntN(users)))
	}
	for range 50 * runs {
		likes = append(likes, fmt.Sprint("i", rng.IntN(items)))
	}
	b.printf("\n### One request to the whole engine, 100 k items, f = 128, k = 20\n\n| request | p50 ms | p99 ms | CPU p50 ms | CPU p99 ms | goal |\n|---|---|---|---|---|---|\n")
	for _, r := range []struct {
		name string
		job  job
		goal float64
	}{
		{"a user of training", job{Users: known}, 2},
		{"50 liked items folded in", job{Likes: likes}, 5},
		{"a user of training, one type of items", job{Users: known, Types: []string{"film"}}, 2},
	} {
		r.job.Verb, r.job.Dir = "serve", dir
		o, err := b.step(ctx, r.job)
		if err != nil {
			return err
		}
		slices.Sort(o.Millis)
		slices.Sort(o.Busy)
		half, most := len(o.Millis)/2, len(o.Millis)*99/100
		b.printf("| %s | %.2f | %.2f | %.2f | %.2f | %s |\n", r.name, o.Millis[half], o.Millis[most], o.Busy[half], o.Busy[most],
			met(fmt.Sprintf("p99 ≤ %g ms", r.goal), o.Millis[most] <= r.goal))
	}
	return nil
}
