package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/kenrec/ken/graph"
)

// ReviewFilter selects proposals; zero fields select all.
type ReviewFilter struct {
	Source, Relation, Head string
	MinConfidence          float32
	State                  ProposalState // "": Pending
	// Sample keeps so many of them, drawn by Seed; the same seed draws the same from the same proposals. 0 keeps all.
	Sample int
	Seed   uint64
}

func (f ReviewFilter) validate() error {
	switch f.State {
	case "", Pending, Accepted, Rejected, Removed:
	default:
		return fmt.Errorf("%w: state %q is none of pending, accepted, rejected, removed", ErrBadOption, f.State)
	}
	if f.Sample < 0 {
		return fmt.Errorf("%w: sample is %d, want 0 or more", ErrBadOption, f.Sample)
	}
	if !(f.MinConfidence >= 0 && f.MinConfidence <= 1) {
		return fmt.Errorf("%w: minimum confidence is %g, want 0 to 1", ErrBadOption, f.MinConfidence)
	}
	return nil
}

func (f ReviewFilter) takes(p Proposal) bool {
	state := f.State
	if state == "" {
		state = Pending
	}
	return p.State == state && p.Confidence >= f.MinConfidence && (f.Source == "" || p.Source == f.Source) &&
		(f.Relation == "" || p.Relation == f.Relation) && (f.Head == "" || p.Head == f.Head)
}

// ReviewReport says what a decision did.
type ReviewReport struct {
	Proposals int `json:"proposals"` // whose state changed
	Triples   int `json:"triples"`   // added to the graph, or taken out of it
	Texts     int `json:"texts"`     // profiles that became the text of their user, or that were taken back
	Nodes     int `json:"nodes"`     // tails created, or deleted because only what is taken back had needed them
	Present   int `json:"present"`   // accepted, but the graph has the triple, or the user a text, from elsewhere: that stays as it is
	Gone      int `json:"gone"`      // left as they are: an end of theirs is no longer in the graph
}

// ReviewList returns the selected proposals by source, head, relation and tail.
func (e *Engine) ReviewList(ctx context.Context, f ReviewFilter) (_ []Proposal, err error) {
	defer border(&err)
	if err := f.validate(); err != nil {
		return nil, err
	}
	out := []Proposal{}
	if err := e.eachProposal(ctx, f.Source, func(p Proposal) {
		if f.takes(p) {
			out = append(out, p)
		}
	}); err != nil {
		return nil, fmt.Errorf("engine: review: %w", err)
	}
	slices.SortFunc(out, compareProposals)
	if f.Sample > 0 && f.Sample < len(out) {
		r := rand.New(rand.NewPCG(f.Seed, 7))
		r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
		out = out[:f.Sample]
		slices.SortFunc(out, compareProposals)
	}
	return out, nil
}

// ReviewAccept makes triples of the selected proposals, with their source and confidence, and profiles the texts of their
// users; they count from the next Train on, vectors of profiles from the next Embed and Train. A profile takes the place
// of one that was accepted before, never that of a text from elsewhere. A triple that the graph has from elsewhere stays as it is. by names who decides, for the log. A thousand proposals
// are one atomic step. Errors: ErrBadOption, ErrClosed, an error wrapping ctx.Err(); finished steps stay.
func (e *Engine) ReviewAccept(ctx context.Context, f ReviewFilter, by string) (ReviewReport, error) {
	return e.decide(ctx, f, by, "accept")
}

// ReviewReject refuses the selected proposals: proposing them again does not bring them back. Accepted ones are taken
// back by ReviewRemove only. Errors: as ReviewAccept.
func (e *Engine) ReviewReject(ctx context.Context, f ReviewFilter, by string) (ReviewReport, error) {
	if f.State == Accepted {
		return ReviewReport{}, fmt.Errorf("%w: accepted proposals cannot be rejected: remove their source", ErrBadOption)
	}
	return e.decide(ctx, f, by, "reject")
}

