package engine

import (
	"math"
	"slices"

	"github.com/kenrec/ken/engine/internal/mf"
)

const (
	daySeconds = 24 * 60 * 60
	// oldest is the weight that an interaction keeps however old it is: ten half-lives. It is never forgotten that somebody
	// has an item.
	oldest = 1.0 / 1024
	// newer is the share of the interactions that may be newer than what counts as now: one wrong clock in a thousand rows
	// must not make all others old.
	newer = 0.001
)

// ages says how interactions age: one whose age is the half-life weighs half. Ages are taken from the newest interaction
// of the training data and not from the clock, so that the same data give the same model at any time. An interaction
// without a time, or newer than that, has age 0.
type ages struct {
	HalfLife float64 `json:"half_life,omitempty"` // days; 0: nothing ages
	Now      int64   `json:"now,omitempty"`       // Unix seconds
}

// measureAges finds out when now is, from the given rows of the events (nil: all).
func measureAges(d *dataset, rows []int32, halfLife float64) ages {
	a := ages{HalfLife: halfLife}
	if halfLife == 0 {
		return a
	}
	var times []int64
	each(d, rows, func(e event) {
		if e.time != 0 {
			times = append(times, e.time)
		}
	})
	if len(times) > 0 {
		slices.Sort(times)
		a.Now = times[len(times)-1-int(newer*float64(len(times)))]
	}
	return a
}

// weight is what is left of the strength of an interaction at a time, from oldest to 1.
func (a ages) weight(time int64) float32 {
	if a.HalfLife == 0 || time == 0 || time >= a.Now {
		return 1
	}
	age := float64(a.Now) - float64(time) // in floats: the difference of two times may not fit into their type
	return float32(max(math.Exp2(-age/(a.HalfLife*daySeconds)), oldest))
}

// pull is the part of an item of the history in the item-to-item scorers: its target and, when interactions age, its
// confidence as far as that is below 1. Which items go together is counted without age: it changes more slowly than what a
// person is after.
func (m *model) pull(past mf.History, p int) float32 {
	r := float32(1)
	if past.Target != nil {
		r = past.Target[p]
	}
	if m.ages.HalfLife > 0 {
		r *= min(past.Conf[p], 1)
	}
	return r
}
