package split

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// LeaveLastOut holds out the last n items of each user, at least 1 for n, by the time the user first met each: what is
// held out was new to them. A user keeps one item at least, so somebody with a single item is not tested.
//
// Ties: items first met at the same time count in the order of the events given, the later one as the later. With
// second stamps and several ratings a second, as in ml-1m, that order decides much: pass the order of the log.
//
// An item met early and met again at the end belongs to its first time, with all its rows.
// Errors: ErrBadFraction (n < 1), ErrNoTime, ErrTooFew.
func LeaveLastOut(events []Event, n int) (Split, error) {
	if n < 1 {
		return Split{}, fmt.Errorf("leave last out: %w: %d items a user, want 1 or more", ErrBadFraction, n)
	}
	if sameTime(events) {
		return Split{}, fmt.Errorf("leave last out: %w", ErrNoTime)
	}
	p := pairsOf(events)
	times := p.firstTimes(events)
	held := make([]bool, p.n)
	for _, mine := range p.byUser(events) {
		// Stable: pairs come in the order of first sight, which breaks ties as promised.
		slices.SortStableFunc(mine, func(a, b int32) int { return cmp.Compare(times[a], times[b]) })
		for _, pair := range mine[max(1, len(mine)-n):] {
			held[pair] = true
		}
	}
	return nonEmpty("leave last out", part(events, func(at int) side { return heldIf(held[p.of[at]]) }))
}

// ByTime cuts all users at one moment: the earliest rows, quantile of them, are training and what comes later is held
// out, as when a model trained today serves tomorrow. Rows of the moment of the cut go to training together, so that no
// two rows of one time are parted; the training part may be larger than asked for that reason.
//
// A later row of a pair that already has an earlier one is in Out: it is from the future, so training must not see it,
// and the user already has the item, so no list can contain it.
// Quantile lies strictly between 0 and 1. Errors: ErrBadFraction, ErrNoTime, ErrTooFew.
func ByTime(events []Event, quantile float64) (Split, error) {
	if err := checkFraction(quantile); err != nil {
		return Split{}, fmt.Errorf("by time: %w", err)
	}
	if sameTime(events) {
		return Split{}, fmt.Errorf("by time: %w", ErrNoTime)
	}
	if len(events) == 0 {
		return Split{}, fmt.Errorf("by time: %w: no events", ErrTooFew)
	}
	sorted := make([]int64, len(events))
	for at, e := range events {
		sorted[at] = e.Time
	}
	slices.Sort(sorted)
	cut := sorted[max(int(math.Round(quantile*float64(len(sorted))))-1, 0)]
	if cut == sorted[len(sorted)-1] {
		// The last moment alone holds more than 1 - quantile of the rows; the cut must fall before it.
		i, _ := slices.BinarySearch(sorted, cut)
		cut = sorted[i-1]
	}
	p := pairsOf(events)
	first := p.firstTimes(events)
	return nonEmpty("by time", part(events, func(at int) side {
		switch {
		case events[at].Time <= cut:
			return train
		case first[p.of[at]] <= cut:
			return out
		}
		return test
	}))
}

func sameTime(events []Event) bool {
	for _, e := range events {
		if e.Time != events[0].Time {
			return false
		}
	}
	return len(events) > 0
}