func (e *Engine) decide(ctx context.Context, f ReviewFilter, by, action string) (rep ReviewReport, err error) {
	defer border(&err)
	selected, err := e.ReviewList(ctx, f)
	if err != nil {
		return rep, err
	}
	for chunk := range slices.Chunk(selected, reviewChunk) {
		d := decision{e: e, by: by, now: time.Now().Unix(), entry: AuditEntry{Action: action, Who: by, Filter: f.String()}}
		if _, err := e.commit(ctx, action, func(b *graph.Batch) error {
			d.b = b
			for _, p := range chunk {
				if err := d.one(ctx, p, action == "accept"); err != nil {
					return err
				}
			}
			return d.entry.append(b)
		}); err != nil {
			return rep, err
		}
		rep.Proposals += d.rep.Proposals
		rep.Triples += d.rep.Triples
		rep.Texts += d.rep.Texts
		rep.Nodes += d.rep.Nodes
		rep.Present += d.rep.Present
		rep.Gone += d.rep.Gone
	}
	return rep, nil
}

// decision is one atomic step of accepting or rejecting.
type decision struct {
	e     *Engine
	b     *graph.Batch
	by    string
	now   int64
	entry AuditEntry
	rep   ReviewReport
	put   map[[3]string]bool // triples of this batch
}

// one decides one proposal, unless somebody else decided it since it was selected.
func (d *decision) one(ctx context.Context, p Proposal, accept bool) error {
	now, ok, err := d.e.proposal(ctx, p)
	if err != nil || !ok || now.State != p.State || now.State == Accepted {
		return err
	}
	p = now
	if p.State = Rejected; accept {
		if p.State = Accepted; !d.e.acceptable(p) {
			d.rep.Gone++
			return nil
		}
		put := d.triple
		if p.isProfile() {
			put = d.profile
		}
		if err := put(ctx, p); err != nil {
			return err
		}
	}
	p.By, p.Decided = d.by, d.now
	d.rep.Proposals++
	d.entry.count(p)
	return putJSON(d.b, spaceProposal, proposalKey(p), p)
}

// acceptable reports whether both ends are there, or the tail is to be made.
func (e *Engine) acceptable(p Proposal) bool {
	_, head, err := e.store.Lookup(p.Head)
	if err != nil || !head || p.isProfile() {
		return err == nil && head
	}
	_, tail, err := e.store.Lookup(p.Tail)
	return err == nil && (tail || p.New)
}

// triple puts the triple of an accepted proposal into the graph, and its tail when that is new.
func (d *decision) triple(ctx context.Context, p Proposal) error {
	id := [3]string{p.Head, p.Relation, p.Tail}
	_, there, err := d.e.liveTriple(ctx, p)
	if err != nil {
		return err
	}
	if there || d.put[id] {
		d.rep.Present++
		return nil
	}
	if _, there, err := d.e.store.Lookup(p.Tail); err != nil {
		return err
	} else if !there {
		if err := d.tail(p); err != nil {
			return err
		}
	}
	if d.put == nil {
		d.put = map[[3]string]bool{}
	}
	d.put[id] = true
	d.rep.Triples++
	_, err = d.b.PutTriple(graph.Triple{Head: p.Head, Relation: p.Relation, Tail: p.Tail, Confidence: p.Confidence, Source: p.Source})
	return err
}

// tail makes the node of a new tail and notes that it was made, once in a batch.
func (d *decision) tail(p Proposal) error {
	n := graph.Node{ID: p.Tail, Type: p.TailType, Name: p.TailName}
	change, err := d.b.PutNode(n)
	if err != nil || change != graph.Added {
		return err
	}
	d.rep.Nodes++
	return putJSON(d.b, spaceMade, n.ID, madeNode{n.Type, n.Name})
}

// madeNode is a node as an acceptance created it.
type madeNode struct {
	Type string `json:"type,omitempty"`
	Name string `json:"name,omitempty"`
}

// liveTriple returns the triple of a proposal as the graph has it.
func (e *Engine) liveTriple(ctx context.Context, p Proposal) (graph.Triple, bool, error) {
	if _, ok, err := e.store.Lookup(p.Head); err != nil || !ok {
		return graph.Triple{}, false, err
	}
	for t, err := range e.store.Neighbours(ctx, p.Head, graph.NeighbourOptions{Relation: p.Relation, Direction: graph.Out}) {
		if err != nil {
			return t, false, err
		}
		if t.Tail == p.Tail {
			return t, true, nil
		}
	}
	return graph.Triple{}, false, nil
}
