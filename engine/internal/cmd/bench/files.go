package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/kenrec/ken/engine"
)

// read returns the pairs of a file of interactions, in its order. A missing or empty weight is 1.
func (r rows) read(folder string) ([]engine.TestPair, error) {
	f, err := os.Open(filepath.Join(folder, r.file))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var pairs []engine.TestPair
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20) // a user's whole list is one line
	for lines.Scan() {
		if r.format == engine.Lists {
			fields := strings.Fields(lines.Text())
			for i := 1; i < len(fields); i++ {
				pairs = append(pairs, engine.TestPair{User: r.user + fields[0], Item: r.item + fields[i], Weight: 1})
			}
			continue
		}
		fields := strings.Split(lines.Text(), "\t")
		if len(fields) < 2 {
			return nil, fmt.Errorf("%s: line %q has no item", r.file, lines.Text())
		}
		weight := 1.0
		if len(fields) > 2 && fields[2] != "" {
			if weight, err = strconv.ParseFloat(fields[2], 32); err != nil {
				return nil, fmt.Errorf("%s: %w", r.file, err)
			}
		}
		if r.minWeight == 0 || weight >= r.minWeight {
			pairs = append(pairs, engine.TestPair{User: r.user + fields[0], Item: r.item + fields[1], Weight: float32(weight)})
		}
	}
	return pairs, lines.Err()
}

// chosen is read for held-out files: there a row means that the user chose the item, whatever the rating.
func (r rows) chosen(folder string) ([]engine.TestPair, error) {
	pairs, err := r.read(folder)
	for i := range pairs {
		pairs[i].Weight = 1
	}
	return pairs, err
}

// write saves pairs as user, item and weight for the scripts, and returns the path.
func (b *bench) write(name string, pairs []engine.TestPair) (string, error) {
	var s strings.Builder
	for _, p := range pairs {
		fmt.Fprintf(&s, "%s\t%s\t%g\n", p.User, p.Item, p.Weight)
	}
	path := filepath.Join(b.work, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	return path, os.WriteFile(path, []byte(s.String()), 0o644)
}

// writeLists saves lists in the form that evaluate.py reads, and returns the path.
func (b *bench) writeLists(name string, lists []engine.Recommendations) (string, error) {
	var s strings.Builder
	s.WriteString("user\trank\titem\tscore\n")
	for _, l := range lists {
		for _, r := range l.Items {
			fmt.Fprintf(&s, "%s\t%d\t%s\t%g\n", l.User, r.Rank, r.Item, r.Score)
		}
	}
	path := filepath.Join(b.work, name)
	return path, os.WriteFile(path, []byte(s.String()), 0o644)
}

// distinct returns each value once, in order of first sight.
func distinct(pairs []engine.TestPair, of func(engine.TestPair) string) []string {
	seen := map[string]bool{}
	var all []string
	for _, p := range pairs {
		if v := of(p); !seen[v] {
			seen[v] = true
			all = append(all, v)
		}
	}
	return all
}

func userOf(p engine.TestPair) string { return p.User }
func itemOf(p engine.TestPair) string { return p.Item }
