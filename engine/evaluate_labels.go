package engine

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/kenrec/ken/engine/internal/metrics"
)

// judgeLabels measures scores of single rows, as click-through papers do: the held-out rows are dealt by seed into two
// halves, the first chooses threshold and calibration, the second is measured. Holding out 0.4 gives the usual 6:2:2.
func (ev *evaluation) judgeLabels(ctx context.Context, r ranker, h *holdout) (*LabelScores, error) {
	rows := make([]labelRow, 0, len(h.rows))
	for _, row := range h.rows {
		if int(row.item) < len(ev.data.items) {
			rows = append(rows, row)
		}
	}
	scores, err := scoreRows(ctx, r, rows)
	if err != nil {
		return nil, err
	}
	half := len(rows) / 2
	var valid, test labelSet
	for j, at := range rand.New(rand.NewPCG(ev.o.Seed, 0)).Perm(len(rows)) {
		if j < half {
			valid.add(scores[at], rows[at].weight)
		} else {
			test.add(scores[at], rows[at].weight)
		}
	}
	out, err := valid.judge(&test)
	if err != nil {
		return nil, fmt.Errorf("%w: labelled rows: %w", ErrNoData, err)
	}
	return out, nil
}

// labelSet is scored rows with their labels.
type labelSet struct {
	scores, weights []float64
	positive        []bool
}

func (s *labelSet) add(score, weight float32) {
	s.scores = append(s.scores, float64(score))
	s.weights = append(s.weights, float64(weight))
	s.positive = append(s.positive, weight > 0)
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
	if out.AUC, err = metrics.AUC(test.scores, test.positive); err != nil {
		return nil, err
	}
	if out.Threshold, _, err = metrics.BestThreshold(s.scores, s.positive); err != nil {
		return nil, err
	}
	if out.F1, err = metrics.F1(test.scores, test.positive, out.Threshold); err != nil {
		return nil, err
	}
	logistic := metrics.FitLogistic(s.scores, s.positive)
	if out.LogLoss, err = metrics.LogLoss(logistic.Apply(test.scores), test.positive); err != nil {
		return nil, err
	}
	line := metrics.FitLine(s.scores, s.weights)
	out.RMSE, err = metrics.RMSE(line.Apply(test.scores), test.weights)
	return out, err
}

// scoreRows returns the score of each row. It asks for each user's items as the only candidates, so any ranker can do
// it, and what the user has seen is not left out: a row is judged, not recommended.
func scoreRows(ctx context.Context, r ranker, rows []labelRow) ([]float32, error) {
	order := make([]int, len(rows))
	for at := range order {
		order[at] = at
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(rows[a].user, rows[b].user), cmp.Compare(rows[a].item, rows[b].item))
	})
	scores := make([]float32, len(rows))
	for len(order) > 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		user := rows[order[0]].user
		n := 0
		var items []int32
		for ; n < len(order) && rows[order[n]].user == user; n++ {
			items = append(items, rows[order[n]].item)
		}
		items = slices.Compact(items)
		lists, got, err := r.TopK(ctx, []int32{user}, len(items), items, false)
		if err != nil {
			return nil, err
		}
		byItem := make(map[int32]float32, len(items))
		for j, i := range lists[0] {
			byItem[i] = got[0][j]
		}
		if len(byItem) != len(items) {
			return nil, fmt.Errorf("%d of %d items scored for user %d", len(byItem), len(items), user)
		}
		for _, at := range order[:n] {
			scores[at] = byItem[rows[at].item]
		}
		order = order[n:]
	}
	return scores, nil
}
