package engine

import (
	"cmp"
	"context"
	"fmt"

	"github.com/kenrec/ken/engine/internal/itemitem"
	"github.com/kenrec/ken/engine/internal/sparse"
)

// Names of the scorers that are blended with the factorisation.
const (
	scorerCoChoice = "co-choice" // graph filter over what is chosen together
	scorerItemItem = "item-item" // EASE, where the catalogue is small enough
)

const (
	// easeItems is the largest catalogue that EASE is fitted to: its cost grows with the cube, its memory with the square.
	easeItems = 12000
	easeShare = 0.4
	// denseEvents is how many interactions a user or item dense data have: linear models need pairs that meet often.
	denseEvents = 15
	// filterShare is the share of co-choice on sparse data. Beside EASE it brings nothing.
	filterShare = 0.2
	// filterPower is how far the popularity of both items is divided out, filterUserPower a user's activity.
	filterPower     = 0.35
	filterUserPower = 0.25
	// keepNeighbours and keepEASE are how many entries each item keeps. EASE needs its many small ones.
	keepNeighbours = 100
	keepEASE       = 1000
)

// shares returns the shares of the scorers: those the configuration names, else EASE on dense data where the catalogue
// permits and the graph filter on sparse data. Both shares were chosen on validation parts of five public data sets; what
// the blend reaches stands in BENCHMARKS.md.
func (c Config) shares(s scale) (coChoice, itemItem float64) {
	switch dense := float64(s.events) >= denseEvents*float64(s.users+s.items); {
	case !dense:
		coChoice = filterShare
	case s.items <= easeItems:
		itemItem = easeShare
	}
	coChoice, itemItem = weightOf(c.Scorers, scorerCoChoice, coChoice), weightOf(c.Scorers, scorerItemItem, itemItem)
	if s.items > easeItems {
		itemItem = 0
	}
	return coChoice, itemItem
}

// unblended is the configuration without item-to-item scorers.
func (c Config) unblended() Config {
	c.Scorers = []Weight{{scorerCoChoice, 0}, {scorerItemItem, 0}}
	return c
}

// fitScorers fits the item-to-item scorers that the configuration gives a weight. Only liked items count.
func fitScorers(ctx context.Context, x *sparse.CSR, target []float32, cfg Config, workers int) ([]scorer, error) {
	liked := positives(x, target)
	s := scaleOf(liked)
	coChoice, itemItem := cfg.shares(s)
	var all []scorer
	if w := coChoice; w > 0 {
		next, err := itemitem.Filter(ctx, liked, cfg.filter(), workers)
		if err != nil {
			return nil, fmt.Errorf("engine: %s scorer: %w", scorerCoChoice, err)
		}
		all = append(all, scorer{scorerCoChoice, w, next})
	}
	if w := itemItem; w > 0 {
		next, err := itemitem.EASE(ctx, liked, easeRidge(s), keepEASE, workers)
		if err != nil {
			return nil, fmt.Errorf("engine: %s scorer: %w", scorerItemItem, err)
		}
		all = append(all, scorer{scorerItemItem, w, next})
	}
	return all, nil
}

// easeRidge is the weight of EASE's ridge. It grows with how often two items meet: a fixed one is too weak for dense data.
func easeRidge(s scale) float64 {
	return min(max(2e4*float64(s.events)/(float64(s.users)*float64(s.items)), 100), 800)
}

// filter is how co-choice is measured.
func (c Config) filter() itemitem.FilterConfig {
	return itemitem.FilterConfig{ItemPower: cmp.Or(c.FilterPower, filterPower), UserPower: filterUserPower, Keep: keepNeighbours}
}

// positives returns the entries of x whose target is above 0.
func positives(x *sparse.CSR, target []float32) *sparse.CSR {
	if target == nil {
		return x
	}
	out := &sparse.CSR{Rows: x.Rows, Cols: x.Cols, Ptr: make([]int64, x.Rows+1)}
	for r := range x.Rows {
		for p := x.Ptr[r]; p < x.Ptr[r+1]; p++ {
			if target[p] > 0 {
				out.Idx, out.Val = append(out.Idx, x.Idx[p]), append(out.Val, x.Val[p])
			}
		}
		out.Ptr[r+1] = int64(len(out.Idx))
	}
	return out
}
