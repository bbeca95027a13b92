//go:build unix

package main

import "testing"

func TestGoalsNameTheirVerdict(t *testing.T) {
	var b bench
	for _, tc := range []struct {
		job, who string
		ratio    float64
		want     string
		why      string
	}{
		{"20000 items, 4000 users", "implicit", 2.5, "≥ 2: met", "above the goal"},
		{"100000 items, 1000 users", "implicit", 4.5, "≥ 5: **missed**", "below it"},
		{"20000 items, 4000 users", "numpy", 9, "", "no goal was set"},
	} {
		if got := b.verdict(tc.job, tc.who, tc.ratio); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.why, got, tc.want)
		}
	}
}
