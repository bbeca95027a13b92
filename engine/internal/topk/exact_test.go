package topk

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/kernel"
	"github.com/kenrec/ken/engine/internal/par"
)

// variants returns v prepared in every way this machine can scan.
func variants(v dense.Matrix) map[string]*Items {
	m := map[string]*Items{"float": newItems(v, false)}
	if kernel.HasInt8() {
		m["int8"] = newItems(v, true)
	}
	return m
}

// whole fills a matrix with small whole numbers: every sum is exact, and there are plenty of ties.
func whole(rows, cols int, rng *rand.Rand) dense.Matrix {
	m := dense.New(rows, cols)
	for i := range rows {
		size := rng.IntN(6)
		for j := range cols {
			m.Set(i, j, float32(rng.IntN(2*size+1)-size))
		}
	}
	return m
}

// filtered is a request with everything in it that fits n items and users.
func filtered(users dense.Matrix, n, k int, rng *rand.Rand) Request {
	req := Request{Users: users, K: k, Allowed: make([]uint64, (n+63)/64)}
	for i := range req.Allowed {
		req.Allowed[i] = rng.Uint64() | rng.Uint64()
	}
	for i := range n {
		if i%3 != 0 || i > n/2 {
			continue // most items have none, and the rest of the panels neither
		}
		req.Bonus.Items = append(req.Bonus.Items, int32(i))
		req.Bonus.Scores = append(req.Bonus.Scores, float32(rng.IntN(21)-10))
	}
	lists := make([][]int32, users.Rows)
	for u := range lists {
		for range rng.IntN(1 + n/3) {
			lists[u] = append(lists[u], int32(rng.IntN(n)))
		}
		slices.Sort(lists[u])
	}
	req.Exclude = func(u int) []int32 { return lists[u] }
	return req
}

// leasts are scores to reach: none, one that few items reach, one that many do.
func leasts(users int) []float32 {
	least := make([]float32, users)
	for u := range least {
		least[u] = [...]float32{float32(math.Inf(-1)), 7, 0, float32(math.Inf(1))}[u%4]
	}
	return least
}

// fullSort is the slow, obvious search: score all, sort all.
func fullSort(v dense.Matrix, req Request, u int) []candidate {
	var all []candidate
	for i := range v.Rows {
		if req.Allowed != nil && req.Allowed[i/64]>>(i%64)&1 == 0 {
			continue
		}
		if req.Exclude != nil && slices.Contains(req.Exclude(u), int32(i)) {
			continue
		}
		var s float64
		for j, x := range v.Row(i) {
			s += float64(x) * float64(req.Users.At(u, j))
		}
		if at := slices.Index(req.Bonus.Items, int32(i)); at >= 0 {
			s += float64(req.Bonus.Scores[at])
		}
		if req.Least != nil && float32(s) < req.Least[u] {
			continue
		}
		all = append(all, candidate{float32(s), int32(i)})
	}
	slices.SortFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.item, b.item))
	})
	return all[:min(req.K, len(all))]
}

func TestSearchEqualsFullSort(t *testing.T) {
	for _, tt := range []struct{ items, users, f, k int }{
		{1, 1, 1, 1}, {1, 5, 3, 4}, {31, 2, 4, 5}, {32, 3, 5, 32}, {33, 40, 8, 7}, {100, 29, 13, 20}, {700, 15, 16, 10},
		{3000, 31, 33, 50}, {900, 1, 64, 20}, {257, 9, 2, 257}, {257, 6, 2, 300},
	} {
		rng := par.Stream(1, uint64(tt.items))
		v, users := whole(tt.items, tt.f, rng), whole(tt.users, tt.f, rng)
		for name, it := range variants(v) {
			for why, req := range map[string]Request{
				"plain":    {Users: users, K: tt.k},
				"filtered": filtered(users, tt.items, tt.k, par.Stream(2, uint64(tt.items))),
				"least":    {Users: users, K: tt.k, Least: leasts(tt.users)},
			} {
				what := fmt.Sprintf("%s, %s: %d items, %d users, f=%d, k=%d", name, why, tt.items, tt.users, tt.f, tt.k)
				ids, scores, err := it.Search(t.Context(), req, 2)
				if err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				for u := range tt.users {
					want := fullSort(v, req, u)
					for i := range tt.k {
						id, score := ids[u*tt.k+i], scores[u*tt.k+i]
						if i >= len(want) {
							if id != -1 || score != 0 {
								t.Fatalf("%s: user %d place %d is item %d with %g, want none", what, u, i, id, score)
							}
						} else if id != want[i].item || score != want[i].score {
							t.Fatalf("%s: user %d place %d is item %d with %g, want %d with %g", what, u, i, id, score, want[i].item, want[i].score)
						}
					}
				}
			}
		}
	}
}

