package itemitem

import "slices"

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
		a.selectFirst(kept, keep)
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

// selectFirst brings the keep entries of largest size to the front of at, in any order: quickselect, by order of size and
// place, which no two entries share.
func (a *accumulator) selectFirst(at []int32, keep int) {
	before := func(x, y int32) bool {
		sx, sy := size(a.sum[x]), size(a.sum[y])
		return sx > sy || sx == sy && x < y
	}
	lo, hi := 0, len(at) // the border lies in [lo, hi)
	for hi-lo > 1 {
		x, y, z := at[lo], at[lo+(hi-lo)/2], at[hi-1]
		if before(y, x) {
			x, y = y, x
		}
		if before(z, y) {
			y = z
			if before(y, x) {
				y = x
			}
		}
		i, j := lo, hi-1 // y is the median of three
		for i <= j {
			for before(at[i], y) {
				i++
			}
			for before(y, at[j]) {
				j--
			}
			if i <= j {
				at[i], at[j] = at[j], at[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case keep <= j:
			hi = j + 1
		case keep >= i:
			lo = i
		default:
			return
		}
	}
}

func size(v float32) float32 { return max(v, -v) }
