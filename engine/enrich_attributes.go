package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/embed/chat"
	"github.com/kenrec/ken/graph"
)

// EnrichOptions of EnrichAttributes.
type EnrichOptions struct {
	Schema    EnrichSchema
	Types     []string // of the nodes to ask about; nil: the types of what people interacted with, else "item"
	Limit     int      // ask about the first so many; 0: all
	DryRun    bool     // only count: nothing is sent or stored
	Parallel  int      // requests at once; 0: 4
	MaxAnswer int      // tokens of an answer, 1 to 65,536; 0: 1,024. What was answered under another limit is asked anew
	Threshold float64  // cosine from which two names are the same; 0: 0.9; above 1: names are not compared by vectors
	Price     chat.Price
	By        string         // who asked, for the log
	Progress  func(Progress) // called from one goroutine at a time; may be nil
}

// EnrichReport says what EnrichAttributes did.
type EnrichReport struct {
	Model  string `json:"model"`
	Source string `json:"source"` // of the proposals
	Items  int    `json:"items"`
	AskReport
	Facts   int            `json:"facts"`   // in the answers
	Refused map[string]int `json:"refused"` // of them, by reason
	Matched map[string]int `json:"matched"` // the others, by how their tail was found: exact, normalised, embedding, new
	Seconds float64        `json:"seconds"`
}

// enrichChunk is how many items are asked about between two writes of proposals.
const enrichChunk = 64

// EnrichAttributes asks a language model for facts about items, one prompt an item, and proposes what the schema allows;
// see Proposal: nothing counts before it is accepted. What a model says is believed in nothing but its words: the head is
// always the item asked about, the relation must be in the schema, the value must name a tail that the relation may have,
// and more than 32 facts about an item are ignored. A tail is looked for by its exact name, then by its name without case,
// accents and punctuation, then by the vectors of names when the engine has an embedder; else it is proposed as new.
//
// Answers are kept in the store as soon as they arrive: a call that is cut short, or repeated, asks for none twice.
//
// Errors: ErrBadOption, ErrNoData (no items), those of the model that no other item would escape (embed.ErrAuth, ErrQuota,
// ErrUnavailable; ErrRefused and ErrBadAnswer when no item was answered), ErrClosed, an error wrapping ctx.Err(). The
// report is valid then too.
func (e *Engine) EnrichAttributes(ctx context.Context, model chat.Completer, o EnrichOptions) (rep EnrichReport, err error) {
	defer border(&err)
	start := time.Now()
	j := &enrichJob{e: e, model: model, o: o}
	j.rep = EnrichReport{Model: model.Model(), Source: sourceOf(model, promptAttributes), Refused: map[string]int{}, Matched: map[string]int{}}
	if e.closed.Load() {
		return j.rep, ErrClosed
	}
	if err = j.run(ctx); err != nil {
		err = fmt.Errorf("engine: enrich: %w", err)
	}
	j.rep.Cost = o.Price.Cost(j.rep.Usage)
	j.rep.Seconds = time.Since(start).Seconds()
	return j.rep, err
}

// proposalPrefix begins the source of every triple that a language model proposed.
const proposalPrefix = "llm:"

// sourceOf is the source of what a model proposes: "llm:model:prompt-version", without the host.
func sourceOf(model chat.Completer, prompt string) string {
	name := model.Model()
	if at := strings.LastIndexByte(name, '@'); at > 0 {
		name = name[:at]
	}
	return proposalPrefix + name + ":" + prompt
}

// enrichJob is one call of EnrichAttributes.
type enrichJob struct {
	e       *Engine
	model   chat.Completer
	o       EnrichOptions
	tails   []*tails // by relation of the schema
	seen    *watch
	vectors *embed.Cached
	fresh   map[string]string // id of a new tail → its name
	rep     EnrichReport
	asking
}

func (j *enrichJob) run(ctx context.Context) error {
	if err := j.fill(); err != nil {
		return err
	}
	j.seen = j.e.watchErasures()
	defer j.seen.end()
	ids, err := j.e.itemsToAsk(ctx, j.o.Types, j.o.Limit)
	if err != nil {
		return err
	}
	j.rep.Items = len(ids)
	if j.tails, err = j.e.tailsOf(ctx, j.o.Schema); err != nil {
		return err
	}
	if j.e.embedder != nil && !j.o.DryRun {
		if err := j.e.noteModel(ctx); err != nil {
			return err
		}
		j.vectors = embed.NewCached(j.e.embedder, j.seen)
	}
	j.fresh = map[string]string{}
	for chunk := range slices.Chunk(ids, enrichChunk) {
		if err := j.chunk(ctx, chunk); err != nil {
			return err
		}
	}
	return nil
}

