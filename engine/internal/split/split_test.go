package split

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// synthetic returns events of 40 users and 30 items with repeats of pairs and of times; rows are not 0, 1, 2…
func synthetic(seed uint64) []Event {
	rng := rand.New(rand.NewPCG(seed, 1))
	events := make([]Event, 600)
	for at := range events {
		events[at] = Event{User: int32(rng.IntN(40)), Item: int32(rng.IntN(30)), Weight: 1, Time: int64(rng.IntN(200)), Row: int32(3*at + 5)}
	}
	return events
}

// methods are the splits with usual arguments, each as a list of parts.
func methods() map[string]func([]Event, uint64) ([]Split, error) {
	one := func(s Split, err error) ([]Split, error) { return []Split{s}, err }
	return map[string]func([]Event, uint64) ([]Split, error){
		"random":         func(e []Event, s uint64) ([]Split, error) { return one(Random(e, .2, s)) },
		"per user":       func(e []Event, s uint64) ([]Split, error) { return one(PerUser(e, .2, s)) },
		"leave last out": func(e []Event, _ uint64) ([]Split, error) { return one(LeaveLastOut(e, 2)) },
		"by time":        func(e []Event, _ uint64) ([]Split, error) { return one(ByTime(e, .8)) },
		"cold items":     func(e []Event, s uint64) ([]Split, error) { return one(ColdItems(e, .2, s)) },
		"cold users":     func(e []Event, s uint64) ([]Split, error) { return one(ColdUsers(e, .2, s)) },
		"k-fold":         func(e []Event, s uint64) ([]Split, error) { return KFold(e, 5, s) },
	}
}

// The promises of the package comment, for every split and several inputs.
func TestPromises(t *testing.T) {
	for name, method := range methods() {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(5) {
				events := synthetic(seed)
				before := slices.Clone(events)
				splits, err := method(events, seed)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(before, events); diff != "" {
					t.Fatalf("argument changed:\n%s", diff)
				}
				again, _ := method(events, seed)
				if diff := cmp.Diff(splits, again); diff != "" {
					t.Errorf("same seed, other parts:\n%s", diff)
				}
				for _, s := range splits {
					checkParts(t, events, s)
				}
			}
		})
	}
}

// checkParts: disjoint, complete, in order, not empty, and no pair on both sides.
func checkParts(t *testing.T, events []Event, s Split) {
	t.Helper()
	at := map[int32]int{}
	for i, e := range events {
		at[e.Row] = i
	}
	if len(s.Train) == 0 || len(s.Test) == 0 {
		t.Errorf("empty part: %d train, %d test", len(s.Train), len(s.Test))
	}
	seen := map[int32]bool{}
	trained := map[[2]int32]bool{}
	for _, rows := range [][]int32{s.Train, s.Test, s.Out} {
		if !slices.IsSortedFunc(rows, func(a, b int32) int { return at[a] - at[b] }) {
			t.Error("a part is not in the order of the events")
		}
		for _, row := range rows {
			if seen[row] {
				t.Errorf("row %d is in two parts", row)
			}
			seen[row] = true
		}
	}
	if len(seen) != len(events) {
		t.Errorf("%d rows in the parts, %d events", len(seen), len(events))
	}
	for _, row := range s.Train {
		e := events[at[row]]
		trained[[2]int32{e.User, e.Item}] = true
	}
	for _, row := range s.Test {
		if e := events[at[row]]; trained[[2]int32{e.User, e.Item}] {
			t.Errorf("user %d has item %d in training and held out", e.User, e.Item)
		}
	}
}

func TestSeedsDiffer(t *testing.T) {
	events := synthetic(1)
	for _, name := range []string{"random", "per user", "cold items", "cold users", "k-fold"} {
		a, _ := methods()[name](events, 1)
		b, _ := methods()[name](events, 2)
		if cmp.Equal(a, b) {
			t.Errorf("%s: seeds 1 and 2 give the same parts", name)
		}
	}
}

func nodes(events []Event, rows []int32, key func(Event) int32) map[int32]bool {
	in := map[int32]bool{}
	for _, e := range events {
		if slices.Contains(rows, e.Row) {
			in[key(e)] = true
		}
	}
	return in
}

