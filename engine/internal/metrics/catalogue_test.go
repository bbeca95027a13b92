package metrics

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCatalogueByHand(t *testing.T) {
	lists := [][]int32{{0, 1}, {0, 2}, {}, {0}}
	pop := []int{8, 2, 0, 4}
	shown := Exposure(lists, 4)
	if diff := cmp.Diff([]int{3, 1, 1, 0}, shown); diff != "" {
		t.Fatal(diff)
	}
	tests := []struct {
		name      string
		got, want float64
		why       string
	}{
		{"coverage", Coverage(shown, nil), .75, "3 of 4"},
		{"coverage of candidates", Coverage(shown, []int32{0, 3}), .5, "item 3 is never shown"},
		{"coverage of none", Coverage(shown, []int32{}), 0, "no candidate, no NaN"},
		{"gini", Gini(shown, nil), .45, "x = 0 1 1 3: (−3·0 −1·1 +1·1 +3·3)/(4·5)"},
		{"gini even", Gini([]int{2, 2, 2}, nil), 0, "all alike"},
		{"gini one takes all", Gini([]int{0, 0, 0, 7}, nil), .75, "1 − 1/n"},
		{"gini of nothing shown", Gini([]int{0, 0}, nil), 0, "no NaN"},
		{"novelty", Novelty(lists, pop, 8), (1 + 1.5 + 0) / 3, "lists: (0+2)/2, (0+3)/2, 0; the cold item counts as had by one of 8"},
		{"popularity", MeanPopularity(lists, pop), (5. + 4 + 8) / 3, "the empty list is left out"},
		{"diversity", Diversity(lists, func(i, j int32) float64 { return float64(j) / 4 }), .625, "pairs (0,1) .75 and (0,2) .5; single items have no pair"},
		{"diversity of singles", Diversity([][]int32{{1}}, nil), 0, "no pair, no NaN"},
	}
	for _, tt := range tests {
		near(t, tt.name+" ("+tt.why+")", tt.got, tt.want)
	}
}

func TestCatalogueBounds(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 100 {
		n := 1 + rng.IntN(30)
		lists := make([][]int32, rng.IntN(20))
		for u := range lists {
			lists[u] = wide32(rng.Perm(n)[:rng.IntN(n+1)])
		}
		before := Exposure(lists, n)
		shown := slices.Clone(before)
		g, c := Gini(shown, nil), Coverage(shown, nil)
		if !(g >= 0 && g < 1) || !(c >= 0 && c <= 1) {
			t.Fatalf("gini %v, coverage %v for %v", g, c, shown)
		}
		if !slices.Equal(before, shown) {
			t.Fatal("Gini sorted its argument")
		}
	}
}
