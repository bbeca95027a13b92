package tune

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

// ErrBudget is what a Judge returns when no further point may be judged: the search ends with what it has.
var ErrBudget = errors.New("tune: budget spent")

// Judge returns the values of a point. It must return the same for the same arguments.
type Judge func(ctx context.Context, p Point, f Fidelity) (Values, error)

// screenAbove is how many choices a dimension must exceed for the others to be screened at low fidelity first.
const screenAbove = 3

// Move is what a search of one dimension came to.
type Move struct {
	Dimension int
	From, To  int // equal: the point stayed
	// Best is the alternative that did best in full, -1 when low fidelity ruled out all, and Gain its difference from From.
	Best int
	Gain Difference
	// Simpler says that To is the simplest choice and was taken for being as good, not for being better.
	Simpler bool
}

// Result is where a search ended.
type Result struct {
	Point  Point
	Values Values
	Moves  []Move // in the order searched, those that changed nothing included
	Spent  bool   // the budget ended it
}

// Search starts from the dimensions' Start and goes through them in order, then once more through those marked Again if
// anything changed. In each, the alternative of the largest gain is taken if that gain is above one standard error over
// the paired users (√(2 ln n) of them when it is the best of n > 1 alternatives). Then the simplest choice is taken if it
// is within half a standard error of the best point found so far: what brings nothing is left out. A choice that makes a
// part of the objective worse by more than two standard errors is never taken.
//
// Starting values cannot be handed from one point to the next: a point's values must not depend on the way to it.
func Search(ctx context.Context, dims []Dimension, judge Judge) (Result, error) {
	s := &search{dims: dims, judge: judge}
	for i := range dims {
		s.point = append(s.point, dims[i].Start)
	}
	err := s.run(ctx)
	spent := errors.Is(err, ErrBudget)
	if err != nil && (!spent || s.values == nil) {
		return Result{}, fmt.Errorf("tune: %w", err)
	}
	return Result{Point: s.point, Values: s.values, Moves: s.moves, Spent: spent}, nil
}

type search struct {
	dims      []Dimension
	judge     Judge
	objective Objective
	point     Point
	values    Values // of point
	best      Values // of the best point taken so far
	moves     []Move
}

func (s *search) run(ctx context.Context) error {
	values, err := s.judge(ctx, s.point, Full)
	if err != nil {
		return err
	}
	s.values, s.best, s.objective = values, values, NewObjective(values)
	start := slices.Clone(s.point)
	for _, again := range []bool{false, true} {
		if again && slices.Equal(s.point, start) {
			return nil
		}
		for d := range s.dims {
			if again && !s.dims[d].Again || s.dims[d].Active != nil && !s.dims[d].Active(s.point) {
				continue
			}
			if err := s.settle(ctx, d); err != nil {
				return err
			}
		}
	}
	return nil
}

// candidate is an alternative judged in full.
type candidate struct {
	choice int
	values Values
	diff   Difference // from the present point
}

// settle searches one dimension.
func (s *search) settle(ctx context.Context, d int) error {
	if s.dims[d].Ordered {
		return s.walk(ctx, d)
	}
	var others []int
	for c := range s.dims[d].Choices {
		if c != s.point[d] {
			others = append(others, c)
		}
	}
	tried := len(others)
	if !s.dims[d].Direct && s.dims[d].Choices > screenAbove {
		var err error
		if others, err = s.screen(ctx, d, others); err != nil {
			return err
		}
	}
	found, err := s.full(ctx, d, others)
	if err != nil {
		return err
	}
	s.decide(d, found, tried)
	return nil
}

// full judges choices of one dimension in full.
func (s *search) full(ctx context.Context, d int, choices []int) ([]candidate, error) {
	var found []candidate
	for _, c := range choices {
		v, err := s.judge(ctx, s.point.with(d, c), Full)
		if err != nil {
			return nil, err
		}
		found = append(found, candidate{c, v, s.objective.Compare(v, s.values)})
	}
	return found, nil
}

// screen returns the better half of the choices at low fidelity and the simplest one, without those that lose more than
// one standard error there.
func (s *search) screen(ctx context.Context, d int, choices []int) ([]int, error) {
	present, err := s.judge(ctx, s.point, Low)
	if err != nil {
		return nil, err
	}
	type scored struct {
		choice int
		gain   float64
	}
	var kept []scored
	for _, c := range choices {
		v, err := s.judge(ctx, s.point.with(d, c), Low)
		if err != nil {
			return nil, err
		}
		if diff := s.objective.Compare(v, present); diff.Gain >= -diff.SE {
			kept = append(kept, scored{c, diff.Gain})
		}
	}
	slices.SortStableFunc(kept, func(a, b scored) int { return cmp.Compare(b.gain, a.gain) })
	var out []int
	for i, k := range kept {
		if 2*i < len(choices) || k.choice == s.dims[d].Simplest {
			out = append(out, k.choice)
		}
	}
	return out, nil
}

// decide moves the point or leaves it, given what was found among so many alternatives.
func (s *search) decide(d int, found []candidate, tried int) {
	m := Move{Dimension: d, From: s.point[d], To: s.point[d], Best: -1}
	best := -1
	for i, c := range found {
		if best < 0 || c.diff.Gain > found[best].diff.Gain {
			best = i
		}
	}
	if best >= 0 {
		m.Best, m.Gain = found[best].choice, found[best].diff
		if m.Gain.better(tried) {
			s.take(d, found[best])
			m.To = m.Best
		}
	}
	for _, c := range found {
		if c.choice == s.dims[d].Simplest && c.choice != s.point[d] && s.objective.Compare(c.values, s.best).asGood() {
			s.take(d, c)
			m.To, m.Best, m.Gain, m.Simpler = c.choice, c.choice, c.diff, true
		}
	}
	s.moves = append(s.moves, m)
}

// take moves the point to a candidate.
func (s *search) take(d int, c candidate) {
	s.point, s.values = s.point.with(d, c.choice), c.values
	if s.objective.Compare(c.values, s.best).Gain > 0 {
		s.best = c.values
	}
}

// walk tries the neighbours of the present choice and goes on in the direction that helps.
func (s *search) walk(ctx context.Context, d int) error {
	present := s.point[d]
	var near []int
	for _, c := range []int{present - 1, present + 1} {
		if c >= 0 && c < s.dims[d].Choices {
			near = append(near, c)
		}
	}
	for len(near) > 0 {
		from := s.point[d]
		found, err := s.full(ctx, d, near)
		if err != nil {
			return err
		}
		s.decide(d, found, len(near))
		step := s.point[d] - from
		near = nil
		if next := s.point[d] + step; step != 0 && next >= 0 && next < s.dims[d].Choices {
			near = []int{next}
		}
	}
	return nil
}
