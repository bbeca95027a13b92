package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/graph"
)

// relationProfile is the relation of proposals that are texts about users.
const relationProfile = "profile"

// isProfile reports whether the proposal is a text about its head, not a triple.
func (p Proposal) isProfile() bool { return p.Text != "" }

// equal reports whether two proposals say the same in every field.
func (p Proposal) equal(o Proposal) bool {
	return slices.Equal(p.From, o.From) && p.Head == o.Head && p.Relation == o.Relation && p.Tail == o.Tail && p.New == o.New &&
		p.TailType == o.TailType && p.TailName == o.TailName && p.Source == o.Source && p.Value == o.Value && p.Match == o.Match &&
		p.Confidence == o.Confidence && p.Time == o.Time && p.Text == o.Text && p.State == o.State && p.By == o.By && p.Decided == o.Decided
}

// supersede deletes the pending texts of a source about a user other than p: a new profile takes the place of one that
// nobody has decided on.
func (e *Engine) supersede(ctx context.Context, b *graph.Batch, p Proposal) error {
	return e.eachProposalOf(ctx, string(appendParts(nil, p.Source, p.Head, p.Relation)), func(old Proposal) error {
		if old.State != Pending || old.Tail == p.Tail {
			return nil
		}
		return b.DeleteRecord(spaceProposal, proposalKey(old))
	})
}

// profile makes an accepted text that of its user. A text that is not a model's stays: nothing that a model writes takes
// the place of what people wrote.
func (d *decision) profile(ctx context.Context, p Proposal) error {
	node, err := d.e.store.Node(ctx, p.Head)
	if err != nil {
		return err
	}
	theirs, err := d.e.ownText(ctx, node)
	if err != nil {
		return err
	}
	if theirs {
		d.rep.Present++
		return nil
	}
	d.rep.Texts++
	return d.e.putProfile(ctx, d.b, node, p)
}

// ownText reports whether a node has a text that no accepted profile put there.
func (e *Engine) ownText(ctx context.Context, node graph.Node) (bool, error) {
	if node.Text == "" {
		return false, nil
	}
	note, ok, err := e.profileNote(ctx, node.ID)
	return !ok || note.Tail != profileTail(node.Text), err
}

// putProfile makes the text of p that of its user, with a note, in place of none or of another profile.
func (e *Engine) putProfile(ctx context.Context, b *graph.Batch, node graph.Node, p Proposal) error {
	if err := e.dropDerived(ctx, b, node); err != nil {
		return err
	}
	node.Text = p.Text
	if _, err := b.ReplaceNode(node); err != nil {
		return err
	}
	return putJSON(b, spaceProfile, node.ID, profileNote{Source: p.Source, Tail: p.Tail, From: p.From})
}

// removeProfile takes the text of an accepted proposal back from its user, unless it is in use no more. The profile of
// another source that was accepted last takes its place. A text that somebody wrote over it stays.
func (e *Engine) removeProfile(ctx context.Context, b *graph.Batch, p Proposal, others map[[3]string]Proposal, rep *ReviewReport) error {
	note, ok, err := e.profileNote(ctx, p.Head)
	if err != nil || !ok || note.Source != p.Source || note.Tail != p.Tail {
		return err
	}
	node, err := e.store.Node(ctx, p.Head)
	if errors.Is(err, graph.ErrNotFound) {
		return b.DeleteRecord(spaceProfile, p.Head)
	}
	if err != nil {
		return err
	}
	if profileTail(node.Text) != note.Tail {
		node.Text = p.Text // what its vector may have been made from
		if err := e.dropDerived(ctx, b, node); err != nil {
			return err
		}
		return b.DeleteRecord(spaceProfile, p.Head)
	}
	rep.Texts++
	if o, ok := others[[3]string{p.Head, relationProfile, ""}]; ok {
		return e.putProfile(ctx, b, node, o)
	}
	if err := e.dropDerived(ctx, b, node); err != nil {
		return err
	}
	node.Text = ""
	if _, err := b.ReplaceNode(node); err != nil {
		return err
	}
	return b.DeleteRecord(spaceProfile, p.Head)
}

