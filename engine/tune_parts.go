package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/kenrec/ken/engine/internal/metrics"
	"github.com/kenrec/ken/engine/internal/mf"
	"github.com/kenrec/ken/engine/internal/split"
	"github.com/kenrec/ken/engine/internal/tune"
)

// Names of the parts of the objective.
const (
	partWarm      = "warm"
	partColdItems = "cold items"
	partColdUsers = "cold users"
	partNewest    = "newest"
	partGiven     = "given pairs"
)

// tuneUsers bounds the users that a part is measured on: beyond some thousand, noise comes from the choice of rows.
const tuneUsers = 5000

// tunePart is one part of the objective with what is looked for.
type tunePart struct {
	name string
	warm bool // candidates are warm items: the scorers have a say, and plain matrix factorisation can be compared
	holdout
}

// tuneFold is one validation split: training rows, what is looked for, and what was computed on them.
type tuneFold struct {
	train []int32
	parts []tunePart
	scale scale // of the training rows

	fitted  recent[*modelRanker]
	scorers recent[[]scorer]
	states  recent[*mf.State] // where fits stand: survivors of a rung go on from there
}

const (
	// enoughPairs is how many held-out pairs of the warm or only part tell configurations apart: below it, further splits
	// are drawn. On 1,400 pairs the best of thirty configurations was one that the test lost 4 % by.
	enoughPairs = 10000
	mostFolds   = 3
)

// carveAll draws the validation splits of the search and the fresh ones that confirm what it found. Given pairs are one
// split and leave none to confirm on.
func (t *tuning) carveAll() error {
	f, err := t.carve(0)
	if err != nil {
		return err
	}
	t.search = []*tuneFold{f}
	if t.o.Valid != nil {
		return nil
	}
	pairs := 0
	for _, set := range f.parts[len(f.parts)-1].truth {
		pairs += len(set)
	}
	n := min(max((enoughPairs+pairs-1)/pairs, 1), mostFolds)
	if t.o.Objective == ObjectiveByTime {
		n = 1 // the newest, and the window before it to confirm on: further ones are of another time
	}
	for i := 1; i < 2*n; i++ {
		next, err := t.carve(uint64(i))
		if err != nil {
			return err
		}
		if !slices.EqualFunc(f.parts, next.parts, func(a, b tunePart) bool { return a.name == b.name }) {
			continue // cold items that happen to be too few to tell
		}
		if i < n {
			t.search = append(t.search, next)
		} else {
			t.fresh = append(t.fresh, next)
		}
	}
	return nil
}

// carve parts the data into training rows and the parts of the objective, by the number of the split. One model serves all
// parts: with the mix, cold items are taken out first and the warm part is a random part of the rest.
func (t *tuning) carve(number uint64) (*tuneFold, error) {
	rest := make([]split.Event, len(t.d.events))
	for r, e := range t.d.events {
		rest[r] = split.Event{User: e.user, Item: e.item, Weight: e.weight, Time: e.time, Row: int32(r)}
	}
	ev := t.evaluation()
	given, err := t.givenRows(ev)
	if err != nil {
		return nil, err
	}
	if given != nil {
		rest = without(rest, given)
	}
	f := &tuneFold{}
	seed := t.o.Seed + number<<32
	hold := func(name string, by func([]split.Event, float64, uint64) (split.Split, error)) error {
		s, err := by(rest, t.o.Fraction, seed)
		if err != nil {
			return splitError(err)
		}
		p := tunePart{name: name}
		for _, r := range s.Test {
			e := t.d.events[r]
			p.rows = append(p.rows, labelRow{e.user, e.item, e.weight})
		}
		f.parts = append(f.parts, p)
		rest = keepRows(rest, s.Train)
		return nil
	}
	if t.o.Objective == ObjectiveMix && t.knows() {
		if err := hold(partColdItems, split.ColdItems); err != nil && !errors.Is(err, ErrNoData) {
			return nil, err
		}
	}
	switch {
	case given != nil:
		f.parts = append(f.parts, tunePart{name: partGiven, holdout: holdout{rows: given}})
	case t.o.Objective == ObjectiveColdItems:
		err = hold(partColdItems, split.ColdItems)
	case t.o.Objective == ObjectiveColdUsers:
		err = hold(partColdUsers, split.ColdUsers)
	case t.o.Objective == ObjectiveByTime:
		// chance has no part in it: another split looks for an older window and knows nothing of what came after
		for range number {
			newest, err := split.ByTime(rest, 1-t.o.Fraction)
			if err != nil {
				return nil, splitError(err)
			}
			rest = keepRows(rest, newest.Train)
		}
		err = hold(partNewest, func(rest []split.Event, fraction float64, _ uint64) (split.Split, error) {
			return split.ByTime(rest, 1-fraction)
		})
	default:
		err = hold(partWarm, split.Random)
	}
	if err != nil {
		return nil, err
	}
	for _, e := range rest {
		f.train = append(f.train, e.Row)
	}
	f.scale = t.measure(f.train)
	return f, t.complete(ev, f)
}

// folds returns the splits of the search and the fresh ones.
func (t *tuning) folds() []*tuneFold { return append(slices.Clone(t.search), t.fresh...) }

