//go:build unix

package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/kenrec/ken/engine"
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
	b.printf("\n### One request to the whole engine, 100 k items, f = 128, k = 20\n\n| request | p50 ms | p99 ms | goal |\n|---|---|---|---|\n")
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
		p99 := o.Millis[len(o.Millis)*99/100]
		b.printf("| %s | %.2f | %.2f | %s |\n", r.name, o.Millis[len(o.Millis)/2], p99, met(fmt.Sprintf("p99 ≤ %g ms", r.goal), p99 <= r.goal))
	}
	return nil
}

// importing measures the import of synthetic triples into a new store, in two sizes: memory must not grow with the file.
func (b *bench) importing(ctx context.Context) error {
	b.printf("\n### Import of triples into a new store\n\n| triples | wall s | CPU s | triples/s | peak MiB | goal |\n|---|---|---|---|---|---|\n")
	for _, n := range []int{b.triples / 2, b.triples} {
		file, rng := filepath.Join(b.dir, "triples.tsv"), par.Stream(5, 5)
		err := writeLines(file, n, func(i int) string {
			return fmt.Sprintf("http://example.org/item/%d\trel%d\thttp://example.org/thing/%d", i/10, i%10, rng.IntN(n/20))
		})
		if err != nil {
			return err
		}
		o, err := b.step(ctx, job{Verb: "import", Kind: "triples", File: file, Dir: filepath.Join(b.dir, fmt.Sprint("triples", n))})
		if err != nil {
			return err
		}
		rate := float64(o.Rows) / o.Wall
		b.printf("| %d | %.1f | %.1f | %.0f | %.0f | %s |\n", n, o.Wall, o.CPU, rate, o.PeakMiB, met("≥ 150000/s, ≤ 1024 MiB", rate >= 150_000 && o.PeakMiB <= 1024))
	}
	return nil
}

// whole measures the way from files to lists for everybody on MovieLens 1M.
func (b *bench) whole(ctx context.Context) error {
	if b.ml1m == "" {
		return nil
	}
	dir, wall, cpu, peak := filepath.Join(b.dir, "whole"), 0.0, 0.0, 0.0
	b.printf("\n### The whole of ml-1m, defaults, 2 workers\n\n| step | rows | wall s | CPU s | peak MiB | goal |\n|---|---|---|---|---|---|\n")
	for _, s := range []struct {
		name string
		job  job
	}{
		{"import of nodes", job{Verb: "import", Kind: "nodes", File: filepath.Join(b.ml1m, "entities.tsv")}},
		{"import of triples", job{Verb: "import", Kind: "triples", File: filepath.Join(b.ml1m, "triples.tsv")}},
		{"import of interactions", job{Verb: "import", Kind: "interactions", File: filepath.Join(b.ml1m, "train.tsv")}},
		{"embed, built-in", job{Verb: "embed"}}, {"train", job{Verb: "train"}}, {"20 items for every user", job{Verb: "recommend"}},
	} {
		s.job.Dir = dir
		o, err := b.step(ctx, s.job)
		if err != nil {
			return err
		}
		wall, cpu, peak = wall+o.Wall, cpu+o.CPU, max(peak, o.PeakMiB)
		b.printf("| %s | %d | %.1f | %.1f | %.0f | |\n", s.name, o.Rows, o.Wall, o.CPU, o.PeakMiB)
	}
	b.printf("| **all** | | %.1f | %.1f | %.0f | %s |\n", wall, cpu, peak, met("≤ 60 s, ≤ 1024 MiB", wall <= 60 && peak <= 1024))
	return nil
}

// growth measures import and training at a quarter, a half and the whole of a size: both grow with the interactions.
func (b *bench) growth(ctx context.Context) error {
	const factors, sweeps = 64, 3
	none := []engine.Weight{{Name: "co-choice"}, {Name: "item-item"}} // small catalogues alone have EASE, which is cubic
	b.printf("\n### Growth, f = %d, %d sweeps, 2 workers\n\n", factors, sweeps)
	b.printf("| users | items | interactions | import s | CPU s | peak MiB | train s | CPU s | peak MiB | CPU µs an interaction | bytes an interaction |\n")
	b.printf("|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, part := range []int{4, 2, 1} {
		users, items, events := b.users/part, b.items/part, b.events/part
		file, dir := filepath.Join(b.dir, "growth.tsv"), filepath.Join(b.dir, fmt.Sprint("growth", part))
		rng, byUser, byItem := par.Stream(9, uint64(part)), cumulative(users, 0.5), cumulative(items, 0.8)
		err := writeLines(file, events, func(int) string { return fmt.Sprintf("u%d\ti%d", draw(byUser, rng), draw(byItem, rng)) })
		if err != nil {
			return err
		}
		in, err := b.step(ctx, job{Verb: "import", Kind: "interactions", File: file, Dir: dir})
		if err != nil {
			return err
		}
		train, err := b.step(ctx, job{Verb: "train", Factors: factors, Sweeps: sweeps, Dir: dir, Scorers: none})
		if err != nil {
			return err
		}
		n := float64(train.Rows)
		b.printf("| %d | %d | %d | %.1f | %.1f | %.0f | %.1f | %.1f | %.0f | %.2f | %.0f |\n", users, items, train.Rows, in.Wall, in.CPU, in.PeakMiB,
			train.Wall, train.CPU, train.PeakMiB, train.CPU/n*1e6, train.PeakMiB*(1<<20)/n)
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("growth: %w", err)
		}
	}
	b.printf("\nPairs that were drawn twice count once. Peak memory includes what the process takes without data, some 30 MiB.\n")
	return nil
}

// writeLines writes n lines.
func writeLines(path string, n int, line func(i int) string) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("data: %w", err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	for i := range n {
		w.WriteString(line(i))
		w.WriteByte('\n') // errors stay and come with Flush
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("data: %w", err)
	}
	return nil
}
