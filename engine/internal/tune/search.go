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

// Judge returns the values of a point at a rung, Full for the whole training. It must return the same for the same
// arguments; that it may go on from what a lower rung trained is its own affair.
type Judge func(ctx context.Context, p Point, rung int) (Values, error)

// Move is what a search of one dimension came to.
type Move struct {
	Dimension int
	From, To  int // equal: the point stayed
	// Best is the alternative that did best in full, -1 when lower rungs ruled out all, and Gain its difference from From.
	Best int
	Gain Difference
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
// the paired users (√(2 ln n) of them when it is the best of n > 1 alternatives): the start stays where nothing is
// clearly better. A choice that makes a part of the objective worse by more than two standard errors is never taken.
//
// Alternatives are tried by successive halving: all of them after a part of the training, the better half after more, and
// what is left of them in full. One that is worse than the present point by a standard error at a rung goes no further.
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
	moves     []Move
}

func (s *search) run(ctx context.Context) error {
	values, err := s.judge(ctx, s.point, Full)
	if err != nil {
		return err
	}
	s.values, s.objective = values, NewObjective(values)
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
	if !s.dims[d].Direct && tried > 1 {
		var err error
		if others, err = s.halve(ctx, d, others); err != nil {
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

// halve returns the choices that are left when the rungs below Full have each taken away the worse half, best first.
func (s *search) halve(ctx context.Context, d int, choices []int) ([]int, error) {
	type scored struct {
		choice int
		gain   float64
	}
	for rung := 0; rung < Full && len(choices) > 0; rung++ {
		present, err := s.judge(ctx, s.point, rung)
		if err != nil {
			return nil, err
		}
		var kept []scored
		for _, c := range choices {
			v, err := s.judge(ctx, s.point.with(d, c), rung)
			if err != nil {
				return nil, err
			}
			if diff := s.objective.Compare(v, present); diff.Gain >= -diff.SE {
				kept = append(kept, scored{c, diff.Gain})
			}
		}
		slices.SortStableFunc(kept, func(a, b scored) int { return cmp.Compare(b.gain, a.gain) })
		kept = kept[:min(len(kept), (len(choices)+1)/2)]
		choices = nil
		for _, k := range kept {
			choices = append(choices, k.choice)
		}
	}
	return choices, nil
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
			s.point, s.values = s.point.with(d, m.Best), found[best].values
			m.To = m.Best
		}
	}
	s.moves = append(s.moves, m)
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
