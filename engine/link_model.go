package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/itemitem"
	"github.com/kenrec/ken/engine/internal/link"
	"github.com/kenrec/ken/engine/internal/metrics"
	"github.com/kenrec/ken/engine/internal/sparse"
	"github.com/kenrec/ken/engine/internal/topk"
)

const (
	linkNeighbours = 50     // items alike that are asked, by each view
	linkValidation = 0.2    // share of the links that the regressions are fitted to
	linkOwn        = 30     // held links from which a relation has a regression of its own
	linkPooled     = 20_000 // pairs of each relation in the regression of the others
	linkEnough     = 50     // links that a relation must have, unless it is named
)

// linkModel predicts links of items.
type linkModel struct {
	evidence  *link.Evidence
	relations []*link.Relation   // by side
	fits      []metrics.Logistic // by side
}

// linkJob is what fitting a linkModel takes.
type linkJob struct {
	d       *dataset // all that may be learnt from
	adj     *adjacency
	sides   []linkSide // with all links of the store
	hidden  pairSet    // those of them that d does not have
	teller  *pairTeller
	cfg     Config
	seed    uint64
	workers int
	step    func() // called before each of the two fits; may be nil
}

// newLinkJob reads what links there are; nil for relations takes all that have enough.
func (e *Engine) newLinkJob(ctx context.Context, relations []string, given *Config) (*linkJob, error) {
	if e.closed.Load() {
		return nil, ErrClosed
	}
	cfg, err := e.trainConfig(ctx, given)
	if err != nil {
		return nil, err
	}
	d, err := loadDataset(ctx, e.store)
	if err != nil {
		return nil, err
	}
	d = d.withoutGuesses()
	j := &linkJob{d: d, adj: buildAdjacency(d), teller: newPairTeller(d), cfg: cfg, workers: e.workers}
	j.sides = linkSides(d, j.adj)
	for _, name := range relations {
		if !slices.ContainsFunc(j.sides, func(s linkSide) bool { return d.symName(s.relation) == name }) {
			return nil, fmt.Errorf("%w: no item has relation %q", ErrBadOption, name)
		}
	}
	j.sides = slices.DeleteFunc(j.sides, func(s linkSide) bool {
		if relations == nil {
			return s.links.NNZ() < linkEnough
		}
		return !slices.Contains(relations, d.symName(s.relation))
	})
	if len(j.sides) == 0 {
		return nil, fmt.Errorf("%w: no relation of items has %d triples", ErrNoData, linkEnough)
	}
	return j, nil
}

// may reports whether a link may be held out: none that a text tells.
func (j *linkJob) may(s int, p linkPair) bool {
	return !j.teller.tells(j.d.items[p.item], j.sides[s].ends[p.end])
}

// fit fits the factorisation twice: without a validation part of the links, to which the regressions are then fitted, and
// with it.
func (j *linkJob) fit(ctx context.Context) (*linkModel, error) {
	open := slices.Clone(j.sides)
	for s := range open {
		open[s].links = open[s].without(j.d, j.hidden)
	}
	valid, _ := drawPairs(open, j.may, linkValidation, j.seed+1)
	hidden := pairSetOf(j.d, open, valid)
	inner, err := j.gather(ctx, j.d.withoutPairs(j.adj, hidden), open, hidden)
	if err != nil {
		return nil, err
	}
	fits, err := j.regress(ctx, inner, open, valid)
	if err != nil {
		return nil, err
	}
	m, err := j.gather(ctx, j.d, open, nil)
	if err != nil {
		return nil, err
	}
	m.fits = fits
	return m, nil
}

// regress fits a regression to each relation that has enough held links, and one to all for the others.
func (j *linkJob) regress(ctx context.Context, m *linkModel, sides []linkSide, held [][]linkPair) ([]metrics.Logistic, error) {
	fits, poor := make([]metrics.Logistic, len(sides)), []int(nil)
	var pooled link.Sample
	for s := range sides {
		side := &sides[s]
		sample, err := m.evidence.Sample(ctx, m.relations[s], side.matrix(held[s]), side.closed(side.links), j.workers)
		if err != nil {
			return nil, fmt.Errorf("engine: link prediction: %w", err)
		}
		if sample.Positives() >= linkOwn {
			fits[s] = sample.Fit()
		} else {
			poor = append(poor, s)
		}
		pooled.Add(sample.Thin(linkPooled))
	}
	if len(poor) == 0 {
		return fits, nil
	}
	if pooled.Positives() == 0 {
		return nil, fmt.Errorf("%w: none of the links held out is suggested by items alike: there is nothing to learn from", ErrNoData)
	}
	all := pooled.Fit()
	for _, s := range poor {
		fits[s] = all
	}
	return fits, nil
}

