package tune

import "math"

const (
	// harm is how many standard errors a part may lose before no gain elsewhere makes up for it.
	harm = 2
	// least is below what mean a part of the start counts as this: a gain relative to nothing means nothing.
	least = 1e-3
)

// Difference is by how much one point is better than another: the mean over the parts of the difference of their means,
// each relative to its mean at the start, with its standard error over the paired users, or over the held-out
// items where that is larger.
type Difference struct {
	Gain, SE float64
	Harmed   bool // a part of its own is worse by more than noise
}

// Objective compares values.
type Objective struct {
	base []float64 // by part
}

// NewObjective measures gains relative to the means of start.
func NewObjective(start Values) Objective {
	o := Objective{base: make([]float64, len(start))}
	for p, part := range start {
		o.base[p] = max(mean(part.Users), least)
	}
	return o
}

// Compare returns by how much a is better than b.
func (o Objective) Compare(a, b Values) Difference {
	var d Difference
	parts := float64(len(o.base))
	for p, base := range o.base {
		m, variance := between(a[p], b[p])
		if m < -harm*math.Sqrt(variance) {
			d.Harmed = true
		}
		d.Gain += m / base / parts
		d.SE += variance / (base * base * parts * parts)
	}
	d.SE = math.Sqrt(d.SE)
	return d
}

// StandardError is that of the difference of the means of two parts, over paired users, or over items where it is larger.
// Measured on one change of the mix: .0055 over users and .0093 with items on ml-100k (.029 and .058 with 20 cold items).
func StandardError(a, b Part) float64 {
	_, variance := between(a, b)
	return math.Sqrt(variance)
}

// between returns the mean difference of two parts and its variance.
func between(a, b Part) (m, variance float64) {
	m, variance = paired(a.Users, b.Users)
	if a.Items != nil {
		_, byItem := paired(a.Items, b.Items)
		variance = max(variance, byItem)
	}
	return m, variance
}

// paired returns the mean of a − b and its variance.
func paired(a, b []float64) (m, variance float64) {
	n, sum, square := float64(len(a)), 0.0, 0.0
	if n == 0 {
		return 0, 0
	}
	for i, x := range a {
		diff := x - b[i]
		sum += diff
		square += diff * diff
	}
	m = sum / n
	return m, max(square/n-m*m, 0) / max(n-1, 1)
}

// better says whether the difference is more than noise when it is the best of n: the largest of n differences that are
// noise is about √(2 ln n) standard errors.
func (d Difference) better(n int) bool {
	return !d.Harmed && d.Gain > 0 && d.Gain > d.SE*max(1, math.Sqrt(2*math.Log(float64(n))))
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(max(len(v), 1))
}