// TestSearchRealNumbers checks with numbers that round: no item outside the list may be better than its last by more than rounding.
func TestSearchRealNumbers(t *testing.T) {
	v, users := random(2000, 48, 1), random(40, 48, 2)
	for i := range v.Rows { // a long tail of small and of tiny norms
		kernel.Scale(v.Data[i*v.Stride:][:48], float32(math.Pow(10, -float64(i%40)/4)), v.Row(i))
	}
	clear(users.Row(3))
	kernel.Scale(users.Data[4*users.Stride:][:48], 1e-35, users.Row(4))
	kernel.Scale(users.Data[5*users.Stride:][:48], 1e15, users.Row(5))
	const k = 15
	for name, it := range variants(v) {
		req := Request{Users: users, K: k}
		ids, scores, err := it.Search(t.Context(), req, 1)
		if err != nil {
			t.Fatal(err)
		}
		for u := range users.Rows {
			for i, want := range fullSort(v, req, u) {
				tolerance := 1e-5 * float64(norm(users.Row(u))) * float64(norm(v.Row(int(want.item))))
				if math.Abs(float64(scores[u*k+i]-want.score)) > tolerance {
					t.Fatalf("%s: user %d place %d: item %d with %g, want %d with %g", name, u, i, ids[u*k+i], scores[u*k+i], want.item, want.score)
				}
			}
			list := ids[u*k : (u+1)*k]
			if slices.Contains(list, -1) || len(slices.Compact(slices.Sorted(slices.Values(list)))) != k {
				t.Fatalf("%s: user %d has the list %v", name, u, list)
			}
		}
	}
}

func TestSearchSameForAnyWorkersAndCompany(t *testing.T) {
	v, users := random(1500, 40, 3), random(300, 40, 4)
	for name, it := range variants(v) {
		req := filtered(users, v.Rows, 12, par.Stream(3, 3))
		ids, scores, err := it.Search(t.Context(), req, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, workers := range []int{2, 8} {
			gotIDs, gotScores, err := it.Search(t.Context(), req, workers)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(gotIDs, ids) || !slices.Equal(gotScores, scores) {
				t.Errorf("%s: %d workers give another result than 1", name, workers)
			}
		}
		for _, u := range []int{0, 17, 299} {
			one := req
			one.Users = users.Slice(u, u+1)
			one.Exclude = func(int) []int32 { return req.Exclude(u) }
			gotIDs, gotScores, err := it.Search(t.Context(), one, 1)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(gotIDs, ids[u*12:(u+1)*12]) || !slices.Equal(gotScores, scores[u*12:(u+1)*12]) {
				t.Errorf("%s: user %d alone gets another list than in company", name, u)
			}
		}
	}
}

func TestSearchNothing(t *testing.T) {
	for _, tt := range []struct {
		items, users, k int
		why             string
	}{
		{0, 3, 2, "no items"}, {5, 0, 2, "no users"}, {5, 3, 0, "nothing asked"},
	} {
		it := NewItems(random(tt.items, 4, 1))
		ids, scores, err := it.Search(t.Context(), Request{Users: random(tt.users, 4, 2), K: tt.k}, 2)
		if err != nil || len(ids) != tt.users*tt.k || len(scores) != len(ids) || slices.ContainsFunc(ids, func(id int32) bool { return id != -1 }) {
			t.Errorf("%s: ids %v, scores %v, error %v", tt.why, ids, scores, err)
		}
	}
}
