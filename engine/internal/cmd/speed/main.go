//go:build unix

// Command speed measures the engine's inner loops against the fastest CPU libraries, in turn, on the same data, and prints
// a Markdown table.
//
//	data (seeded) ──▶ files ──▶ peers.py (implicit, irspack, numpy, scipy) ──┐
//	               ├─▶ our packages ──────────────────────────────────────┼──▶ medians, ratios ─▶ engine/BENCHMARKS.md
//	               └─▶ the whole engine, a process a step ────────────────┘
//
// Usage: go run ./engine/internal/cmd/speed -python python3 [-rounds 5] [-workers 1] [-only als,topk] [-factors 128] [-ml1m DIR]
// [-out engine/BENCHMARKS.md] [-users 1000000 -items 200000 -events 50000000] [-triples 5000000] [-rows 10000000]
//
// The interpreter needs: pip install implicit==0.7.3 irspack==0.5.2 numpy scipy. Without -python only our side runs. A ratio above 1
// means that we are faster.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/kenrec/ken/engine/internal/cmd/internal/report"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "speed:", err)
		os.Exit(1)
	}
}

// config is what the flags say.
type config struct {
	python  string
	ml1m    string
	only    string
	factors string
	quick   bool
	rounds  int
	workers int

	out                  string // report to write; "": only print
	users, items, events int    // largest size of part growth
	triples, rows        int    // of part import
}

// bench is one run of the command.
type bench struct {
	config
	dir   string // data for the peers
	peers *peers // nil without an interpreter
	text  strings.Builder
	began report.Run

	table    string // that is being made
	compared bool   // it has rows of the peers
}

// printf prints, and keeps what is printed for the report.
func (b *bench) printf(format string, args ...any) {
	fmt.Fprintf(&b.text, format, args...)
	fmt.Printf(format, args...)
}

func run(ctx context.Context, args []string) error {
	var b bench
	flags := flag.NewFlagSet("speed", flag.ContinueOnError)
	flags.StringVar(&b.python, "python", "", "Python interpreter with the peers installed; empty: measure ours alone")
	flags.StringVar(&b.ml1m, "ml1m", os.Getenv("KEN_ML1M"), "folder with train.tsv of MovieLens 1M; empty: leave it out")
	flags.StringVar(&b.only, "only", "", "comma-separated parts: "+strings.Join(partNames, ", ")+"; empty: all")
	flags.StringVar(&b.factors, "factors", "64,128,256", "comma-separated factor sizes of part als")
	flags.BoolVar(&b.quick, "quick", false, "leave out implicit's exact solver, which takes most of the time, and import a fifth, grow to a quarter")
	flags.IntVar(&b.rounds, "rounds", 5, "least rounds, each measuring every contestant once; short jobs have more")
	flags.IntVar(&b.workers, "workers", 1, "threads of every contestant")
	flags.StringVar(&b.out, "out", "", "report whose speed part is written, such as engine/BENCHMARKS.md; empty: none")
	flags.IntVar(&b.users, "users", 100_000, "users of part growth")
	flags.IntVar(&b.items, "items", 20_000, "items of part growth")
	flags.IntVar(&b.events, "events", 5_000_000, "interactions of part growth; a sixteenth and a quarter of all are run first")
	flags.IntVar(&b.triples, "triples", 5_000_000, "triples of part import; half of them are run first")
	flags.IntVar(&b.rows, "rows", 10_000_000, "interactions of part import; a quarter of them are run first")
	step := flags.Bool("step", false, "used by the command itself: run the step on standard input and print what it took")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *step {
		return runStep(ctx, os.Stdin)
	}
	dir, err := os.MkdirTemp("", "ken-speed-")
	if err != nil {
		return fmt.Errorf("temporary folder: %w", err)
	}
	defer os.RemoveAll(dir)
	b.dir, b.began = dir, report.Begin()
	if b.python != "" {
		if b.peers, err = startPeers(ctx, b.python, dir, b.workers); err != nil {
			return err
		}
		defer b.peers.close()
	}
	for _, part := range []struct {
		name string
		run  func(context.Context) error
	}{{"algebra", b.algebra}, {"als", b.als}, {"scaling", b.scaling}, {"topk", b.topk}, {"request", b.request},
		{"serve", b.serve}, {"texts", b.texts}, {"import", b.importing}, {"whole", b.whole}, {"growth", b.growth}} {
		if b.only != "" && !strings.Contains(","+b.only+",", ","+part.name+",") {
			continue
		}
		b.text.Reset()
		b.table, b.compared = part.name, false
		if err := part.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
		if err := b.publish(true); err != nil {
			return err
		}
	}
	return nil
}
