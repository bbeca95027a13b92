package metrics

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestFitLinear(t *testing.T) {
	l := FitLinear([][]float64{{1, 7}, {2, 7}, {3, 7}}, []float64{3, 5, 7})
	if y := l.Apply([][]float64{{10, 7}})[0]; math.Abs(y-21) > 0.05 || math.Abs(l.Weights[0]-2) > 0.01 {
		t.Errorf("%+v: 21 is on the line, found %g; the second feature has no spread", l, y)
	}
	if y := FitLinear([][]float64{{4}, {4}}, []float64{1, 3}).Apply([][]float64{{9}})[0]; math.Abs(y-2) > 1e-9 {
		t.Errorf("no spread in x: %g, want the mean", y)
	}
	if got := FitLinear(nil, nil); got.Weights != nil || got.Intercept != 0 {
		t.Errorf("no rows: %+v", got)
	}
}

func TestFitLogistic(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	x, positive := make([][]float64, 20000), make([]bool, 20000)
	for i := range x {
		x[i] = []float64{5 + 2*rng.NormFloat64(), 100 * rng.NormFloat64(), 7}
		positive[i] = rng.Float64() < sigmoid(1.5*x[i][0]-0.01*x[i][1]-6)
	}
	l := FitLogistic(x, positive)
	if math.Abs(l.Weights[0]-1.5) > .08 || math.Abs(l.Weights[1]+.01) > .001 || math.Abs(l.Intercept+7*l.Weights[2]+6) > .35 {
		t.Errorf("%+v, planted 1.5, -0.01 and -6; the third feature has no spread", l)
	}
}

func TestFitLogisticEdges(t *testing.T) {
	column := func(v ...float64) [][]float64 {
		rows := make([][]float64, len(v))
		for i := range v {
			rows[i] = v[i : i+1]
		}
		return rows
	}
	for _, tt := range []struct {
		name     string
		x        [][]float64
		positive []bool
		at, want float64
		why      string
	}{
		{"no spread", column(2, 2, 2, 2), []bool{true, false, false, false}, 2, .25, "the share of positives"},
		{"separable", column(-1, 1), []bool{false, true}, 1, .97, "the ridge keeps the slope finite"},
		{"one class", column(1, 2), []bool{true, true}, 1, 1, "sure, but finite"},
		{"far from 0", column(1e6, 1e6+1, 1e6+2, 1e6+3), []bool{false, true, false, true}, 1e6 + 1.5, .5, "half way up"},
	} {
		p := FitLogistic(tt.x, tt.positive).Apply(column(tt.at))[0]
		if math.IsNaN(p) || math.Abs(p-tt.want) > .03 {
			t.Errorf("%s: p = %v, want %v: %s", tt.name, p, tt.want, tt.why)
		}
	}
	if got := FitLogistic(nil, nil); got.Intercept != 0 || got.Weights != nil {
		t.Errorf("no rows: %+v", got)
	}
}

func TestSetCosine(t *testing.T) {
	for _, tt := range []struct {
		a, b []int32
		want float64
		why  string
	}{
		{[]int32{1, 2}, []int32{1, 2}, 1, "equal"},
		{[]int32{1, 2, 3, 4}, []int32{4}, .5, "1/√4"},
		{[]int32{1, 3}, []int32{2, 4}, 0, "disjoint"},
		{nil, []int32{1}, 0, "empty, no NaN"},
	} {
		if got := SetCosine(tt.a, tt.b); got != tt.want {
			t.Errorf("%v, %v: %v, want %v: %s", tt.a, tt.b, got, tt.want, tt.why)
		}
	}
}
