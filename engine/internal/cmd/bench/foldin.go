package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/kenrec/ken/engine"
)

// foldInShares are the shares that are taken out of one training: the default, and as much as makes the model poorer.
var foldInShares = []struct {
	name  string
	share float64
}{{"small", 0}, {"a fifth", 0.2}}

// foldIn runs the fold-in of several sets.
func (b *bench) foldIn(ctx context.Context, t table) (string, error) {
	doc := &markdown{}
	doc.line("| set | taken out at once | NDCG@20 of | lists | trained | folded in | share kept | 95 %% interval |")
	doc.line("|---|---|---|---|---|---|---|---|")
	for _, name := range t.folds {
		of, _ := tableNamed(name)
		err := b.foldInOf(ctx, of, doc)
		if errors.Is(err, errAbsent) {
			b.logf("%s: skipped: %v", name, err)
			continue
		}
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
	}
	doc.line("\nGoal: at least 98 %% of the NDCG when trained.")
	return doc.String(), nil
}

// foldInOf adds the rows of one set, a few for each share.
func (b *bench) foldInOf(ctx context.Context, t table, doc *markdown) error {
	e, _, err := b.open(ctx, t.set)
	if err != nil {
		return err
	}
	defer e.Close()
	pairs, err := t.tests[0].rows.chosen(filepath.Join(b.data, t.set.folder))
	if err != nil {
		return err
	}
	for _, s := range foldInShares {
		rep, err := e.Evaluate(ctx, engine.EvaluateOptions{Test: pairs, K: 20, Seed: seed, Candidates: engine.CandidatesWarm, NoBaselines: true,
			FoldIn: true, FoldInShare: s.share})
		if err != nil {
			return err
		}
		b.logf("%s, %s: folded in after %.1fs", t.name, s.name, rep.Seconds)
		for _, r := range rep.FoldIn {
			doc.line("| %s | %s | %s | %d | %.4f | %.4f | %.1f %% | %.1f – %.1f %% |",
				t.name, s.name, r.Of, r.N, r.Trained, r.Folded, 100*r.Ratio, 100*r.Low, 100*r.High)
		}
	}
	return nil
}
