package engine

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/kenrec/ken/engine/internal/metrics"
	"github.com/kenrec/ken/engine/internal/par"
)

// judgeLabels measures single rows, as click-through papers do: the held-out rows are dealt by seed into two halves, the
// first fits calibrations and thresholds, the second is measured. Holding out 0.4 gives the usual 6:2:2.
//
//	training rows ──▶ model ──▶ score, features of a row ─┐
//	      └─────────▶ counts and means of user and item ──┴──▶ calibration ◀── validation rows
//	                                                               └──▶ probability, weight of a test row
//
// Where all weights are the same there is nothing to foretell: the result is nil and the report says why. Where a half has
// rows of one label only, as in data without dislikes, Separation is nil.
func (ev *evaluation) judgeLabels(ctx context.Context, r ranker, h *holdout) (*LabelScores, error) {
	rows := make([]labelRow, 0, len(h.rows))
	for _, row := range h.rows {
		if int(row.item) < len(ev.data.items) {
			rows = append(rows, row)
		}
	}
	rng := rand.New(rand.NewPCG(ev.o.Seed, 0))
	rng.Shuffle(len(rows), func(a, b int) { rows[a], rows[b] = rows[b], rows[a] })
	told, measured := ev.labels(rows), len(rows)-len(rows)/2
	if measured == len(rows) || !slices.ContainsFunc(rows, func(row labelRow) bool { return row.weight != rows[0].weight }) {
		ev.warnf("no labels to tell apart: %d of %d held-out rows are positive, weights above 0; AUC, F1, log-loss and RMSE are left out",
			count(told), len(rows))
		return nil, nil
	}
	set, err := ev.describeRows(ctx, r, rows, h.train)
	if err != nil {
		return nil, err
	}
	half := len(rows) / 2
	out := &LabelScores{Rows: measured, Positives: count(told[half:])}
	predicted := metrics.FitLinear(set.all[:half], set.weights[:half]).Apply(set.all[half:])
	if out.RMSE, err = metrics.RMSE(predicted, set.weights[half:]); err != nil {
		return nil, fmt.Errorf("%w: labelled rows: %w", ErrNoData, err)
	}
	for _, part := range [][]bool{told[:half], told[half:]} {
		if p := count(part); p == 0 || p == len(part) {
			ev.warnf("no labels to tell apart: %d of %d held-out rows are positive; AUC, F1 and log-loss are left out", count(told), len(told))
			return out, nil
		}
	}
	if out.Separation, err = set.separate(told, half); err != nil {
		return nil, fmt.Errorf("%w: labelled rows: %w", ErrNoData, err)
	}
	return out, nil
}

// labels tells the positive rows: weights above 0, and of at least MinWeight.
func (ev *evaluation) labels(rows []labelRow) []bool {
	positive := make([]bool, len(rows))
	for n, row := range rows {
		positive[n] = ev.positive(row.weight)
	}
	return positive
}

func (ev *evaluation) positive(weight float32) bool { return weight > 0 && weight >= ev.o.MinWeight }

func count(set []bool) (n int) {
	for _, in := range set {
		if in {
			n++
		}
	}
	return n
}

// rowSet is what is known about some rows, by row. Every list of features contains those before it.
type rowSet struct {
	weights                               []float64
	score, popularity, model, counts, all [][]float64
}

// describeRows gathers the features of rows from a model and from the training rows.
func (ev *evaluation) describeRows(ctx context.Context, r ranker, rows []labelRow, train []int32) (rowSet, error) {
	scores, err := scoreRows(ctx, r, rows, ev.workers)
	if err != nil {
		return rowSet{}, err
	}
	said := make([][]float64, len(rows))
	if from, ok := r.(rowRanker); ok {
		if said, err = from.RowFeatures(ctx, rows); err != nil {
			return rowSet{}, err
		}
	}
	users, items := ev.countRows(train)
	var s rowSet
	for n, row := range rows {
		u, i := users[row.user], items[row.item]
		popularity := []float64{math.Log(i.positive + 0.3), math.Sqrt(i.positive), math.Log(i.negative + 0.3)}
		model := slices.Concat(popularity, []float64{float64(scores[n])}, said[n])
		counts := slices.Concat(model, []float64{math.Log1p(u.positive), math.Log1p(u.negative)})
		s.weights = append(s.weights, float64(row.weight))
		s.score = append(s.score, []float64{float64(scores[n])})
		s.popularity, s.model, s.counts = append(s.popularity, popularity), append(s.model, model), append(s.counts, counts)
		s.all = append(s.all, slices.Concat(counts, []float64{u.mean, i.mean}))
	}
	return s, nil
}

