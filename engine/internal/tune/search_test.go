package tune

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const users = 400

// landscape is a judge whose points have a worth, the same for every user but for noise that users keep from point to
// point (it cancels in pairs) and a little that they do not.
type landscape struct {
	worth  func(p Point, part int) float64
	parts  int
	noise  float64 // of the difference of two points, one user
	judged []string
	limit  int // judged in full before the budget is spent; 0: none
}

func (l *landscape) judge(_ context.Context, p Point, f int) (Values, error) {
	key := fmt.Sprint(p, f)
	if !slices.Contains(l.judged, key) {
		if l.limit > 0 && len(l.judged) == l.limit {
			return nil, ErrBudget
		}
		l.judged = append(l.judged, key)
	}
	hash := uint64(f)
	for _, c := range p {
		hash = hash*31 + uint64(c) + 7
	}
	v := make(Values, l.parts)
	for part := range v {
		own := rand.New(rand.NewPCG(uint64(part), 1))
		mine := rand.New(rand.NewPCG(hash, uint64(part)+2))
		for range users {
			v[part].Users = append(v[part].Users, l.worth(p, part)+0.1*own.NormFloat64()+l.noise*mine.NormFloat64())
		}
	}
	return v, nil
}

func mustSearch(t *testing.T, dims []Dimension, l *landscape) Result {
	t.Helper()
	r, err := Search(t.Context(), dims, l.judge)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSearchFindsWhatHelps(t *testing.T) {
	dims := []Dimension{
		{Name: "walk", Choices: 7, Start: 3, Ordered: true},
		{Name: "grid", Choices: 5, Start: 0},
		{Name: "source without effect", Choices: 4, Start: 2},
		{Name: "useful source", Choices: 4, Start: 2},
		{Name: "useless extra", Choices: 2, Start: 0},
	}
	worth := func(p Point, _ int) float64 {
		v := 0.3 - 0.01*math.Abs(float64(p[0]-6)) - 0.01*math.Abs(float64(p[1]-2))
		if p[3] == 0 {
			v -= 0.05
		}
		return v
	}
	l := &landscape{worth: worth, parts: 1, noise: 0.01}
	r := mustSearch(t, dims, l)
	if diff := cmp.Diff(Point{6, 2, 2, 2, 0}, r.Point); diff != "" {
		t.Errorf("end of the search:\n%s", diff)
	}
	if r.Spent || len(r.Moves) < len(dims) {
		t.Errorf("%+v", r)
	}
}

func TestSearchRules(t *testing.T) {
	source := Dimension{Choices: 2, Start: 1}
	extra := Dimension{Choices: 2, Start: 0}
	tests := []struct {
		name  string
		dim   Dimension
		worth func(choice, part int) float64
		noise float64
		want  int
		why   string
	}{
		{"clear gain", extra, func(c, _ int) float64 { return 0.3 + 0.01*float64(c) }, 0.01, 1, "10 standard errors"},
		{"gain within noise", extra, func(c, _ int) float64 { return 0.3 + 1e-5*float64(c) }, 0.3, 0, "a thousandth of one"},
		{"nothing", extra, func(int, int) float64 { return 0.3 }, 0, 0, "no gain is no gain"},
		{"source that helps", source, func(c, _ int) float64 { return 0.3 + 0.01*float64(c) }, 0.01, 1, "leaving it out costs"},
		{"source without effect", source, func(int, int) float64 { return 0.3 }, 0, 1, "the start stays where nothing is clearly better"},
		{"source that hurts", source, func(c, _ int) float64 { return 0.3 - 0.01*float64(c) }, 0.01, 0, "leaving it out gains"},
		{"one part pays", extra, func(c, part int) float64 { return 0.3 + float64(c)*(0.1-0.12*float64(part)) }, 0.01, 0, "the other part loses more than noise"},
	}
	for _, tt := range tests {
		l := &landscape{worth: func(p Point, part int) float64 { return tt.worth(p[0], part) }, parts: 2, noise: tt.noise}
		if got := mustSearch(t, []Dimension{tt.dim}, l).Point[0]; got != tt.want {
			t.Errorf("%s: choice %d, want %d: %s", tt.name, got, tt.want, tt.why)
		}
	}
}

// A gain of the search that is gone on fresh values is given up, the least sure changes first.
func TestConfirm(t *testing.T) {
	dims := []Dimension{{Choices: 2}, {Choices: 2}, {Choices: 2}, {Choices: 2}}
	moves := []Move{
		{Dimension: 0, To: 1, Gain: Difference{Gain: 0.02, SE: 0.01}},
		{Dimension: 1, To: 1, Gain: Difference{Gain: 0.05, SE: 0.01}},
		{Dimension: 2, To: 1, Gain: Difference{Gain: 0.04, SE: 0.01}},
		{Dimension: 3, Gain: Difference{Gain: -0.04, SE: 0.01}},
	}
	tests := []struct {
		worth [3]float64
		want  Point
		calls int
		why   string
	}{
		{[3]float64{0.02, 0.02, 0.02}, Point{1, 1, 1, 0}, 2, "all of it holds"},
		{[3]float64{-0.05, 0.02, -0.03}, Point{0, 1, 0, 0}, 3, "the surest alone"},
		{[3]float64{-0.05, -0.02, 0.03}, Point{0, 0, 0, 0}, 3, "nothing is sure enough: the start"},
	}
	for _, tt := range tests {
		l := &landscape{parts: 1, noise: 0.01, worth: func(p Point, _ int) float64 {
			v := 0.3
			for d, w := range tt.worth {
				v += w * float64(p[d])
			}
			return v
		}}
		got, err := Confirm(t.Context(), dims, Result{Point: Point{1, 1, 1, 0}, Moves: moves}, l.judge)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, got.Point); diff != "" || len(l.judged) != tt.calls {
			t.Errorf("%s: %d points judged\n%s", tt.why, len(l.judged), diff)
		}
	}
	broken := errors.New("broken")
	if _, err := Confirm(t.Context(), nil, Result{}, func(context.Context, Point, int) (Values, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("%v, want the judge's", err)
	}
}

func TestSearchScreensAndSkips(t *testing.T) {
	dims := []Dimension{
		{Name: "bad", Choices: 6, Start: 0},
		{Name: "hidden", Choices: 6, Start: 0, Active: func(p Point) bool { return p[0] > 0 }},
	}
	l := &landscape{parts: 1, noise: 0.01, worth: func(p Point, _ int) float64 { return 0.3 - 0.1*float64(p[0]) }}
	r := mustSearch(t, dims, l)
	if len(l.judged) != 7 || len(r.Moves) != 1 || r.Moves[0].Best != -1 {
		t.Errorf("%d points judged, want the start in full and six at the lowest rung; %+v", len(l.judged), r.Moves)
	}
}

func TestSearchBudget(t *testing.T) {
	dims := []Dimension{{Choices: 5, Start: 0, Direct: true}, {Choices: 5, Start: 0, Direct: true}}
	worth := func(p Point, _ int) float64 { return 0.3 + 0.01*float64(p[0]+p[1]) }
	for limit, want := range map[int]Point{1: {0, 0}, 3: {0, 0}, 5: {4, 0}, 8: {4, 0}, 9: {4, 4}} {
		l := &landscape{worth: worth, parts: 1, noise: 0.001, limit: limit}
		r := mustSearch(t, dims, l)
		if diff := cmp.Diff(want, r.Point); diff != "" || r.Spent != (limit < 9) {
			t.Errorf("budget %d: spent %v\n%s", limit, r.Spent, diff)
		}
	}
}

func TestSearchErrors(t *testing.T) {
	broken := errors.New("broken")
	for _, tt := range []struct {
		err, want error
		why       string
	}{
		{broken, broken, "errors of the judge come back"},
		{ErrBudget, ErrBudget, "not even the start was judged"},
		{context.Canceled, context.Canceled, "cancelled"},
	} {
		_, err := Search(t.Context(), nil, func(context.Context, Point, int) (Values, error) { return nil, tt.err })
		if !errors.Is(err, tt.want) {
			t.Errorf("%v: %s", err, tt.why)
		}
	}
}

func TestCompareByHand(t *testing.T) {
	o := NewObjective(Values{{Users: []float64{0.5, 0.5}}, {Users: []float64{0, 0}}})
	d := o.Compare(Values{{Users: []float64{0.6, 0.8}}, {Users: []float64{0.001, 0.001}}}, Values{{Users: []float64{0.5, 0.5}}, {Users: []float64{0, 0}}})
	// differences .1 and .3: mean .2 of .5, half of the objective; .001 of the least base .001, the other half
	if want := 0.2 + 0.5; math.Abs(d.Gain-want) > 1e-9 {
		t.Errorf("gain %v, want %v", d.Gain, want)
	}
	// variance of .1 and .3 is .02, of their mean .01, scaled by 1/(.5·2)
	if want := 0.1; math.Abs(d.SE-want) > 1e-9 {
		t.Errorf("standard error %v, want %v", d.SE, want)
	}
	items := o.Compare(Values{{Users: []float64{0.6, 0.8}, Items: []float64{0, 1.4}}, {Users: []float64{0, 0}}},
		Values{{Users: []float64{0.5, 0.5}, Items: []float64{0.5, 0.5}}, {Users: []float64{0, 0}}})
	// one item lost .5, the other gained .9: variance .98, of the mean .49, its root .7
	if want := 0.7; math.Abs(items.SE-want) > 1e-9 || math.Abs(items.Gain-0.2) > 1e-9 {
		t.Errorf("%+v, want the standard error %v over items", items, want)
	}
	if (Difference{Gain: 1.3, SE: 1}).better(4) || !(Difference{Gain: 1.3, SE: 1}).better(2) {
		t.Error("the best of four must gain more than the best of two")
	}
}

func TestTrials(t *testing.T) {
	dims := []Dimension{
		{Choices: 5, Start: 2, Ordered: true}, {Choices: 5, Direct: true}, {Choices: 5}, {Choices: 2},
	}
	if got := Trials(dims); got != 1+2+4+(5+3+1)+1 {
		t.Errorf("%d trials estimated", got)
	}
}