func TestColdNodesHaveNoTrainingRow(t *testing.T) {
	events := synthetic(2)
	keys := map[string]func(Event) int32{
		"cold items": func(e Event) int32 { return e.Item },
		"cold users": func(e Event) int32 { return e.User },
	}
	want := map[string]int{"cold items": 6, "cold users": 8}
	for name, key := range keys {
		s, err := methods()[name](events, 3)
		if err != nil {
			t.Fatal(err)
		}
		trained, held := nodes(events, s[0].Train, key), nodes(events, s[0].Test, key)
		for id := range held {
			if trained[id] {
				t.Errorf("%s: %d has training rows", name, id)
			}
		}
		if len(held) != want[name] {
			t.Errorf("%s: %d held out, want a fifth: %d", name, len(held), want[name])
		}
	}
}

func TestRandomHoldsOutTheFraction(t *testing.T) {
	var events []Event
	for r := range int32(100) {
		events = append(events, Event{User: r % 10, Item: r / 10, Row: r})
	}
	for _, tt := range []struct {
		fraction float64
		want     int
		why      string
	}{{.2, 20, "a fifth"}, {.001, 1, "at least one"}, {.999, 99, "at least one is kept"}} {
		s, err := Random(events, tt.fraction, 1)
		if err != nil || len(s.Test) != tt.want {
			t.Errorf("%v: %d held out, %v: %s", tt.fraction, len(s.Test), err, tt.why)
		}
	}
}

func TestPerUserHoldsOutOfEachUser(t *testing.T) {
	var events []Event
	for u := range int32(5) { // user u has 2u+1 items
		for i := range 2*u + 1 {
			events = append(events, Event{User: u, Item: i, Row: int32(len(events))})
		}
	}
	s, err := PerUser(events, .25, 1)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]int, 5)
	for _, row := range s.Test {
		got[events[row].User]++
	}
	if diff := cmp.Diff([]int{0, 1, 1, 2, 2}, got); diff != "" { // 1, 3, 5, 7, 9 items
		t.Errorf("held out per user (one item: kept):\n%s", diff)
	}
	rest := events[1:]
	alone, err := PerUser(rest, .25, 1)
	if err != nil || !slices.Equal(alone.Test, s.Test) {
		t.Errorf("without user 0 the others' parts change: %v, %v", alone.Test, err)
	}
}

func TestKFoldHoldsEachPairOutOnce(t *testing.T) {
	events := synthetic(4)
	splits, err := KFold(events, 7, 1)
	if err != nil {
		t.Fatal(err)
	}
	times := map[int32]int{}
	for _, s := range splits {
		for _, row := range s.Test {
			times[row]++
		}
	}
	for _, e := range events {
		if times[e.Row] != 1 {
			t.Errorf("row %d is held out %d times", e.Row, times[e.Row])
		}
	}
}

func TestLeaveLastOutByHand(t *testing.T) {
	events := []Event{
		{User: 1, Item: 10, Time: 5, Row: 0},
		{User: 1, Item: 11, Time: 9, Row: 1},
		{User: 1, Item: 12, Time: 9, Row: 2},
		{User: 1, Item: 10, Time: 99, Row: 3},
		{User: 2, Item: 10, Time: 7, Row: 4},
		{User: 3, Item: 12, Time: 8, Row: 5},
		{User: 3, Item: 11, Time: 2, Row: 6},
	}
	tests := []struct {
		n    int
		want []int32
		why  string
	}{
		{1, []int32{2, 5}, "items 11 and 12 tie at 9: the later row is the later; the repeat of 10 at 99 is old news; user 2 has one item"},
		{2, []int32{1, 2, 5}, "user 3 keeps one"},
		{9, []int32{1, 2, 5}, "never everything of a user"},
	}
	for _, tt := range tests {
		s, err := LeaveLastOut(events, tt.n)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, s.Test); diff != "" {
			t.Errorf("n = %d: %s\n%s", tt.n, tt.why, diff)
		}
	}
}

