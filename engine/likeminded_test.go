package engine

import (
	"math"
	"slices"
	"testing"

	"github.com/kenrec/ken/engine/internal/mf"
	"github.com/kenrec/ken/engine/internal/sparse"
	"github.com/kenrec/ken/graph"
)

// likeMindedModel has users who like the items of their rows, on nothing but the scorer like-minded.
func likeMindedModel(rows [][]int32, target []float32) *model {
	x := &sparse.CSR{Rows: len(rows), Cols: 6, Ptr: []int64{0}}
	for _, items := range rows {
		x.Idx = append(x.Idx, items...)
		x.Ptr = append(x.Ptr, int64(len(x.Idx)))
	}
	x.Val = make([]float32, len(x.Idx))
	return &model{users: make([]graph.Idx, len(rows)), items: make([]graph.Idx, x.Cols), history: x, target: target,
		factors: &mf.Model{Warm: make([]bool, x.Cols)}, likeMinded: newLikeMinded(0.5, x, target)}
}

// ridgeOf is the slow way to the weights of users: every pair of their rows compared, solved by elimination in float64.
func ridgeOf(rows [][]int32, past mf.History, users []int32) map[int32]float64 {
	fans := map[int32]float64{}
	for _, row := range rows {
		for _, i := range row {
			fans[i]++
		}
	}
	shared := func(a, b []int32) (sum float64) {
		for _, i := range a {
			if slices.Contains(b, i) {
				sum += 1 / math.Sqrt(fans[i])
			}
		}
		return sum
	}
	n := len(users)
	s := make([][]float64, n)
	for a, u := range users {
		s[a] = make([]float64, n+1)
		for b, v := range users {
			s[a][b] = shared(rows[u], rows[v])
		}
		s[a][a] += peerRidge
		s[a][n] = shared(rows[u], past.Items)
	}
	for p := range s {
		for q := range s {
			if q == p {
				continue
			}
			f := s[q][p] / s[p][p]
			for j := range s[q] {
				s[q][j] -= f * s[p][j]
			}
		}
	}
	w := map[int32]float64{}
	for a, u := range users {
		w[u] = s[a][n] / s[a][a]
	}
	return w
}

// weighed finds and weighs the peers of a person.
func weighed(m *model, p *person, b *board) []peer {
	peers := m.peers(p, b)
	rows := m.named(p.past, peers, b)
	b.numbers.begin(len(m.items), false)
	b.numbers.take(rows)
	if len(peers) > 0 {
		m.weigh(p.past, peers, rows, &b.numbers, b)
	}
	return peers
}