// forgetProfiles takes the profiles that were written from interactions with some nodes back from other users, with what
// models answered about those, and returns the keys of their cached vectors. Notes and proposals go with the nodes.
func (e *Engine) forgetProfiles(ctx context.Context, ids, models []string) (keys [][32]byte, err error) {
	gone := map[string]bool{}
	for _, id := range ids {
		gone[id] = true
	}
	names := func(from []string) bool { return slices.ContainsFunc(from, func(id string) bool { return gone[id] }) }
	texts := map[string][]string{} // by user
	if err := e.eachProposal(ctx, "", func(p Proposal) {
		if p.isProfile() && (gone[p.Head] || names(p.From)) {
			texts[p.Head] = append(texts[p.Head], p.Text)
		}
	}); err != nil {
		return nil, err
	}
	for chunk := range slices.Chunk(slices.Sorted(maps.Keys(texts)), reviewChunk) {
		if _, err := e.commit(ctx, "erase", func(b *graph.Batch) error {
			for _, id := range chunk {
				node, err := e.store.Node(ctx, id)
				if errors.Is(err, graph.ErrNotFound) {
					continue
				}
				if err == nil {
					err = e.forgetProfile(ctx, b, node, names)
				}
				if err != nil {
					return err
				}
				for _, text := range texts[id] {
					keys = append(keys, textKeys(graph.Node{Name: node.Name, Text: text}, models)...)
				}
			}
			return nil
		}); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// forgetProfile deletes what models answered about a user, and her profile if it was written from what names tells.
func (e *Engine) forgetProfile(ctx context.Context, b *graph.Batch, node graph.Node, names func([]string) bool) error {
	for r, err := range e.store.Records(ctx, spaceAnswer, string(appendParts(nil, node.ID))) {
		if err != nil {
			return err
		}
		if err := b.DeleteRecord(spaceAnswer, r.Key); err != nil {
			return err
		}
	}
	note, ok, err := e.profileNote(ctx, node.ID)
	if err != nil || !ok || !names(note.From) || profileTail(node.Text) != note.Tail {
		return err
	}
	if err := e.dropDerived(ctx, b, node); err != nil {
		return err
	}
	node.Text = ""
	_, err = b.ReplaceNode(node)
	return err
}

// laterProfile is the order in which accepted profiles of one user take each other's place.
func laterProfile(a, b Proposal) bool {
	return cmp.Or(cmp.Compare(a.Decided, b.Decided), compareProposals(a, b)) > 0
}

// dropDerived takes out the text vector of a node if it was made from the node's text, and puts back that of the name
// alone if the cache has it: what Embed would have made without the text.
func (e *Engine) dropDerived(ctx context.Context, b *graph.Batch, node graph.Node) error {
	v, err := e.store.Vector(ctx, node.ID, modalityText)
	if errors.Is(err, graph.ErrNotFound) || node.Text == "" {
		return nil
	}
	if err != nil {
		return err
	}
	kinds, err := e.store.Modalities(ctx)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(kinds, func(k graph.Modality) bool { return k.Name == modalityText })
	if at < 0 {
		return nil
	}
	m := embed.Model{Name: kinds[at].Model, Dim: kinds[at].Dim}
	made, err := e.store.CacheLookup(ctx, [][32]byte{embed.Key(m, embedText(node.Name, node.Text)), embed.Key(m, embedText(node.Name, ""))})
	if err != nil {
		return fmt.Errorf("engine: cached vectors of %q: %w", node.ID, err)
	}
	whole, name := made[0], made[1]
	if node.Name == "" {
		name = nil
	}
	if whole != nil && !slices.Equal(v, whole) || whole == nil && name != nil && slices.Equal(v, name) {
		return nil
	}
	if name == nil {
		return b.DeleteVector(node.ID, modalityText)
	}
	_, err = b.PutVector(node.ID, modalityText, m.Name, name)
	return err
}
