package engine

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/mf"
	"github.com/kenrec/ken/engine/internal/sparse"
	"github.com/kenrec/ken/graph"
)

// updateMost is the share of the user-item pairs of the last full training that may have changed since for an update to be
// enough.
const updateMost = 0.1

// origin is what an update must know about the last full training.
type origin struct {
	Facts   uint64 `json:"facts"`   // hash of all that was known of its nodes
	Pairs   int    `json:"pairs"`   // users × items that had interacted
	Changed int    `json:"changed"` // of them, and new ones, that updates took in since
}

// fullTraining is why an update is not made.
type fullTraining struct{ why string }

func (f *fullTraining) Error() string { return "engine: update: " + f.why }

// update returns the model for what the store holds now, from the last one: users are solved anew, and items whose
// interactions changed; new items are placed by their contexts and features as a query places them. The maps from features,
// the contexts and the item-to-item scorers stay those of the last full training. A *fullTraining tells why that would not
// do. d was read from the store.
func (e *Engine) update(ctx context.Context, d *dataset, m *model, cfg Config) (*model, int, error) {
	if err := m.outgrown(d, cfg); err != nil {
		return nil, 0, err
	}
	x, target, how := behaviour(d, nil, m.config)
	changed, items := m.changes(x, target)
	if most := int(updateMost * float64(m.origin.Pairs)); m.origin.Changed+changed > most {
		return nil, 0, &fullTraining{fmt.Sprintf("%d pairs of users and items changed since the last full training, more than %d", m.origin.Changed+changed, most)}
	}
	c, links, err := e.changeOf(ctx, d, m, x, items)
	if errors.Is(err, graph.ErrNotFound) {
		return nil, 0, &fullTraining{"something was erased meanwhile"}
	}
	if err != nil {
		return nil, 0, err
	}
	data := (&knowledge{d: d, items: m.know.items, itemLinks: links}).grown(x, target)
	factors, err := mf.Update(ctx, data, m.factors, c, e.workers)
	if err != nil {
		return nil, 0, fmt.Errorf("engine: %w", err)
	}
	next := &model{
		config: m.config, seq: d.seq, nodeCap: graph.Idx(len(d.nodes)), factors: factors, users: d.users, items: d.items,
		kinds: d.itemKind, userKinds: d.userKind, history: x, target: target, reading: how, know: m.know, links: links,
		origin: origin{Facts: factsOf(d, len(d.nodes)), Pairs: m.origin.Pairs, Changed: m.origin.Changed + changed},
	}
	for _, s := range m.scorers {
		next.scorers = append(next.scorers, scorer{s.name, s.weight, widened(s.next, len(d.items), len(d.items))})
	}
	next.index()
	return next, changed, nil
}

// grown is data for links that are there already.
func (k *knowledge) grown(x *sparse.CSR, target []float32) *mf.Data {
	k.contextAlpha = k.densities()
	return k.data(x, target)
}

// outgrown returns a *fullTraining when more than interactions, users and items was added since m was trained.
func (m *model) outgrown(d *dataset, cfg Config) error {
	switch {
	case m.origin.Pairs == 0:
		return &fullTraining{"the model does not say what it was trained on"}
	case !cfg.agrees(m.config):
		return &fullTraining{"the configuration is another one"}
	case !extends(m.users, d.users, m.nodeCap) || !extends(m.items, d.items, m.nodeCap):
		return &fullTraining{"nodes that were there have become users or items, or are gone"}
	case factsOf(d, int(m.nodeCap)) != m.origin.Facts:
		return &fullTraining{"what is known about users, items or other nodes has changed"}
	}
	return nil
}

// extends reports whether all begins with old and goes on with new nodes.
func extends(old, all []graph.Idx, nodeCap graph.Idx) bool {
	return len(all) >= len(old) && slices.Equal(all[:len(old)], old) && (len(all) == len(old) || all[len(old)] >= nodeCap)
}

// agrees reports whether c, automatic fields aside, is the configuration that filled came from.
func (c Config) agrees(filled Config) bool {
	now := c
	now.Seed = now.seed()
	// What filled gives an empty configuration of dense data is automatic.
	auto := reflect.ValueOf(Config{}.filled(scale{users: 1, items: 1, events: 2 * denseEvents, links: 1}))
	was, is := reflect.ValueOf(filled), reflect.ValueOf(&now).Elem()
	for n := range is.NumField() {
		if is.Field(n).IsZero() && !auto.Field(n).IsZero() {
			is.Field(n).Set(was.Field(n))
		}
	}
	return fmt.Sprintf("%+v", now) == fmt.Sprintf("%+v", filled)
}