func TestPeers(t *testing.T) {
	rows := [][]int32{{0, 1, 2}, {0, 1}, {0, 3, 4, 5}, {4, 5}, {0}}
	m := likeMindedModel(rows, nil)
	tests := []struct {
		why  string
		p    person
		want []int32
	}{
		{"her own row is no peer", person{self: 2, past: mf.History{Items: []int32{0, 1}}}, []int32{0, 4, 2}},
		{"somebody from outside has all of them", person{past: mf.History{Items: []int32{1}}}, []int32{1, 0}},
		{"a dislike finds nobody", person{past: mf.History{Items: []int32{1}, Target: []float32{-1}}}, nil},
		{"a dislike beside a like says nothing", person{past: mf.History{Items: []int32{1, 4}, Target: []float32{1, -1}}}, []int32{1, 0}},
		{"what nobody has finds nobody", person{}, nil},
	}
	b := newBoard(6)
	for _, test := range tests {
		got := weighed(m, &test.p, b)
		liked := mf.History{}
		for n, i := range test.p.past.Items {
			if test.p.past.TargetOf(n) > 0 {
				liked.Items = append(liked.Items, i)
			}
		}
		want := ridgeOf(rows, liked, test.want)
		var users []int32
		for _, x := range got {
			users = append(users, x.user)
			if math.Abs(float64(x.weight)-want[x.user]) > 1e-6 {
				t.Errorf("%s: %v, want weights %v", test.why, got, want)
			}
		}
		if !slices.Equal(users, test.want) {
			t.Errorf("%s: %v, want users %v, the most alike first", test.why, got, test.want)
		}
	}
	m = likeMindedModel([][]int32{{0, 1}, {0, 2}}, []float32{-1, 1, 1, 1})
	if got := weighed(m, &person{past: mf.History{Items: []int32{0}}}, b); len(got) != 1 || got[0].user != 1 {
		t.Errorf("peers by item 0: %v, want user 1 alone: user 0 dislikes it", got)
	}
	m.likeMinded.weight = 0
	if got := weighed(m, &person{past: mf.History{Items: []int32{0}}}, b); got != nil {
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
	m := likeMindedModel(rows, nil)
	got := weighed(m, &person{past: mf.History{Items: []int32{0, 1}}}, newBoard(6))
	if len(got) != 1 || got[0].user != 7 {
		t.Errorf("%d peers, want user 7 alone", len(got))
	}
}

// A full house of peers weighs as the slow way has it, and the addends of a history are exactly what the peers say.
func TestLikenessBy(t *testing.T) {
	rows, items := make([][]int32, 3*peerCount), int32(6)
	for u := range rows {
		for i := range items {
			if (u>>i)&1 == 1 || i == int32(u)%items {
				rows[u] = append(rows[u], i)
			}
		}
	}
	m := likeMindedModel(rows, nil)
	past := mf.History{Items: []int32{0, 2, 3}, Target: []float32{1, 0.5, -1}}
	p, b := &person{past: past, self: 6}, newBoard(int(items))
	peers := weighed(m, p, b)
	users := make([]int32, len(peers))
	for n, x := range peers {
		users[n] = x.user
	}
	if len(peers) != peerCount || slices.Contains(users, 5) {
		t.Fatalf("%d peers %v, want %d without herself", len(peers), users, peerCount)
	}
	likes := func(u, item int32) bool { return slices.Contains(rows[u], item) }
	by := []map[int32]float64{ridgeOf(rows, mf.History{Items: past.Items[:1]}, users), ridgeOf(rows, mf.History{Items: past.Items[1:2]}, users)}
	for item := range items {
		want, said, whole := [2]float64{}, 0.0, 0.0
		for _, x := range peers {
			if likes(x.user, item) {
				want[0] += by[0][x.user]
				want[1] += 0.5 * by[1][x.user]
				said += float64(x.weight)
			}
		}
		err := m.likenessBy(past, peers, func(u int32) bool { return likes(u, item) }, func(of int32, value float32) error {
			n := slices.Index(past.Items[:2], of)
			if n < 0 {
				t.Fatalf("item %d: an addend %g of item %d, which is disliked", item, value, of)
			}
			if whole += float64(value); math.Abs(float64(value)-want[n]) > 1e-5 {
				t.Errorf("item %d: %g by item %d, want %g", item, value, of, want[n])
			}
			return nil
		})
		if err != nil || math.Abs(whole-said) > 1e-5 {
			t.Errorf("item %d: addends add up to %g, want what the peers say, %g; %v", item, whole, said, err)
		}
	}
	if again := weighed(m, p, b); !slices.Equal(again, peers) {
		t.Error("other peers on a board that was used")
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
	sparse, dense := scale{users: likeMindedUsers, items: 100, events: 20000}, scale{users: likeMindedUsers, items: 100, events: 300000}
	if w := (Config{}).likeMinded(sparse); w != likeMindedShare {
		t.Errorf("share on sparse data is %g, want %g", w, likeMindedShare)
	}
	few := scale{users: likeMindedUsers / 2, items: 100, events: 10000}
	if w := (Config{}).likeMinded(few); w != likeMindedShare/2 {
		t.Errorf("share with half as many users is %g, want %g", w, likeMindedShare/2)
	}
	if w := (Config{}).likeMinded(dense); w != 0 {
		t.Errorf("share on dense data is %g, want 0", w)
	}
	if w := (Config{}).unblended().likeMinded(sparse); w != 0 {
		t.Errorf("share of the factorisation alone is %g, want 0", w)
	}
}
