package split

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
)

// Errors, for input from outside.
var (
	// ErrBadFraction reports a held-out fraction, cut or count outside its range.
	ErrBadFraction = errors.New("split: fraction out of range")
	// ErrTooFew reports events that cannot be parted as asked: no part may be empty.
	ErrTooFew = errors.New("split: too few events")
	// ErrNoTime reports a split by time of events that all have the same time.
	ErrNoTime = errors.New("split: events have no times")
)

// Event is one interaction. Row is the caller's number for it: it comes back in the parts and means nothing here.
// Rows are distinct.
type Event struct {
	User, Item int32
	Weight     float32
	Time       int64 // unix seconds, 0 unknown
	Row        int32
}

// Split is the rows of both parts, each in the order of the events.
type Split struct {
	Train, Test []int32
	Out         []int32 // in neither part; only ByTime leaves rows out
}

// Random holds out round(fraction · pairs) pairs, drawn without regard to user or item; at least one pair is held out
// and one kept. Fraction lies strictly between 0 and 1. Errors: ErrBadFraction, ErrTooFew.
func Random(events []Event, fraction float64, seed uint64) (Split, error) {
	if err := checkFraction(fraction); err != nil {
		return Split{}, fmt.Errorf("random: %w", err)
	}
	p := pairsOf(events)
	chosen, err := draw(p.n, fraction, rand.New(rand.NewPCG(seed, 0)))
	if err != nil {
		return Split{}, fmt.Errorf("random: %w", err)
	}
	return part(events, func(at int) side { return heldIf(chosen[p.of[at]]) }), nil
}

// PerUser holds out round(fraction · pairs) of each user's pairs, at least one for a user with two or more; users with
// one pair keep it. Each user has a random stream of their own, so other users' events change nothing for them.
// Fraction lies strictly between 0 and 1. Errors: ErrBadFraction, ErrTooFew.
func PerUser(events []Event, fraction float64, seed uint64) (Split, error) {
	if err := checkFraction(fraction); err != nil {
		return Split{}, fmt.Errorf("per user: %w", err)
	}
	p := pairsOf(events)
	held := make([]bool, p.n)
	for user, mine := range p.byUser(events) {
		if len(mine) < 2 {
			continue
		}
		chosen, err := draw(len(mine), fraction, rand.New(rand.NewPCG(seed, uint64(user))))
		if err != nil {
			return Split{}, fmt.Errorf("per user: %w", err)
		}
		for j, pair := range mine {
			held[pair] = chosen[j]
		}
	}
	return nonEmpty("per user", part(events, func(at int) side { return heldIf(held[p.of[at]]) }))
}

// KFold parts the pairs by chance into k folds whose sizes differ by one at most; split number j holds out fold j.
// k is at least 2. Errors: ErrBadFraction, ErrTooFew (fewer pairs than folds).
func KFold(events []Event, k int, seed uint64) ([]Split, error) {
	if k < 2 {
		return nil, fmt.Errorf("k-fold: %w: %d folds, want 2 or more", ErrBadFraction, k)
	}
	p := pairsOf(events)
	if p.n < k {
		return nil, fmt.Errorf("k-fold: %w: %d pairs in %d folds", ErrTooFew, p.n, k)
	}
	fold := make([]int, p.n)
	for j, pair := range rand.New(rand.NewPCG(seed, 0)).Perm(p.n) {
		fold[pair] = j % k
	}
	splits := make([]Split, k)
	for f := range splits {
		splits[f] = part(events, func(at int) side { return heldIf(fold[p.of[at]] == f) })
	}
	return splits, nil
}

// ColdItems holds out every row of round(fraction · items) items, at least one, among those with an event: no held-out
// item has a training row. Fraction lies strictly between 0 and 1. Errors: ErrBadFraction, ErrTooFew.
func ColdItems(events []Event, fraction float64, seed uint64) (Split, error) {
	return cold("cold items", events, fraction, seed, func(e Event) int32 { return e.Item })
}

// ColdUsers holds out every row of round(fraction · users) users, at least one: no held-out user has a training row.
// Fraction lies strictly between 0 and 1. Errors: ErrBadFraction, ErrTooFew.
func ColdUsers(events []Event, fraction float64, seed uint64) (Split, error) {
	return cold("cold users", events, fraction, seed, func(e Event) int32 { return e.User })
}

// cold holds out whole nodes: items or users, whichever key returns.
func cold(what string, events []Event, fraction float64, seed uint64, key func(Event) int32) (Split, error) {
	if err := checkFraction(fraction); err != nil {
		return Split{}, fmt.Errorf("%s: %w", what, err)
	}
	number := make(map[int32]int) // looked up only, never walked
	for _, e := range events {
		if _, ok := number[key(e)]; !ok {
			number[key(e)] = len(number)
		}
	}
	chosen, err := draw(len(number), fraction, rand.New(rand.NewPCG(seed, 0)))
	if err != nil {
		return Split{}, fmt.Errorf("%s: %w", what, err)
	}
	return part(events, func(at int) side { return heldIf(chosen[number[key(events[at])]]) }), nil
}

type side uint8

const (
	train side = iota
	test
	out
)

func heldIf(b bool) side {
	if b {
		return test
	}
	return train
}

// part sends each event to its side, asked by its place in events.
func part(events []Event, sideOf func(at int) side) Split {
	var s Split
	for at, e := range events {
		switch sideOf(at) {
		case train:
			s.Train = append(s.Train, e.Row)
		case test:
			s.Test = append(s.Test, e.Row)
		default:
			s.Out = append(s.Out, e.Row)
		}
	}
	return s
}

// draw marks round(fraction · n) of n, at least one and at most n-1.
func draw(n int, fraction float64, rng *rand.Rand) ([]bool, error) {
	if n < 2 {
		return nil, fmt.Errorf("%w: %d to choose from", ErrTooFew, n)
	}
	take := min(max(int(math.Round(fraction*float64(n))), 1), n-1)
	chosen := make([]bool, n)
	for _, j := range rng.Perm(n)[:take] {
		chosen[j] = true
	}
	return chosen, nil
}

func checkFraction(f float64) error {
	if !(f > 0 && f < 1) { // also refuses NaN
		return fmt.Errorf("%w: %v, want strictly between 0 and 1", ErrBadFraction, f)
	}
	return nil
}

func nonEmpty(what string, s Split) (Split, error) {
	if len(s.Train) == 0 || len(s.Test) == 0 {
		return Split{}, fmt.Errorf("%s: %w: %d rows to train, %d to test", what, ErrTooFew, len(s.Train), len(s.Test))
	}
	return s, nil
}
