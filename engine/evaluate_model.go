package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/kenrec/ken/engine/internal/mf"
	"github.com/kenrec/ken/engine/internal/par"
	"github.com/kenrec/ken/engine/internal/sparse"
	"github.com/kenrec/ken/engine/internal/topk"
)

// Evaluate holds out interactions, trains on the rest and judges the lists, with popularity and plain matrix
// factorisation beside the model. It reads the store once and leaves the published model alone.
//
// Every candidate that the user does not have is ranked; no negatives are sampled. Users without a held-out item are
// left out and counted. The report says how each figure came about and warns of leaks. Profiles that were written from
// held-out interactions, see EnrichProfiles, are left out of all models, with their vectors, and a warning counts them.
// Errors: ErrNoData, ErrBadOption, ErrClosed; a cancelled call returns an error wrapping ctx.Err() and no report.
// Cost: one training a row and fold, and users × candidates scores.
func (e *Engine) Evaluate(ctx context.Context, o EvaluateOptions) (_ EvaluateReport, err error) {
	defer border(&err)
	if e.closed.Load() {
		return EvaluateReport{}, ErrClosed
	}
	cfg, err := e.trainConfig(ctx, o.Config)
	if err != nil {
		return EvaluateReport{}, err
	}
	for _, c := range o.Compare {
		if err := c.Config.Validate(); err != nil {
			return EvaluateReport{}, fmt.Errorf("engine: configuration %q: %w", c.Name, err)
		}
	}
	d, err := loadDataset(ctx, e.store)
	if err != nil {
		return EvaluateReport{}, err
	}
	t := &trainer{d: d, workers: e.workers, seed: o.Seed, known: map[string]*knowledge{}}
	ev := &evaluation{o: o, data: d, fit: t.fit, workers: e.workers}
	ev.list = func(ctx context.Context) (names []string, err error) {
		t.sources, err = t.listSources(ctx, cfg)
		for _, s := range t.sources {
			names = append(names, s.name)
		}
		return names, err
	}
	return ev.evaluate(ctx, cfg)
}

// trainer fits the models of one evaluation.
type trainer struct {
	d       *dataset
	workers int
	seed    uint64 // breaks ties of the plain model
	sources []source
	known   map[string]*knowledge // of full models, by configuration: it does not depend on the split
}

// fit is the fitter of Evaluate.
func (t *trainer) fit(ctx context.Context, train []int32, cfg Config, v variant) (ranker, error) {
	k, err := t.knowledge(ctx, cfg, v)
	if err != nil {
		return nil, err
	}
	m, err := fit(ctx, t.d, k, train, cfg, t.workers, nil)
	if err != nil {
		return nil, err
	}
	r := &modelRanker{d: t.d, m: m, k: k, train: train, history: newHistory(t.d, train), workers: t.workers}
	if k == nil {
		r.chance = rand.New(rand.NewPCG(t.seed, 3)).Perm(len(t.d.items))
	}
	return r, nil
}

// knowledge gathers what a variant may know, nil for nothing.
func (t *trainer) knowledge(ctx context.Context, cfg Config, v variant) (*knowledge, error) {
	d := t.d
	switch v.kind {
	case variantPlain:
		return nil, nil
	case variantSource:
		for _, s := range t.sources {
			if s.name == v.source {
				return t.only(ctx, s, cfg)
			}
		}
		panic("engine: evaluate: no source " + v.source)
	case variantShuffled:
		return buildKnowledge(ctx, shuffled(d, cfg.seed()), cfg, t.workers)
	}
	cfg.Scorers = nil // knowledge does not depend on them
	key, err := json.Marshal(cfg)
	if err != nil {
		return nil, fmt.Errorf("engine: configuration: %w", err)
	}
	if k := t.known[string(key)]; k != nil {
		return k, nil
	}
	k, err := buildKnowledge(ctx, d, cfg, t.workers)
	if err == nil {
		t.known[string(key)] = k
	}
	return k, err
}

