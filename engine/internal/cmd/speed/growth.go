//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/engine/internal/par"
)

// growth measures import and training at a sixteenth, a quarter and the whole of a size: both grow with the interactions.
func (b *bench) growth(ctx context.Context) error {
	const factors, sweeps = 64, 3
	none := []engine.Weight{{Name: "co-choice"}, {Name: "item-item"}, {Name: "like-minded"}} // small catalogues alone have EASE, which is cubic
	b.printf("\n### Growth, f = %d, %d sweeps, 2 workers\n\n", factors, sweeps)
	b.printf("| users | items | interactions | import s | CPU s | CPU µs a row | peak MiB | train s | CPU s | peak MiB | CPU µs an interaction | bytes an interaction |\n")
	b.printf("|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, part := range []int{16, 4, 1} {
		if b.quick {
			part *= 4
		}
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
		b.printf("| %d | %d | %d | %.1f | %.1f | %.1f | %.0f | %.1f | %.1f | %.0f | %.2f | %.0f |\n", users, items, train.Rows, in.Wall, in.CPU, in.CPU/float64(in.Rows)*1e6, in.PeakMiB,
			train.Wall, train.CPU, train.PeakMiB, train.CPU/n*1e6, train.PeakMiB*(1<<20)/n)
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("growth: %w", err)
		}
		if err := b.keep(); err != nil {
			return err
		}
	}
	b.printf("\nPairs that were drawn twice count once. Peak memory includes what the process takes without data, some 30 MiB.\n")
	return nil
}
