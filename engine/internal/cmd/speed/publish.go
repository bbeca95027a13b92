//go:build unix

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// The speed part of the report, and in it each table, stands between markers: it is written again without touching the rest.
const (
	partBegin = "<!-- speed: begin, written by speed -->"
	partEnd   = "<!-- speed: end -->"
)

// partNames is the order of the tables.
var partNames = []string{"algebra", "als", "topk", "request", "serve", "import", "whole", "growth"}

const intro = `## Speed

CPU seconds and wall seconds are medians of the rounds, ours and the peers' in turn in one run, on the same data. A ratio is theirs
divided by ours: above 1, ken is faster. Wall times on a shared machine say more about its other users than about the code; goals are
judged by CPU seconds where they are ratios.

- Goals in wall seconds (single requests, import, the whole of ml-1m) want a machine that does nothing else; each table names the load it
  was measured under. Done for them: an exact scan of 8-bit codes instead of a scalar loop, items with a bonus fetched ahead or skipped by a
  bound, filters permuted once; rows read while others are stored, edges sorted as numbers, no look-ups of what a new store lacks. Batches
  of five times as many rows were tried and changed nothing.
- Peers: ` + "`python3 -m venv .venv-peers && .venv-peers/bin/pip install implicit==0.7.3 irspack==0.5.2 numpy scipy`" + `.
- Requests, import, the whole of ml-1m and growth are single runs of the whole engine with all cores; the other tables are medians of rounds.
- All tables: ` + "`go run ./engine/internal/cmd/speed -python .venv-peers/bin/python -ml1m ../shared/data/ml-1m -out engine/BENCHMARKS.md`" + `;
  ` + "`-quick`" + ` leaves out implicit's exact solver, ` + "`-only NAME`" + ` runs one table, ` + "`-users -items -events`" + ` sets the size of the growth table.
- Against plain Badger with the same keys: ` + "`go test ./graph -run xxx -bench AgainstBadger`" + `. Loading a graph into arrays:
  ` + "`go test ./engine -run xxx -bench LoadDataset`" + `. Single requests: ` + "`go test ./engine -run xxx -bench Recommend`" + `.
`

// publish puts what was printed into the report as the table of that name.
func (b *bench) publish(name string) error {
	if b.out == "" {
		return nil
	}
	old, err := os.ReadFile(b.out)
	if errors.Is(err, os.ErrNotExist) {
		old, err = []byte("# Benchmarks\n"), nil
	}
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	body := strings.TrimSpace(b.text.String()) + "\n\n" + b.stamp() + "\n"
	if err := os.WriteFile(b.out, []byte(update(string(old), name, body)), 0o644); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// update returns doc with one table replaced and everything outside the speed part as it was.
func update(doc, name, body string) string {
	before, rest, found := strings.Cut(doc, partBegin)
	part, after, closed := strings.Cut(rest, partEnd)
	if !found || !closed {
		before, part, after = strings.TrimRight(doc, "\n")+"\n\n", "", "\n"
	}
	var s strings.Builder
	s.WriteString(before + partBegin + "\n" + intro)
	for _, n := range partNames {
		begin, end := "<!-- speed "+n+": begin -->", "<!-- speed "+n+": end -->"
		text := ""
		if _, tail, ok := strings.Cut(part, begin); ok {
			text, _, _ = strings.Cut(tail, end)
		}
		if n == name {
			text = "\n" + body
		}
		if text != "" {
			s.WriteString("\n" + begin + text + end + "\n")
		}
	}
	return s.String() + partEnd + after
}

// stamp says when, with what and where a table was measured.
func (b *bench) stamp() string {
	revision := "unknown"
	if out, err := exec.Command("git", "rev-parse", "--short", "HEAD").Output(); err == nil {
		revision = strings.TrimSpace(string(out))
	}
	s := fmt.Sprintf("%s · ken %s · %s %s/%s · %s, %d cores, load %s · medians of %d, %d workers", time.Now().UTC().Format(time.DateOnly), revision,
		runtime.Version(), runtime.GOOS, runtime.GOARCH, processor(), runtime.NumCPU(), load(), b.rounds, b.workers)
	if b.peers != nil {
		s += " · implicit 0.7.3, irspack 0.5.2"
	}
	return s
}

// processor and load are read where Linux tells them.
func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	_, rest, found := strings.Cut(string(text), "model name\t: ")
	if !found {
		return "unknown processor"
	}
	name, _, _ := strings.Cut(rest, "\n")
	return name
}

func load() string {
	text, _ := os.ReadFile("/proc/loadavg")
	if f := strings.Fields(string(text)); len(f) > 0 {
		return f[0]
	}
	return "unknown"
}
