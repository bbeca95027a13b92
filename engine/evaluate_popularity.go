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
	order   []int32 // items with users, most first, ties by the lower row
	rest    []int32 // items that nobody has, by chance
}

// newPopularityRanker puts items that nobody has in an order by seed, begun elsewhere for each user. By row they would
// look better than they are: what was imported first tends to be what people know.
func newPopularityRanker(d *dataset, train []int32, seed uint64) *popularityRanker {
	p := &popularityRanker{history: newHistory(d, train)}
	for i := range int32(len(d.items)) {
		if len(p.history.fans[i]) > 0 {
			p.order = append(p.order, i)
		} else {
			p.rest = append(p.rest, i)
		}
	}
	slices.SortStableFunc(p.order, func(a, b int32) int { return cmp.Compare(len(p.history.fans[b]), len(p.history.fans[a])) })
	rand.New(rand.NewPCG(seed, 3)).Shuffle(len(p.rest), func(a, b int) { p.rest[a], p.rest[b] = p.rest[b], p.rest[a] })
	return p
}

// TopK is the contract of ranker; the score of an item is its number of users.
func (p *popularityRanker) TopK(ctx context.Context, users []int32, k int, candidates []int32, excludeSeen bool) ([][]int32, [][]float32, error) {
	eligible := p.history.warm
	if candidates != nil {
		eligible = make([]bool, len(p.history.warm))
		for _, i := range candidates {
			eligible[i] = true
		}
	}
	lists, scores := make([][]int32, len(users)), make([][]float32, len(users))
	for j, u := range users {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		turn := turnOf(u, len(p.rest))
		for _, part := range [][]int32{p.order, p.rest[turn:], p.rest[:turn]} {
			for _, i := range part {
				if len(lists[j]) == k {
					break
				}
				if eligible[i] && !(excludeSeen && p.history.contains(u, i)) {
					lists[j] = append(lists[j], i)
					scores[j] = append(scores[j], float32(len(p.history.fans[i])))
				}
			}
		}
	}
	return lists, scores, nil
}

// turnOf is where in an order of n by chance a user's begins: one order for everybody would make the figure of chance
// itself a matter of luck.
func turnOf(user int32, n int) int {
	const stride = 7919 // prime: neighbouring users begin far apart
	return int(user) * stride % max(n, 1)
}
