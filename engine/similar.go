package engine

import (
	"context"
	"fmt"
	"math"

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
// Errors: ErrNotTrained, ErrNotFound (also for a node that the model knows nothing about), ErrBadOption (k < 1).
func (e *Engine) Similar(ctx context.Context, id string, k int) ([]SimilarNode, error) {
	s, err := e.session(ctx, Query{K: k})
	if err != nil {
		return nil, err
	}
	n, ok, err := e.store.Lookup(id)
	if err != nil {
		return nil, fmt.Errorf("engine: node %q: %w", id, err)
	}
	if !ok {
		return nil, fmt.Errorf("%w: node %q", ErrNotFound, id)
	}
	m := s.m
	if i := s.position(n); i >= len(m.items) {
		return e.nearest(ctx, s.live.vec.Row(i-len(m.items)), m.factors.Q, m.items, nil, n, k)
	} else if i >= 0 {
		return e.nearest(ctx, m.factors.V.Row(i), m.factors.V, m.items, nil, n, k)
	}
	if u := m.userRow(n); u >= 0 {
		return e.nearest(ctx, m.factors.U.Row(int(u)), m.factors.U, m.users, nil, n, k)
	}
	of := m.know.profiler.ofEnd[n]
	if len(of) == 0 {
		return nil, fmt.Errorf("%w: the model knows nothing about %q: no two items point to it", ErrNotFound, id)
	}
	best := of[0]
	for _, z := range of {
		if m.know.items.all[z].count > m.know.items.all[best].count {
			best = z
		}
	}
	ends := make([]graph.Idx, m.factors.Z.Rows)
	kind := m.know.items.all[best].link
	allowed := func(z int) bool {
		c := m.know.items.all[z]
		return c.attr.key == "" && c.link.relation == kind.relation && c.link.in == kind.in
	}
	for z, c := range m.know.items.all {
		ends[z] = c.link.end
	}
	return e.nearest(ctx, m.factors.Z.Row(int(best)), m.factors.Z, ends, allowed, n, k)
}

// nearest lists the rows of x with the highest cosine with v; row i belongs to node of[i]. self and erased nodes are
// left out.
func (e *Engine) nearest(ctx context.Context, v []float32, x dense.Matrix, of []graph.Idx, allowed func(int) bool, self graph.Idx, k int) ([]SimilarNode, error) {
	scores := make([]float32, x.Rows)
	own := math.Sqrt(float64(dot32(v, v)))
	for i := range scores {
		row := x.Row(i)
		if length := own * math.Sqrt(float64(dot32(row, row))); length > 0 {
			scores[i] = float32(float64(dot32(v, row)) / length)
		}
	}
	gone := map[int]bool{}
	for {
		best, cosines := topk.Select(scores, k, func(i int) bool {
			return of[i] != self && !gone[i] && (allowed == nil || allowed(i))
		})
		list, erased := make([]SimilarNode, 0, len(best)), false
		for r, i := range best {
			id := e.idOf(of[i])
			if id == "" {
				gone[int(i)], erased = true, true
				continue
			}
			node, err := e.store.Node(ctx, id)
			if err != nil {
				return nil, fmt.Errorf("engine: node %q: %w", id, err)
			}
			list = append(list, SimilarNode{Rank: len(list) + 1, ID: id, Name: node.Name, Type: node.Type, Score: float64(cosines[r])})
		}
		if !erased {
			return list, nil
		}
	}
}
