package metrics

import (
	"math"
	"slices"
	"testing"
)

// seq returns lo, lo+1, …, hi-1.
func seq(lo, hi int32) []int32 {
	s := make([]int32, 0, hi-lo)
	for i := lo; i < hi; i++ {
		s = append(s, i)
	}
	return s
}

func near(t *testing.T, name string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 5e-5 {
		t.Errorf("%s = %.6f, want %.4f", name, got, want)
	}
}

func TestScoreByHand(t *testing.T) {
	tests := []struct {
		name  string
		list  []int32
		truth []int32
		k     int
		want  Values
		why   string
	}{
		{"perfect", []int32{7, 3}, []int32{3, 7}, 2, Values{1, 1, 1, 1, 1, 1}, "all of T, in any order, at the top"},
		{"short list", []int32{7, 3}, []int32{3, 7, 9}, 10, Values{2. / 3, .2, 1, 1, 2. / 3, .7654},
			"ideal counts |T| = 3, not the 2 items returned: (1 + .6309) / (1 + .6309 + .5)"},
		{"four definitions", []int32{0, 1}, seq(0, 20), 10, Values{.1, .2, 1, 1, .2, .3590},
			"ideal over min(k, |T|) = 10 places: 1.6309 / 4.5436"},
		{"one hit at rank 3", []int32{1, 2, 5, 4}, []int32{5}, 4, Values{1, .25, 1, 1. / 3, 1. / 3, .5}, "discount 1/log2(4)"},
		{"hits at 2 and 4", []int32{9, 1, 8, 2}, []int32{1, 2, 3}, 4, Values{2. / 3, .5, 1, .5, 1. / 3, .4982},
			"AP (1/2 + 2/4)/3; DCG .6309 + .4307 over 2.1309"},
		{"|T| above k", []int32{1, 2}, []int32{1, 2, 3, 4}, 2, Values{.5, 1, 1, 1, 1, 1}, "recall stays below 1, NDCG and MAP reach it"},
		{"cut at k", []int32{8, 9, 1}, []int32{1}, 2, Values{}, "the hit at rank 3 is behind k = 2"},
		{"no hit", []int32{8, 9}, []int32{1}, 2, Values{}, "nothing found"},
		{"no list", nil, []int32{1}, 2, Values{}, "a user without a list scores 0, it is not left out"},
		{"no truth", []int32{1}, nil, 2, Values{}, "not defined; 0, never NaN"},
		{"k is 0", []int32{1}, []int32{1}, 0, Values{}, "0, never NaN"},
		{"listed twice", []int32{1, 1}, []int32{1, 2}, 2, Values{.5, .5, 1, 1, .5, .6131}, "the second place brings nothing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Score(tt.list, tt.truth, tt.k)
			near(t, "recall", got.Recall, tt.want.Recall)
			near(t, "precision", got.Precision, tt.want.Precision)
			near(t, "hr", got.HR, tt.want.HR)
			near(t, "mrr", got.MRR, tt.want.MRR)
			near(t, "map", got.MAP, tt.want.MAP)
			near(t, "ndcg", got.NDCG, tt.want.NDCG)
			if t.Failed() {
				t.Log(tt.why)
			}
		})
	}
}

// judge is recall, precision, HR and NDCG as an outside judge computes them: sets, tables of discounts, no shared code.
func judge(list, truth []int32, k int) (recall, precision, hr, ndcg float64) {
	set := map[int32]bool{}
	for _, i := range truth {
		set[i] = true
	}
	disc := make([]float64, k)
	for r := range disc {
		disc[r] = 1 / math.Log2(float64(r+2))
	}
	n, dcg := 0, 0.0
	for r, i := range list {
		if r < k && set[i] {
			n++
			dcg += disc[r]
		}
	}
	ideal := 0.0
	for _, d := range disc[:min(k, len(set))] {
		ideal += d
	}
	if n > 0 {
		hr = 1
	}
	return float64(n) / float64(len(set)), float64(n) / float64(k), hr, dcg / ideal
}

func FuzzScore(f *testing.F) {
	f.Add([]byte{1, 2, 3}, []byte{3, 9}, byte(2))
	f.Add([]byte{}, []byte{1}, byte(1))
	f.Add([]byte{5, 5, 5}, []byte{5, 6, 7}, byte(20))
	f.Fuzz(func(t *testing.T, l, tr []byte, kb byte) {
		list, truth, k := wide(l), wide(tr), int(kb)%40+1
		slices.Sort(truth)
		truth = slices.Compact(truth)
		v := Score(list, truth, k)
		for name, x := range map[string]float64{"recall": v.Recall, "precision": v.Precision, "hr": v.HR, "mrr": v.MRR, "map": v.MAP, "ndcg": v.NDCG} {
			if !(x >= 0 && x <= 1) { // also catches NaN
				t.Errorf("%s = %v outside [0, 1] for %v, T %v, k %d", name, x, list, truth, k)
			}
		}
		distinct := slices.Clone(list)
		slices.Sort(distinct)
		if len(truth) == 0 || len(slices.Compact(distinct)) != len(list) {
			return // the judge refuses such input
		}
		r, p, h, n := judge(list, truth, k)
		if r != v.Recall || p != v.Precision || h != v.HR || n != v.NDCG {
			t.Errorf("list %v, T %v, k %d: %+v, judge %v %v %v %v", list, truth, k, v, r, p, h, n)
		}
	})
}

func wide(b []byte) []int32 {
	out := make([]int32, len(b))
	for i, x := range b {
		out[i] = int32(x)
	}
	return out
}

// A better place for the same hit never lowers a metric, and swapping two misses changes none.
func TestScoreIsMonotone(t *testing.T) {
	truth := []int32{100}
	last := Values{1, 1, 1, 2, 2, 2}
	for at := range 10 {
		list := seq(0, 10)
		list[at] = 100
		v := Score(list, truth, 10)
		if v.NDCG >= last.NDCG || v.MRR >= last.MRR || v.MAP >= last.MAP || v.Recall != 1 {
			t.Errorf("hit at place %d: %+v after %+v", at, v, last)
		}
		last = v
	}
}
