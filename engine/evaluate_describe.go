package engine

import "github.com/kenrec/ken/graph"

// describe fills in how it was measured and warns of what makes the figures doubtful.
func (ev *evaluation) describe(folds []holdout) {
	rep, o := &ev.report, ev.o
	rep.Split, rep.Seed, rep.K, rep.Candidates = o.Split, o.Seed, o.K, folds[0].rule
	rep.Types = o.Types
	switch o.Split {
	case SplitLeaveLastOut, SplitKFold:
		rep.N = o.N
	case SplitGiven:
	default:
		rep.Fraction = o.Fraction
	}
	tested := make([]bool, len(ev.data.users))
	for f := range folds {
		h := &folds[f]
		rep.Ranked += len(h.ranked)
		rep.TrainRows += len(h.train)
		for j, u := range h.users {
			rep.TestPairs += len(h.truth[j])
			tested[u] = true
		}
		if h.rule != rep.Candidates {
			ev.warnf("the folds differ in their candidates: %s and %s", rep.Candidates, h.rule)
		}
	}
	rep.Ranked /= len(folds)
	rep.TrainRows /= len(folds)
	for _, t := range tested {
		if t {
			rep.Users++
		}
	}
	ev.warnLeaks(folds)
}

// warnLeaks looks for held-out pairs that training gives away or that no list can contain.
func (ev *evaluation) warnLeaks(folds []holdout) {
	leaked, unranked, linked := 0, 0, 0
	joined := ev.userItemLinks()
	for f := range folds {
		h := &folds[f]
		ranked := make([]bool, len(ev.data.items))
		for _, i := range h.ranked {
			ranked[i] = true
		}
		for j, u := range h.users {
			for _, i := range h.truth[j] {
				switch {
				case int(i) >= len(ranked): // warned of where it was found
				case h.history.contains(u, i):
					leaked++
				case !ranked[i]:
					unranked++
				case joined[[2]int32{u, i}]:
					linked++
				}
			}
		}
	}
	if leaked > 0 {
		ev.warnf("leak: %d of %d held-out pairs are in the training data; what a user has is never recommended, so they count as misses", leaked, ev.report.TestPairs)
	}
	if unranked > 0 {
		ev.warnf("%d of %d held-out pairs are of items that are not candidates (%s): they count as misses", unranked, ev.report.TestPairs, ev.report.Candidates)
	}
	if linked > 0 {
		ev.warnf("leak: a triple joins the user and the item of %d of %d held-out pairs: knowledge may hold the answer", linked, ev.report.TestPairs)
	}
}

// userItemLinks returns the pairs that a triple joins directly.
func (ev *evaluation) userItemLinks() map[[2]int32]bool {
	joined := map[[2]int32]bool{}
	join := func(a, b graph.Idx) {
		if u, i := ev.data.userRow[a], ev.data.itemRow[b]; u >= 0 && i >= 0 {
			joined[[2]int32{u, i}] = true
		}
	}
	for _, t := range ev.data.triples {
		join(t.Head, t.Tail)
		join(t.Tail, t.Head)
	}
	return joined
}
