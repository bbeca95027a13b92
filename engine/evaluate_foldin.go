package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/kenrec/ken/engine/internal/metrics"
)

// foldInShare is the part of the users, and of the items, that is taken out of training and folded in.
const foldInShare = 0.2

// measureFoldIn compares the NDCG of users, then of items, that a model was trained on with that of the same ones folded
// into a model trained without them. It uses the first holdout and the first configuration.
func (ev *evaluation) measureFoldIn(ctx context.Context, rows []tableRow, h *holdout) error {
	row := rows[slices.IndexFunc(rows, func(r tableRow) bool { return r.kept != nil })]
	rng := rand.New(rand.NewPCG(ev.o.Seed, 1))
	for _, of := range []string{"users", "items"} {
		var chosen []bool
		var part *holdout
		if of == "users" {
			chosen = sample(rng, len(h.history.has), func(u int) bool { return len(h.history.has[u]) > 0 })
			part = h.onlyUsers(chosen)
		} else {
			chosen = sample(rng, len(h.history.warm), func(i int) bool { return h.history.warm[i] })
			part = h.onlyItems(chosen)
		}
		if len(part.users) == 0 {
			ev.warnf("fold-in of %s is not measured: none of those taken out has held-out pairs", of)
			continue
		}
		out, err := ev.foldInRow(ctx, row, h, part, func(e event) bool {
			if of == "users" {
				return chosen[e.user]
			}
			return chosen[e.item]
		})
		if err != nil {
			return fmt.Errorf("fold-in of %s: %w", of, err)
		}
		if out != nil {
			out.Of = of
			ev.report.FoldIn = append(ev.report.FoldIn, *out)
		}
	}
	return nil
}

// foldInRow fits without the rows that leave picks, folds them in and measures both models on part.
func (ev *evaluation) foldInRow(ctx context.Context, row tableRow, h, part *holdout, leave func(event) bool) (*FoldInRow, error) {
	var stay, added []int32
	for _, r := range h.train {
		if leave(ev.data.events[r]) {
			added = append(added, r)
		} else {
			stay = append(stay, r)
		}
	}
	base, err := ev.fitOne(ctx, stay, row.cfg, row.variant)
	if err != nil {
		return nil, err
	}
	folder, ok := base.(foldInRanker)
	if !ok {
		ev.warnf("fold-in is not measured: the model cannot take in rows")
		return nil, nil
	}
	folded, err := folder.FoldIn(ctx, added)
	if err != nil {
		return nil, err
	}
	out := &FoldInRow{N: len(part.users)}
	if out.Trained, err = ev.ndcg(ctx, row.kept, part); err != nil {
		return nil, err
	}
	if out.Folded, err = ev.ndcg(ctx, folded, part); err != nil {
		return nil, err
	}
	if out.Trained > 0 {
		out.Ratio = out.Folded / out.Trained
	}
	return out, nil
}

// ndcg is the mean NDCG of a ranker on a holdout.
func (ev *evaluation) ndcg(ctx context.Context, r ranker, h *holdout) (float64, error) {
	lists, err := ev.rank(ctx, r, h.users, h.candidates, h.history)
	if err != nil {
		return 0, err
	}
	values := make([]float64, len(lists))
	for j, list := range lists {
		values[j] = metrics.Score(list, h.truth[j], ev.o.K).NDCG
	}
	return metrics.Mean(values), nil
}

// sample marks foldInShare of those below n that may be taken.
func sample(rng *rand.Rand, n int, may func(int) bool) []bool {
	chosen := make([]bool, n)
	for j := range chosen {
		chosen[j] = may(j) && rng.Float64() < foldInShare
	}
	return chosen
}

// onlyUsers is the holdout of the chosen users.
func (h *holdout) onlyUsers(chosen []bool) *holdout {
	part := *h
	part.users, part.truth = nil, nil
	for j, u := range h.users {
		if chosen[u] {
			part.users, part.truth = append(part.users, u), append(part.truth, h.truth[j])
		}
	}
	return &part
}

// onlyItems is the holdout with the chosen items alone as candidates and as truth: among all items, how well the folded
// ones are placed would drown in the others.
func (h *holdout) onlyItems(chosen []bool) *holdout {
	part := *h
	part.users, part.truth, part.candidates = nil, nil, []int32{}
	for i, c := range chosen {
		if c {
			part.candidates = append(part.candidates, int32(i))
		}
	}
	for j, u := range h.users {
		var kept []int32
		for _, i := range h.truth[j] {
			if int(i) < len(chosen) && chosen[i] {
				kept = append(kept, i)
			}
		}
		if len(kept) > 0 {
			part.users, part.truth = append(part.users, u), append(part.truth, kept)
		}
	}
	return &part
}
