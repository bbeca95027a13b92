//go:build unix

package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/kenrec/ken/embed/usem3"
)

// texts measures the built-in encoder: texts of about 28 pieces, and those of MovieLens 1M as they are.
func (b *bench) texts(ctx context.Context) error {
	short := make([]string, 1024)
	for i := range short {
		short[i] = fmt.Sprintf("A retired detective returns to the harbour town where his last case went unsolved, and finds the number %c on every door.", 'a'+i%26)
	}
	sets := []struct {
		name string
		list []string
		goal float64
	}{{"28 pieces each", short, 500}}
	if b.ml1m != "" {
		list, err := readTexts(filepath.Join(b.ml1m, "entities.tsv"), 256)
		if err != nil {
			return err
		}
		sets = append(sets, struct {
			name string
			list []string
			goal float64
		}{"ml-1m's", list, 0})
	}
	e, err := usem3.New()
	if err != nil {
		return err
	}
	b.printf("\n### Texts by the built-in encoder\n\n| texts | letters each | CPU s | wall s | texts per CPU second | goal |\n|---|---|---|---|---|---|\n")
	for _, s := range sets {
		all, err := b.medians(s.name, ours("builtin", func() error {
			_, err := e.Embed(ctx, s.list)
			return err
		}))
		if err != nil {
			return err
		}
		rate, goal, letters := float64(len(s.list))/all[0].CPU, "", 0
		for _, t := range s.list {
			letters += len([]rune(t))
		}
		if s.goal > 0 {
			goal = met(fmt.Sprintf("≥ %g", s.goal), rate >= s.goal)
		}
		b.printf("| %d, %s | %d | %.3g | %.3g | %.0f | %s |\n", len(s.list), s.name, letters/len(s.list), all[0].CPU, all[0].Wall, rate, goal)
	}
	return nil
}

// readTexts reads names and texts of nodes that have a text: columns 3 and 4, at most n.
func readTexts(path string, n int) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("texts: %w", err)
	}
	defer f.Close()
	var list []string
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() && len(list) < n {
		if c := strings.Split(sc.Text(), "\t"); len(c) > 3 && c[3] != "" {
			list = append(list, c[2]+". "+c[3])
		}
	}
	return list, sc.Err()
}
