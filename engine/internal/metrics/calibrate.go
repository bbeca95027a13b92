package metrics

import (
	"math"
	"slices"
)

// Line is y = Slope·x + Intercept.
type Line struct {
	Slope, Intercept float64
}

// Apply returns the line at each x.
func (l Line) Apply(x []float64) []float64 {
	y := slices.Clone(x)
	for i := range y {
		y[i] = l.Slope*y[i] + l.Intercept
	}
	return y
}

// FitLine is least squares of y on x: it turns scores, which have no unit, into weights. The mean of y when all x are
// equal, zero for no rows. Lengths are equal and values finite.
func FitLine(x, y []float64) Line {
	mx, my := Mean(x), Mean(y)
	sxx, sxy := 0.0, 0.0
	for i := range x {
		sxx += (x[i] - mx) * (x[i] - mx)
		sxy += (x[i] - mx) * (y[i] - my)
	}
	if sxx == 0 {
		return Line{Intercept: my}
	}
	return Line{Slope: sxy / sxx, Intercept: my - sxy/sxx*mx}
}

// Logistic is p = 1 / (1 + exp(−(Slope·x + Intercept))).
type Logistic Line

// Apply returns the probability at each x, in [0, 1].
func (l Logistic) Apply(x []float64) []float64 {
	p := Line(l).Apply(x)
	for i := range p {
		p[i] = sigmoid(p[i])
	}
	return p
}

// Newton's method on two parameters ends after a handful of steps; the limit is for rows that a threshold separates,
// where the best slope is infinite and the small ridge decides.
const (
	logisticSteps = 100
	logisticRidge = 1e-3
)

// FitLogistic turns scores into probabilities: logistic regression of the label on the standardised score with a ridge
// of 0.001 on the slope, by damped Newton steps. Without spread in x it gives the share of positives. Zero for no rows.
// Lengths are equal and values finite. Source: Platt 1999, "Probabilistic outputs for support vector machines".
func FitLogistic(x []float64, positive []bool) Logistic {
	if len(x) == 0 {
		return Logistic{}
	}
	mean, scale := Mean(x), 0.0
	for _, v := range x {
		scale += (v - mean) * (v - mean) / float64(len(x))
	}
	scale = math.Sqrt(scale)
	if scale == 0 {
		scale = 1
	}
	a, b := 0.0, 0.0
	for range logisticSteps {
		ga, gb := logisticRidge*a, 0.0
		haa, hab, hbb := logisticRidge, 0.0, 1e-12
		for i, v := range x {
			z := (v - mean) / scale
			p := sigmoid(a*z + b)
			d := p
			if positive[i] {
				d--
			}
			ga, gb = ga+d*z, gb+d
			w := p * (1 - p)
			haa, hab, hbb = haa+w*z*z, hab+w*z, hbb+w
		}
		det := haa*hbb - hab*hab
		if det <= 0 {
			break
		}
		da, db := (hbb*ga-hab*gb)/det, (haa*gb-hab*ga)/det
		step := min(1, 2/max(math.Abs(da), math.Abs(db), 1e-300)) // far from the optimum the quadratic is wrong
		a, b = a-step*da, b-step*db
		if math.Abs(da)+math.Abs(db) < 1e-10 {
			break
		}
	}
	return Logistic{Slope: a / scale, Intercept: b - a*mean/scale}
}

// sigmoid does not overflow for large negative x.
func sigmoid(x float64) float64 {
	if x < 0 {
		e := math.Exp(x)
		return e / (1 + e)
	}
	return 1 / (1 + math.Exp(-x))
}

// SetCosine is |a ∩ b| / √(|a|·|b|) of two ascending sets, in [0, 1]; 0 when either is empty.
func SetCosine(a, b []int32) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	n, size := 0, math.Sqrt(float64(len(a))*float64(len(b)))
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			a = a[1:]
		case a[0] > b[0]:
			b = b[1:]
		default:
			n++
			a, b = a[1:], b[1:]
		}
	}
	return float64(n) / size
}
