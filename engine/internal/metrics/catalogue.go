package metrics

import (
	"math"
	"slices"
)

// Exposure counts for each of n items how often it stands in the lists. Items outside [0, n) are ignored.
func Exposure(lists [][]int32, n int) []int {
	shown := make([]int, n)
	for _, list := range lists {
		for _, item := range list {
			if item >= 0 && int(item) < n {
				shown[item]++
			}
		}
	}
	return shown
}

// Coverage is the share of candidates that stand in at least one list: distinct items shown / candidates, in [0, 1].
// Shown is the exposure over all items; candidates nil means all of them. 0 when there is no candidate.
// Source: Herlocker et al. 2004, "Evaluating collaborative filtering recommender systems" (catalogue coverage).
func Coverage(shown []int, candidates []int32) float64 {
	x := pick(shown, candidates)
	if len(x) == 0 {
		return 0
	}
	n := 0
	for _, c := range x {
		if c > 0 {
			n++
		}
	}
	return float64(n) / float64(len(x))
}

// Gini is the inequality of exposure among candidates, those never shown included:
// Σ_j (2j − n − 1) x_j / (n Σ x), x ascending, j from 1. In [0, 1): 0 when all are shown equally often, 1 − 1/n when one
// gets everything. Candidates nil means all items; 0 when nothing was shown.
// Source: Fleder, Hosanagar 2009, "Blockbuster culture's next rise or fall".
func Gini(shown []int, candidates []int32) float64 {
	x := pick(shown, candidates)
	slices.Sort(x)
	n, weighted, total := len(x), 0.0, 0.0
	for j, c := range x {
		weighted += float64(2*(j+1)-n-1) * float64(c)
		total += float64(c)
	}
	if total == 0 {
		return 0
	}
	return weighted / (float64(n) * total)
}

// Novelty is the mean self-information of what is shown, −log2(p_i) bits with p_i = pop_i / users the share of users
// who have item i in training; first the mean over a list, then over the non-empty lists. In [0, log2 users].
// An item that nobody has counts as had by one user, else a single cold item would make it infinite.
// Source: Zhou et al. 2010, "Solving the apparent diversity-accuracy dilemma" (surprisal).
func Novelty(lists [][]int32, pop []int, users int) float64 {
	return meanOfLists(lists, func(item int32) float64 {
		return math.Log2(float64(max(users, 1)) / float64(min(max(pop[item], 1), max(users, 1))))
	})
}

// MeanPopularity is the mean of pop_i, users of the item in training, over each list, then over the non-empty lists.
// Source: Yin et al. 2012, "Challenging the long tail recommendation" (ARP).
func MeanPopularity(lists [][]int32, pop []int) float64 {
	return meanOfLists(lists, func(item int32) float64 { return float64(pop[item]) })
}

// Diversity is the mean of 1 − similarity(i, j) over the pairs of a list, then over the lists of two items or more;
// in [0, 1] when the similarity is. 0 when no list has two items. Cost: one call a pair, k²/2 of them a list.
// Source: Smyth, McClave 2001; Ziegler et al. 2005 (intra-list similarity, turned round).
func Diversity(lists [][]int32, similarity func(i, j int32) float64) float64 {
	sum, n := 0.0, 0
	for _, list := range lists {
		if len(list) < 2 {
			continue
		}
		s := 0.0
		for a := range list {
			for _, j := range list[a+1:] {
				s += 1 - similarity(list[a], j)
			}
		}
		sum += s / float64(len(list)*(len(list)-1)/2)
		n++
	}
	return sum / float64(max(n, 1))
}

func meanOfLists(lists [][]int32, value func(item int32) float64) float64 {
	sum, n := 0.0, 0
	for _, list := range lists {
		if len(list) == 0 {
			continue
		}
		s := 0.0
		for _, item := range list {
			s += value(item)
		}
		sum += s / float64(len(list))
		n++
	}
	return sum / float64(max(n, 1))
}

// pick copies the counts of the candidates, of all items when candidates is nil.
func pick(shown []int, candidates []int32) []int {
	if candidates == nil {
		return slices.Clone(shown)
	}
	x := make([]int, len(candidates))
	for j, item := range candidates {
		x[j] = shown[item]
	}
	return x
}
