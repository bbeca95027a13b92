package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kenrec/ken/graph"
)

// ProposalState is what became of a proposal.
type ProposalState string

// The states of proposals. Only accepted ones have a triple in the graph.
const (
	Pending  ProposalState = "pending"
	Accepted ProposalState = "accepted"
	Rejected ProposalState = "rejected"
	Removed  ProposalState = "removed" // was pending or accepted when its source was taken back
)

// Proposal is a triple that a machine suggests, or a text about a user. It stands apart from the graph, and nothing that
// trains, recommends, evaluates or exports sees it, until ReviewAccept makes a triple of it, or the text of the user.
// Identity: source, head, relation, tail.
type Proposal struct {
	Head     string `json:"head"` // must be in the graph
	Relation string `json:"relation"`
	Tail     string `json:"tail"` // of a text: a hash of it
	// New marks a tail that was not in the graph: accepting creates it with TailType and TailName.
	New      bool   `json:"new,omitempty"`
	TailType string `json:"tail_type,omitempty"`
	TailName string `json:"tail_name,omitempty"`

	// Text is a profile of the user Head, written from the user's interactions with the items From, ids ascending. Its
	// relation is "profile", its tail a hash of the text.
	Text string   `json:"text,omitempty"`
	From []string `json:"from,omitempty"`

	Source     string  `json:"source"`          // "llm:model:prompt-version", "link:names-1"
	Value      string  `json:"value,omitempty"` // the words the tail was found by
	Match      string  `json:"match,omitempty"` // how: exact, normalised, embedding, new, predicted
	Confidence float32 `json:"confidence"`      // above 0, at most 1; becomes the triple's
	Time       int64   `json:"time"`            // of the proposal, Unix seconds

	State   ProposalState `json:"state"`
	By      string        `json:"by,omitempty"`      // who decided
	Decided int64         `json:"decided,omitempty"` // Unix seconds
}

// reviewChunk is how many proposals change in one batch.
const reviewChunk = 1000

// proposalKey orders proposals by source first.
func proposalKey(p Proposal) string {
	return string(appendParts(nil, p.Source, p.Head, p.Relation)) + p.Tail
}

// compareProposals is the order of lists: by source, head, relation and tail.
func compareProposals(a, b Proposal) int {
	return cmp.Or(strings.Compare(a.Source, b.Source), strings.Compare(a.Head, b.Head),
		strings.Compare(a.Relation, b.Relation), strings.Compare(a.Tail, b.Tail))
}

// ProposeReport says what Propose did.
type ProposeReport struct {
	Added   int `json:"added"`
	Known   int `json:"known"`   // had been proposed before: pending ones are brought up to date, decided ones stay as they are
	Refused int `json:"refused"` // about a node that is not in the graph, about themselves, or not storable
}

func (r *ProposeReport) add(o ProposeReport) {
	r.Added, r.Known, r.Refused = r.Added+o.Added, r.Known+o.Known, r.Refused+o.Refused
}

// Propose puts triples into quarantine: see Proposal. State, By and Decided of the arguments are ignored, a Time of 0 is
// now. by names who or what asked for it, for the log. Errors: ErrBadRecord for a source that is empty, ErrClosed, an
// error wrapping ctx.Err(); what was stored by then stays.
func (e *Engine) Propose(ctx context.Context, by string, proposals ...Proposal) (rep ProposeReport, err error) {
	defer border(&err)
	for chunk := range slices.Chunk(proposals, reviewChunk) {
		if _, err := e.commit(ctx, "propose", func(b *graph.Batch) error {
			part, err := e.propose(ctx, b, by, chunk)
			if err == nil {
				rep.add(part)
			}
			return err
		}); err != nil {
			return rep, err
		}
	}
	return rep, nil
}

// propose writes one chunk and its entry in the log to the batch.
func (e *Engine) propose(ctx context.Context, b *graph.Batch, by string, chunk []Proposal) (rep ProposeReport, err error) {
	entry := AuditEntry{Action: "propose", Who: by}
	for _, p := range chunk {
		if p.Source == "" {
			return rep, fmt.Errorf("%w: proposal without a source", ErrBadRecord)
		}
		p.State, p.By, p.Decided = Pending, "", 0
		if p.Time == 0 {
			p.Time = time.Now().Unix()
		}
		if !e.proposable(p) {
			rep.Refused++
			continue
		}
		old, had, err := e.proposal(ctx, p)
		if err != nil {
			return rep, err
		}
		if had {
			rep.Known++
			p.Time = old.Time
			if old.State != Pending || old.equal(p) {
				continue
			}
		} else {
			rep.Added++
			entry.count(p)
		}
		if p.isProfile() {
			if err := e.supersede(ctx, b, p); err != nil {
				return rep, err
			}
		}
		if err := putJSON(b, spaceProposal, proposalKey(p), p); err != nil {
			return rep, err
		}
	}
	return rep, entry.append(b)
}

// proposable reports whether accepting p could ever make a triple of it.
func (e *Engine) proposable(p Proposal) bool {
	if p.Head == p.Tail || p.Relation == "" || !(p.Confidence > 0 && p.Confidence <= 1) ||
		max(len(p.Relation), len(p.Source), len(p.TailType)) > graph.MaxName {
		return false
	}
	if _, ok, err := e.store.Lookup(p.Head); err != nil || !ok {
		return false
	}
	if p.isProfile() {
		return p.Relation == relationProfile && p.Tail == profileTail(p.Text) && len(p.Text) <= maxProfileBytes && utf8.ValidString(p.Text)
	}
	_, ok, err := e.store.Lookup(p.Tail)
	return err == nil && ok != p.New
}

// proposal reads the stored proposal of the same identity.
func (e *Engine) proposal(ctx context.Context, p Proposal) (old Proposal, ok bool, err error) {
	val, err := e.store.Record(ctx, spaceProposal, proposalKey(p))
	if errors.Is(err, graph.ErrNotFound) {
		return old, false, nil
	}
	if err == nil {
		err = json.Unmarshal(val, &old)
	}
	return old, err == nil, err
}

// eachProposal calls fn with the proposals of a source, of all sources when it is "".
func (e *Engine) eachProposal(ctx context.Context, source string, fn func(Proposal)) error {
	prefix := ""
	if source != "" {
		prefix = string(appendParts(nil, source))
	}
	return e.eachProposalOf(ctx, prefix, func(p Proposal) error { fn(p); return nil })
}

// eachProposalOf calls fn with the proposals whose keys begin with prefix.
func (e *Engine) eachProposalOf(ctx context.Context, prefix string, fn func(Proposal) error) error {
	for r, err := range e.store.Records(ctx, spaceProposal, prefix) {
		if err != nil {
			return err
		}
		var p Proposal
		if err := json.Unmarshal(r.Value, &p); err != nil {
			return fmt.Errorf("%w: a proposal cannot be read: %w", ErrVersion, err)
		}
		if err := fn(p); err != nil {
			return err
		}
	}
	return nil
}

// putJSON stores v as a record.
func putJSON(b *graph.Batch, space, key string, v any) error {
	val, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBadRecord, err)
	}
	return b.PutRecord(space, key, val)
}
