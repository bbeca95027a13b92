package tune

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// Confirmed is what is left of a search on values that it has not seen.
type Confirmed struct {
	Point      Point
	Start, End Values // of the start and of Point
}

// Confirm compares the end of a search with its start on fresh values: the best of many looks better than it is. The end
// stays when it is better than the start by more than a standard error and harms no part; else the half of its changes
// that were surest in the search is tried, and so on down to none, which is the start.
func Confirm(ctx context.Context, dims []Dimension, found Result, judge Judge) (Confirmed, error) {
	out := Confirmed{}
	for i := range dims {
		out.Point = append(out.Point, dims[i].Start)
	}
	var err error
	if out.Start, err = judge(ctx, out.Point, Full); err != nil {
		return Confirmed{}, fmt.Errorf("tune: confirm: %w", err)
	}
	out.End = out.Start
	objective, changed := NewObjective(out.Start), changes(out.Point, found)
	for n := len(changed); n > 0; n /= 2 {
		p := out.Point
		for _, d := range changed[:n] {
			p = p.with(d, found.Point[d])
		}
		values, err := judge(ctx, p, Full)
		if err != nil {
			return Confirmed{}, fmt.Errorf("tune: confirm: %w", err)
		}
		if objective.Compare(values, out.Start).better(1) {
			out.Point, out.End = p, values
			break
		}
	}
	return out, nil
}

// changes lists the dimensions in which the end of a search differs from its start, those with the largest gain by its
// standard error first.
func changes(start Point, found Result) []int {
	sure := make([]float64, len(start))
	for _, m := range found.Moves {
		if m.From != m.To {
			sure[m.Dimension] = max(sure[m.Dimension], m.Gain.Gain/max(m.Gain.SE, 1e-12))
		}
	}
	var all []int
	for d := range start {
		if found.Point[d] != start[d] {
			all = append(all, d)
		}
	}
	slices.SortStableFunc(all, func(a, b int) int { return cmp.Compare(sure[b], sure[a]) })
	return all
}
