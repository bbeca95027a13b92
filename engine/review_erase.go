package engine

import (
	"context"

	"github.com/kenrec/ken/graph"
)

const (
	spaceAnswer = "answer" // chat.Key → answer of a model
	spaceAsked  = "asked"  // id of the node asked about, hash → nothing: which answers are about it
)

// forget deletes what is kept beside the graph about nodes: proposals that name them, what models answered about them,
// and the notes that an acceptance created them.
func (e *Engine) forget(ctx context.Context, ids []string) error {
	gone := map[string]bool{}
	for _, id := range ids {
		gone[id] = true
	}
	var proposals []string
	if err := e.eachProposal(ctx, "", func(p Proposal) {
		if gone[p.Head] || gone[p.Tail] {
			proposals = append(proposals, proposalKey(p))
		}
	}); err != nil {
		return err
	}
	_, err := e.commit(ctx, "erase", func(b *graph.Batch) error {
		for _, key := range proposals {
			if err := b.DeleteRecord(spaceProposal, key); err != nil {
				return err
			}
		}
		for id := range gone {
			if err := e.forgetNode(ctx, b, id); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

func (e *Engine) forgetNode(ctx context.Context, b *graph.Batch, id string) error {
	if id == "" || len(id) > graph.MaxID {
		return nil // no store has it
	}
	prefix := string(appendParts(nil, id))
	for r, err := range e.store.Records(ctx, spaceAsked, prefix) {
		if err != nil {
			return err
		}
		if err := b.DeleteRecord(spaceAnswer, r.Key[len(prefix):]); err != nil {
			return err
		}
		if err := b.DeleteRecord(spaceAsked, r.Key); err != nil {
			return err
		}
	}
	return b.DeleteRecord(spaceMade, id)
}

// askedKey says that the answer under a key of the cache is about a node.
func askedKey(id string, answer [32]byte) string {
	return string(appendParts(nil, id)) + string(answer[:])
}
