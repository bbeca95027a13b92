package engine

import (
	"fmt"
	"slices"

	"github.com/kenrec/ken/engine/internal/split"
	"github.com/kenrec/ken/graph"
)

// holdout is one fold: what to train on and what to look for.
type holdout struct {
	train      []int32    // rows of the dataset's events
	users      []int32    // with a non-empty truth, ascending
	truth      [][]int32  // by place in users: held-out items, ascending; ≥ len(items): items the store does not hold
	rule       Candidates // as used
	candidates []int32    // nil for the warm items
	ranked     []int32    // the candidates spelt out, ascending
	rows       []labelRow // held-out rows with their weights, for Labels
	history    history
	links      []int // by item: triples; nil without triples
}

// labelRow is one held-out row with its weight.
type labelRow struct {
	user, item int32
	weight     float32
}

// holdouts splits the data: one holdout, or one a fold.
func (ev *evaluation) holdouts() ([]holdout, error) {
	if len(ev.data.events) == 0 {
		return nil, fmt.Errorf("%w: the store has no interactions", ErrNoData)
	}
	if ev.o.Types != nil {
		ev.eligible = ev.data.ofTypes(ev.o.Types...)
	}
	switch ev.o.Split {
	case SplitGiven:
		h, err := ev.given()
		return []holdout{h}, err
	case SplitCrossDomain:
		h, err := ev.crossDomain()
		return []holdout{h}, err
	}
	splits, err := ev.parts()
	if err != nil {
		return nil, splitError(err)
	}
	folds := make([]holdout, len(splits))
	for f, s := range splits {
		h := holdout{train: s.Train}
		for _, r := range s.Test {
			e := ev.data.events[r]
			h.rows = append(h.rows, labelRow{e.user, e.item, e.weight})
		}
		if err := ev.complete(&h); err != nil {
			return nil, err
		}
		folds[f] = h
	}
	return folds, nil
}

// parts calls the split that was asked for. Events come in the store's order, which is what ties in time follow.
func (ev *evaluation) parts() ([]split.Split, error) {
	events := make([]split.Event, len(ev.data.events))
	for r, e := range ev.data.events {
		events[r] = split.Event{User: e.user, Item: e.item, Weight: e.weight, Time: e.time, Row: int32(r)}
	}
	one := func(s split.Split, err error) ([]split.Split, error) { return []split.Split{s}, err }
	switch o := ev.o; o.Split {
	case SplitPerUser:
		return one(split.PerUser(events, o.Fraction, o.Seed))
	case SplitLeaveLastOut:
		return one(split.LeaveLastOut(events, o.N))
	case SplitByTime:
		return one(split.ByTime(events, 1-o.Fraction))
	case SplitColdItems:
		return one(split.ColdItems(events, o.Fraction, o.Seed))
	case SplitColdUsers:
		return one(split.ColdUsers(events, o.Fraction, o.Seed))
	case SplitKFold:
		return split.KFold(events, o.N, o.Seed)
	default:
		return one(split.Random(events, o.Fraction, o.Seed))
	}
}

// given takes the held-out pairs from the options and trains on the whole store.
func (ev *evaluation) given() (holdout, error) {
	userOf, itemOf := numbers(ev.data.userIDs()), numbers(ev.data.itemIDs())
	known := len(itemOf)
	h := holdout{train: make([]int32, len(ev.data.events))}
	for r := range h.train {
		h.train[r] = int32(r)
	}
	strangers := map[string]bool{}
	strange := 0
	for _, p := range ev.o.Test {
		u, ok := userOf[p.User]
		if !ok {
			strangers[p.User] = true
			continue
		}
		i, ok := itemOf[p.Item]
		if !ok {
			// An item the store does not hold stays in T, as the judge has it: nobody can recommend it, but it was wanted.
			i = int32(len(itemOf))
			itemOf[p.Item] = i
		}
		if int(i) >= known {
			strange++
		}
		w := p.Weight
		if w == 0 && !ev.o.Labels {
			w = 1
		}
		h.rows = append(h.rows, labelRow{u, i, w})
	}
	if strange > 0 {
		ev.warnf("%d of %d test pairs name an item that the store does not hold: they count as misses", strange, len(ev.o.Test))
	}
	ev.leaveOut("unknown to the store", len(strangers))
	return h, ev.complete(&h)
}

func numbers(ids []string) map[string]int32 {
	of := make(map[string]int32, len(ids))
	for i, id := range ids {
		of[id] = int32(i)
	}
	return of
}

// complete fills in what follows from the training and the held-out rows.
func (ev *evaluation) complete(h *holdout) error {
	ev.collectTruth(h)
	if len(h.users) == 0 {
		why := ""
		for _, l := range ev.report.LeftOut {
			why += fmt.Sprintf("; %d users: %s", l.Users, l.Reason)
		}
		return fmt.Errorf("%w: no user has a held-out item that counts%s", ErrNoData, why)
	}
	h.history = newHistory(ev.data, h.train)
	h.links = itemLinks(ev.data)
	return ev.chooseCandidates(h)
}

