package engine

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/graph"
)

const (
	typeUser     = "user"
	typeItem     = "item"
	modalityText = "text" // what Embed writes
	relationSame = "same_as"
)

// event is one interaction with dense ends.
type event struct {
	user, item int32
	typ        graph.Sym
	weight     float32
	time       int64
}

// dataset is the graph read once into arrays: training never goes back to the store. It is not changed after loading.
type dataset struct {
	seq      uint64
	nodes    []nodeInfo // by graph.Idx; holes have an empty id
	users    []graph.Idx
	items    []graph.Idx
	userRow  []int32 // by graph.Idx, -1 for no user
	itemRow  []int32
	events   []event
	triples  []graph.TripleRow
	vectors  []vectorSet           // in order of name
	written  map[graph.Idx]written // users whose text a model wrote
	symName  func(graph.Sym) string
	itemKind map[graph.Sym]bool // node types of items
	userKind map[graph.Sym]bool
}

// nodeInfo is what training keeps of a node.
type nodeInfo struct {
	id, name, text string
	typ            graph.Sym
	attrs          []graph.Attr
}

// vectorSet is all vectors of one kind: row r belongs to node at[r].
type vectorSet struct {
	name, model string
	at          []graph.Idx // ascending
	vec         dense.Matrix
}

// row returns the vector of a node, nil when there is none.
func (m *vectorSet) row(n graph.Idx) []float32 {
	if r, ok := slices.BinarySearch(m.at, n); ok {
		return m.vec.Row(r)
	}
	return nil
}

// userIDs and itemIDs return the ids by dense row.
func (d *dataset) userIDs() []string { return d.ids(d.users) }
func (d *dataset) itemIDs() []string { return d.ids(d.items) }

func (d *dataset) ids(of []graph.Idx) []string {
	ids := make([]string, len(of))
	for i, n := range of {
		ids[i] = d.nodes[n].id
	}
	return ids
}

