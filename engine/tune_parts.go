package engine

import (
	"errors"
	"fmt"

	"github.com/kenrec/ken/engine/internal/metrics"
	"github.com/kenrec/ken/engine/internal/split"
	"github.com/kenrec/ken/engine/internal/tune"
)

// Names of the parts of the objective.
const (
	partWarm      = "warm"
	partColdItems = "cold items"
	partColdUsers = "cold users"
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

// carve parts the data into training rows and the parts of the objective. One model serves all parts: with the mix, cold
// items are taken out first and the warm part is a random part of the rest.
func (t *tuning) carve() error {
	rest := make([]split.Event, len(t.d.events))
	for r, e := range t.d.events {
		rest[r] = split.Event{User: e.user, Item: e.item, Weight: e.weight, Time: e.time, Row: int32(r)}
	}
	ev := t.evaluation()
	given, err := t.givenRows(ev)
	if err != nil {
		return err
	}
	if given != nil {
		rest = without(rest, given)
	}
	hold := func(name string, by func([]split.Event, float64, uint64) (split.Split, error)) error {
		s, err := by(rest, t.o.Fraction, t.o.Seed)
		if err != nil {
			return splitError(err)
		}
		p := tunePart{name: name}
		for _, r := range s.Test {
			e := t.d.events[r]
			p.rows = append(p.rows, labelRow{e.user, e.item, e.weight})
		}
		t.parts = append(t.parts, p)
		rest = keepRows(rest, s.Train)
		return nil
	}
	if t.o.Objective == ObjectiveMix && t.knows() {
		if err := hold(partColdItems, split.ColdItems); err != nil && !errors.Is(err, ErrNoData) {
			return err
		}
	}
	switch {
	case given != nil:
		t.parts = append(t.parts, tunePart{name: partGiven, holdout: holdout{rows: given}})
	case t.o.Objective == ObjectiveColdItems:
		err = hold(partColdItems, split.ColdItems)
	case t.o.Objective == ObjectiveColdUsers:
		err = hold(partColdUsers, split.ColdUsers)
	default:
		err = hold(partWarm, split.Random)
	}
	if err != nil {
		return err
	}
	for _, e := range rest {
		t.train = append(t.train, e.Row)
	}
	return t.complete(ev)
}

// coldLists is how many lists the cold items of the mix must fill for their part to count: a list that holds most of the
// candidates says little about their order.
const coldLists = 2

// complete finds users, truth and candidates of every part. Cold items that are too few to tell are left out of the mix.
func (t *tuning) complete(ev *evaluation) error {
	var kept []tunePart
	for _, p := range t.parts {
		p.train = t.train
		optional := len(t.parts) > 1 && p.name == partColdItems
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
	t.parts = kept
	return nil
}

// itemGroups bounds the groups of held-out items that noise is measured over.
const itemGroups = 4096

// score returns the NDCG of the lists by user and by item: what the places of one item add to the sum over users. Users
// who look for the same item win or lose together, the more so the fewer the items are.
func (p *tunePart) score(lists [][]int32, k int) tune.Part {
	place := make(map[int32]int, len(p.ranked))
	for at, i := range p.ranked {
		place[i] = at % itemGroups
	}
	out := tune.Part{Users: make([]float64, len(lists)), Items: make([]float64, min(len(p.ranked), itemGroups))}
	for j, list := range lists {
		hits := metrics.Hits(list, p.truth[j], k)
		out.Users[j] = coarse(metrics.NDCG(hits, len(p.truth[j]), k))
		alone := make([]bool, len(hits))
		for r, hit := range hits {
			if hit {
				alone[r] = true
				out.Items[place[list[r]]] += metrics.NDCG(alone, len(p.truth[j]), k)
				alone[r] = false
			}
		}
	}
	for i := range out.Items {
		out.Items[i] = coarse(out.Items[i] * float64(len(out.Items)) / float64(max(len(lists), 1)))
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
	for i, p := range t.parts {
		if p.warm {
			return i, true
		}
	}
	return 0, false
}
