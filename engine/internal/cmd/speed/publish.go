//go:build unix

package main

import (
	"fmt"
	"strings"

	"github.com/kenrec/ken/engine/internal/cmd/internal/report"
)

// partNames is the order of the tables.
var partNames = []string{"algebra", "als", "scaling", "topk", "request", "serve", "texts", "import", "whole", "growth"}

const intro = `## Speed

CPU seconds and wall seconds are medians of five rounds or as many as fit eight seconds, ours and the peers' in turn in one run, on
the same data. A ratio is theirs divided by ours: above 1, ken is faster. Wall times on a shared machine say more about its other users than about the code; goals are
judged by CPU seconds where they are ratios.

- Goals in wall seconds (two workers, single requests, import, the whole of ml-1m) want a machine that does nothing else; each table names
  the load it was measured under. Requests show their CPU time too.
- Peers: ` + "`python3 -m venv .venv-peers && .venv-peers/bin/pip install implicit==0.7.3 irspack==0.5.2 numpy scipy`" + `.
- Import, the whole of ml-1m and growth are single runs of the whole engine with all cores, a process a step; the line under each table says how often it
  was measured. A row of import or growth is kept when it is finished, whatever becomes of the next.
- All tables: ` + "`go run ./engine/internal/cmd/speed -python .venv-peers/bin/python -ml1m ../shared/data/ml-1m -out engine/BENCHMARKS.md`" + `;
  ` + "`-quick`" + ` leaves out implicit's exact solver, imports a fifth and grows to a quarter; ` + "`-only NAME`" + ` runs one table,
  ` + "`-users -items -events`" + ` set the size of the growth table, ` + "`-triples -rows`" + ` those of the import.
- Growth without a store, one thing at a time, to any size: ` + "`go test ./engine -run xxx -bench Growth`" + `. Loading a graph into
  arrays: ` + "`-bench LoadDataset`" + `. Single requests: ` + "`-bench Recommend`" + `.
`

// part is the speed part of the report.
func part() report.Part {
	return report.Part{Name: "speed", By: "speed", Intro: intro, Tables: partNames}
}

// single says how the tables are measured that are no medians of rounds.
var single = map[string]string{
	"request": "500 requests a row, 1 worker",
	"serve":   "1000 requests a row",
	"import":  "single runs, 2 workers",
	"whole":   "a single run, 2 workers",
	"growth":  "single runs, 2 workers",
}

// publish puts what was printed into the report as the table that is being made.
func (b *bench) publish(done bool) error {
	if b.out == "" {
		return nil
	}
	return part().Publish(b.out, b.table, strings.TrimSpace(b.text.String())+"\n\n"+b.stamp(done))
}

// keep puts the rows so far into the report: a table that takes long is worth having when it is broken off.
func (b *bench) keep() error { return b.publish(false) }

// stamp says when, with what, where and how a table was measured, and when rows are missing.
func (b *bench) stamp(done bool) string {
	how, ok := single[b.table]
	if !ok {
		how = fmt.Sprintf("medians of %d or more, %d workers", b.rounds, b.workers)
	}
	s := b.began.Stamp() + " · " + how
	if b.compared {
		s += " · implicit 0.7.3, irspack 0.5.2"
	}
	if !done {
		s += " · **broken off**"
	}
	return s
}
