package engine

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/kenrec/ken/graph"
)

// Query asks for a list for one user. Exactly one of User and Likes is needed; with both, Likes count as further history.
type Query struct {
	User        string
	Likes       []string // item ids the user is known to like, not stored
	K           int      // list length, 1 or more
	Candidates  []string // only these items; nil: all
	Exclude     []string // never these items
	Types       []string // only items of these node types; nil: all
	IncludeSeen bool     // also items the user already has
	Explain     bool     // fill Recommendation.Reasons
}

// Basis says what a list rests on.
type Basis string

// The kinds of Basis, from most to least known.
const (
	BasisTrained    Basis = "trained"    // the user was in training
	BasisFoldedIn   Basis = "folded in"  // interactions unknown to training, solved for at query time
	BasisKnowledge  Basis = "knowledge"  // no interactions: triples or text of the user
	BasisPopularity Basis = "popularity" // nothing is known about the user
)

// Recommendations is a list for one user, best first, ties by the item's age in the store.
type Recommendations struct {
	User  string           `json:"user"`
	Basis Basis            `json:"basis"`
	Items []Recommendation `json:"items"`
}

// Recommendation is one entry of a list.
type Recommendation struct {
	Rank    int      `json:"rank"` // 1 is best
	Item    string   `json:"item"`
	Name    string   `json:"name,omitempty"`
	Type    string   `json:"type,omitempty"`
	Score   float64  `json:"score"`
	Cold    bool     `json:"cold,omitempty"`    // the item had no interactions at training
	Reasons []string `json:"reasons,omitempty"` // sentences, strongest first; with Query.Explain
}

// BatchQuery asks for lists for many users.
type BatchQuery struct {
	Query                   // User and Likes stay empty
	Users    []string       // nil: every user that the graph knows, in order of first sight
	Progress func(Progress) // may be nil
}

// Recommend returns the K best items for one user. A user that came after training is folded in; new items rank by
// what is known about them. Fewer than K items are returned when fewer are eligible.
// Errors: ErrNotTrained, ErrNotFound (user or a candidate unknown), ErrBadOption.
func (e *Engine) Recommend(ctx context.Context, q Query) (_ Recommendations, err error) {
	defer border(&err)
	s, err := e.session(ctx, q)
	if err != nil {
		return Recommendations{}, err
	}
	return s.recommend(ctx, q.User)
}

// RecommendAll yields a list for each user of the query, in a fixed order; the first error ends it. With Users nil, one
// who is erased meanwhile is left out.
func (e *Engine) RecommendAll(ctx context.Context, q BatchQuery) iter.Seq2[Recommendations, error] {
	return func(yieldRaw func(Recommendations, error) bool) {
		yield := func(r Recommendations, err error) bool {
			border(&err)
			return yieldRaw(r, err)
		}
		s, err := e.session(ctx, q.Query)
		if err != nil {
			yield(Recommendations{}, err)
			return
		}
		users := q.Users
		if users == nil {
			s.whoever = true
			if users, err = e.knownUsers(ctx, s); err != nil {
				yield(Recommendations{}, err)
				return
			}
		}
		for from := 0; from < len(users); from += batchUsers {
			lists, err := s.batch(ctx, users[from:min(from+batchUsers, len(users))])
			for _, l := range lists {
				if !yield(l, nil) {
					return
				}
			}
			if err != nil {
				yield(Recommendations{}, err)
				return
			}
			if q.Progress != nil {
				q.Progress(Progress{Stage: "recommend", Done: int64(min(from+batchUsers, len(users))), Total: int64(len(users)), Unit: "users"})
			}
		}
	}
}

// batchUsers is how many users are scored before their lists are yielded: enough work for all cores, little memory.
const batchUsers = 16 * chunkUsers

// knownUsers lists the users that the model knows and those that came after it: nodes of a user type, and nodes with
// interactions of their own.
func (e *Engine) knownUsers(ctx context.Context, s *session) ([]string, error) {
	ids := make([]string, 0, len(s.m.users))
	for _, n := range s.m.users {
		id, err := e.store.ID(n)
		if errors.Is(err, graph.ErrNotFound) {
			continue // erased since
		}
		if err != nil {
			return nil, fmt.Errorf("engine: users: %w", err)
		}
		ids = append(ids, id)
	}
	kinds := e.typeNames(s.m.userKinds)
	kinds[typeUser] = true
	for n := s.m.nodeCap; n < e.store.NodeCap(); n++ {
		id, node, err := e.nodeAt(ctx, n)
		is := kinds[node.Type]
		if err == nil && !is {
			is, err = some(e.store.UserInteractions(ctx, id))
		}
		if errors.Is(err, graph.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("engine: users: %w", err)
		}
		if is {
			ids = append(ids, id)
		}
	}
	return ids, nil
}