// collectTruth groups the held-out rows that count by user.
func (ev *evaluation) collectTruth(h *holdout) {
	sets := make([][]int32, len(ev.data.users))
	held, other := make([]bool, len(ev.data.users)), make([]bool, len(ev.data.users))
	for _, r := range h.rows {
		if !ev.ranks(r.item) {
			other[r.user] = true
			continue
		}
		held[r.user] = true
		if r.weight > 0 && r.weight >= ev.o.MinWeight {
			sets[r.user] = append(sets[r.user], r.item)
		}
	}
	active := make([]bool, len(ev.data.users))
	for _, e := range ev.data.events {
		active[e.user] = true
	}
	none, light, elsewhere := 0, 0, 0
	for u, set := range sets {
		switch {
		case len(set) > 0:
			slices.Sort(set)
			h.users = append(h.users, int32(u))
			h.truth = append(h.truth, slices.Compact(set))
		case held[u]:
			light++
		case other[u]:
			elsewhere++
		case active[u]:
			none++
		}
	}
	ev.leaveOut("nothing held out", none)
	ev.leaveOut("held-out weights too low", light)
	ev.leaveOut("held-out items of other types", elsewhere)
}

// ranks reports whether an item may be ranked and looked for; one that the store does not hold may.
func (ev *evaluation) ranks(item int32) bool {
	return ev.eligible == nil || int(item) >= len(ev.eligible) || ev.eligible[item]
}

// chooseCandidates decides what is ranked.
func (ev *evaluation) chooseCandidates(h *holdout) error {
	warm := h.history.warm
	wanted := make([]bool, len(warm))
	anyWarm := false
	for _, set := range h.truth {
		for _, i := range set {
			if int(i) < len(wanted) {
				wanted[i] = true
				anyWarm = anyWarm || warm[i]
			}
		}
	}
	h.rule = ev.o.Candidates
	if h.rule == CandidatesAuto {
		h.rule = CandidatesTest
		if anyWarm {
			h.rule = CandidatesWarm
		}
	}
	for i := range warm {
		if ev.ranks(int32(i)) && (h.rule == CandidatesAll || h.rule == CandidatesWarm && warm[i] || h.rule == CandidatesTest && wanted[i]) {
			h.ranked = append(h.ranked, int32(i))
		}
	}
	if h.rule != CandidatesWarm || ev.eligible != nil {
		h.candidates = h.ranked
	}
	if len(h.ranked) == 0 {
		return fmt.Errorf("%w: no candidate item", ErrNoData)
	}
	return nil
}

// history is who has what in the training rows.
type history struct {
	has  [][]int32 // by user: items of any weight, ascending and distinct
	fans [][]int32 // by item: users with a weight above 0, ascending and distinct: a dislike makes nothing popular
	warm []bool    // by item: somebody has it
}

func newHistory(d *dataset, train []int32) history {
	h := history{has: make([][]int32, len(d.users)), fans: make([][]int32, len(d.items)), warm: make([]bool, len(d.items))}
	for _, r := range train {
		e := d.events[r]
		h.has[e.user] = append(h.has[e.user], e.item)
		h.warm[e.item] = true
		if e.weight > 0 {
			h.fans[e.item] = append(h.fans[e.item], e.user)
		}
	}
	for _, lists := range [][][]int32{h.has, h.fans} {
		for j, l := range lists {
			slices.Sort(l)
			lists[j] = slices.Compact(l)
		}
	}
	return h
}

// contains reports whether the user has the item in the training rows.
func (h history) contains(user, item int32) bool {
	_, ok := slices.BinarySearch(h.has[user], item)
	return ok
}

// sizes is the length of each list.
func sizes(lists [][]int32) []int {
	n := make([]int, len(lists))
	for j, l := range lists {
		n[j] = len(l)
	}
	return n
}

// itemLinks counts the triples at each item, nil when there are none at all.
func itemLinks(d *dataset) []int {
	if len(d.triples) == 0 {
		return nil
	}
	n := make([]int, len(d.items))
	count := func(node graph.Idx) {
		if i := d.itemRow[node]; i >= 0 {
			n[i]++
		}
	}
	for _, t := range d.triples {
		count(t.Head)
		count(t.Tail)
	}
	return n
}

func (ev *evaluation) leaveOut(reason string, users int) {
	if users == 0 {
		return
	}
	for j := range ev.report.LeftOut {
		if l := &ev.report.LeftOut[j]; l.Reason == reason {
			l.Users = max(l.Users, users) // folds: the largest of them
			return
		}
	}
	ev.report.LeftOut = append(ev.report.LeftOut, LeftOut{Reason: reason, Users: users})
}

func (ev *evaluation) warnf(format string, args ...any) {
	if w := fmt.Sprintf(format, args...); !slices.Contains(ev.report.Warnings, w) {
		ev.report.Warnings = append(ev.report.Warnings, w)
	}
}
