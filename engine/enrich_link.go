package engine

import (
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/kenrec/ken/graph"
)

// LinkOptions of EnrichLink.
type LinkOptions struct {
	Types    []string // of the nodes whose texts are read; nil: as in EnrichOptions
	Tails    []string // types of the nodes that are looked for; nil: all but user
	Limit    int      // read the first so many texts; 0: all
	DryRun   bool     // only count
	By       string   // who asked, for the log
	Progress func(Progress)
}

// LinkReport says what EnrichLink did.
type LinkReport struct {
	Source    string  `json:"source"`
	Texts     int     `json:"texts"`
	Names     int     `json:"names"`     // that are looked for
	Ambiguous int     `json:"ambiguous"` // names of several nodes, not looked for
	Found     int     `json:"found"`     // pairs of a text and a node named in it
	Present   int     `json:"present"`   // of them, pairs that a triple joins already
	Proposed  int     `json:"proposed"`
	Known     int     `json:"known"` // proposed before
	Seconds   float64 `json:"seconds"`
}

const (
	linkSource     = "link:names-1"
	linkRelation   = "mentions"
	linkConfidence = 0.7
	linkLeast      = 4 // characters of the shortest name that is looked for: shorter ones are words
)

// EnrichLink looks for the names of nodes in the texts of items and proposes triples with the relation mentions; see
// Proposal. No model is asked. Names are compared without case, accents and punctuation, word by word, the longest first:
// where a long name stands, the shorter ones inside it are not found. Names of fewer than four characters and names that
// several nodes have are left out, and so is what a triple of the item says already.
// Errors: ErrBadOption, ErrNoData (no texts), ErrClosed, an error wrapping ctx.Err().
func (e *Engine) EnrichLink(ctx context.Context, o LinkOptions) (rep LinkReport, err error) {
	defer border(&err)
	start := time.Now()
	rep.Source = linkSource
	if o.Limit < 0 {
		return rep, fmt.Errorf("%w: limit is %d, want 0 or more", ErrBadOption, o.Limit)
	}
	if err = e.link(ctx, o, &rep); err != nil {
		err = fmt.Errorf("engine: link: %w", err)
	}
	rep.Seconds = time.Since(start).Seconds()
	return rep, err
}

func (e *Engine) link(ctx context.Context, o LinkOptions, rep *LinkReport) error {
	ids, err := e.itemsToAsk(ctx, o.Types, 0)
	if err != nil {
		return err
	}
	names, err := e.nameTrie(ctx, o.Tails, rep)
	if err != nil {
		return err
	}
	for chunk := range slices.Chunk(ids, enrichChunk) {
		var found []Proposal
		for _, id := range chunk {
			if o.Limit > 0 && rep.Texts == o.Limit {
				break
			}
			some, err := e.mentions(ctx, names, id, rep)
			if err != nil {
				return err
			}
			found = append(found, some...)
		}
		if o.Progress != nil {
			o.Progress(Progress{Stage: "link", Done: int64(rep.Texts), Total: int64(len(ids)), Unit: "texts"})
		}
		if o.DryRun || len(found) == 0 {
			continue
		}
		done, err := e.Propose(ctx, o.By, found...)
		rep.Proposed += done.Added
		rep.Known += done.Known
		if err != nil {
			return err
		}
	}
	return nil
}

// nameTrie collects the names that are looked for.
func (e *Engine) nameTrie(ctx context.Context, types []string, rep *LinkReport) (*trie, error) {
	owner := map[string]string{} // normalised name → id, "" when several nodes have it
	for row, err := range e.store.Nodes(ctx) {
		if err != nil {
			return nil, err
		}
		n := row.Node
		if types == nil && n.Type == "user" || types != nil && !slices.Contains(types, n.Type) || n.Name == "" {
			continue
		}
		name := normalName(n.Name)
		if utf8.RuneCountInString(name) < linkLeast {
			continue
		}
		if _, twice := owner[name]; twice {
			owner[name] = ""
			continue
		}
		owner[name] = n.ID
	}
	root := &trie{}
	for name, id := range owner { // the order of inserts does not show in a trie
		if id == "" {
			rep.Ambiguous++
			continue
		}
		rep.Names++
		root.add(words(name), id)
	}
	return root, nil
}

// mentions returns a proposal for each node that the text of an item names, in the order of the text.
func (e *Engine) mentions(ctx context.Context, names *trie, id string, rep *LinkReport) ([]Proposal, error) {
	n, err := e.store.Node(ctx, id)
	if err != nil || n.Text == "" {
		return nil, ignoreMissing(err)
	}
	rep.Texts++
	joined := map[string]bool{id: true}
	for t, err := range e.store.Neighbours(ctx, id, graph.NeighbourOptions{}) {
		if err != nil {
			return nil, ignoreMissing(err)
		}
		if t.Source != linkSource {
			joined[t.Head], joined[t.Tail] = true, true
		}
	}
	var out []Proposal
	seen := map[string]bool{id: true}
	for at, text := 0, words(normalName(n.Text)); at < len(text); {
		tail, length := names.longest(text[at:])
		if length == 0 {
			at++
			continue
		}
		value := text[at : at+length]
		at += length
		if seen[tail] {
			continue
		}
		seen[tail] = true
		rep.Found++
		if joined[tail] {
			rep.Present++
			continue
		}
		out = append(out, Proposal{Head: id, Relation: linkRelation, Tail: tail, Source: linkSource, Confidence: linkConfidence,
			Match: matchNormalised, Value: joinWords(value)})
	}
	return out, nil
}
