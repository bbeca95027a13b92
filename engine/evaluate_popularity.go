package engine

import (
	"cmp"
	"context"
	"slices"
)

// popularityRanker gives everybody the items that most users have: the least a recommender must beat.
type popularityRanker struct {
	history history
	order   []int32 // all items, most users first, ties by the lower row
}

func newPopularityRanker(d *dataset, train []int32) *popularityRanker {
	p := &popularityRanker{history: newHistory(d, train), order: make([]int32, len(d.items))}
	for i := range p.order {
		p.order[i] = int32(i)
	}
	slices.SortStableFunc(p.order, func(a, b int32) int { return cmp.Compare(len(p.history.fans[b]), len(p.history.fans[a])) })
	return p
}

// TopK is the contract of ranker; the score of an item is its number of users.
func (p *popularityRanker) TopK(ctx context.Context, users []int32, k int, candidates []int32, excludeSeen bool) ([][]int32, [][]float32, error) {
	eligible := p.history.warm
	if candidates != nil {
		eligible = make([]bool, len(p.order))
		for _, i := range candidates {
			eligible[i] = true
		}
	}
	lists, scores := make([][]int32, len(users)), make([][]float32, len(users))
	for j, u := range users {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		for _, i := range p.order {
			if len(lists[j]) == k {
				break
			}
			if eligible[i] && !(excludeSeen && p.history.contains(u, i)) {
				lists[j] = append(lists[j], i)
				scores[j] = append(scores[j], float32(len(p.history.fans[i])))
			}
		}
	}
	return lists, scores, nil
}
