package link

import (
	"cmp"
	"context"
	"slices"

	"github.com/kenrec/ken/engine/internal/metrics"
	"github.com/kenrec/ken/engine/internal/par"
	"github.com/kenrec/ken/engine/internal/sparse"
)

// maxRows is about how many pairs a regression is fitted to: some weights need no more.
const maxRows = 200_000

// chunkItems is how many items a worker looks at in one go.
const chunkItems = 64

// Sample is pairs with their features, and which of them are links.
type Sample struct {
	Rows     [][]float64
	Positive []bool
}

// Positives counts the links.
func (s Sample) Positives() int {
	n := 0
	for _, p := range s.Positive {
		if p {
			n++
		}
	}
	return n
}

// Add appends the pairs of o.
func (s *Sample) Add(o Sample) {
	s.Rows, s.Positive = append(s.Rows, o.Rows...), append(s.Positive, o.Positive...)
}

// Thin is every second, third, … pair of s, about n of them.
func (s Sample) Thin(n int) Sample {
	step := 1 + len(s.Rows)/max(n, 1)
	var out Sample
	for at := 0; at < len(s.Rows); at += step {
		out.Rows, out.Positive = append(out.Rows, s.Rows[at]), append(out.Positive, s.Positive[at])
	}
	return out
}

// Fit is the logistic regression of what is a link on the features.
func (s Sample) Fit() metrics.Logistic { return metrics.FitLogistic(s.Rows, s.Positive) }

// Sample collects the pairs of items and ends that the neighbours of the item suggest and that known does not have; those
// of held, which known may have, are links. Items that have a link in neither r nor held are left out: nobody knows whether
// they should have one. Of many items only every second, third, … is taken.
// Shapes: held and known are items × ends. Pairs come by item, then by end.
func (e *Evidence) Sample(ctx context.Context, r *Relation, held, known *sparse.CSR, workers int) (Sample, error) {
	var items []int
	for i := range r.Links.Rows {
		if r.Links.Len(i)+held.Len(i) > 0 {
			items = append(items, i)
		}
	}
	step := 1 + e.pairs(r, items)/maxRows
	parts := make([]Sample, (len(items)+step-1)/step)
	err := e.each(ctx, r, len(parts), workers, func(s *scratch, at int) {
		parts[at] = s.sample(e, r, held, known, items[at*step])
	})
	var out Sample
	for _, p := range parts {
		out.Add(p)
	}
	return out, err
}

// pairs estimates how many pairs the neighbours of items suggest, from a hundred of them.
func (e *Evidence) pairs(r *Relation, items []int) int {
	s, n, step := newScratch(e, r), 0, 1+len(items)/100
	for at := 0; at < len(items); at += step {
		s.gather(e, r, items[at])
		n += len(s.touched) * step
	}
	return n
}

// each calls f for 0 to n−1, with memory that is one worker's.
func (e *Evidence) each(ctx context.Context, r *Relation, n, workers int, f func(s *scratch, at int)) error {
	spare := make([]*scratch, max(workers, 1))
	return par.Chunks(ctx, n, chunkItems, workers, func(worker, lo, hi int) error {
		if spare[worker] == nil {
			spare[worker] = newScratch(e, r)
		}
		for at := lo; at < hi; at++ {
			f(spare[worker], at)
		}
		return nil
	})
}

func (s *scratch) sample(e *Evidence, r *Relation, held, known *sparse.CSR, item int) Sample {
	var out Sample
	s.gather(e, r, item)
	has, _ := known.Row(item)
	links, _ := held.Row(item)
	width := len(s.row)
	flat := make([]float64, width*len(s.touched))
	for _, z := range s.touched {
		_, is := slices.BinarySearch(links, z)
		if _, out := slices.BinarySearch(has, z); out && !is {
			continue
		}
		row := flat[:width:width]
		flat = flat[width:]
		s.features(e, r, item, int(z), row)
		out.Rows, out.Positive = append(out.Rows, row), append(out.Positive, is)
	}
	return out
}

// Guess is a link that is not known.
type Guess struct {
	Item, End  int32
	Confidence float64 // 0 to 1
}

// Guesses returns by item the links that are not known and have at least this confidence by fit, best first, ties to the
// lower end, at most so many. Only ends that some neighbour of the item has are considered: fit was fitted to such.
func (e *Evidence) Guesses(ctx context.Context, r *Relation, known *sparse.CSR, fit metrics.Logistic, least float64, most, workers int) ([][]Guess, error) {
	out := make([][]Guess, r.Links.Rows)
	err := e.each(ctx, r, r.Links.Rows, workers, func(s *scratch, item int) {
		s.gather(e, r, item)
		has, _ := known.Row(item)
		var all []Guess
		for _, z := range s.touched {
			if _, is := slices.BinarySearch(has, z); is {
				continue
			}
			s.features(e, r, item, int(z), s.row)
			if p := fit.Apply([][]float64{s.row})[0]; p >= least {
				all = append(all, Guess{int32(item), z, p})
			}
		}
		slices.SortFunc(all, func(a, b Guess) int {
			return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(a.End, b.End))
		})
		out[item] = slices.Clone(all[:min(len(all), most)])
	})
	return out, err
}
