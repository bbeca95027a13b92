// Command bench measures the engine on public data and writes engine/BENCHMARKS.md.
//
//	../shared/data ──▶ engine (import, embed, train, evaluate) ──┐
//	              └─▶ bench/peers.py, bench/evaluate.py ─────────┴──▶ tables between markers
//
// Usage, from the root of the project:
//
//	go run ./engine/internal/cmd/bench accuracy [--only NAME,…] [--shared DIR] [--python PYTHON]
//
// It goes through the engine's public API alone, so it is a large test of it as well.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
)

// parts are the subcommands: each writes its own part of the report.
var parts = []struct {
	name string
	run  func(ctx context.Context, args []string) error
}{
	{"accuracy", accuracy},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	var names []string
	for _, p := range parts {
		if len(args) > 0 && args[0] == p.name {
			return p.run(ctx, args[1:])
		}
		names = append(names, p.name)
	}
	return fmt.Errorf("say what to measure: %s", strings.Join(names, ", "))
}