func TestByTimeByHand(t *testing.T) {
	events := []Event{
		{User: 1, Item: 10, Time: 4, Row: 0},
		{User: 1, Item: 11, Time: 1, Row: 1},
		{User: 2, Item: 10, Time: 3, Row: 2},
		{User: 1, Item: 11, Time: 5, Row: 3},
		{User: 2, Item: 12, Time: 3, Row: 4},
	}
	s, err := ByTime(events, .5)
	if err != nil {
		t.Fatal(err)
	}
	want := Split{Train: []int32{1, 2, 4}, Test: []int32{0}, Out: []int32{3}}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("both rows at the cut (time 3) train; the later row of (1, 11) is out:\n%s", diff)
	}
	late := []Event{{User: 1, Item: 1, Time: 1, Row: 0}, {User: 1, Item: 2, Time: 2, Row: 1}, {User: 1, Item: 3, Time: 2, Row: 2}}
	if s, err = ByTime(late, .9); err != nil || len(s.Test) != 2 {
		t.Errorf("most rows at the last moment: %+v, %v, want the cut before it", s, err)
	}
}

func TestErrors(t *testing.T) {
	events, single := synthetic(1), []Event{{User: 1, Item: 1, Time: 1}}
	timeless := []Event{{User: 1, Item: 1}, {User: 1, Item: 2}}
	alone := []Event{{User: 1, Item: 1, Time: 1}, {User: 2, Item: 1, Time: 2}}
	errOf := func(_ Split, err error) error { return err }
	kfold := func(e []Event, k int) error { _, err := KFold(e, k, 1); return err }
	tests := []struct {
		name string
		err  error
		want error
	}{
		{"random 0", errOf(Random(events, 0, 1)), ErrBadFraction},
		{"random 1", errOf(Random(events, 1, 1)), ErrBadFraction},
		{"random NaN", errOf(Random(events, math.NaN(), 1)), ErrBadFraction},
		{"random none", errOf(Random(nil, .5, 1)), ErrTooFew},
		{"random one", errOf(Random(single, .5, 1)), ErrTooFew},
		{"per user 2", errOf(PerUser(events, 2, 1)), ErrBadFraction},
		{"per user single items", errOf(PerUser(alone, .5, 1)), ErrTooFew},
		{"last 0", errOf(LeaveLastOut(events, 0)), ErrBadFraction},
		{"last timeless", errOf(LeaveLastOut(timeless, 1)), ErrNoTime},
		{"last none", errOf(LeaveLastOut(nil, 1)), ErrTooFew},
		{"last single items", errOf(LeaveLastOut(alone, 1)), ErrTooFew},
		{"by time 0", errOf(ByTime(events, 0)), ErrBadFraction},
		{"by time timeless", errOf(ByTime(timeless, .5)), ErrNoTime},
		{"by time none", errOf(ByTime(nil, .5)), ErrTooFew},
		{"cold items -1", errOf(ColdItems(events, -1, 1)), ErrBadFraction},
		{"cold items one", errOf(ColdItems(alone, .5, 1)), ErrTooFew},
		{"cold users one", errOf(ColdUsers(single, .5, 1)), ErrTooFew},
		{"one fold", kfold(events, 1), ErrBadFraction},
		{"folds above pairs", kfold(alone, 3), ErrTooFew},
	}
	for _, tt := range tests {
		if !errors.Is(tt.err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, tt.err, tt.want)
		}
	}
}

// FuzzSplits: whatever the events, a split keeps its promises or says why it cannot.
func FuzzSplits(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9}, uint64(1))
	f.Add([]byte{0, 0, 0, 0, 0, 1}, uint64(2))
	f.Fuzz(func(t *testing.T, raw []byte, seed uint64) {
		var events []Event
		for i := 0; i+2 < min(len(raw), 300); i += 3 {
			events = append(events, Event{User: int32(raw[i] % 8), Item: int32(raw[i+1] % 8), Time: int64(raw[i+2] % 8), Row: int32(i)})
		}
		for _, method := range methods() {
			splits, err := method(events, seed)
			for _, s := range splits {
				if err == nil {
					checkParts(t, events, s)
				}
			}
		}
	})
}
