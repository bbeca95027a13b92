package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/topk"
	"github.com/kenrec/ken/graph"
)

// SimilarNode is one entry of a list of similar nodes.
type SimilarNode struct {
	Rank  int     `json:"rank"`
	ID    string  `json:"id"`
	Name  string  `json:"name,omitempty"`
	Type  string  `json:"type,omitempty"`
	Score float64 `json:"score"` // cosine, -1 to 1
}

// Similar returns the k nodes of the same kind that are nearest to id by the cosine of their factors: items beside items,
// users beside users, and any other node (a director, a genre) beside nodes that items point to in the same relation.
// An item that nobody had chosen at training is compared by what is known about it, against what is known about the others.
// With types, only nodes of these types are listed: the books nearest to a film.
// Errors: ErrNotTrained, ErrNotFound (also for a node that the model knows nothing about), ErrBadOption (k < 1), ErrClosed.
func (e *Engine) Similar(ctx context.Context, id string, k int, types ...string) (_ []SimilarNode, err error) {
	defer border(&err)
	s, err := e.session(ctx, Query{K: k, Types: types})
	if err != nil {
		return nil, err
	}
	n, err := e.need("node", id)
	if err != nil {
		return nil, err
	}
	c := crowd{e: e, id: id, self: n, types: types}
	switch i := s.position(n); {
	case i >= 0:
		c.items(s, i)
	case len(s.m.know.profiler.ofEnd[n]) > 0 && s.m.userRow(n) < 0:
		c.ends(s.m)
	default:
		p, err := e.find(ctx, s.m, s.live, Query{User: id})
		if err != nil {
			return nil, err
		}
		c.own, c.factors, c.of = p.user, s.m.factors.U, s.m.users
	}
	return c.nearest(ctx, k)
}

// crowd is a node among others that it is compared with: row i of factors belongs to node of[i].
type crowd struct {
	e       *Engine
	id      string
	self    graph.Idx
	own     []float32 // nil: nothing is known
	factors dense.Matrix
	of      []graph.Idx
	late    dense.Matrix // rows of nodes that came after training
	lateOf  []graph.Idx
	allowed func(i int) bool // nil: all
	types   []string         // of the nodes listed; nil: all
}

// items compares an item with items, new ones included: by knowledge alone if nobody had chosen it at training.
func (c *crowd) items(s *session, i int) {
	m := s.m
	c.factors, c.of = m.factors.V, m.items
	if s.mask != nil {
		c.allowed = func(i int) bool { return hasBit(s.mask, i) }
	}
	if s.live != nil {
		c.late, c.lateOf = s.live.vec, s.live.items
	}
	known := m.factors.Q.Rows > 0
	switch {
	case i >= len(m.items):
		c.own = s.live.vec.Row(i - len(m.items))
	case known && !m.factors.Warm[i]:
		c.own = m.factors.Q.Row(i)
	default:
		c.own, known = m.factors.V.Row(i), false
	}
	if known {
		c.factors = m.factors.Q
	}
}

// ends compares a node that items point to with others of its most common relation.
func (c *crowd) ends(m *model) {
	all := m.know.items.all
	of := m.know.profiler.ofEnd[c.self]
	best := of[0]
	for _, z := range of {
		if all[z].count > all[best].count {
			best = z
		}
	}
	kind := all[best].link
	c.own, c.factors, c.of = m.factors.Z.Row(int(best)), m.factors.Z, make([]graph.Idx, len(all))
	for z, x := range all {
		c.of[z] = x.link.end
	}
	c.allowed = func(z int) bool {
		x := all[z]
		return x.attr.key == "" && x.link.relation == kind.relation && x.link.in == kind.in
	}
}

// nearest lists the nodes with the highest cosine. The node itself and erased ones are left out.
func (c *crowd) nearest(ctx context.Context, k int) ([]SimilarNode, error) {
	own := length(c.own)
	if own == 0 {
		return nil, fmt.Errorf("%w: the model knows nothing about %q", ErrNotFound, c.id)
	}
	n := c.factors.Rows
	scores := make([]float32, n+c.late.Rows)
	for i := range scores {
		row, _ := c.at(i)
		if l := own * length(row); l > 0 {
			scores[i] = float32(float64(dot32(c.own, row)) / l)
		}
	}
	gone := map[int]bool{} // erased, or of another type
	for {
		best, cosines := topk.Select(scores, k, func(i int) bool {
			_, node := c.at(i)
			return node != c.self && !gone[i] && (c.allowed == nil || c.allowed(i))
		})
		list, erased := make([]SimilarNode, 0, len(best)), false
		for r, i := range best {
			_, at := c.at(int(i))
			id, node, err := c.e.nodeAt(ctx, at)
			if errors.Is(err, graph.ErrNotFound) {
				gone[int(i)], erased = true, true
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("engine: similar: %w", err)
			}
			if c.types != nil && !slices.Contains(c.types, node.Type) {
				gone[int(i)], erased = true, true
				continue
			}
			list = append(list, SimilarNode{Rank: len(list) + 1, ID: id, Name: node.Name, Type: node.Type, Score: float64(cosines[r])})
		}
		if !erased {
			return list, nil
		}
	}
}

// at returns the factors and the node at a position.
func (c *crowd) at(i int) ([]float32, graph.Idx) {
	if i < c.factors.Rows {
		return c.factors.Row(i), c.of[i]
	}
	i -= c.factors.Rows
	return c.late.Row(i), c.lateOf[i]
}

func length(v []float32) float64 { return math.Sqrt(float64(dot32(v, v))) }