// silenceLeaks leaves out the profiles that saw what the parts look for.
func (t *tuning) silenceLeaks(ctx context.Context) error {
	var held []labelRow
	for _, f := range t.folds() {
		for _, p := range f.parts {
			held = append(held, p.rows...)
		}
	}
	leaking := t.d.leaking(held)
	if len(leaking) == 0 {
		return nil
	}
	t.d.silence(leaking)
	t.warnings = append(t.warnings, leakWarning(len(leaking), len(t.d.written)))
	t.features = recent[*knowledge]{}
	var err error
	t.base, err = t.unweighted(ctx, *t.o.Config)
	return err
}

// coldLists is how many lists the cold items of the mix must fill for their part to count: a list that holds most of the
// candidates says little about their order.
const coldLists = 2

// complete finds users, truth and candidates of every part. Cold items that are too few to tell are left out of the mix.
func (t *tuning) complete(ev *evaluation, f *tuneFold) error {
	var kept []tunePart
	for _, p := range f.parts {
		p.train = f.train
		optional := len(f.parts) > 1 && p.name == partColdItems
		if err := ev.complete(&p.holdout); err != nil && !optional {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		if optional && len(p.ranked) < coldLists*t.o.K {
			continue
		}
		p.warm = p.rule == CandidatesWarm && p.name != partColdUsers
		p.thin()
		kept = append(kept, p)
	}
	f.parts = kept
	return nil
}

// itemGroups bounds the groups of held-out items that noise is measured over.
const itemGroups = 4096

// tally gathers the NDCG of one part over the splits, by user and by item: what the places of one item add to the sum over
// users. Users who look for the same item win or lose together, the more so the fewer the items are; and a user who is
// tested in several splits counts once.
type tally struct {
	users map[int32][2]float64 // sum and number
	items []float64
	lists int
}

func (s *tally) add(p *tunePart, lists [][]int32, k int) {
	for j, list := range lists {
		hits := metrics.Hits(list, p.truth[j], k)
		u := s.users[p.users[j]]
		s.users[p.users[j]] = [2]float64{u[0] + metrics.NDCG(hits, len(p.truth[j]), k), u[1] + 1}
		alone := make([]bool, len(hits))
		for r, hit := range hits {
			if hit {
				alone[r] = true
				s.items[int(list[r])%len(s.items)] += metrics.NDCG(alone, len(p.truth[j]), k)
				alone[r] = false
			}
		}
	}
	s.lists += len(lists)
}

// part returns the values, users ascending.
func (s *tally) part() tune.Part {
	out := tune.Part{Items: make([]float64, len(s.items))}
	for _, u := range slices.Sorted(maps.Keys(s.users)) {
		v := s.users[u]
		out.Users = append(out.Users, coarse(v[0]/v[1]))
	}
	for i, v := range s.items {
		out.Items[i] = coarse(v * float64(len(s.items)) / float64(max(s.lists, 1)))
	}
	return out
}

// thin keeps some of very many users, evenly.
func (p *tunePart) thin() {
	n := len(p.users)
	if n <= tuneUsers {
		return
	}
	for j := range tuneUsers {
		p.users[j], p.truth[j] = p.users[j*n/tuneUsers], p.truth[j*n/tuneUsers]
	}
	p.users, p.truth = p.users[:tuneUsers], p.truth[:tuneUsers]
}

// givenRows finds the caller's pairs in the data; nil when there are none.
func (t *tuning) givenRows(ev *evaluation) ([]labelRow, error) {
	if t.o.Valid == nil {
		return nil, nil
	}
	users, items := numbers(t.d.userIDs()), numbers(t.d.itemIDs())
	var rows []labelRow
	for _, p := range t.o.Valid {
		u, known := users[p.User]
		i, stored := items[p.Item]
		if !known || !stored {
			continue // what the store does not hold is missed by every configuration alike
		}
		w := p.Weight
		if w == 0 {
			w = 1
		}
		rows = append(rows, labelRow{u, i, w})
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%w: none of the validation pairs is of a user and an item in the store", ErrNoData)
	}
	return rows, nil
}

// without leaves out the events of the given pairs: a user is not asked to find what she has.
func without(events []split.Event, rows []labelRow) []split.Event {
	held := make(map[[2]int32]bool, len(rows))
	for _, r := range rows {
		held[[2]int32{r.user, r.item}] = true
	}
	var out []split.Event
	for _, e := range events {
		if !held[[2]int32{e.User, e.Item}] {
			out = append(out, e)
		}
	}
	return out
}

// keepRows returns the events with these rows; both are in the same order.
func keepRows(events []split.Event, rows []int32) []split.Event {
	out := make([]split.Event, 0, len(rows))
	for _, e := range events {
		if len(out) < len(rows) && e.Row == rows[len(out)] {
			out = append(out, e)
		}
	}
	return out
}

// evaluation is what finds truth and candidates and ranks.
func (t *tuning) evaluation() *evaluation {
	return &evaluation{o: EvaluateOptions{K: t.o.K, Seed: t.o.Seed, MinWeight: t.o.MinWeight}, data: t.d, workers: t.workers}
}

// warmPart is the part that plain matrix factorisation can be compared on, nil when there is none.
func (t *tuning) warmPart() (at int, ok bool) {
	for i, p := range t.search[0].parts {
		if p.warm {
			return i, true
		}
	}
	return 0, false
}
