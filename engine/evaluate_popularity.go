package engine

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
)

// popularityRanker gives everybody the items that most users have: the least a recommender must beat.
type popularityRanker struct {
	history history
	order   []int32 // all items, most users first, ties by the lower row; items without users by chance
}

// newPopularityRanker puts items that nobody has in an order by seed. By row they would look better than they are: what
// was imported first tends to be what people know.
func newPopularityRanker(d *dataset, train []int32, seed uint64) *popularityRanker {
	p := &popularityRanker{history: newHistory(d, train), order: make([]int32, len(d.items))}
	for i := range p.order {
		p.order[i] = int32(i)
	}
	slices.SortStableFunc(p.order, func(a, b int32) int { return cmp.Compare(len(p.history.fans[b]), len(p.history.fans[a])) })
	if known := slices.IndexFunc(p.order, func(i int32) bool { return len(p.history.fans[i]) == 0 }); known >= 0 {
		rest := p.order[known:]
		rand.New(rand.NewPCG(seed, 3)).Shuffle(len(rest), func(a, b int) { rest[a], rest[b] = rest[b], rest[a] })
	}
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
