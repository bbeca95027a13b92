package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/kenrec/ken/engine/internal/metrics"
)

// Fold-in is measured in rounds: in each a model is trained without a share of the users, or of the items, which are then
// folded in. The share is small: with a fifth of the users gone, as an option permits, a model also knows less of all
// others and of the items, and it is that loss which is measured.
//
// Rounds end when the interval is narrow or when everybody has been taken out once: 200 lists of sparse data have an
// interval of ±6 %, whose middle says nothing about a loss of two; as many of dense data have one of ±1 %.
const (
	foldInUsers = 0.02 // share of the users taken out in one round
	foldInItems = 0.05 // of the items, who make a list of their own that should be longer than k
	foldInLeast = 100  // lists that an interval can be taken of
	foldInWidth = 0.03 // of the interval of the ratio, end to end
)

// foldInRound is what one round takes out of training.
type foldInRound struct {
	items  bool // items, not users
	chosen []uint64
}

// has reports whether n is taken out; an item that the store does not hold is not.
func (r foldInRound) has(n int32) bool { return int(n)/64 < len(r.chosen) && hasBit(r.chosen, int(n)) }

// leaves reports whether an event is taken out.
func (r foldInRound) leaves(e event) bool {
	if r.items {
		return r.has(e.item)
	}
	return r.has(e.user)
}

// planFoldIn deals the rounds that there may be: users who have training rows and lists to measure, then items with
// training rows.
func (ev *evaluation) planFoldIn(h *holdout) []foldInRound {
	rng := rand.New(rand.NewPCG(ev.o.Seed, 1))
	var users, items []int32
	active := 0
	for _, has := range h.history.has {
		if len(has) > 0 {
			active++
		}
	}
	for _, u := range h.users {
		if len(h.history.has[u]) > 0 {
			users = append(users, u)
		}
	}
	for i, warm := range h.history.warm {
		if warm {
			items = append(items, int32(i))
		}
	}
	size := func(n int, share float64) int {
		if ev.o.FoldInShare > 0 {
			share = ev.o.FoldInShare
		}
		return max(int(share*float64(n)), 1)
	}
	var rounds []foldInRound
	for _, chosen := range deal(rng, users, size(active, foldInUsers), len(h.history.has)) {
		rounds = append(rounds, foldInRound{false, chosen})
	}
	for _, chosen := range deal(rng, items, size(len(items), foldInItems), len(h.history.warm)) {
		rounds = append(rounds, foldInRound{true, chosen})
	}
	return rounds
}

// deal parts numbers below n at random into sets of a size; the last may be smaller.
func deal(rng *rand.Rand, from []int32, size, n int) (sets [][]uint64) {
	from = slices.Clone(from)
	rng.Shuffle(len(from), func(a, b int) { from[a], from[b] = from[b], from[a] })
	for some := range slices.Chunk(from, size) {
		set := newBits(n)
		for _, j := range some {
			setBit(set, int(j))
		}
		sets = append(sets, set)
	}
	return sets
}

// measureFoldIn compares the NDCG of users, then of items, that a model was trained on with that of the same ones folded
// into a model trained without them. It uses the first holdout and the first configuration.
func (ev *evaluation) measureFoldIn(ctx context.Context, rounds []foldInRound, rows []tableRow, h *holdout) error {
	row := rows[slices.IndexFunc(rows, func(r tableRow) bool { return r.kept != nil })]
	names := [...]string{FoldInUsers, FoldInStayed, FoldInItems, FoldInAmong, FoldInLists}
	var trained, folded [len(names)][]float64
	enough := map[bool]bool{} // by kind of round
	for _, r := range rounds {
		if enough[r.items] {
			continue
		}
		base, model, err := ev.foldInModels(ctx, row, h, r)
		if model == nil || err != nil {
			return err
		}
		parts := []foldInPart{{0, h.onlyUsers(r.has), model}, {1, h.onlyUsers(func(u int32) bool { return !r.has(u) }), base}}
		if r.items {
			parts = []foldInPart{{2, h.onlyItems(r.has), model}, {3, h.among(r.has), model}, {4, h, model}}
		}
		for _, p := range parts {
			before, err := ev.ndcg(ctx, row.kept, p.of)
			if err != nil {
				return err
			}
			after, err := ev.ndcg(ctx, p.with, p.of)
			if err != nil {
				return err
			}
			trained[p.row], folded[p.row] = append(trained[p.row], before...), append(folded[p.row], after...)
		}
		main := parts[0].row
		enough[r.items] = foldInRow(names[main], trained[main], folded[main], ev.o.Seed).sure()
	}
	for n, name := range names {
		if len(trained[n]) == 0 {
			ev.warnf("fold-in of %s is not measured: none of those taken out has held-out pairs", name)
			continue
		}
		ev.report.FoldIn = append(ev.report.FoldIn, foldInRow(name, trained[n], folded[n], ev.o.Seed))
	}
	return nil
}