// deedCount is what a user or an item did in the training rows.
type deedCount struct {
	positive, negative float64 // rows
	mean               float64 // of the weights, drawn to that of all rows
}

// meanHold is how many rows of the overall mean are mixed into a user's or an item's own.
const meanHold = 5

// countRows counts the training rows of users and of items.
func (ev *evaluation) countRows(train []int32) (users, items []deedCount) {
	users, items = make([]deedCount, len(ev.data.users)), make([]deedCount, len(ev.data.items))
	sum := 0.0
	for _, r := range train {
		e := ev.data.events[r]
		sum += float64(e.weight)
		for _, t := range []*deedCount{&users[e.user], &items[e.item]} {
			t.mean += float64(e.weight)
			if ev.positive(e.weight) {
				t.positive++
			} else {
				t.negative++
			}
		}
	}
	sum /= float64(max(len(train), 1))
	for _, all := range [][]deedCount{users, items} {
		for n := range all {
			t := &all[n]
			t.mean = (t.mean + meanHold*sum) / (t.positive + t.negative + meanHold)
		}
	}
	return users, items
}

// separate fits on the rows before half and measures the others.
func (s *rowSet) separate(positive []bool, half int) (*Separation, error) {
	out := &Separation{}
	for _, c := range []struct {
		x       [][]float64
		auc, f1 *float64
	}{
		{s.score, &out.ScoreAUC, &out.ScoreF1},
		{s.popularity, &out.PopularityAUC, &out.PopularityF1},
		{s.counts, &out.CountsAUC, &out.CountsF1},
		{s.model, &out.AUC, &out.F1}, // last: its threshold and log-loss stay
	} {
		fit := metrics.FitLogistic(c.x[:half], positive[:half])
		chosen, p := fit.Apply(c.x[:half]), fit.Apply(c.x[half:])
		var err error
		if *c.auc, err = metrics.AUC(p, positive[half:]); err != nil {
			return nil, err
		}
		if out.Threshold, _, err = metrics.BestThreshold(chosen, positive[:half]); err != nil {
			return nil, err
		}
		if *c.f1, err = metrics.F1(p, positive[half:], out.Threshold); err != nil {
			return nil, err
		}
		if out.LogLoss, err = metrics.LogLoss(p, positive[half:]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// scoreRows returns the score of each row. It asks for each user's items as the only candidates, so any ranker can do
// it, and what the user has seen is not left out: a row is judged, not recommended.
func scoreRows(ctx context.Context, r ranker, rows []labelRow, workers int) ([]float32, error) {
	order := make([]int, len(rows))
	for at := range order {
		order[at] = at
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(rows[a].user, rows[b].user), cmp.Compare(rows[a].item, rows[b].item))
	})
	var bounds []int // of each user's rows in order
	for j, at := range order {
		if j == 0 || rows[at].user != rows[order[j-1]].user {
			bounds = append(bounds, j)
		}
	}
	bounds = append(bounds, len(order))
	scores := make([]float32, len(rows))
	err := par.Chunks(ctx, len(bounds)-1, 16, workers, func(_, lo, hi int) error {
		for j := lo; j < hi; j++ {
			if err := scoreUser(ctx, r, rows, order[bounds[j]:bounds[j+1]], scores); err != nil {
				return err
			}
		}
		return nil
	})
	return scores, err
}

// scoreUser scores the rows at, all of one user and ascending by item.
func scoreUser(ctx context.Context, r ranker, rows []labelRow, at []int, scores []float32) error {
	user := rows[at[0]].user
	items := make([]int32, len(at))
	for j, a := range at {
		items[j] = rows[a].item
	}
	items = slices.Compact(items)
	lists, got, err := r.TopK(ctx, []int32{user}, len(items), items, false)
	if err != nil {
		return err
	}
	if len(lists[0]) != len(items) {
		return fmt.Errorf("%d of %d items scored for user %d", len(lists[0]), len(items), user)
	}
	byItem := make(map[int32]float32, len(items))
	for j, i := range lists[0] {
		byItem[i] = got[0][j]
	}
	for _, a := range at {
		scores[a] = byItem[rows[a].item]
	}
	return nil
}