// loadDataset reads the whole graph.
func loadDataset(ctx context.Context, s *graph.Store) (*dataset, error) {
	d := &dataset{seq: s.Seq(), symName: s.SymName}
	// Each scan sees the store as it is when the scan begins. Rows of nodes that came after the scan of nodes are left
	// for the next training; seq was read before all of them.
	size, err := s.Stats(ctx)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return d.loadNodes(gctx, s) })
	g.Go(func() (err error) {
		if d.triples, err = collectInto(make([]graph.TripleRow, 0, size.Triples), s.Triples(gctx)); err != nil {
			return fmt.Errorf("engine: read triples: %w", err)
		}
		return nil
	})
	g.Go(func() (err error) {
		// Ends are numbers of nodes until roles are assigned: a second array of as many rows would be most of the memory.
		d.events = make([]event, 0, size.Interactions)
		for r, err := range s.Interactions(gctx) {
			if err != nil {
				return fmt.Errorf("engine: read interactions: %w", err)
			}
			d.events = append(d.events, event{user: int32(r.User), item: int32(r.Item), typ: r.Type, weight: r.Weight, time: r.Time})
		}
		return nil
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	d.triples = slices.DeleteFunc(d.triples, func(t graph.TripleRow) bool { return !d.has(t.Head) || !d.has(t.Tail) })
	d.events = slices.DeleteFunc(d.events, func(e event) bool { return !d.has(graph.Idx(e.user)) || !d.has(graph.Idx(e.item)) })
	d.assignRoles()
	if err := d.loadWritten(ctx, s); err != nil {
		return nil, err
	}
	return d, d.loadVectors(ctx, s)
}

func (d *dataset) loadNodes(ctx context.Context, s *graph.Store) error {
	for row, err := range s.Nodes(ctx) {
		if err != nil {
			return fmt.Errorf("engine: read nodes: %w", err)
		}
		for graph.Idx(len(d.nodes)) < row.Idx {
			d.nodes = append(d.nodes, nodeInfo{}) // erased
		}
		n := row.Node
		d.nodes = append(d.nodes, nodeInfo{id: n.ID, name: n.Name, text: n.Text, typ: row.Type, attrs: n.Attrs})
	}
	return nil
}

// has reports whether a node was there when the nodes were read.
func (d *dataset) has(n graph.Idx) bool { return int(n) < len(d.nodes) && d.nodes[n].id != "" }

// plain reports whether a node is neither a user nor an item.
func (d *dataset) plain(n graph.Idx) bool { return d.userRow[n] < 0 && d.itemRow[n] < 0 }

func collect[T any](seq iter.Seq2[T, error]) ([]T, error) { return collectInto(nil, seq) }

// collectInto is collect with memory for the result.
func collectInto[T any](all []T, seq iter.Seq2[T, error]) ([]T, error) {
	for v, err := range seq {
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// assignRoles decides which nodes are users and which are items. A node is an item if somebody interacted with it, or if
// its type is that of such nodes ("item" when nobody did anything yet); users likewise. A node without a type is a user
// when it is the head of a relation whose other heads are mostly users: people known by their preferences alone. The ends of
// events are numbers of nodes before and rows of users and items afterwards.
func (d *dataset) assignRoles() {
	isUser, isItem := make([]bool, len(d.nodes)), make([]bool, len(d.nodes))
	d.userKind, d.itemKind = map[graph.Sym]bool{}, map[graph.Sym]bool{}
	for _, e := range d.events {
		isUser[e.user], isItem[e.item] = true, true
		if t := d.nodes[e.user].typ; t != 0 {
			d.userKind[t] = true
		}
		if t := d.nodes[e.item].typ; t != 0 {
			d.itemKind[t] = true
		}
	}
	noItems := len(d.itemKind) == 0
	for n, info := range d.nodes {
		if info.id == "" || info.typ == 0 {
			continue
		}
		name := d.symName(info.typ)
		isUser[n] = isUser[n] || d.userKind[info.typ] || name == typeUser
		isItem[n] = isItem[n] || d.itemKind[info.typ] || noItems && name == typeItem
	}
	d.inferUsers(isUser, isItem)
	d.users, d.userRow = enumerate(isUser)
	d.items, d.itemRow = enumerate(isItem)
	for i := range d.events {
		e := &d.events[i]
		e.user, e.item = d.userRow[e.user], d.itemRow[e.item]
	}
}

// inferUsers marks untyped heads of relations at least half of whose distinct heads are users already.
func (d *dataset) inferUsers(isUser, isItem []bool) {
	type tally struct{ users, heads int }
	byRelation := map[graph.Sym]*tally{}
	each := func(visit func(rel graph.Sym, head graph.Idx)) {
		var last graph.TripleRow
		for i, t := range d.triples { // in head order: a repeated (head, relation) follows its twin
			if i == 0 || t.Head != last.Head || t.Relation != last.Relation {
				visit(t.Relation, t.Head)
			}
			last = t
		}
	}
	each(func(rel graph.Sym, head graph.Idx) {
		t := byRelation[rel]
		if t == nil {
			t = &tally{}
			byRelation[rel] = t
		}
		t.heads++
		if isUser[head] {
			t.users++
		}
	})
	each(func(rel graph.Sym, head graph.Idx) {
		t := byRelation[rel]
		if d.nodes[head].typ == 0 && !isItem[head] && 2*t.users >= t.heads {
			isUser[head] = true
		}
	})
}

// enumerate numbers the marked nodes in order of first sight.
func enumerate(marked []bool) (nodes []graph.Idx, row []int32) {
	row = make([]int32, len(marked))
	for n, on := range marked {
		row[n] = -1
		if on {
			row[n] = int32(len(nodes))
			nodes = append(nodes, graph.Idx(n))
		}
	}
	return nodes, row
}

func (d *dataset) loadVectors(ctx context.Context, s *graph.Store) error {
	kinds, err := s.Modalities(ctx)
	if err != nil {
		return fmt.Errorf("engine: read modalities: %w", err)
	}
	for _, k := range kinds {
		m := vectorSet{name: k.Name, model: k.Model, vec: dense.New(k.Count, k.Dim)}
		for row, err := range s.Vectors(ctx, k.Name) {
			if err != nil {
				return fmt.Errorf("engine: read %s vectors: %w", k.Name, err)
			}
			if len(row.Vec) != k.Dim {
				return fmt.Errorf("engine: %s vectors are being replaced by those of another model: train when that is done", k.Name)
			}
			if !d.has(row.Idx) {
				continue
			}
			if len(m.at) == m.vec.Rows { // some came in while they were read
				grown := dense.New(2*m.vec.Rows+1, k.Dim)
				for i := range m.vec.Rows {
					copy(grown.Row(i), m.vec.Row(i))
				}
				m.vec = grown
			}
			copy(m.vec.Row(len(m.at)), row.Vec)
			m.at = append(m.at, row.Idx)
		}
		m.vec = m.vec.Slice(0, len(m.at))
		d.vectors = append(d.vectors, m)
	}
	slices.SortFunc(d.vectors, func(a, b vectorSet) int { return strings.Compare(a.name, b.name) })
	return nil
}

// scale measures the whole dataset, for automatic values that must not depend on a split.
func (d *dataset) scale(links float64) scale {
	return scale{users: len(d.users), items: len(d.items), events: len(d.events), links: links}
}

// label is how a node is named to people: its name, else its id.
func (d *dataset) label(n graph.Idx) string {
	if name := d.nodes[n].name; name != "" {
		return name
	}
	return d.nodes[n].id
}
