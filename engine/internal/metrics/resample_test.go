package metrics

import (
	"math"
	"math/rand/v2"
	"testing"
)

func normals(n int, mean float64, seed uint64) []float64 {
	rng := rand.New(rand.NewPCG(seed, 0))
	v := make([]float64, n)
	for i := range v {
		v[i] = mean + rng.NormFloat64()
	}
	return v
}

func TestIntervals(t *testing.T) {
	x := normals(400, 2, 1)
	got := Intervals([][]float64{x, make([]float64, 400)}, 9)
	// For the mean of n values the bootstrap agrees with mean ± 1.96 s/√n: about ±.098 here.
	if w := got[0].High - got[0].Low; math.Abs(w-.196) > .03 {
		t.Errorf("width %.3f, normal theory says about .196", w)
	}
	if !(got[0].Low < got[0].Mean && got[0].Mean < got[0].High) || got[0].Mean != Mean(x) {
		t.Errorf("%+v, mean %v", got[0], Mean(x))
	}
	if got[1] != (Interval{}) {
		t.Errorf("a constant column has no width: %+v", got[1])
	}
	if again := Intervals([][]float64{x}, 9); again[0] != got[0] {
		t.Errorf("same seed, %+v and %+v; a column must not depend on the others", again[0], got[0])
	}
	if other := Intervals([][]float64{x}, 10); other[0] == got[0] {
		t.Error("another seed gives the same draws")
	}
}

func TestIntervalsEdges(t *testing.T) {
	if got := Intervals([][]float64{{}}, 1); got[0] != (Interval{}) {
		t.Errorf("no users: %+v", got)
	}
	if got := Intervals(nil, 1); len(got) != 0 {
		t.Errorf("no columns: %+v", got)
	}
	if got := Intervals([][]float64{{.3}}, 1); got[0] != (Interval{.3, .3, .3}) {
		t.Errorf("one user: %+v", got)
	}
}

// The 95 % interval holds the true mean in about 95 % of samples.
func TestIntervalsCoverTheTruth(t *testing.T) {
	held := 0
	for s := range uint64(200) {
		if iv := Intervals([][]float64{normals(60, 0, 100+s)}, s)[0]; iv.Low <= 0 && 0 <= iv.High {
			held++
		}
	}
	if held < 180 || held > 198 {
		t.Errorf("%d of 200 intervals hold the mean, want about 190", held)
	}
}

func TestPairedTestByHand(t *testing.T) {
	tests := []struct {
		name  string
		a, b  []float64
		delta float64
		p     float64
		why   string
	}{
		{"equal", []float64{1, 2}, []float64{1, 2}, 0, 1, "no difference"},
		{"empty", nil, nil, 0, 1, "no users"},
		{"one user", []float64{1}, []float64{0}, 1, 1, "two sign patterns, both as extreme"},
		{"three of three", []float64{1, 1, 1}, []float64{0, 0, 0}, 1, .25, "2 of 8 patterns are all alike"},
		{"zeros do not count", []float64{1, 1, 1, 5}, []float64{0, 0, 0, 5}, .75, .25, "the tied user has no sign"},
		{"balanced", []float64{1, 0}, []float64{0, 1}, 0, 1, "a sum of 0 is the least extreme"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := PairedTest(tt.a, tt.b, 1)
			if got.Delta != tt.delta || math.Abs(got.P-tt.p) > .02 {
				t.Errorf("%+v, want delta %v, p %v: %s", got, tt.delta, tt.p, tt.why)
			}
			if turned := PairedTest(tt.b, tt.a, 1); turned.P != got.P || turned.Delta != -got.Delta {
				t.Errorf("turned round: %+v after %+v", turned, got)
			}
		})
	}
}

// Without a difference P is uniform: below .05 in about 5 % of samples. With a clear one it is small.
func TestPairedTestIsCalibrated(t *testing.T) {
	small := 0
	for s := range uint64(100) {
		p := PairedTest(normals(50, 0, 1000+s), normals(50, 0, 5000+s), s).P
		if !(p > 0 && p <= 1) {
			t.Fatalf("P = %v", p)
		}
		if p < .05 {
			small++
		}
	}
	if small > 12 {
		t.Errorf("%d of 100 differences of nothing are called significant", small)
	}
	if got := PairedTest(normals(200, 1, 1), normals(200, 0, 2), 3); got.P > .001 {
		t.Errorf("a difference of one standard deviation: %+v", got)
	}
}

func TestPairedTestPanicsOnLostPairing(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	PairedTest([]float64{1}, nil, 1)
}

func BenchmarkIntervals(b *testing.B) {
	b.ReportAllocs()
	columns := make([][]float64, 6)
	for c := range columns {
		columns[c] = normals(6000, 0, uint64(c))
	}
	for b.Loop() {
		Intervals(columns, 1)
	}
}

func BenchmarkPairedTest(b *testing.B) {
	b.ReportAllocs()
	x, y := normals(6000, 0, 1), normals(6000, 0, 2)
	for b.Loop() {
		PairedTest(x, y, 1)
	}
}
