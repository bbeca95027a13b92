package topk

// candidate is an item with its score.
type candidate struct {
	score float32
	item  int32
}

// better reports whether a ranks before b: higher score, then lower item. No score is NaN.
func better(a, b candidate) bool {
	return a.score > b.score || a.score == b.score && a.item < b.item
}

// heap keeps the best k candidates pushed, the worst of them at the root.
type heap []candidate

// push adds c and drops the worst candidate once there are k.
func (h *heap) push(c candidate, k int) {
	if len(*h) < k {
		*h = append(*h, c)
		s := *h
		for i := len(s) - 1; i > 0; {
			up := (i - 1) / 2
			if better(s[i], s[up]) {
				break
			}
			s[i], s[up] = s[up], s[i]
			i = up
		}
		return
	}
	s := *h
	if !better(c, s[0]) {
		return
	}
	i := 0
	for {
		down := 2*i + 1
		if down >= len(s) {
			break
		}
		if down+1 < len(s) && better(s[down], s[down+1]) {
			down++
		}
		if better(s[down], c) {
			break
		}
		s[i] = s[down]
		i = down
	}
	s[i] = c
}

// Select returns the k best positions of scores and their scores, best first, ties to the lower position; fewer
// when fewer are allowed. A nil allowed admits all; it is asked only about positions that would make the list. A NaN is never selected.
func Select(scores []float32, k int, allowed func(i int) bool) (ids []int32, best []float32) {
	k = min(k, len(scores))
	if k <= 0 {
		return nil, nil
	}
	h := make(heap, 0, k)
	for i, v := range scores {
		c := candidate{v, int32(i)}
		if v != v || len(h) == k && !better(c, h[0]) || allowed != nil && !allowed(i) {
			continue
		}
		h.push(c, k)
	}
	ids, best = make([]int32, len(h)), make([]float32, len(h))
	h.drain(ids, best)
	return ids, best
}

// drain sorts the candidates into ids and scores, best first, and empties the heap.
func (h *heap) drain(ids []int32, scores []float32) {
	s := *h
	for n := len(s) - 1; n >= 0; n-- {
		worst, last := s[0], s[n]
		s = s[:n]
		ids[n], scores[n] = worst.item, worst.score
		if n == 0 {
			break
		}
		i := 0
		for {
			down := 2*i + 1
			if down >= n {
				break
			}
			if down+1 < n && better(s[down], s[down+1]) {
				down++
			}
			if better(s[down], last) {
				break
			}
			s[i] = s[down]
			i = down
		}
		s[i] = last
	}
	*h = (*h)[:0]
}