// foldInPart is a part of a holdout that a row of the report is measured on, and the model that it is measured with.
type foldInPart struct {
	row  int
	of   *holdout
	with ranker
}

// foldInRow compares two models by the NDCG of the same lists.
func foldInRow(name string, trained, folded []float64, seed uint64) FoldInRow {
	gain := make([]float64, len(trained))
	for j, v := range trained {
		gain[j] = folded[j] - v
	}
	iv := metrics.Intervals([][]float64{gain}, seed)[0]
	out := FoldInRow{Of: name, N: len(trained), Trained: metrics.Mean(trained), Folded: metrics.Mean(folded)}
	if out.Trained > 0 {
		out.Ratio, out.Low, out.High = out.Folded/out.Trained, 1+iv.Low/out.Trained, 1+iv.High/out.Trained
	}
	return out
}

// sure reports whether the interval is narrow enough for no further round.
func (r FoldInRow) sure() bool { return r.N >= foldInLeast && r.High-r.Low <= foldInWidth }

// foldInModels fits without the rows that a round takes out, and folds them in. Both models are nil when it cannot.
func (ev *evaluation) foldInModels(ctx context.Context, row tableRow, h *holdout, r foldInRound) (base, folded ranker, err error) {
	var stay, added []int32
	for _, at := range h.train {
		if r.leaves(ev.data.events[at]) {
			added = append(added, at)
		} else {
			stay = append(stay, at)
		}
	}
	if base, err = ev.fitOne(ctx, stay, row.cfg, row.variant); err != nil {
		return nil, nil, fmt.Errorf("fold-in: %w", err)
	}
	folder, ok := base.(foldInRanker)
	if !ok {
		ev.warnf("fold-in is not measured: the model cannot take in rows")
		return nil, nil, nil
	}
	folded, err = folder.FoldIn(ctx, added)
	return base, folded, err
}

// ndcg is the NDCG of a ranker on a holdout, by user.
func (ev *evaluation) ndcg(ctx context.Context, r ranker, h *holdout) ([]float64, error) {
	lists, err := ev.rank(ctx, r, h.users, h.candidates, h.history)
	if err != nil {
		return nil, fmt.Errorf("fold-in: %w", err)
	}
	values := make([]float64, len(lists))
	for j, list := range lists {
		values[j] = metrics.Score(list, h.truth[j], ev.o.K).NDCG
	}
	return values, nil
}

// onlyUsers is the holdout of the chosen users.
func (h *holdout) onlyUsers(chosen func(int32) bool) *holdout {
	part := *h
	part.users, part.truth = nil, nil
	for j, u := range h.users {
		if chosen(u) {
			part.users, part.truth = append(part.users, u), append(part.truth, h.truth[j])
		}
	}
	return &part
}

// onlyItems is the holdout with the chosen items alone as candidates and as truth: how well they are told apart.
func (h *holdout) onlyItems(chosen func(int32) bool) *holdout {
	part := h.among(chosen)
	part.candidates = []int32{}
	for i := range h.history.warm {
		if chosen(int32(i)) {
			part.candidates = append(part.candidates, int32(i))
		}
	}
	return part
}

// among is the holdout with the chosen items alone as truth: how well they are placed among all.
func (h *holdout) among(chosen func(int32) bool) *holdout {
	part := *h
	part.users, part.truth = nil, nil
	for j, u := range h.users {
		var kept []int32
		for _, i := range h.truth[j] {
			if chosen(i) {
				kept = append(kept, i)
			}
		}
		if len(kept) > 0 {
			part.users, part.truth = append(part.users, u), append(part.truth, kept)
		}
	}
	return &part
}
