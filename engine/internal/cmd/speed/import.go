//go:build unix

package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/kenrec/ken/engine/internal/par"
)

// importing measures the import of synthetic triples into a new store, in two sizes, and of interactions in random order:
// memory must not grow with the file.
func (b *bench) importing(ctx context.Context) error {
	triples, rows := b.triples, b.rows
	if b.quick {
		triples, rows = triples/5, rows/5
	}
	b.printf("\n### Import into a new store\n\n| rows | what | wall s | CPU s | rows/s | peak MiB | Go heap MiB | goal |\n|---|---|---|---|---|---|---|---|\n")
	rng := par.Stream(5, 5)
	for _, n := range []int{triples / 2, triples} {
		err := b.importOne(ctx, "triples", n, func(i int) string {
			return fmt.Sprintf("http://example.org/item/%d\trel%d\thttp://example.org/thing/%d", i/10, i%10, rng.IntN(n/20))
		})
		if err != nil {
			return err
		}
	}
	byUser, byItem := cumulative(rows/50, 0.5), cumulative(rows/250, 0.8)
	for _, n := range []int{rows / 4, rows} {
		err := b.importOne(ctx, "interactions", n, func(int) string { return fmt.Sprintf("u%d\ti%d", draw(byUser, rng), draw(byItem, rng)) })
		if err != nil {
			return err
		}
	}
	b.printf("\nPeak memory is what the system counts, with the pages of Badger's tables that it keeps mapped.\n")
	return b.againstBadger(ctx)
}

func (b *bench) importOne(ctx context.Context, kind string, n int, line func(i int) string) error {
	file, dir := filepath.Join(b.dir, "import.tsv"), filepath.Join(b.dir, "import")
	if err := writeLines(file, n, line); err != nil {
		return err
	}
	o, err := b.step(ctx, job{Verb: "import", Kind: kind, File: file, Dir: dir})
	if err != nil {
		return err
	}
	rate, goal, ok := float64(o.Rows)/o.Wall, "≤ 1024 MiB", o.PeakMiB <= 1024
	if kind == "triples" {
		goal, ok = "≥ 150000/s, "+goal, ok && rate >= 150_000
	}
	b.printf("| %d | %s | %.1f | %.1f | %.0f | %.0f | %.0f | %s |\n", n, kind, o.Wall, o.CPU, rate, o.PeakMiB, o.HeapMiB, met(goal, ok))
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("import: %w", err)
	}
	return b.keep()
}

// againstBadger runs the benchmark of package graph, which alone may use Badger: batches of triples, and the same keys
// written through Badger's own batches.
func (b *bench) againstBadger(ctx context.Context) error {
	b.printf("\n| triples | rounds | ken, triples/s | Badger, triples/s | CPU s, ken | CPU s, Badger | of Badger's rate | goal |\n|---|---|---|---|---|---|---|---|\n")
	for _, s := range []struct {
		triples string
		rounds  int
	}{{"470k", b.rounds}, {"5M", 1}} {
		if b.quick && s.triples == "5M" {
			continue
		}
		cmd := exec.CommandContext(ctx, "go", "test", "./graph", "-run", "xxx", "-bench", "AgainstBadger/triples="+s.triples+"$", "-benchtime", "1x",
			"-count", strconv.Itoa(s.rounds), "-timeout", "30m")
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return fmt.Errorf("go test ./graph: %w", err)
		}
		m := metricsOf(string(out))
		of := median(m["of-raw"])
		b.printf("| %s | %d | %.0f | %.0f | %.1f | %.1f | %.2f | %s |\n", s.triples, len(m["of-raw"]), median(m["triples/s"]), median(m["raw-triples/s"]),
			median(m["cpu-s"]), median(m["raw-cpu-s"]), of, met("≥ 0.6", of >= 0.6))
		if err := b.keep(); err != nil {
			return err
		}
	}
	return nil
}

// metricsOf collects what benchmarks report, by unit.
func metricsOf(text string) map[string][]float64 {
	m := map[string][]float64{}
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		f := strings.Fields(lines.Text())
		if len(f) < 4 || !strings.HasPrefix(f[0], "Benchmark") {
			continue
		}
		for i := 2; i+1 < len(f); i += 2 {
			if v, err := strconv.ParseFloat(f[i], 64); err == nil {
				m[f[i+1]] = append(m[f[i+1]], v)
			}
		}
	}
	return m
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
