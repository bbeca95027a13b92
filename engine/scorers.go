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
	scorerCoChoice   = "co-choice"   // each item predicted from its neighbours in the graph of what is chosen together
	scorerItemItem   = "item-item"   // EASE, where the catalogue is small enough
	scorerLikeMinded = "like-minded" // what the users most like a person choose, see likeMinded
)

const (
	// easeItems is the largest catalogue that EASE is fitted to: its cost grows with the cube, its memory with the square.
	easeItems = 12000
	easeShare = 0.4
	// filterShare is the share of co-choice on sparse data. Beside EASE it brings nothing.
	filterShare = 0.2
	// likeMindedShare is the share of like-minded on sparse data of likeMindedUsers users and more.
	likeMindedShare = 0.15
	likeMindedUsers = 50 * peerCount
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

// likeMinded returns the share of the scorer like-minded: that of the configuration, else likeMindedShare on sparse data, less
// where there are few users: a hundred peers out of a thousand say no more than popularity. With the full share, and peers
// weighed by their likeness, facebook-book (1,398 users) lost .0045 of NDCG@20 on one split of its training rows.
//
// NDCG@20 without it, with peers weighed by their likeness and with them weighed by regression, as they are,
// `ken evaluate --split per-user --seed 3` on training rows: gowalla .1523, .1545, .1560; citeulike-a .1917, .1941, .1986;
// between the latter two book-kg .0587 and .0597, facebook-book .1269 and .1271 (p .0001, .0001, .015 and .55). A share of 0.2
// gave citeulike-a .1996 and book-kg .0608, but facebook-book .1259.
//
// In a prototype on samples of such splits, with 64, 100 and 200 peers: book-kg .0789, .0805 and .0821, citeulike-a with 100
// and 200 .2027 and .2024. With λ 3, 10 and 30: gowalla .1530, .1543, .1535. Items weighed by n_j^-1 in place of n_j^-½:
// citeulike-a .2022 at best, all alike .2028. A graph filter in the place of like-minded: gowalla .1588, where peers weighed
// by their likeness reached .1593.
func (c Config) likeMinded(s scale) float64 {
	otherwise := 0.0
	if !s.dense() {
		otherwise = likeMindedShare * min(1, float64(s.users)/likeMindedUsers)
	}
	return weightOf(c.Scorers, scorerLikeMinded, otherwise)
}

// unblended is the configuration of the factorisation alone.
func (c Config) unblended() Config {
	c.Scorers = []Weight{{scorerCoChoice, 0}, {scorerItemItem, 0}, {scorerLikeMinded, 0}}
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
