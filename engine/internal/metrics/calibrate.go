package metrics

import "math"

// Linear is y = w·x + Intercept.
type Linear struct {
	Weights   []float64
	Intercept float64
}

// Apply returns y of each row. Shape: x[row][feature].
func (l Linear) Apply(x [][]float64) []float64 {
	y := make([]float64, len(x))
	for i, row := range x {
		y[i] = l.Intercept + inner(l.Weights, row)
	}
	return y
}

// Logistic is p = 1 / (1 + exp(−(w·x + Intercept))).
type Logistic struct{ Linear }

// Apply returns the probability of each row, in [0, 1]. Shape: x[row][feature].
func (l Logistic) Apply(x [][]float64) []float64 {
	p := l.Linear.Apply(x)
	for i, v := range p {
		p[i] = sigmoid(v)
	}
	return p
}

// FitLinear is least squares of y on features, scores among them, which have no unit: the ridge of FitLogistic on the
// weights of standardised features. A feature without spread gets weight 0; without any the result is the mean of y.
// Zero for no rows. Shape: x[row][feature], all rows of one length, values finite. Cost O(rows · features²).
func FitLinear(x [][]float64, y []float64) Linear {
	if len(x) == 0 {
		return Linear{}
	}
	mean, scale := moments(x)
	f := len(mean)
	z, b, a := make([]float64, f+1), make([]float64, f+1), make([]float64, (f+1)*(f+1))
	for j := range f {
		a[j*(f+2)] = calibrationRidge
	}
	for i, row := range x {
		standardise(z, row, mean, scale)
		for j, v := range z {
			b[j] += v * y[i]
			for c, w := range z[:j+1] {
				a[j*(f+1)+c] += v * w
			}
		}
	}
	if !solveLower(a, b) {
		return Linear{Weights: make([]float64, f), Intercept: Mean(y)}
	}
	return unstandardised(b, mean, scale)
}

// unstandardised turns weights of standardised features, the intercept last, into those of the features.
func unstandardised(w, mean, scale []float64) Linear {
	f := len(mean)
	out := Linear{Weights: w[:f], Intercept: w[f]}
	for j := range f {
		out.Weights[j] /= scale[j]
		out.Intercept -= out.Weights[j] * mean[j]
	}
	return out
}

// Newton's method on a few weights ends after a handful of steps; the limit is for rows that a threshold separates,
// where the best slope is infinite and the small ridge decides.
const (
	logisticSteps    = 100
	calibrationRidge = 1e-3
)

// FitLogistic turns features, a score among them, into the probability of a positive label: logistic regression on
// standardised features with a ridge of 0.001 on their weights, by damped Newton steps. A feature without spread gets
// weight 0; without any spread the result is the share of positives. Shape: x[row][feature], all rows of one length, values finite.
// Source: Platt 1999, "Probabilistic outputs for support vector machines". Cost O(steps · rows · features²).
func FitLogistic(x [][]float64, positive []bool) Logistic {
	if len(x) == 0 {
		return Logistic{}
	}
	mean, scale := moments(x)
	f := len(mean)
	w := make([]float64, f+1) // the last one is the intercept
	z := make([]float64, f+1)
	for range logisticSteps {
		g, h := make([]float64, f+1), make([]float64, (f+1)*(f+1))
		for j := range f {
			g[j], h[j*(f+2)] = calibrationRidge*w[j], calibrationRidge
		}
		h[f*(f+2)] = 1e-12
		for i, row := range x {
			standardise(z, row, mean, scale)
			p := sigmoid(inner(w, z))
			d := p
			if positive[i] {
				d--
			}
			for j, a := range z {
				g[j] += d * a
				for c, b := range z[:j+1] {
					h[j*(f+1)+c] += p * (1 - p) * a * b
				}
			}
		}
		if !solveLower(h, g) {
			break
		}
		largest := 0.0
		for _, d := range g {
			largest = max(largest, math.Abs(d))
		}
		step := min(1, 2/max(largest, 1e-300)) // far from the optimum the quadratic is wrong
		for j := range w {
			w[j] -= step * g[j]
		}
		if largest < 1e-10 {
			break
		}
	}
	return Logistic{unstandardised(w, mean, scale)}
}

// moments returns mean and standard deviation of each feature, 1 for one without spread.
func moments(x [][]float64) (mean, scale []float64) {
	mean, scale = make([]float64, len(x[0])), make([]float64, len(x[0]))
	n := float64(len(x))
	for _, row := range x {
		for j, v := range row {
			mean[j] += v / n
		}
	}
	for _, row := range x {
		for j, v := range row {
			scale[j] += (v - mean[j]) * (v - mean[j]) / n
		}
	}
	for j, s := range scale {
		scale[j] = math.Sqrt(s)
		if scale[j] <= 1e-12*math.Abs(mean[j]) {
			scale[j] = 1
		}
	}
	return mean, scale
}

// standardise writes the standardised row and a 1 for the intercept.
func standardise(z, row, mean, scale []float64) {
	for j, v := range row {
		z[j] = (v - mean[j]) / scale[j]
	}
	z[len(row)] = 1
}

func inner(a, b []float64) float64 {
	s := 0.0
	for j, v := range a {
		s += v * b[j]
	}
	return s
}

// solveLower replaces b by A⁻¹b for a symmetric positive A, of which the lower triangle is read and overwritten; false
// when A is not positive.
func solveLower(a, b []float64) bool {
	n := len(b)
	for j := range n {
		for i := j; i < n; i++ {
			s := a[i*n+j]
			for c := range j {
				s -= a[i*n+c] * a[j*n+c]
			}
			if i == j {
				if !(s > 0) {
					return false
				}
				a[j*n+j] = math.Sqrt(s)
			} else {
				a[i*n+j] = s / a[j*n+j]
			}
		}
	}
	for i := range n {
		for c := range i {
			b[i] -= a[i*n+c] * b[c]
		}
		b[i] /= a[i*n+i]
	}
	for i := n - 1; i >= 0; i-- {
		for c := i + 1; c < n; c++ {
			b[i] -= a[c*n+i] * b[c]
		}
		b[i] /= a[i*n+i]
	}
	return true
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
