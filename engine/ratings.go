package engine

import (
	"math"

	"github.com/kenrec/ken/graph"
)

// ratingPseudo is how many ratings at the mean of all a user's own mean is shrunk by: one rating says little about how
// strict somebody is.
const ratingPseudo = 5

const (
	// ratedSlope is the slope of ratings, see DefaultConfig.
	ratedSlope = 0.15
	// ratedGrades is how many different weights ratings have at most: half stars up to ten. Counts have more, sooner or later.
	ratedGrades = 20
	// ratedLeast is the share that the least of them has at most. Where it has more, it is a count of one, or stands for an
	// interaction without a rating, or those below it were left out: it says nothing against the item.
	ratedLeast = 0.15
)

// ratings turns the size of positive weights into targets: 1 + slope · (weight − the user's shrunk mean) / sd. With slope 0
// every chosen item has target 1. A type whose weights are all the same has no spread and keeps target 1.
type ratings struct {
	Slope float64       `json:"slope"`
	Types []ratingScale `json:"types,omitempty"`
}

// ratingScale is the mean and spread of the positive weights of one interaction type.
type ratingScale struct {
	Type string  `json:"type"`
	Mean float64 `json:"mean"`
	SD   float64 `json:"sd"`
}

// looksRated reports whether the positive weights of each type that has different ones look like ratings: by all events,
// so that it is the same for every part of them.
func (d *dataset) looksRated() bool {
	grades := map[graph.Sym]map[float32]int{}
	for _, e := range d.events {
		if e.weight <= 0 {
			continue
		}
		of := grades[e.typ]
		if of == nil {
			of = map[float32]int{}
			grades[e.typ] = of
		}
		if _, seen := of[e.weight]; seen || len(of) <= ratedGrades {
			of[e.weight]++
		}
	}
	rated := false
	for _, of := range grades {
		if len(of) < 2 {
			continue
		}
		least, n := float32(math.Inf(1)), 0
		for w, times := range of {
			least, n = min(least, w), n+times
		}
		if len(of) > ratedGrades || float64(of[least]) > ratedLeast*float64(n) {
			return false
		}
		rated = true
	}
	return rated
}

// measureRatings measures the positive weights of the given rows of the events (nil: all). A slope of 0 is automatic.
func measureRatings(d *dataset, rows []int32, slope float64) ratings {
	if slope == 0 && d.looksRated() {
		slope = ratedSlope
	}
	r := ratings{Slope: max(slope, 0)}
	if r.Slope == 0 {
		return r
	}
	type moments struct{ n, sum, square float64 }
	at := map[graph.Sym]int{}
	var all []moments
	each(d, rows, func(e event) {
		if e.weight <= 0 {
			return
		}
		i, ok := at[e.typ]
		if !ok {
			i = len(all)
			at[e.typ] = i
			all = append(all, moments{})
			r.Types = append(r.Types, ratingScale{Type: d.symName(e.typ)})
		}
		w := float64(e.weight)
		all[i].n++
		all[i].sum += w
		all[i].square += w * w
	})
	for i, m := range all {
		mean := m.sum / m.n
		r.Types[i].Mean, r.Types[i].SD = mean, math.Sqrt(max(m.square/m.n-mean*mean, 0))
	}
	return r
}

// each calls f for the given rows of the events, all of them when rows is nil.
func each(d *dataset, rows []int32, f func(event)) {
	if rows == nil {
		for _, e := range d.events {
			f(e)
		}
		return
	}
	for _, r := range rows {
		f(d.events[r])
	}
}

// scale returns how a type's weights are spread, and whether they are.
func (r *ratings) scale(typ string) (ratingScale, bool) {
	for _, s := range r.Types {
		if s.Type == typ {
			return s, r.Slope != 0 && s.SD > 1e-6*math.Abs(s.Mean)
		}
	}
	return ratingScale{}, false
}

// userMean is the mean of one user's n positive weights of one type with the given sum, shrunk towards that of all.
func (s ratingScale) userMean(n int, sum float64) float64 {
	return (sum + ratingPseudo*s.Mean) / (float64(n) + ratingPseudo)
}

// target is the target of one positive weight.
func (r *ratings) target(s ratingScale, weight float32, mean float64) float32 {
	return float32(1 + r.Slope*(float64(weight)-mean)/s.SD)
}

// means returns the shrunk means of one user's events by type.
func (r *ratings) means(events []graph.Interaction) map[string]float64 {
	n, sum := map[string]int{}, map[string]float64{}
	for _, e := range events {
		if e.Weight > 0 {
			n[e.Type]++
			sum[e.Type] += float64(e.Weight)
		}
	}
	means := map[string]float64{}
	for typ, count := range n {
		if s, ok := r.scale(typ); ok {
			means[typ] = s.userMean(count, sum[typ])
		}
	}
	return means
}
