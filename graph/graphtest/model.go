package graphtest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenrec/ken/graph"
)

// model is a slow, obvious store: maps from identity to record.
type model struct {
	nodes   map[string]graph.Node
	triples map[[3]string]graph.Triple
	inters  map[interID]graph.Interaction
	vectors map[[2]string]Vector
}

type interID struct {
	user, item, typ string
	time            int64
}

func newModel() *model {
	return &model{map[string]graph.Node{}, map[[3]string]graph.Triple{}, map[interID]graph.Interaction{}, map[[2]string]Vector{}}
}

func put[K comparable, V any](m map[K]V, k K, v V) graph.Change {
	old, had := m[k]
	m[k] = v
	switch {
	case !had:
		return graph.Added
	case cmp.Equal(old, v):
		return graph.Unchanged
	}
	return graph.Replaced
}

func (m *model) ensure(id, typ string) {
	n, ok := m.nodes[id]
	if !ok {
		n.ID = id
	}
	if n.Type == "" {
		n.Type = typ
	}
	m.nodes[id] = n
}

func (m *model) putNode(n graph.Node) graph.Change {
	old := m.nodes[n.ID]
	if n.Type == "" {
		n.Type = old.Type
	}
	if n.Name == "" {
		n.Name = old.Name
	}
	if n.Text == "" {
		n.Text = old.Text
	}
	attrs := slices.Clone(old.Attrs)
	for _, a := range n.Attrs {
		attrs = slices.DeleteFunc(attrs, func(o graph.Attr) bool { return o.Key == a.Key })
		attrs = append(attrs, a)
	}
	slices.SortFunc(attrs, func(a, b graph.Attr) int { return strings.Compare(a.Key, b.Key) })
	n.Attrs = attrs
	return put(m.nodes, n.ID, n)
}

func (m *model) putTriple(x graph.Triple) graph.Change {
	m.ensure(x.Head, "")
	m.ensure(x.Tail, "")
	if x.Weight == 0 {
		x.Weight = 1
	}
	if x.Confidence == 0 {
		x.Confidence = 1
	}
	return put(m.triples, [3]string{x.Head, x.Relation, x.Tail}, x)
}

func (m *model) putInteraction(x graph.Interaction) graph.Change {
	m.ensure(x.User, graph.TypeUser)
	m.ensure(x.Item, graph.TypeItem)
	return put(m.inters, interID{x.User, x.Item, x.Type, x.Time}, x)
}

func (m *model) putVector(v Vector) graph.Change {
	m.ensure(v.ID, "")
	return put(m.vectors, [2]string{v.Modality, v.ID}, v)
}

func (m *model) deleteNode(id string) bool {
	_, ok := m.nodes[id]
	delete(m.nodes, id)
	for k := range m.triples {
		if k[0] == id || k[2] == id {
			delete(m.triples, k)
		}
	}
	for k := range m.inters {
		if k.user == id || k.item == id {
			delete(m.inters, k)
		}
	}
	for k := range m.vectors {
		if k[1] == id {
			delete(m.vectors, k)
		}
	}
	return ok
}

func (m *model) graph() Graph {
	var g Graph
	for _, n := range m.nodes {
		g.Nodes = append(g.Nodes, n)
	}
	for _, x := range m.triples {
		g.Triples = append(g.Triples, x)
	}
	for _, x := range m.inters {
		g.Interactions = append(g.Interactions, x)
	}
	for _, v := range m.vectors {
		g.Vectors = append(g.Vectors, v)
	}
	g.Sort()
	return g
}

func (m *model) clone() *model {
	c := newModel()
	for k, v := range m.nodes {
		c.nodes[k] = v
	}
	for k, v := range m.triples {
		c.triples[k] = v
	}
	for k, v := range m.inters {
		c.inters[k] = v
	}
	for k, v := range m.vectors {
		c.vectors[k] = v
	}
	return c
}

// step does one random thing to the batch and to the model, and compares what they say of it.
func (m *model) step(t *testing.T, r *rand.Rand, b *graph.Batch) {
	t.Helper()
	id := func() string { return fmt.Sprintf("n/%d", r.IntN(12)) }
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	var got, want graph.Change
	var err error
	switch r.IntN(10) {
	case 0, 1:
		n := graph.Node{ID: id(), Type: pick("", "item", "genre"), Name: pick("", "A", "B"), Text: pick("", "t")}
		if r.IntN(2) == 0 {
			n.Attrs = []graph.Attr{{Key: pick("year", "tags"), Value: graph.Number(float64(r.IntN(2)))}}
		}
		want = m.putNode(n)
		got, err = b.PutNode(n)
	case 2:
		n := graph.Node{ID: id(), Type: pick("", "item"), Name: pick("", "C")}
		want = put(m.nodes, n.ID, n)
		got, err = b.ReplaceNode(n)
	case 3, 4:
		x := graph.Triple{Head: id(), Relation: pick("r", "s"), Tail: id(), Weight: float32(r.IntN(3)), Source: pick("", "src")}
		want = m.putTriple(x)
		got, err = b.PutTriple(x)
	case 5, 6:
		x := graph.Interaction{User: id(), Item: id(), Type: pick("", "view"), Weight: float32(r.IntN(3)), Time: int64(r.IntN(3) - 1)}
		want = m.putInteraction(x)
		got, err = b.PutInteraction(x)
	case 7:
		v := Vector{ID: id(), Modality: pick("text", "image"), Model: "toy", Vec: []float32{float32(r.IntN(2)), 1}}
		want = m.putVector(v)
		got, err = b.PutVector(v.ID, v.Modality, v.Model, v.Vec)
	case 8:
		d := id()
		sameFound(t, m.deleteNode(d), b.DeleteNode(d))
	case 9:
		m.deleteRecord(t, r, b, id(), id())
	}
	fatal(t, err)
	if got != want {
		t.Fatalf("change is %v, want %v", got, want)
	}
}

// deleteRecord deletes a triple, an interaction or a vector between or of the two nodes, which may not be there.
func (m *model) deleteRecord(t *testing.T, r *rand.Rand, b *graph.Batch, x, y string) {
	t.Helper()
	switch r.IntN(3) {
	case 0:
		k := [3]string{x, "r", y}
		_, ok := m.triples[k]
		delete(m.triples, k)
		sameFound(t, ok, b.DeleteTriple(x, "r", y))
	case 1:
		k := interID{x, y, "view", 0}
		_, ok := m.inters[k]
		delete(m.inters, k)
		sameFound(t, ok, b.DeleteInteraction(graph.Interaction{User: x, Item: y, Type: "view"}))
	case 2:
		k := [2]string{"text", x}
		_, ok := m.vectors[k]
		delete(m.vectors, k)
		sameFound(t, ok, b.DeleteVector(x, "text"))
	}
}
