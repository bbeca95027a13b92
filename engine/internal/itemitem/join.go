package itemitem

import (
	"math"
	"slices"

	"github.com/kenrec/ken/engine/internal/sparse"
)

// Newcomer is an item that somebody chose after a scorer was fitted: who chose it, by what else they have. Items without
// entries at fitting have no part in it.
type Newcomer struct {
	Fans [][]int32 // by user: the items that were there at fitting, ascending
}

// JoinFilter returns the entries that the rows of next, a matrix of Filter, would have for a newcomer had it been there:
// entry n is what having item at[n] says about it. count is how many users each item had. What is too weak to be among
// the strongest of its row is left out, as Filter does; everything else stays as it was fitted.
// Cost: the fans' items, and the rows of next that they reach.
func JoinFilter(c Newcomer, next *sparse.CSR, count []int32, cfg FilterConfig) (at []int32, val []float32) {
	a := accumulator{sum: make([]float32, next.Cols)}
	for _, items := range c.Fans {
		by := float32(math.Pow(float64(len(items)+1), -2*cfg.UserPower))
		for _, j := range items {
			a.add(j, by)
		}
	}
	own := math.Pow(float64(max(len(c.Fans), 1)), -cfg.ItemPower)
	slices.Sort(a.touched)
	for _, j := range a.touched {
		v := a.sum[j] * float32(own*math.Pow(float64(max(count[j], 1)), -cfg.ItemPower))
		if _, row := next.Row(int(j)); len(row) < cfg.Keep || v > slices.Min(row) {
			at, val = append(at, j), append(val, v)
		}
	}
	return at, val
}
