//go:build unix

package main

import (
	"context"
	"path/filepath"
)

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