// changes counts the pairs of users and items that x says something else about than the model's history, and lists the
// items they are of, ascending.
func (m *model) changes(x *sparse.CSR, target []float32) (pairs int, items []int32) {
	touched := make([]bool, x.Cols)
	note := func(i int32) {
		touched[i] = true
		pairs++
	}
	for u := range x.Rows {
		now := pastIn(x, target, u)
		var was mf.History
		if u < m.history.Rows {
			was = m.pastOf(int32(u))
		}
		for p, q := 0, 0; p < len(now.Items) || q < len(was.Items); {
			switch {
			case q == len(was.Items) || p < len(now.Items) && now.Items[p] < was.Items[q]:
				note(now.Items[p])
				p++
			case p == len(now.Items) || was.Items[q] < now.Items[p]:
				note(was.Items[q])
				q++
			default:
				if now.Conf[p] != was.Conf[q] || targetAt(now, p) != targetAt(was, q) {
					note(now.Items[p])
				}
				p++
				q++
			}
		}
	}
	for i, yes := range touched {
		if yes {
			items = append(items, int32(i))
		}
	}
	return pairs, items
}

func pastIn(x *sparse.CSR, target []float32, u int) mf.History {
	idx, conf := x.Row(u)
	h := mf.History{Items: idx, Conf: conf}
	if target != nil {
		h.Target = target[x.Ptr[u]:x.Ptr[u+1]]
	}
	return h
}

func targetAt(h mf.History, p int) float32 {
	if h.Target == nil {
		return 1
	}
	return h.Target[p]
}

// changeOf gathers what mf.Update needs beside the data, and the links of all items, those of new ones included.
func (e *Engine) changeOf(ctx context.Context, d *dataset, m *model, x *sparse.CSR, items []int32) (mf.Change, *sparse.CSR, error) {
	c := mf.Change{Items: items}
	fresh := &live{items: d.items[len(m.items):]}
	if err := e.placeItems(ctx, m, fresh, d.ids(fresh.items)); err != nil {
		return c, nil, err
	}
	c.Placed = fresh.vec
	links := widened(m.links, len(m.items), m.links.Cols)
	for _, b := range fresh.bags {
		links.Rows++
		links.Idx, links.Val = append(links.Idx, b.at...), append(links.Val, b.weight...)
		links.Ptr = append(links.Ptr, int64(len(links.Idx)))
	}
	var err error
	if c.Prior, err = e.itemPriors(ctx, m, d, items); err != nil {
		return c, nil, err
	}
	c.UserPrior, err = e.userPriors(ctx, m, d, x)
	return c, links, err
}

// itemPriors returns what their features say of some items, a row for each; none when the model has no features.
func (e *Engine) itemPriors(ctx context.Context, m *model, d *dataset, items []int32) (dense.Matrix, error) {
	f := m.know.itemFeatures
	if f.width() == 0 || len(items) == 0 {
		return dense.Matrix{}, nil
	}
	ids := make([]string, len(items))
	for n, i := range items {
		ids[n] = d.nodes[d.items[i]].id
	}
	reader, err := e.tieReader(ctx, m)
	if err != nil {
		return dense.Matrix{}, err
	}
	r, _, err := e.rawOf(ctx, reader, m.know.items, f, ids)
	if err != nil {
		return dense.Matrix{}, err
	}
	h, err := f.apply(ctx, r, e.workers)
	if err != nil {
		return dense.Matrix{}, fmt.Errorf("engine: features of items: %w", err)
	}
	p := dense.New(h.Rows, m.config.Factors)
	return p, dense.MulInto(ctx, p, h, m.factors.WarmMap(), e.workers)
}

// userPriors returns what is said of users themselves; none when the model learned nothing from that.
func (e *Engine) userPriors(ctx context.Context, m *model, d *dataset, x *sparse.CSR) (dense.Matrix, error) {
	if m.know.userFeatures.width() == 0 && m.factors.Profile == 0 {
		return dense.Matrix{}, nil
	}
	p := dense.New(len(d.users), m.config.Factors)
	reader, err := e.tieReader(ctx, m)
	if err != nil {
		return p, err
	}
	for u, n := range d.users {
		prior, err := e.userPrior(ctx, reader, d.nodes[n].id)
		if err != nil {
			return p, err
		}
		copy(p.Row(u), prior)
	}
	return p, nil
}

// widened returns a copy of a with at least so many rows and columns; the new ones are empty.
func widened(a *sparse.CSR, rows, cols int) *sparse.CSR {
	out := &sparse.CSR{Rows: rows, Cols: cols, Ptr: slices.Clone(a.Ptr), Idx: slices.Clone(a.Idx), Val: slices.Clone(a.Val)}
	for len(out.Ptr) <= rows {
		out.Ptr = append(out.Ptr, int64(len(out.Idx)))
	}
	return out
}
