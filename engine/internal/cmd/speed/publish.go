//go:build unix

package main

import (
	"fmt"
	"strings"

	"github.com/kenrec/ken/engine/internal/cmd/internal/report"
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

// part is the speed part of the report.
func part() report.Part {
	return report.Part{Name: "speed", By: "speed", Intro: intro, Tables: partNames}
}

// publish puts what was printed into the report as the table of that name.
func (b *bench) publish(name string) error {
	if b.out == "" {
		return nil
	}
	return part().Publish(b.out, name, strings.TrimSpace(b.text.String())+"\n\n"+b.stamp())
}

// stamp says when, with what and where a table was measured.
func (b *bench) stamp() string {
	s := fmt.Sprintf("%s · medians of %d, %d workers", report.Stamp(), b.rounds, b.workers)
	if b.peers != nil {
		s += " · implicit 0.7.3, irspack 0.5.2"
	}
	return s
}
