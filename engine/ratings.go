package engine

import (
	"math"
	"slices"

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

// grades are the different positive weights of one type of events, up to one more than ratings have, and how often each stands.
type grades struct {
	weight []float32
	times  []int
}

// grades counts the positive weights of each type in one pass. A map is asked only where the type is another than that of
// the event before; so few weights are looked through faster than hashed.
func (d *dataset) grades() []grades {
	var all []grades
	at := map[graph.Sym]int{}
	var last graph.Sym
	t := -1
	for _, e := range d.events {
		if e.weight <= 0 {
			continue
		}
		if t < 0 || e.typ != last {
			var known bool
			if t, known = at[e.typ]; !known {
				t, all = len(all), append(all, grades{})
				at[e.typ] = t
			}
			last = e.typ
		}
		g := &all[t]
		if w := slices.Index(g.weight, e.weight); w >= 0 {
			g.times[w]++
		} else if len(g.weight) <= ratedGrades {
			g.weight, g.times = append(g.weight, e.weight), append(g.times, 1)
		}
	}
	return all
}

// weightsVary reports whether the positive weights of a type differ.
func (d *dataset) weightsVary() bool {
	return slices.ContainsFunc(d.grades(), func(g grades) bool { return len(g.weight) > 1 })
}

// looksRated reports whether the positive weights of each type that has different ones look like ratings: by all events,
// so that it is the same for every part of them.
func (d *dataset) looksRated() bool {
	rated := false
	for _, g := range d.grades() {
		if len(g.weight) < 2 {
			continue
		}
		least, n := 0, 0
		for w, times := range g.times {
			n += times
			if g.weight[w] < g.weight[least] {
				least = w
			}
		}
		if len(g.weight) > ratedGrades || float64(g.times[least]) > ratedLeast*float64(n) {
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