// gather fits the factorisation to d and collects the evidence for the links that are not hidden.
func (j *linkJob) gather(ctx context.Context, d *dataset, sides []linkSide, hidden pairSet) (*linkModel, error) {
	if j.step != nil {
		j.step()
	}
	k, err := buildKnowledge(ctx, d, j.cfg, j.workers)
	if err != nil {
		return nil, err
	}
	f, err := fit(ctx, d, k, nil, j.cfg, j.workers, nil)
	if err != nil {
		return nil, err
	}
	views, err := linkViews(ctx, k, f, j.workers)
	if err != nil {
		return nil, fmt.Errorf("engine: items alike: %w", err)
	}
	m := &linkModel{evidence: link.NewEvidence(views, f.factors.V)}
	for s := range sides {
		side := &sides[s]
		ends := dense.New(len(side.ends), f.factors.V.Cols)
		for z, end := range side.ends {
			if c, ok := k.items.byLink[linkKey{side.relation, side.in, end}]; ok {
				copy(ends.Row(z), f.factors.Z.Row(int(c)))
			}
		}
		m.relations = append(m.relations, link.NewRelation(side.without(d, hidden), ends))
	}
	return m, nil
}

// linkViews finds the items that are alike by their factors, by their contexts, by who chose them and by their texts. A view
// that the store has nothing for is empty.
func linkViews(ctx context.Context, k *knowledge, m *model, workers int) ([]link.View, error) {
	cosine := func(v dense.Matrix) func() (*sparse.CSR, error) {
		return func() (*sparse.CSR, error) { return nearest(ctx, v, workers) }
	}
	filter := func(x *sparse.CSR) func() (*sparse.CSR, error) {
		cfg := itemitem.FilterConfig{ItemPower: 0.5, UserPower: 0.5, Keep: linkNeighbours}
		return func() (*sparse.CSR, error) { return itemitem.Filter(ctx, x, cfg, workers) }
	}
	var views []link.View
	for _, v := range []struct {
		name string
		near func() (*sparse.CSR, error)
	}{
		{"alike by factors", cosine(m.factors.V)},
		{"alike by contexts", filter(k.itemLinks.Transpose())},
		{"chosen together", filter(positives(m.history, m.target))},
		{"alike by texts", cosine(k.told())},
	} {
		near, err := v.near()
		if err != nil {
			return nil, err
		}
		views = append(views, link.View{Name: v.name, Near: near})
	}
	return views, nil
}

// nearest returns for each row the rows of highest cosine above 0, with its square as their weight. Rows of zeros have none.
func nearest(ctx context.Context, v dense.Matrix, workers int) (*sparse.CSR, error) {
	out := &sparse.CSR{Rows: v.Rows, Cols: v.Rows, Ptr: make([]int64, v.Rows+1)}
	if v.Rows == 0 || v.Cols == 0 {
		return out, nil
	}
	unit := v.Clone()
	for i := range unit.Rows {
		if l := float32(length(unit.Row(i))); l > 0 {
			for j := range unit.Row(i) {
				unit.Row(i)[j] /= l
			}
		}
	}
	ids, scores, err := topk.NewItems(unit).Search(ctx, topk.Request{Users: unit, K: linkNeighbours,
		Exclude: func(i int) []int32 { return []int32{int32(i)} }}, workers)
	if err != nil {
		return out, err
	}
	var rows, cols []int32
	var vals []float32
	for n, j := range ids {
		if s := scores[n]; j >= 0 && s > 1e-6 {
			rows, cols, vals = append(rows, int32(n/linkNeighbours)), append(cols, j), append(vals, s*s)
		}
	}
	return sparse.FromTriplets(v.Rows, v.Rows, rows, cols, vals, nil), nil
}

// told is the items' features that come from vectors and words.
func (k *knowledge) told() dense.Matrix {
	cols := 0
	for _, b := range k.itemFeatures.blocks {
		if b.lsa != nil || b.whitener != nil && b.name != blockNeighbours {
			cols += b.to - b.from
		}
	}
	out := dense.New(k.h.Rows, cols)
	at := 0
	for _, b := range k.itemFeatures.blocks {
		if b.lsa != nil || b.whitener != nil && b.name != blockNeighbours {
			for i := range out.Rows {
				copy(out.Row(i)[at:], k.h.Row(i)[b.from:b.to])
			}
			at += b.to - b.from
		}
	}
	return out
}
