package metrics

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Errors of the metrics over labelled rows, whose input comes from outside.
var (
	// ErrLength reports slices that should have one entry a row and do not.
	ErrLength = errors.New("metrics: lengths differ")
	// ErrOneClass reports rows that are all positive, all negative or missing, where the metric is not defined.
	ErrOneClass = errors.New("metrics: rows of both classes needed")
	// ErrNotFinite reports a score that is NaN or infinite.
	ErrNotFinite = errors.New("metrics: score is not finite")
)

// AUC is the probability that a random positive row scores above a random negative one, ties counting half:
// (Σ ranks of positives − P(P+1)/2) / (P·N), ranks from 1 and averaged over ties. In [0, 1], 0.5 is chance.
// Rows are pooled over users, as click-through papers do; it is not the mean of per-user AUCs.
// Source: Mann, Whitney 1947; Hanley, McNeil 1982. Errors: ErrLength, ErrOneClass, ErrNotFinite. Cost O(n log n).
func AUC(scores []float64, positive []bool) (float64, error) {
	order, np, err := ranked(scores, positive)
	if err != nil {
		return 0, fmt.Errorf("auc: %w", err)
	}
	nn := len(scores) - np
	rankSum := 0.0
	for lo := 0; lo < len(order); {
		hi, ties := lo, 0
		for ; hi < len(order) && scores[order[hi]] == scores[order[lo]]; hi++ {
			if positive[order[hi]] {
				ties++
			}
		}
		// Rows lo..hi-1 share the mean of the ranks lo+1..hi, counted from the highest score.
		rankSum += float64(ties) * float64(lo+1+hi) / 2
		lo = hi
	}
	// Ranks run from the best score down, so the sum measures how far positives stand from the top.
	below := rankSum - float64(np)*float64(np+1)/2
	return 1 - below/(float64(np)*float64(nn)), nil
}

// F1 is 2·TP / (2·TP + FP + FN) where a row is called positive when its score is at least threshold. In [0, 1]; 0 when
// nothing is a true positive, also when there is no positive row at all. Errors: ErrLength.
func F1(scores []float64, positive []bool, threshold float64) (float64, error) {
	if len(scores) != len(positive) {
		return 0, fmt.Errorf("f1: %w: %d scores, %d labels", ErrLength, len(scores), len(positive))
	}
	tp, called, actual := 0, 0, 0
	for i, s := range scores {
		if positive[i] {
			actual++
		}
		if s >= threshold {
			called++
			if positive[i] {
				tp++
			}
		}
	}
	return f1(tp, called, actual), nil
}

// BestThreshold returns the score that as a threshold gives the highest F1, and that F1; of equals the highest
// threshold. Choose it on validation rows and report F1 on others: chosen on the rows it is measured on, it flatters.
// Errors: ErrLength, ErrOneClass, ErrNotFinite. Cost O(n log n).
func BestThreshold(scores []float64, positive []bool) (threshold, best float64, err error) {
	order, np, err := ranked(scores, positive)
	if err != nil {
		return 0, 0, fmt.Errorf("best threshold: %w", err)
	}
	tp := 0
	best = -1
	for r, i := range order {
		if positive[i] {
			tp++
		}
		if r+1 < len(order) && scores[order[r+1]] == scores[i] {
			continue // a threshold cannot part equal scores
		}
		if f := f1(tp, r+1, np); f > best {
			threshold, best = scores[i], f
		}
	}
	return threshold, best, nil
}

// probabilityFloor keeps one confident mistake from making the log-loss infinite; scikit-learn long used the same.
const probabilityFloor = 1e-15

// LogLoss is the mean of −ln p(label): −1/n Σ [y ln p + (1−y) ln(1−p)], probabilities clipped to [1e-15, 1−1e-15].
// Unit nats, at least 0, ln 2 for a coin. 0 for no rows. Errors: ErrLength, ErrNotFinite.
func LogLoss(probabilities []float64, positive []bool) (float64, error) {
	if len(probabilities) != len(positive) {
		return 0, fmt.Errorf("log-loss: %w: %d probabilities, %d labels", ErrLength, len(probabilities), len(positive))
	}
	sum := 0.0
	for i, p := range probabilities {
		if math.IsNaN(p) {
			return 0, fmt.Errorf("log-loss: row %d: %w", i, ErrNotFinite)
		}
		if !positive[i] {
			p = 1 - p
		}
		sum -= math.Log(min(max(p, probabilityFloor), 1-probabilityFloor))
	}
	return sum / float64(max(len(positive), 1)), nil
}

// RMSE is √(1/n Σ (predicted − actual)²), in the unit of the weights. 0 for no rows. Errors: ErrLength, ErrNotFinite.
func RMSE(predicted, actual []float64) (float64, error) {
	if len(predicted) != len(actual) {
		return 0, fmt.Errorf("rmse: %w: %d predictions, %d values", ErrLength, len(predicted), len(actual))
	}
	sum := 0.0
	for i, p := range predicted {
		d := p - actual[i]
		sum += d * d
	}
	if math.IsNaN(sum) || math.IsInf(sum, 0) {
		return 0, fmt.Errorf("rmse: %w", ErrNotFinite)
	}
	return math.Sqrt(sum / float64(max(len(actual), 1))), nil
}

// ranked returns the rows from the highest score to the lowest, equal scores in row order, and the number of positives.
func ranked(scores []float64, positive []bool) (order []int, np int, err error) {
	if len(scores) != len(positive) {
		return nil, 0, fmt.Errorf("%w: %d scores, %d labels", ErrLength, len(scores), len(positive))
	}
	order = make([]int, len(scores))
	for i, s := range scores {
		if math.IsNaN(s) || math.IsInf(s, 0) {
			return nil, 0, fmt.Errorf("row %d: %w", i, ErrNotFinite)
		}
		order[i] = i
	}
	np = count(positive)
	if np == 0 || np == len(positive) {
		return nil, 0, fmt.Errorf("%w: %d positive of %d", ErrOneClass, np, len(positive))
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case scores[a] > scores[b]:
			return -1
		case scores[a] < scores[b]:
			return 1
		}
		return 0
	})
	return order, np, nil
}

func f1(tp, called, actual int) float64 {
	if tp == 0 {
		return 0
	}
	return 2 * float64(tp) / float64(called+actual)
}
