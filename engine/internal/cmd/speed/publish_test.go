//go:build unix

package main

import (
	"strings"
	"testing"
)

func TestUpdateKeepsTheRest(t *testing.T) {
	doc := "# Benchmarks\n\n<!-- accuracy: begin -->\nrecall\n<!-- accuracy: end -->\n"
	for _, w := range []struct{ name, body string }{{"topk", "older\n"}, {"als", "sweeps\n"}, {"topk", "newer\n"}} {
		doc = update(doc, w.name, w.body)
	}
	for _, want := range []string{"<!-- accuracy: begin -->\nrecall\n<!-- accuracy: end -->", "als: begin -->\nsweeps\n", "topk: begin -->\nnewer\n"} {
		if strings.Count(doc, want) != 1 {
			t.Errorf("%q stands %d times in\n%s", want, strings.Count(doc, want), doc)
		}
	}
	if strings.Contains(doc, "older") || strings.Index(doc, "sweeps") > strings.Index(doc, "newer") {
		t.Errorf("an old table or a wrong order in\n%s", doc)
	}
	if again := update(doc, "topk", "newer\n"); again != doc {
		t.Errorf("written twice the report changes:\n%s", again)
	}
}

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
