package engine

import "github.com/kenrec/ken/graph"

// warnNames warns of weights that do nothing because the store has nothing of that name.
func (ev *evaluation) warnNames(row string, c Config) {
	d := ev.data
	relations, types := map[string]bool{}, map[string]bool{}
	for _, t := range d.triples {
		relations[d.symName(t.Relation)] = true
	}
	for n := range d.nodes {
		for _, a := range d.nodes[n].attrs {
			relations[a.Key] = true
		}
	}
	for _, e := range d.events {
		types[d.symName(e.typ)] = true
	}
	blocks := map[string]bool{}
	for _, b := range blockDefaults {
		blocks[b.Name] = true
	}
	for _, v := range d.vectors {
		blocks[v.name] = true
	}
	for _, of := range []struct {
		what  string
		list  []Weight
		known map[string]bool
	}{{"relation or attribute", c.Relations, relations}, {"block of features", c.Blocks, blocks}, {"type of interactions", c.Types, types}} {
		for _, w := range of.list {
			if !of.known[w.Name] {
				ev.warnf("configuration %q weighs %q, but the store has no such %s: the weight does nothing", row, w.Name, of.what)
			}
		}
	}
}

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

// silenceLeaks leaves out the profiles that saw what a fold holds out.
func (ev *evaluation) silenceLeaks(folds []holdout) {
	var held []labelRow
	for f := range folds {
		held = append(held, folds[f].rows...)
	}
	if leaking := ev.data.leaking(held); len(leaking) > 0 {
		ev.data.silence(leaking)
		ev.warnf("%s", leakWarning(len(leaking), len(ev.data.written)))
	}
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