func (j *enrichJob) fill() error {
	o := &j.o
	if err := o.Schema.Validate(); err != nil {
		return err
	}
	if o.Parallel < 0 || o.Parallel > 256 || o.Limit < 0 || o.Threshold < 0 {
		return fmt.Errorf("%w: parallel %d (0 to 256), limit %d and threshold %g (0 or more)", ErrBadOption, o.Parallel, o.Limit, o.Threshold)
	}
	if o.MaxAnswer < 0 || o.MaxAnswer > maxAnswerTokens {
		return fmt.Errorf("%w: answers of at most %d tokens (1 to %d)", ErrBadOption, o.MaxAnswer, maxAnswerTokens)
	}
	if o.Parallel == 0 {
		o.Parallel = 4
	}
	if o.MaxAnswer == 0 {
		o.MaxAnswer = answerTokens
	}
	if o.Threshold == 0 {
		o.Threshold = 0.9
	}
	return nil
}

// itemsToAsk returns the ids of the nodes with something to read, in the order of the store.
func (e *Engine) itemsToAsk(ctx context.Context, types []string, limit int) ([]string, error) {
	if types == nil {
		var err error
		if types, err = e.itemTypes(ctx); err != nil {
			return nil, err
		}
	}
	var ids []string
	for row, err := range e.store.Nodes(ctx) {
		if err != nil {
			return nil, err
		}
		if n := row.Node; slices.Contains(types, n.Type) && embedText(n.Name, n.Text) != "" {
			if ids = append(ids, n.ID); len(ids) == limit {
				break
			}
		}
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("%w: no node of type %s has a name or a text", ErrNoData, strings.Join(types, ", "))
	}
	return ids, nil
}

// itemTypes returns the types of the nodes that people interacted with, "item" when there are none.
func (e *Engine) itemTypes(ctx context.Context) ([]string, error) {
	items := map[graph.Idx]bool{}
	for x, err := range e.store.Interactions(ctx) {
		if err != nil {
			return nil, err
		}
		items[x.Item] = true
	}
	types := map[string]bool{}
	for row, err := range e.store.Nodes(ctx) {
		if err != nil {
			return nil, err
		}
		if items[row.Idx] && row.Node.Type != "" && row.Node.Type != "user" {
			types[row.Node.Type] = true
		}
	}
	if len(types) == 0 {
		return []string{typeItem}, nil
	}
	return slices.Sorted(maps.Keys(types)), nil
}

// asked is one item and what came of asking about it.
type asked struct {
	node  graph.Node
	facts []claim
	reply
}

// chunk asks about some items, several at a time, and proposes what came back in the order of the items.
func (j *enrichJob) chunk(ctx context.Context, ids []string) error {
	items := make([]asked, 0, len(ids))
	for _, id := range ids {
		n, err := j.e.store.Node(ctx, id)
		if errors.Is(err, graph.ErrNotFound) {
			continue // deleted meanwhile
		}
		if err != nil {
			return err
		}
		items = append(items, asked{node: n})
	}
	err := askEach(ctx, len(items), j.o.Parallel, func(ctx context.Context, i int) error {
		a := &items[i]
		if a.err = ctx.Err(); a.err == nil {
			j.ask(ctx, a)
			j.tell(j.o.Progress, Progress{Stage: "enrich", Total: int64(j.rep.Items), Unit: "items"})
		}
		return a.err
	})
	var all []Proposal
	for i := range items {
		if items[i].err == nil || ctx.Err() == nil && !errors.Is(items[i].err, context.Canceled) {
			all = append(all, j.take(ctx, &items[i])...)
		}
	}
	stored := j.propose(ctx, all) // also what came before an error
	return cmp.Or(err, stored, j.hopeless(&j.rep.AskReport))
}

// ask gets the facts of one item, from the store or from the model, with one more try when the answer cannot be read.
func (j *enrichJob) ask(ctx context.Context, a *asked) {
	c := chat.NewCached(j.model, answerCache{seen: j.seen, id: a.node.ID}, promptAttributes)
	known := func(name string) bool { return j.o.Schema.relation(name) != nil }
	a.reply.ask(ctx, c, question{attributePrompt(j.o.Schema, a.node, j.o.MaxAnswer), factsShape, func(answer string) (err error) {
		a.facts, err = parseFacts(answer, known)
		return err
	}}, j.o.DryRun, j.o.MaxAnswer)
}

// take counts what came of an item and returns its proposals.
func (j *enrichJob) take(ctx context.Context, a *asked) []Proposal {
	if !j.count(&j.rep.AskReport, a.node.ID, &a.reply) {
		return nil
	}
	return j.check(ctx, a)
}

func (j *enrichJob) propose(ctx context.Context, all []Proposal) error {
	all = slices.DeleteFunc(all, func(p Proposal) bool { return j.seen.erased(p.Head) || j.seen.erased(p.Tail) })
	if len(all) == 0 || j.o.DryRun {
		return nil
	}
	rep, err := j.e.Propose(context.WithoutCancel(ctx), j.o.By, all...)
	j.rep.Proposed += rep.Added
	j.rep.Known += rep.Known
	if rep.Refused > 0 {
		j.rep.Refused[refusedStore] += rep.Refused
	}
	return err
}
