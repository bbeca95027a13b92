package engine

import (
	"testing"

	"github.com/kenrec/ken/graph"
)

func TestLooksRated(t *testing.T) {
	// spread deals n events of a type to the weights in turn, of which the first stands first times in ten.
	spread := func(typ graph.Sym, first int, weights ...float32) []event {
		var all []event
		for n := range 200 {
			w := weights[0]
			if n%10 >= first {
				w = weights[1+n%(len(weights)-1)]
			}
			all = append(all, event{typ: typ, weight: w})
		}
		return all
	}
	var counts []float32
	for n := range 40 {
		counts = append(counts, float32(n+1))
	}
	stars := []float32{1, 2, 3, 4, 5}
	for _, tc := range []struct {
		name   string
		events []event
		want   bool
		vary   bool
		why    string
	}{
		{"nothing", nil, false, false, "no weights at all"},
		{"stars", spread(1, 1, stars...), true, true, "five grades, the worst of which is rare"},
		{"clicks", spread(1, 0, 1, 1), false, false, "one weight says nothing"},
		{"counts", spread(1, 1, counts...), false, true, "more grades than anybody rates with"},
		{"small counts", spread(1, 6, 1, 2, 3), false, true, "most things are done once"},
		{"unrated among rated", spread(1, 2, stars...), false, true, "a weight of 1 stands for a row without one"},
		{"stars and clicks", append(spread(1, 1, stars...), spread(2, 0, 1, 1)...), true, true, "clicks have no spread that could hurt"},
		{"stars and counts", append(spread(1, 1, stars...), spread(2, 1, counts...)...), false, true, "one slope is for all types"},
		{"stars and dislikes", append(spread(1, 1, stars...), event{typ: 1, weight: -1}), true, true, "dislikes are no grades"},
	} {
		if got := (&dataset{events: tc.events}).looksRated(); got != tc.want {
			t.Errorf("%s: %v, want %v: %s", tc.name, got, tc.want, tc.why)
		}
		if got := (&dataset{events: tc.events}).weightsVary(); got != tc.vary {
			t.Errorf("%s: the weights vary: %v, want %v", tc.name, got, tc.vary)
		}
	}
}

func BenchmarkLooksRated(b *testing.B) {
	d := &dataset{events: make([]event, 1_000_000)}
	for i := range d.events {
		d.events[i] = event{typ: 1, weight: float32(1 + i*7919%5)}
	}
	for b.Loop() {
		d.looksRated()
	}
}

func TestAutomaticSlope(t *testing.T) {
	stars := memory(t)
	linesTSV(t, stars, Interactions, "u a 5", "u b 3", "u c 4", "v a 4", "v c 1", "v d 5", "w b 3", "w d 2", "w a 5")
	clicks := memory(t)
	linesTSV(t, clicks, Interactions, "u a 1", "u b 1", "v a 1", "v c 1", "w b 1")
	for _, tc := range []struct {
		name        string
		e           *Engine
		given, want float64
		moved       bool
		why         string
	}{
		{"ratings", stars, 0, ratedSlope, true, "automatic"},
		{"ratings taken for choices", stars, -1, -1, false, "as asked"},
		{"ratings by another slope", stars, 0.5, 0.5, true, "as asked"},
		{"clicks", clicks, 0, -1, false, "automatic, and said to be none"},
	} {
		cfg := Config{RatingSlope: tc.given}
		rep, err := tc.e.Train(t.Context(), TrainOptions{Config: &cfg})
		if err != nil {
			t.Fatal(err)
		}
		m := tc.e.model.Load()
		if rep.Config.RatingSlope != tc.want || (m.target != nil) != tc.moved {
			t.Errorf("%s: slope %g, targets moved: %v, want %g and %v: %s", tc.name, rep.Config.RatingSlope, m.target != nil, tc.want, tc.moved, tc.why)
		}
		if !cfg.agrees(m.config) {
			t.Errorf("%s: the configuration does not agree with what was made of it", tc.name)
		}
	}
}
