//go:build unix

package main

import "fmt"

// goals are the least ratios of CPU seconds, the other's to ours, by job and contestant.
var goals = map[string]float64{
	"product of float32 matrices, 1024³/OpenBLAS (numpy)":   0.95,
	"propagation over 50 k nodes, 1 M edges, d = 384/scipy": 1.7,
	"zipf, f = 64/implicit, exact":                          8,
	"zipf, f = 128/implicit, exact":                         8,
	"ml1m, f = 64/implicit, exact":                          8,
	"ml1m, f = 128/implicit, exact":                         8,
	"zipf, f = 256/implicit, exact":                         8,
	"ml1m, f = 256/implicit, exact":                         8,
	"zipf, f = 128, 3 steps/implicit, 3 CG steps":           2,
	"ml1m, f = 128, 3 steps/implicit, 3 CG steps":           2,
	"zipf, f = 128, 3 steps/irspack, 3 CG steps":            2,
	"ml1m, f = 128, 3 steps/irspack, 3 CG steps":            2,
	"zipf, f = 128/implicit, 3 CG steps":                    1.5,
	"ml1m, f = 128/implicit, 3 CG steps":                    1.1,
	"zipf, f = 128/irspack, 3 CG steps":                     1.5,
	"ml1m, f = 128/irspack, 3 CG steps":                     1,
	"20000 items, 4000 users/implicit":                      2,
	"100000 items, 1000 users/implicit":                     5,
}

// verdict says whether a goal is met; "" where there is none.
func (b *bench) verdict(job, contestant string, ratio float64) string {
	goal, ok := goals[job+"/"+contestant]
	if !ok {
		return ""
	}
	return met(fmt.Sprintf("≥ %g", goal), ratio >= goal)
}

func met(goal string, ok bool) string {
	if ok {
		return goal + ": met"
	}
	return goal + ": **missed**"
}
