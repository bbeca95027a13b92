package itemitem

import (
	"cmp"
	"slices"
)

// accumulator is a sparse vector under construction over a dense array.
type accumulator struct {
	sum     []float32 // zero where untouched
	touched []int32
	val     []float32
}

func (a *accumulator) add(j int32, v float32) {
	if a.sum[j] == 0 {
		a.touched = append(a.touched, j)
	}
	a.sum[j] += v
}

// strongest returns the keep entries of largest size, skip left out, by ascending place, and clears the accumulator.
// The result is valid until the next call. Ties go to the lower place.
func (a *accumulator) strongest(skip int32, keep int) ([]int32, []float32) {
	kept := a.touched[:0]
	for _, j := range a.touched {
		if j == skip || a.sum[j] == 0 {
			a.sum[j] = 0
			continue
		}
		kept = append(kept, j)
	}
	all := len(kept)
	if all > keep {
		slices.SortFunc(kept, func(x, y int32) int {
			return cmp.Or(cmp.Compare(size(a.sum[y]), size(a.sum[x])), cmp.Compare(x, y))
		})
		for _, j := range kept[keep:] {
			a.sum[j] = 0
		}
		kept = kept[:keep]
	}
	slices.Sort(kept)
	a.val = a.val[:0]
	for _, j := range kept {
		a.val = append(a.val, a.sum[j])
		a.sum[j] = 0
	}
	a.touched = kept[:0]
	return kept, a.val
}

func size(v float32) float32 { return max(v, -v) }
