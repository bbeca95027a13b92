package engine

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/kenrec/ken/embed"
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
