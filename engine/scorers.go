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
	scorerCoChoice = "co-choice" // each item predicted from its neighbours in the graph of what is chosen together
	scorerItemItem = "item-item" // EASE, where the catalogue is small enough
)

const (
	// easeItems is the largest catalogue that EASE is fitted to: its cost grows with the cube, its memory with the square.
	easeItems = 12000
	easeShare = 0.4
	// filterShare is the share of co-choice on sparse data. Beside EASE it brings nothing.
	filterShare = 0.2
	// filterPower is how far the popularity of the item foretold is divided out, filterUserPower a user's activity.
	// Counts weighted by activity are small, so filterRidge is large: with less, neighbours that came together by chance
	// get a say; 3 to 25 differ by 2 %. Twice as many neighbours are no better and cost three times as much.
	filterPower     = 0.15
	filterUserPower = 0.25
	filterRidge     = 10
	keepNeighbours  = 64
	// keepEASE is how many entries each item keeps: EASE needs its many small ones.
	keepEASE = 1000
)

// shares returns the shares of the scorers: those the configuration names, else EASE on dense data where the catalogue
// permits and co-choice on sparse data. Both shares were chosen on validation parts of five public data sets; what the
// blend reaches stands in BENCHMARKS.md.
//
// Tried in the place of co-choice, NDCG@20 on validation parts of gowalla (2,000 users) and facebook-book, factors alone
// .1229 and .1088: a plain graph filter with power .35 .1377 and .1103, with .5 .1407 and .1130, the ridge on 64 neighbours
// with λ 5 or 10 and power 0 .1425 and .1118, with power .15 .1442 and .1136, with .3 .1434 and less.
func (c Config) shares(s scale) (coChoice, itemItem float64) {
	switch {
	case !s.dense():
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
		next, err := itemitem.Local(ctx, liked, cfg.local(), workers)
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
// Blended, NDCG@20 on validation parts with 2e4 and 1e4: anime .3029 and .3051, ml-100k .2340 and .2361, ml-1m .2165 and
// .2154.
func easeRidge(s scale) float64 {
	return min(max(1e4*float64(s.events)/(float64(s.users)*float64(s.items)), 100), 800)
}

// local is how co-choice is fitted.
func (c Config) local() itemitem.LocalConfig {
	return itemitem.LocalConfig{
		UserPower: filterUserPower, Ridge: filterRidge, ItemPower: cmp.Or(c.FilterPower, filterPower), Neighbours: keepNeighbours,
	}
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
