package engine

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/kenrec/ken/graph"
)

// planted is a dataset whose users like items of their own group: 60 users, 40 items, 4 groups, the user's items at
// times 1, 2, 3…, and a triple from each item to its group.
func planted(seed uint64) *dataset {
	const users, items, groups = 60, 40, 4
	d := blank(users, items, groups)
	rng := rand.New(rand.NewPCG(seed, 0))
	for u := range int32(users) {
		for at, n := range rng.Perm(items / groups)[:6] {
			item := int32(n*groups) + u%groups
			if rng.IntN(8) == 0 {
				item = int32(rng.IntN(items))
			}
			d.events = append(d.events, event{user: u, item: item, weight: 1, time: int64(at + 1)})
		}
	}
	for i := range items {
		d.triples = append(d.triples, graph.TripleRow{Head: d.items[i], Tail: graph.Idx(users + items + i%groups), Weight: 1})
	}
	return d
}

// blank is a dataset with users u0, u1, …, items i0, i1, … and other nodes, and nothing that joins them.
func blank(users, items, others int) *dataset {
	d := &dataset{symName: func(graph.Sym) string { return "" }}
	for n := range users + items + others {
		d.userRow, d.itemRow = append(d.userRow, -1), append(d.itemRow, -1)
		id := fmt.Sprintf("o%d", n-users-items)
		switch {
		case n < users:
			id = fmt.Sprintf("u%d", n)
			d.userRow[n] = int32(n)
			d.users = append(d.users, graph.Idx(n))
		case n < users+items:
			id = fmt.Sprintf("i%d", n-users)
			d.itemRow[n] = int32(n - users)
			d.items = append(d.items, graph.Idx(n))
		}
		d.nodes = append(d.nodes, nodeInfo{id: id})
	}
	return d
}

// likes appends an event of weight 1.
func (d *dataset) likes(user int32, items ...int32) *dataset {
	for _, i := range items {
		d.events = append(d.events, event{user: user, item: i, weight: 1})
	}
	return d
}

// scriptRanker ranks by a given score, with the history of its training rows.
type scriptRanker struct {
	d       *dataset
	history history
	score   func(user, item int32) float32
	train   []int32
}

func (r *scriptRanker) TopK(_ context.Context, users []int32, k int, candidates []int32, excludeSeen bool) ([][]int32, [][]float32, error) {
	lists, scores := make([][]int32, len(users)), make([][]float32, len(users))
	for j, u := range users {
		var pool []int32
		for i := range int32(len(r.d.items)) {
			eligible := r.history.warm[i]
			if candidates != nil {
				eligible = slices.Contains(candidates, i)
			}
			if eligible && !(excludeSeen && r.history.contains(u, i)) {
				pool = append(pool, i)
			}
		}
		slices.SortStableFunc(pool, func(a, b int32) int { return cmp.Compare(r.score(u, b), r.score(u, a)) })
		lists[j] = pool[:min(k, len(pool))]
		for _, i := range lists[j] {
			scores[j] = append(scores[j], r.score(u, i))
		}
	}
	return lists, scores, nil
}

func (r *scriptRanker) FoldIn(_ context.Context, rows []int32) (ranker, error) {
	return newScript(r.d, append(slices.Clone(r.train), rows...), r.score), nil
}

func newScript(d *dataset, train []int32, score func(user, item int32) float32) *scriptRanker {
	return &scriptRanker{d: d, history: newHistory(d, train), score: score, train: train}
}

// noise is a score without meaning, the same every time.
func noise(user, item int32) float32 {
	return float32(rand.New(rand.NewPCG(uint64(user), uint64(item))).IntN(1000)) / 1000
}

// group scores items of the user's group above the others.
func group(user, item int32) float32 {
	s := noise(user, item)
	if user%4 == item%4 {
		s += 5
	}
	return s
}

// fitPlanted knows the groups with knowledge and nothing without.
func fitPlanted(d *dataset) fitter {
	return func(_ context.Context, train []int32, _ Config, v variant) (ranker, error) {
		if v.kind == variantFull || v.kind == variantKnowledge || v.kind == variantSource && v.source == "group" {
			return newScript(d, train, group), nil
		}
		return newScript(d, train, noise), nil
	}
}
