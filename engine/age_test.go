package engine

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/kenrec/ken/graph"
)

func TestAgeWeight(t *testing.T) {
	const day = daySeconds
	for _, tc := range []struct {
		a    ages
		time int64
		want float32
		why  string
	}{
		{ages{}, 5, 1, "nothing ages"},
		{ages{HalfLife: 2, Now: 100 * day}, 100 * day, 1, "new"},
		{ages{HalfLife: 2, Now: 100 * day}, 98 * day, 0.5, "one half-life"},
		{ages{HalfLife: 2, Now: 100 * day}, 94 * day, 0.125, "three"},
		{ages{HalfLife: 0.5, Now: 100 * day}, 99 * day, 0.25, "half-lives need not be whole days"},
		{ages{HalfLife: 2, Now: 100 * day}, 0, 1, "no time"},
		{ages{HalfLife: 2, Now: 100 * day}, 101 * day, 1, "after training"},
		{ages{HalfLife: 2, Now: 100 * day}, 1, oldest, "as long ago as can be: not forgotten"},
		{ages{HalfLife: 2, Now: math.MaxInt64}, math.MinInt64, oldest, "an age that no integer holds"},
	} {
		if got := tc.a.weight(tc.time); got != tc.want {
			t.Errorf("%+v: weight(%d) = %g, want %g: %s", tc.a, tc.time, got, tc.want, tc.why)
		}
	}
}

// Now is the newest interaction, but for one row in a thousand, and for rows of the training part only.
func TestNow(t *testing.T) {
	d := &dataset{}
	for i := range 2000 {
		d.events = append(d.events, event{time: int64(1000 + i)})
	}
	d.events[7].time = math.MaxInt64 / 2 // a wrong clock
	d.events[8].time = 0
	if a := measureAges(d, nil, 1); a.Now != 2999 {
		t.Errorf("now is %d, want 2999: one row is from the future", a.Now)
	}
	if a := measureAges(d, []int32{0, 5, 8}, 1); a.Now != 1005 {
		t.Errorf("now is %d, want 1005, the newest of the rows", a.Now)
	}
	if a := measureAges(d, nil, 0); a.Now != 0 {
		t.Errorf("now is %d although nothing ages", a.Now)
	}
}

// drifting fills an engine with people who liked one shelf of items a year ago and another one since. Each item's name
// begins with its shelf.
func drifting(t testing.TB, e *Engine) {
	t.Helper()
	const now = 1000 * daySeconds
	var events []graph.Interaction
	add := func(user string, shelf, item int, days int64) {
		events = append(events, graph.Interaction{User: user, Item: fmt.Sprintf("s%d-%d", shelf, item%12), Time: now - days*daySeconds})
	}
	for u := range 72 { // a taste for one of six shelves, then for another one
		for j := range 8 {
			add(fmt.Sprint("u", u), u%6, u+j*5, int64(300+j))
		}
		for j := range 6 {
			add(fmt.Sprint("u", u), u/6%6, u*3+j*7, int64((j*31+u*7)%50))
		}
	}
	for j := range 4 {
		add("mover", 0, j*3, 400)
		add("mover", 3, j*3, 1)
	}
	if err := e.AddInteraction(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
}

// share is how many of a user's first ten items are of a shelf.
func share(t testing.TB, e *Engine, user, shelf string) (n int) {
	t.Helper()
	for _, id := range idsOf(recommend(t, e, Query{User: user, K: 10})) {
		if strings.HasPrefix(id, shelf) {
			n++
		}
	}
	return n
}

// With a half-life a list follows what somebody did lately: trained, folded in, and after the store was opened again; and
// its scores are explained in full.
func TestHalfLife(t *testing.T) {
	dir := t.TempDir()
	e, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	drifting(t, e)
	train := func(days float64) int {
		t.Helper()
		c := quick()
		c.HalfLife = days
		if _, err := e.Train(t.Context(), TrainOptions{Config: c}); err != nil {
			t.Fatal(err)
		}
		return share(t, e, "mover", "s0-")
	}
	if never, soon := train(0), train(60); soon > never-2 {
		t.Errorf("%d of ten items are like the oldest choices with a half-life, %d without", soon, never)
	}
	want := recommend(t, e, Query{User: "mover", K: 30})
	for _, x := range want.Items[:8] {
		checkExplained(t, e, "mover", x)
	}
	// something else changes: the history is read again and is the same, bit by bit
	if err := e.AddInteraction(t.Context(), graph.Interaction{User: "guest", Item: "s1-1", Time: 5}); err != nil {
		t.Fatal(err)
	}
	if got := recommend(t, e, Query{User: "mover", K: 30}); got.Basis != BasisTrained || !reflect.DeepEqual(got.Items, want.Items) {
		t.Errorf("read again, the list is by %s: %v, was %v", got.Basis, idsOf(got), idsOf(want))
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if e, err = Open(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if got := recommend(t, e, Query{User: "mover", K: 30}); got.Basis != BasisTrained || !reflect.DeepEqual(got.Items, want.Items) {
		t.Errorf("opened again, the list is by %s: %v, was %v", got.Basis, idsOf(got), idsOf(want))
	}
	// folded in: two people with the same items in another order of time
	for i, who := range []string{"early", "late"} {
		var events []graph.Interaction
		for j := range 4 {
			for n, shelf := range []string{"s0", "s3"} {
				days := 500 * int64((n+i+1)%2)
				events = append(events, graph.Interaction{User: who, Item: fmt.Sprintf("%s-%d", shelf, j*3), Time: (1000 - days) * daySeconds})
			}
		}
		if err := e.AddInteraction(t.Context(), events...); err != nil {
			t.Fatal(err)
		}
	}
	if early, late := share(t, e, "early", "s3-"), share(t, e, "late", "s3-"); late == early {
		t.Errorf("%d of ten items are of the shelf that came first, and %d where it came last", early, late)
	}
}

// A half-life is searched where the validation part is newer than the rest, and found where tastes move.
func TestTuneHalfLife(t *testing.T) {
	e := memory(t)
	drifting(t, e)
	rep := mustTune(t, e, TuneOptions{Objective: ObjectiveByTime, K: 5, DryRun: true})
	if c := choiceNamed(t, rep, "half-life in days"); c.From != "0" || c.To == "0" || rep.Config.HalfLife == 0 {
		t.Errorf("%+v", c)
	}
	rep = mustTune(t, e, TuneOptions{Objective: ObjectiveWarm, K: 5, DryRun: true})
	for _, c := range rep.Choices {
		if strings.HasPrefix(c.Name, "half-life") {
			t.Errorf("searched on a random part: %+v", c)
		}
	}
}
