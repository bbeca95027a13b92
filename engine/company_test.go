package engine

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"github.com/kenrec/ken/engine/internal/mf"
	"github.com/kenrec/ken/engine/internal/sparse"
	"github.com/kenrec/ken/graph"
)

// companyModel has users who like the items of their rows, on nothing but the scorer like-minded.
func companyModel(rows [][]int32, target []float32) *model {
	x := &sparse.CSR{Rows: len(rows), Cols: 6, Ptr: []int64{0}}
	for _, items := range rows {
		x.Idx = append(x.Idx, items...)
		x.Ptr = append(x.Ptr, int64(len(x.Idx)))
	}
	x.Val = make([]float32, len(x.Idx))
	return &model{users: make([]graph.Idx, len(rows)), history: x, target: target, company: newCompany(0.5, x, target)}
}

func TestPeers(t *testing.T) {
	m := companyModel([][]int32{{0, 1, 2}, {0, 1}, {0, 3, 4, 5}, {4, 5}, {0}}, nil)
	zero := 1 / math.Sqrt(4) // four like item 0, two like item 1
	one := 1 / math.Sqrt(2)
	tests := []struct {
		why  string
		p    person
		want map[int32]float64
	}{
		{"her own row is no peer", person{self: 2, past: mf.History{Items: []int32{0, 1}}},
			map[int32]float64{0: (zero + one) / math.Sqrt(3), 2: zero / 2, 4: zero}},
		{"somebody from outside has all of them", person{past: mf.History{Items: []int32{1}}},
			map[int32]float64{0: one / math.Sqrt(3), 1: one / math.Sqrt(2)}},
		{"a dislike finds nobody", person{past: mf.History{Items: []int32{1}, Target: []float32{-1}}}, map[int32]float64{}},
		{"what nobody has finds nobody", person{}, map[int32]float64{}},
	}
	b := newBoard(6)
	for _, test := range tests {
		got := m.peers(&test.p, b)
		if len(got) != len(test.want) {
			t.Errorf("%s: %v, want %v", test.why, got, test.want)
		}
		for _, x := range got {
			if math.Abs(float64(x.weight)-test.want[x.user]) > 1e-6 {
				t.Errorf("%s: %v, want %v", test.why, got, test.want)
			}
		}
		if !slices.IsSortedFunc(got, func(a, b peer) int { return cmp.Compare(b.weight, a.weight) }) {
			t.Errorf("%s: %v, want the most alike first", test.why, got)
		}
	}
	m = companyModel([][]int32{{0, 1}, {0, 2}}, []float32{-1, 1, 1, 1})
	if got := m.peers(&person{past: mf.History{Items: []int32{0}}}, b); len(got) != 1 || got[0].user != 1 {
		t.Errorf("peers by item 0: %v, want user 1 alone: user 0 dislikes it", got)
	}
	m.company.weight = 0
	if got := m.peers(&person{past: mf.History{Items: []int32{0}}}, b); got != nil {
		t.Errorf("without a share: %v, want none", got)
	}
}

// Fans of hits are not counted one and all: work is bounded, rare items have the first say.
func TestPeersOfHits(t *testing.T) {
	rows := make([][]int32, mostMeetings+1)
	for u := range rows {
		rows[u] = []int32{0}
	}
	rows[7] = []int32{0, 1}
	m := companyModel(rows, nil)
	got := m.peers(&person{past: mf.History{Items: []int32{0, 1}}}, newBoard(6))
	if len(got) != 1 || got[0].user != 7 {
		t.Errorf("%d peers, want user 7 alone", len(got))
	}
}

// The parts of a score that like-minded has a say in add up, and it moves lists.
func TestLikeMindedExplained(t *testing.T) {
	e, d := world(t)
	cfg := quick()
	lists := map[float64][]string{}
	for _, weight := range []float64{0, 0.5} {
		cfg.Scorers = []Weight{{scorerCoChoice, 0.1}, {scorerItemItem, 0}, {scorerLikeMinded, weight}}
		if _, err := e.Train(t.Context(), TrainOptions{Config: cfg}); err != nil {
			t.Fatal(err)
		}
		for _, x := range recommend(t, e, Query{User: d.Tastes[30].User, K: 20}).Items {
			checkExplained(t, e, d.Tastes[30].User, x)
			lists[weight] = append(lists[weight], x.Item)
		}
	}
	if slices.Equal(lists[0], lists[0.5]) {
		t.Error("the same list with and without like-minded")
	}
}

func TestLikeMindedShare(t *testing.T) {
	sparse, dense := scale{users: companyUsers, items: 100, events: 20000}, scale{users: companyUsers, items: 100, events: 300000}
	if w := (Config{}).likeMinded(sparse); w != companyShare {
		t.Errorf("share on sparse data is %g, want %g", w, companyShare)
	}
	few := scale{users: companyUsers / 2, items: 100, events: 10000}
	if w := (Config{}).likeMinded(few); w != companyShare/2 {
		t.Errorf("share with half as many users is %g, want %g", w, companyShare/2)
	}
	if w := (Config{}).likeMinded(dense); w != 0 {
		t.Errorf("share on dense data is %g, want 0", w)
	}
	if w := (Config{}).unblended().likeMinded(sparse); w != 0 {
		t.Errorf("share of the factorisation alone is %g, want 0", w)
	}
}
