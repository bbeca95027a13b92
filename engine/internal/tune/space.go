package tune

import "slices"

// Dimension is one hyper-parameter with its choices, by number.
type Dimension struct {
	Name    string
	Choices int
	Start   int
	// Ordered choices are tried outwards from the present one, as long as that helps; of others all are tried.
	Ordered bool
	// Direct tries all choices in full: for those that cost little, or whose worth shows in full only.
	Direct bool
	// Again marks a dimension to be searched a second time once the others are settled.
	Again bool
	// Active says whether the dimension matters at a point; nil: always.
	Active func(Point) bool
}

// Point is one choice for each dimension.
type Point []int

// with returns the point with another choice.
func (p Point) with(dimension, choice int) Point {
	q := slices.Clone(p)
	q[dimension] = choice
	return q
}

// Full is the rung at which a point is trained in full; those from 0 on below it train a part, each more than the last.
const Full = 2

// Values are what a judge found, by part of the objective. Users and items of a part keep their places from one point to
// the next.
type Values []Part

// Part is the same values twice: by user, and as the share that each held-out item has in them, scaled so that both have
// one mean. Users who look for the same item win or lose together, so noise over items may be the larger one; nil: users
// alone are counted.
type Part struct {
	Users, Items []float64
}

// trials estimates how many points a search of the dimension judges.
func (d *Dimension) trials() int {
	switch {
	case d.Ordered:
		return min(2, d.Choices-1)
	case d.Direct || d.Choices <= 2:
		return d.Choices - 1
	}
	n := 0
	for rung, left := 0, d.Choices-1; rung <= Full; rung, left = rung+1, (left+1)/2 {
		n += left
		if rung < Full {
			n++ // the present point
		}
	}
	return n
}

// Trials estimates how many points a search judges; the end may come earlier or later.
func Trials(dims []Dimension) int {
	n := 1
	for i := range dims {
		n += dims[i].trials()
	}
	return n
}