// modelRanker ranks with a model. It never changes.
type modelRanker struct {
	d       *dataset
	m       *model
	k       *knowledge // nil: plain
	train   []int32
	history history           // of the training rows: an evaluation has one idea of seen and warm, whatever the configuration drops
	folded  map[int32]*person // users folded in
	chance  []int             // items in the order that breaks ties; nil: by row
	workers int
}

// TopK is the contract of ranker.
func (r *modelRanker) TopK(ctx context.Context, users []int32, k int, candidates []int32, excludeSeen bool) ([][]int32, [][]float32, error) {
	eligible := newBits(len(r.d.items))
	for i, warm := range r.history.warm {
		if candidates == nil && warm {
			setBit(eligible, i)
		}
	}
	for _, i := range candidates {
		setBit(eligible, int(i))
	}
	lists, scores := make([][]int32, len(users)), make([][]float32, len(users))
	k, chosen := min(k, len(r.d.items)), r.m.ranking().choose(eligible)
	err := par.Chunks(ctx, len(users), chunkUsers, r.workers, func(_, lo, hi int) error {
		asks := make([]*ask, hi-lo)
		for n, u := range users[lo:hi] {
			p := r.folded[u]
			if p == nil {
				p = r.m.personOfRow(u)
			}
			asks[n] = &ask{p: p}
			if excludeSeen {
				asks[n].exclude = r.history.has[u]
			}
		}
		if r.chance != nil {
			for n, u := range users[lo:hi] {
				lists[lo+n], scores[lo+n] = r.pick(asks[n], u, k, eligible)
			}
			return nil
		}
		if err := r.m.rank(ctx, asks, k, chosen); err != nil {
			return err
		}
		for n, a := range asks {
			lists[lo+n], scores[lo+n] = a.ids, a.best
		}
		return nil
	})
	return lists, scores, err
}

// pick makes the list of one user without knowledge. All cold items tie at 0 then, and by row, which breaks ties elsewhere,
// what was imported first and tends to be known would come first: here ties are broken by chance.
func (r *modelRanker) pick(a *ask, user int32, k int, eligible []uint64) ([]int32, []float32) {
	b := r.m.board()
	defer r.m.putBoard(b)
	v := r.m.voice(a.p, b)
	r.m.fill(a.p, &v, b, nil)
	n, turn := len(r.chance), turnOf(user, len(r.chance))
	item := func(at int) int32 { return int32(r.chance[(at+turn)%n]) }
	for at := range n {
		b.one[at] = b.scores[item(at)]
	}
	list, scores := topk.Select(b.one[:n], k, func(at int) bool {
		i := item(at)
		_, seen := slices.BinarySearch(a.exclude, i)
		return hasBit(eligible, int(i)) && !seen
	})
	for j, at := range list {
		list[j] = item(int(at))
	}
	return list, scores
}

// FoldIn is the contract of foldInRanker: users and items without training rows are solved from the added ones, and so
// are anew the users whose history has such items.
func (r *modelRanker) FoldIn(ctx context.Context, rows []int32) (ranker, error) {
	all := append(append(make([]int32, 0, len(r.train)+len(rows)), r.train...), rows...)
	x, target, _ := behaviour(r.d, all, r.m.config)
	out := *r
	out.train, out.history, out.folded = all, newHistory(r.d, all), map[int32]*person{}
	grown, err := r.foldInItems(ctx, x, target)
	if err != nil {
		return nil, err
	}
	out.m = grown
	for u := range r.m.users {
		if x.Len(u) == r.m.history.Len(u) {
			continue
		}
		idx, conf := x.Row(u)
		past := mf.History{Items: idx, Conf: conf}
		if target != nil {
			past.Target = target[x.Ptr[u]:x.Ptr[u+1]]
		}
		if out.folded[int32(u)], err = grown.personOfHistory(ctx, past, r.userPrior(u)); err != nil {
			return nil, err
		}
	}
	return &out, nil
}

