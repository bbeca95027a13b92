package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kenrec/ken/graph"
)

// ReviewRemove takes back all that came from a source: its accepted triples leave the graph, the nodes that were created
// for them go when nothing else has touched them, its profiles and what was made of them leave their users, and its
// pending proposals are withdrawn. Nodes and triples are then
// what they would be had the source never been accepted; a triple that another accepted source proposed too goes on under
// that one. The model learned from what was there: Train again. Running it again after a crash completes it.
// Errors: ErrNotFound when the source proposed nothing, ErrClosed, an error wrapping ctx.Err().
func (e *Engine) ReviewRemove(ctx context.Context, source, by string) (rep ReviewReport, err error) {
	defer border(&err)
	var mine []Proposal
	// accepted ones of other sources: of a triple the first by order, of the profiles of a user the last
	others := map[[3]string]Proposal{}
	found := false
	err = e.eachProposal(ctx, "", func(p Proposal) {
		id := [3]string{p.Head, p.Relation, p.Tail}
		switch {
		case p.Source == source:
			found = true
			if p.State == Accepted || p.State == Pending {
				mine = append(mine, p)
			}
		case p.State == Accepted && p.isProfile():
			id = [3]string{p.Head, relationProfile, ""}
			if o, ok := others[id]; !ok || laterProfile(p, o) {
				others[id] = p
			}
		case p.State == Accepted:
			if o, ok := others[id]; !ok || compareProposals(p, o) < 0 {
				others[id] = p
			}
		}
	})
	if err != nil {
		return rep, fmt.Errorf("engine: remove: %w", err)
	}
	if !found || source == "" {
		return rep, fmt.Errorf("%w: source %q", ErrNotFound, source)
	}
	for chunk := range slices.Chunk(mine, reviewChunk) {
		part := ReviewReport{}
		if _, err := e.commit(ctx, "remove", func(b *graph.Batch) error {
			return e.removeChunk(ctx, b, chunk, others, by, &part)
		}); err != nil {
			return rep, err
		}
		rep.Proposals += part.Proposals
		rep.Triples += part.Triples
		rep.Texts += part.Texts
	}
	rep.Nodes, err = e.sweepMade(ctx)
	return rep, err
}

func (e *Engine) removeChunk(ctx context.Context, b *graph.Batch, chunk []Proposal, others map[[3]string]Proposal, by string, rep *ReviewReport) error {
	entry := AuditEntry{Action: "remove", Who: by}
	for _, p := range chunk {
		if p.State == Accepted {
			take := e.removeTriple
			if p.isProfile() {
				take = e.removeProfile
			}
			if err := take(ctx, b, p, others, rep); err != nil {
				return err
			}
		}
		p.State, p.By, p.Decided = Removed, by, time.Now().Unix()
		rep.Proposals++
		entry.count(p)
		if err := putJSON(b, spaceProposal, proposalKey(p), p); err != nil {
			return err
		}
	}
	return entry.append(b)
}

// removeTriple takes the triple of a proposal out of the graph, unless it came, or now also comes, from elsewhere.
func (e *Engine) removeTriple(ctx context.Context, b *graph.Batch, p Proposal, others map[[3]string]Proposal, rep *ReviewReport) error {
	t, there, err := e.liveTriple(ctx, p)
	if err != nil || !there || t.Source != p.Source {
		return err
	}
	rep.Triples++
	if o, ok := others[[3]string{p.Head, p.Relation, p.Tail}]; ok {
		_, err := b.PutTriple(graph.Triple{Head: o.Head, Relation: o.Relation, Tail: o.Tail, Confidence: o.Confidence, Source: o.Source})
		return err
	}
	return b.DeleteTriple(p.Head, p.Relation, p.Tail)
}

// sweepMade deletes the nodes that acceptances created and nothing refers to any more. Vectors of their names do not
// count: they are derived. A node that somebody has filled in since is theirs and stays.
func (e *Engine) sweepMade(ctx context.Context) (deleted int, err error) {
	made := map[string]madeNode{}
	for r, err := range e.store.Records(ctx, spaceMade, "") {
		if err != nil {
			return 0, fmt.Errorf("engine: remove: %w", err)
		}
		var n madeNode
		if err := json.Unmarshal(r.Value, &n); err != nil {
			return 0, fmt.Errorf("engine: remove: %w: %w", ErrVersion, err)
		}
		made[r.Key] = n
	}
	_, err = e.commit(ctx, "remove", func(b *graph.Batch) error {
		for id, n := range made {
			node, err := e.store.Node(ctx, id)
			if err != nil && !errors.Is(err, graph.ErrNotFound) {
				return err
			}
			gone := err != nil
			if !gone {
				if used, err := e.used(ctx, id); err != nil {
					return err
				} else if used {
					continue
				}
				if node.Type == n.Type && node.Name == n.Name && node.Text == "" && len(node.Attrs) == 0 {
					deleted++
					if err := b.DeleteNode(id); err != nil {
						return err
					}
				}
			}
			if err := b.DeleteRecord(spaceMade, id); err != nil {
				return err
			}
		}
		return nil
	})
	return deleted, err
}

// used reports whether a node has a triple or an interaction.
func (e *Engine) used(ctx context.Context, id string) (bool, error) {
	for _, err := range e.store.Neighbours(ctx, id, graph.NeighbourOptions{}) {
		return true, err
	}
	for _, err := range e.store.UserInteractions(ctx, id) {
		return true, err
	}
	for _, err := range e.store.ItemInteractions(ctx, id) {
		return true, err
	}
	return false, nil
}
