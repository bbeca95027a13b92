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

// judgeLabels measures scores of single rows, as click-through papers do: the held-out rows are dealt by seed into two
// halves, the first chooses threshold and calibration, the second is measured. Holding out 0.4 gives the usual 6:2:2.
// Where a half has rows of one label only, as in data without dislikes, nothing can be told apart: the result is nil and
// the report says why.
func (ev *evaluation) judgeLabels(ctx context.Context, r ranker, h *holdout) (*LabelScores, error) {
	rows := make([]labelRow, 0, len(h.rows))
	for _, row := range h.rows {
		if int(row.item) < len(ev.data.items) {
			rows = append(rows, row)
		}
	}
	order := rand.New(rand.NewPCG(ev.o.Seed, 0)).Perm(len(rows))
	half := len(rows) / 2
	for _, part := range [][]int{order[:half], order[half:]} {
		if p := positiveRows(rows, part); p == 0 || p == len(part) {
			ev.warnf("no labels to tell apart: %d of %d held-out rows are positive, weights above 0; AUC, F1, log-loss and RMSE are left out",
				positiveRows(rows, order), len(rows))
			return nil, nil
		}
	}
	scores, err := scoreRows(ctx, r, rows, ev.workers)
	if err != nil {
		return nil, err
	}
	biases := newBiases(ev.data, h.train)
	var valid, test labelSet
	for j, at := range order {
		to := &test
		if j < half {
			to = &valid
		}
		to.add(float64(scores[at]), biases, rows[at])
	}
	out, err := valid.judge(&test)
	if err != nil {
		return nil, fmt.Errorf("%w: labelled rows: %w", ErrNoData, err)
	}
	return out, nil
}

// positiveRows counts the rows at whose weight is above 0.
func positiveRows(rows []labelRow, at []int) (n int) {
	for _, a := range at {
		if rows[a].weight > 0 {
			n++
		}
	}
	return n
}

// biases counts positive and negative training rows of users and items.
type biases struct {
	user, item [][2]float64
}

func newBiases(d *dataset, train []int32) biases {
	b := biases{user: make([][2]float64, len(d.users)), item: make([][2]float64, len(d.items))}
	for _, r := range train {
		e, sign := d.events[r], 0
		if e.weight <= 0 {
			sign = 1
		}
		b.user[e.user][sign]++
		b.item[e.item][sign]++
	}
	return b
}

// labelSet is scored rows with their labels.
type labelSet struct {
	scores, weights []float64
	features        [][]float64 // score and biases
	positive        []bool
}

func (s *labelSet) add(score float64, b biases, row labelRow) {
	s.scores = append(s.scores, score)
	s.weights = append(s.weights, float64(row.weight))
	s.positive = append(s.positive, row.weight > 0)
	u, i := b.user[row.user], b.item[row.item]
	s.features = append(s.features, []float64{score, math.Log1p(u[0]), math.Log1p(u[1]), math.Log1p(i[0]), math.Log1p(i[1])})
}

// judge measures test with what s, the validation half, chooses.
func (s *labelSet) judge(test *labelSet) (*LabelScores, error) {
	out := &LabelScores{Rows: len(test.scores)}
	for _, p := range test.positive {
		if p {
			out.Positives++
		}
	}
	var err error
	if out.ScoreAUC, out.ScoreF1, _, err = discrimination(s.scores, s.positive, test.scores, test.positive); err != nil {
		return nil, err
	}
	model := metrics.FitLogistic(s.features, s.positive)
	chosen, p := model.Apply(s.features), model.Apply(test.features)
	if out.AUC, out.F1, out.Threshold, err = discrimination(chosen, s.positive, p, test.positive); err != nil {
		return nil, err
	}
	if out.LogLoss, err = metrics.LogLoss(p, test.positive); err != nil {
		return nil, err
	}
	out.RMSE, err = metrics.RMSE(metrics.FitLine(chosen, s.weights).Apply(p), test.weights)
	return out, err
}

// discrimination is AUC and F1 of test rows, at the threshold that is best on validation rows.
func discrimination(valid []float64, validPositive []bool, test []float64, positive []bool) (auc, f1, threshold float64, err error) {
	if auc, err = metrics.AUC(test, positive); err != nil {
		return 0, 0, 0, err
	}
	if threshold, _, err = metrics.BestThreshold(valid, validPositive); err != nil {
		return 0, 0, 0, err
	}
	f1, err = metrics.F1(test, positive, threshold)
	return auc, f1, threshold, err
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
