package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/kenrec/ken/engine/internal/mf"
	"github.com/kenrec/ken/engine/internal/sparse"
	"github.com/kenrec/ken/graph"
)

// model is one trained model with what serving needs beside it; never changed once published.
type model struct {
	config  Config // every automatic value filled in
	seq     uint64 // of the store that it was trained on
	nodeCap graph.Idx
	seconds float64 // of training
	origin  origin

	factors   *mf.Model
	users     []graph.Idx // by row, ascending
	items     []graph.Idx
	kinds     map[graph.Sym]bool // node types of items
	userKinds map[graph.Sym]bool
	witness   []witness   // users and items that a store must know
	known     []int64     // by user: hash of what was known about her, see knownHash
	history   *sparse.CSR // users × items, confidence
	target    []float32   // of each entry of history; nil: all 1
	reading               // how interactions were read
	likes     []int32     // by item: how many users like it
	scorers   []scorer    // item-to-item scorers blended with the factors

	likeMinded likeMinded // and the scorer like-minded

	know serving

	links  *sparse.CSR        // items × contexts, the confidences that training used
	people func() *sparse.CSR // items × users: history transposed, made when first needed

	liveMu sync.Mutex // guards live
	live   *live      // what came into the store after training, for one sequence number

	lazy  lazyRanking
	types lazyTypes
	later lazyColumns
}

// scorer is an item-to-item scorer: a user's score of item i is Σ_j r_uj S_ji over her history, scaled by its spread.
type scorer struct {
	name   string // "co-choice", "item-item"
	weight float64
	next   *sparse.CSR // items × items: row j holds what having j says about other items
}

// serving is what is kept of the knowledge to place nodes that came after training.
type serving struct {
	items        *contextIndex
	conf         []float32 // by context: weight of its relation × rarity
	itemFeatures *features
	users        *contextIndex
	userFeatures *features
	profiler     profiler
}

// emptyServing is that of a model without knowledge.
func emptyServing() serving {
	return serving{items: newContextIndex(), users: newContextIndex(), profiler: profiler{}}
}

// userRow and itemRow return the row of a node, or -1.
func (m *model) userRow(n graph.Idx) int32 { return rowOf(m.users, n) }
func (m *model) itemRow(n graph.Idx) int32 { return rowOf(m.items, n) }

func rowOf(nodes []graph.Idx, n graph.Idx) int32 {
	if r, ok := slices.BinarySearch(nodes, n); ok {
		return int32(r)
	}
	return -1
}

// fit trains a model on the given rows of the events (nil: all) with a knowledge base (nil: plain factorisation).
func fit(ctx context.Context, d *dataset, k *knowledge, rows []int32, cfg Config, workers int, after func(sweep int)) (*model, error) {
	return fitFrom(ctx, d, k, rows, cfg, workers, nil, after)
}

// fitFrom is fit that goes on from where a fit of fewer sweeps stood and leaves there where it stands; nil: from the start.
func fitFrom(ctx context.Context, d *dataset, k *knowledge, rows []int32, cfg Config, workers int, at *mf.State, after func(sweep int)) (*model, error) {
	x, target, scales := behaviour(d, rows, cfg)
	if x.NNZ() == 0 {
		return nil, fmt.Errorf("%w: training needs interactions, the store has none that count", ErrNoData)
	}
	s := scaleOf(x)
	s.slope = scales.Slope
	if k != nil {
		s.links, cfg.Hops = k.links, k.hops
	}
	cfg = cfg.filled(s)
	factors, err := mf.Continue(ctx, k.data(x, target), cfg.factorisation(), workers, at, after)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	m := &model{
		config: cfg, seq: d.seq, nodeCap: graph.Idx(len(d.nodes)), factors: factors,
		users: d.users, items: d.items, kinds: d.itemKind, userKinds: d.userKind, history: x, target: target, reading: scales,
	}
	m.index()
	if k != nil {
		m.know, m.links = k.serving(), k.itemLinks
	} else {
		m.know, m.links = emptyServing(), &sparse.CSR{Rows: len(d.items), Ptr: make([]int64, len(d.items)+1)}
	}
	m.scorers, err = fitScorers(ctx, x, target, cfg, workers)
	return m, err
}

// audience returns items × users with confidences.
func (m *model) audience() *sparse.CSR { return m.people() }

// index prepares what follows from the history.
func (m *model) index() {
	m.people = sync.OnceValue(m.history.Transpose)
	m.likeMinded = newLikeMinded(m.config.likeMinded(scaleOf(positives(m.history, m.target))), m.history, m.target)
	m.likes = make([]int32, len(m.items))
	for p, i := range m.history.Idx {
		if m.target == nil || m.target[p] > 0 {
			m.likes[i]++
		}
	}
}

// pastOf returns a user row's history as it was at training.
func (m *model) pastOf(u int32) mf.History {
	idx, conf := m.history.Row(int(u))
	h := mf.History{Items: idx, Conf: conf}
	if m.target != nil {
		h.Target = m.target[m.history.Ptr[u]:m.history.Ptr[u+1]]
	}
	return h
}

// likedBy returns the items that a user row liked at training, ascending.
func (m *model) likedBy(u int) []int32 {
	idx, _ := m.history.Row(u)
	if m.target == nil {
		return idx
	}
	var liked []int32
	for p, i := range idx {
		if m.target[int(m.history.Ptr[u])+p] > 0 {
			liked = append(liked, i)
		}
	}
	return liked
}

// scaleOf measures the warm part of a behaviour matrix.
func scaleOf(x *sparse.CSR) scale {
	s := scale{events: x.NNZ()}
	for u := range x.Rows {
		if x.Len(u) > 0 {
			s.users++
		}
	}
	for _, c := range x.ColCounts() {
		if c > 0 {
			s.items++
		}
	}
	return s
}

func indices(of []graph.Idx) []int32 {
	v := make([]int32, len(of))
	for i, n := range of {
		v[i] = int32(n)
	}
	return v
}

func nodes(of []int32) []graph.Idx {
	v := make([]graph.Idx, len(of))
	for i, n := range of {
		v[i] = graph.Idx(n)
	}
	return v
}

func sortedSyms(set map[graph.Sym]bool) []graph.Sym { return slices.Sorted(maps.Keys(set)) }
