package engine

import (
	"context"
	"errors"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/embed/chat"
	"github.com/kenrec/ken/graph"
)

// askEach calls ask for 0 to n-1, several at a time, and stops at the first error that no other would escape: it returns
// that one, or why ctx ended. Other errors are for ask to keep.
func askEach(ctx context.Context, n, parallel int, ask func(ctx context.Context, i int) error) error {
	var g errgroup.Group
	g.SetLimit(parallel)
	within, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	for i := range n {
		g.Go(func() error {
			if err := ask(within, i); isFatal(err) {
				stop(err)
			}
			return nil
		})
	}
	_ = g.Wait() // ask keeps its errors
	return context.Cause(within)
}

// AskReport says what came of asking a model about many nodes, one prompt each.
type AskReport struct {
	Cached   int            `json:"cached"`   // answered before: nobody was asked
	Sent     int            `json:"sent"`     // asked; with DryRun: would be
	Repaired int            `json:"repaired"` // readable at the second try only
	Failed   int            `json:"failed"`
	Proposed int            `json:"proposed"` // new in quarantine
	Known    int            `json:"known"`    // proposed before
	Usage    chat.Usage     `json:"usage"`    // of this run, failed answers excepted; with DryRun an estimate
	Cost     float64        `json:"cost"`     // of Usage, in the currency of the price
	Failures []EmbedFailure `json:"failures,omitempty"`
}

// asking is the part of a job that counts its answers.
type asking struct {
	lost error // of the nodes that failed, while none was answered

	mu   sync.Mutex // guards done, and is held while Progress is called
	done int64
}

// count adds to the report what came of one node and reports whether there is an answer.
func (k *asking) count(rep *AskReport, id string, r *reply) bool {
	rep.Usage.Add(r.usage)
	if r.sent {
		rep.Sent++
	} else if r.err == nil {
		rep.Cached++
	}
	if r.repaired {
		rep.Repaired++
	}
	if r.err == nil {
		k.lost = nil
		return true
	}
	if rep.Failed++; len(rep.Failures) < embedFailures {
		rep.Failures = append(rep.Failures, EmbedFailure{id, r.err.Error()})
	}
	if rep.Sent+rep.Cached == 0 && (errors.Is(r.err, embed.ErrRefused) || errors.Is(r.err, embed.ErrBadAnswer)) {
		k.lost = r.err
	}
	return false
}

// hopeless returns why no node will fare better, after several that failed for a wrong model or address; else nil.
func (k *asking) hopeless(rep *AskReport) error {
	if rep.Failed >= 5 {
		return k.lost
	}
	return nil
}

// tell counts one node more and passes on how far the job has come.
func (k *asking) tell(progress func(Progress), p Progress) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.done++
	if p.Done = k.done; progress != nil {
		progress(p)
	}
}

// reply is what came of asking about one node.
type reply struct {
	usage    chat.Usage
	sent     bool
	repaired bool
	err      error
}

// question is what to ask, and how to read the answer.
type question struct {
	request chat.Request
	shape   string                    // what the answer must look like, for the second try
	read    func(answer string) error // nil when the answer could be read
}

// ask gets the answer, from the store or from the model, with one more try when it cannot be read. A dry run estimates
// what an answer of at most most tokens would take.
func (r *reply) ask(ctx context.Context, c *chat.Cached, q question, dryRun bool, most int) {
	if dryRun {
		_, had, err := c.Lookup(ctx, q.request)
		if r.err, r.sent = err, !had; !had {
			r.usage = chat.Estimate(q.request, min(guessedAnswer, most))
		}
		return
	}
	for try := range 2 {
		answer, err := c.Complete(ctx, q.request)
		if r.err = err; err != nil {
			return
		}
		if !answer.Cached {
			r.sent = true
			r.usage.Add(answer.Usage)
		}
		if r.err = q.read(answer.Text); r.err == nil {
			r.repaired = try > 0
			return
		}
		q.request = repairPrompt(q.request, answer.Text, q.shape)
	}
}

// isFatal reports whether no other question would fare better.
func isFatal(err error) bool {
	return errors.Is(err, embed.ErrAuth) || errors.Is(err, embed.ErrQuota) || errors.Is(err, embed.ErrUnavailable) ||
		errors.Is(err, ErrClosed) || errors.Is(err, graph.ErrClosed) || errors.Is(err, graph.ErrNoSpace)
}

// answerCache keeps the answers about one node in the store, unless one that they may name is erased meanwhile.
type answerCache struct {
	seen *watch
	id   string
	of   []string // ids of nodes that it may name
}

// Load implements chat.Cache.
func (c answerCache) Load(ctx context.Context, key [32]byte) ([]byte, error) {
	val, err := c.seen.e.store.Record(ctx, spaceAnswer, answerKey(c.id, key))
	if errors.Is(err, graph.ErrNotFound) {
		return nil, nil
	}
	return val, err
}

// Save implements chat.Cache.
func (c answerCache) Save(ctx context.Context, key [32]byte, answer []byte) error {
	if slices.ContainsFunc(c.of, c.seen.erased) {
		return nil
	}
	return c.seen.setRecord(ctx, c.id, spaceAnswer, answerKey(c.id, key), answer)
}
