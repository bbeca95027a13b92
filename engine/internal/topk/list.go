package topk

import "math"

// List keeps the best k of the candidates pushed to it, ties to the lower item: for candidates that come from several
// places. The zero List keeps none. It is not safe for concurrent use.
type List struct {
	k    int
	best heap
}

// Reset empties the list and sets its length. Memory of at most limit candidates is made at once.
func (l *List) Reset(k, limit int) {
	l.k, l.best = max(k, 0), l.best[:0]
	if n := min(l.k, limit); cap(l.best) < n {
		l.best = make(heap, 0, n)
	}
}

// Push offers a candidate; each item is pushed at most once. A NaN is never kept.
func (l *List) Push(item int32, score float32) {
	c := candidate{score, item}
	if score != score || l.k == 0 || len(l.best) == l.k && !better(c, l.best[0]) {
		return
	}
	l.best.push(c, l.k)
}

// Floor returns the score of the worst item kept, −∞ while there is room for more: below it nothing is kept.
func (l *List) Floor() float32 {
	if len(l.best) < l.k || l.k == 0 {
		return float32(math.Inf(-1))
	}
	return l.best[0].score
}

// Drain empties the list into new slices, best first.
func (l *List) Drain() (ids []int32, scores []float32) {
	ids, scores = make([]int32, len(l.best)), make([]float32, len(l.best))
	l.best.drain(ids, scores)
	return ids, scores
}