// foldInItems returns the model with the items joined that somebody it was trained on chose in x, and that nobody had
// chosen at training.
func (r *modelRanker) foldInItems(ctx context.Context, x *sparse.CSR, target []float32) (*model, error) {
	m := r.m
	factors := *m.factors
	factors.V, factors.Warm = factors.V.Clone(), slices.Clone(factors.Warm)
	fans := make([][]fan, len(m.items))
	for u := range x.Rows {
		if m.history.Len(u) == 0 {
			continue
		}
		idx, conf := x.Row(u)
		for p, i := range idx {
			if m.factors.Warm[i] {
				continue
			}
			f := fan{user: m.factors.U.Row(u), items: m.likedBy(u), conf: conf[p], target: 1, row: int32(u)}
			if target != nil {
				f.target = target[int(x.Ptr[u])+p]
			}
			fans[i] = append(fans[i], f)
		}
	}
	all := make([]joined, len(m.items))
	err := par.Chunks(ctx, len(m.items), 8, r.workers, func(_, lo, hi int) error {
		for i := lo; i < hi; i++ {
			if len(fans[i]) == 0 {
				continue
			}
			var contexts []int32
			var conf, prior []float32
			if r.k != nil {
				contexts, conf = r.k.itemLinks.Row(i)
				if r.k.h.Rows > 0 {
					prior = m.factors.ItemPrior(r.k.h.Row(i), true)
				}
			}
			var err error
			if all[i], err = m.join(ctx, fans[i], contexts, conf, prior, nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	columns := make([][]triplet, len(m.scorers))
	var likes []triplet
	for i, j := range all {
		if j.v == nil {
			continue
		}
		copy(factors.V.Row(i), j.v)
		factors.Warm[i] = true
		for _, u := range j.fans {
			likes = append(likes, triplet{u, int32(i), 1})
		}
		for n, h := range j.heard {
			for e, from := range h.at {
				columns[n] = append(columns[n], triplet{from, int32(i), h.val[e]})
			}
		}
	}
	// named fields: a model has a lock, which must not be copied
	grown := &model{config: m.config, factors: &factors, users: m.users, items: m.items, kinds: m.kinds, history: m.history,
		target: m.target, likes: m.likes, reading: m.reading, know: m.know, likeMinded: m.likeMinded.with(likes)}
	for n, s := range m.scorers {
		s.next = withEntries(s.next, columns[n])
		grown.scorers = append(grown.scorers, s)
	}
	return grown, nil
}

// triplet is an entry of a sparse matrix.
type triplet struct {
	row, col int32
	val      float32
}

// withEntries returns m with further entries.
func withEntries(m *sparse.CSR, add []triplet) *sparse.CSR {
	rows, cols, vals := make([]int32, 0, m.NNZ()+len(add)), make([]int32, 0, m.NNZ()+len(add)), make([]float32, 0, m.NNZ()+len(add))
	for r := range m.Rows {
		idx, val := m.Row(r)
		for range idx {
			rows = append(rows, int32(r))
		}
		cols, vals = append(cols, idx...), append(vals, val...)
	}
	for _, t := range add {
		rows, cols, vals = append(rows, t.row), append(cols, t.col), append(vals, t.val)
	}
	return sparse.FromTriplets(m.Rows, m.Cols, rows, cols, vals, nil)
}

// userPrior is what knowledge says about a user, nil when that is nothing.
func (r *modelRanker) userPrior(u int) []float32 {
	if r.k == nil {
		return nil
	}
	var at []int32
	var weight, h []float32
	if r.k.profiles != nil {
		at, weight = r.k.profiles.Row(u)
	}
	if r.k.uh.Rows > 0 {
		h = r.k.uh.Row(u)
	}
	return r.m.factors.UserPrior(at, weight, h)
}
