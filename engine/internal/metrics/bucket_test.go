package metrics

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBucketsByHand(t *testing.T) {
	tests := []struct {
		name   string
		counts []int
		n      int
		want   []Bucket
		why    string
	}{
		{"even", []int{4, 1, 3, 2}, 2, []Bucket{{1, 2}, {3, 4}}, "halves of the sorted counts"},
		{"zeros apart", []int{0, 0, 5, 9}, 2, []Bucket{{0, 0}, {5, 5}, {9, 9}}, "the cold have a row of their own"},
		{"skewed", []int{1, 1, 1, 1, 1, 7}, 3, []Bucket{{1, 1}, {7, 7}}, "equal counts are not parted"},
		{"all equal", []int{3, 3}, 4, []Bucket{{3, 3}}, "one bucket"},
		{"none", nil, 4, nil, "nobody"},
		{"only cold", []int{0}, 4, []Bucket{{0, 0}}, "zeros only"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Buckets(tt.counts, tt.n)); diff != "" {
				t.Errorf("%s\n%s", tt.why, diff)
			}
		})
	}
	if s := (Bucket{4, 17}).String() + " " + (Bucket{3, 3}).String(); s != "4-17 3" {
		t.Error(s)
	}
	if Find([]Bucket{{1, 2}}, 3) != -1 {
		t.Error("3 lies in no bucket")
	}
}

func TestBucketsHoldEveryCount(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		counts := make([]int, 1+rng.IntN(50))
		for i := range counts {
			counts[i] = rng.IntN(12)
		}
		n := 1 + rng.IntN(6)
		b := Buckets(counts, n)
		if len(b) > n+1 {
			t.Fatalf("%d buckets of %d", len(b), n)
		}
		for _, c := range counts {
			if Find(b, c) < 0 {
				t.Fatalf("%d of %v is in none of %v", c, counts, b)
			}
		}
	}
}
