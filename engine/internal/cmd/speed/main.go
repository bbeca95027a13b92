// Command speed measures the engine's inner loops against the fastest CPU libraries, in turn, on the same data, and prints
// a Markdown table.
//
//	data (seeded) ──▶ files ──▶ peers.py (implicit, irspack, numpy, scipy) ──┐
//	               └─▶ our packages ──────────────────────────────────────┴──▶ medians, ratios
//
// Usage: go run ./engine/internal/cmd/speed -python python3 [-rounds 5] [-workers 1] [-only als,topk] [-factors 128] [-ml1m DIR]
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
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
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
}

// bench is one run of the command.
type bench struct {
	config
	dir   string // data for the peers
	peers *peers // nil without an interpreter
}

func run(ctx context.Context, args []string) error {
	var b bench
	flags := flag.NewFlagSet("speed", flag.ContinueOnError)
	flags.StringVar(&b.python, "python", "", "Python interpreter with the peers installed; empty: measure ours alone")
	flags.StringVar(&b.ml1m, "ml1m", os.Getenv("KEN_ML1M"), "folder with train.tsv of MovieLens 1M; empty: leave it out")
	flags.StringVar(&b.only, "only", "", "comma-separated parts: als, topk, algebra, request; empty: all")
	flags.StringVar(&b.factors, "factors", "64,128,256", "comma-separated factor sizes of part als")
	flags.BoolVar(&b.quick, "quick", false, "leave out implicit's exact solver, which takes most of the time")
	flags.IntVar(&b.rounds, "rounds", 5, "rounds, each measuring every contestant once")
	flags.IntVar(&b.workers, "workers", 1, "threads of every contestant")
	if err := flags.Parse(args); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "ken-speed-")
	if err != nil {
		return fmt.Errorf("temporary folder: %w", err)
	}
	defer os.RemoveAll(dir)
	b.dir = dir
	if b.python != "" {
		if b.peers, err = startPeers(ctx, b.python, dir, b.workers); err != nil {
			return err
		}
		defer b.peers.close()
	}
	for _, part := range []struct {
		name string
		run  func(context.Context) error
	}{{"algebra", b.algebra}, {"als", b.als}, {"topk", b.topk}, {"request", b.request}} {
		if b.only != "" && !strings.Contains(","+b.only+",", ","+part.name+",") {
			continue
		}
		if err := part.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}
