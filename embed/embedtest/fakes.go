package embedtest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/kenrec/ken/embed"
)

// Embedder gives vectors of a hash embedder, counts what it is asked, and fails on demand. Safe for concurrent use.
type Embedder struct {
	Name string // Model().Name; default "fake"
	Fail string // texts that contain it fail alone; "" for none
	// Before, when set, is called before each Embed with the number of texts embedded so far; its error is returned.
	Before func(done int) error

	hash *embed.Hash
	mu   sync.Mutex
	seen []string
}

// NewEmbedder returns an Embedder of dim dimensions.
func NewEmbedder(dim int) *Embedder { return &Embedder{Name: "fake", hash: embed.NewHash(dim)} }

// Model returns Name and the dimension.
func (e *Embedder) Model() embed.Model { return embed.Model{Name: e.Name, Dim: e.hash.Model().Dim} }

// Seen returns the texts embedded so far, failed ones included.
func (e *Embedder) Seen() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string(nil), e.seen...)
}

// Embed implements embed.Embedder.
func (e *Embedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.Before != nil {
		if err := e.Before(len(e.seen)); err != nil {
			return make([][]float32, len(texts)), err
		}
	}
	vecs, err := e.hash.Embed(ctx, texts)
	if err != nil {
		return vecs, err
	}
	e.seen = append(e.seen, texts...)
	var failed []embed.TextError
	for i, t := range texts {
		if e.Fail != "" && strings.Contains(t, e.Fail) {
			vecs[i] = nil
			failed = append(failed, embed.TextError{Index: i, Err: fmt.Errorf("%w: it contains %q", embed.ErrBadText, e.Fail)})
		}
	}
	if len(failed) > 0 {
		return vecs, &embed.PartialError{Failed: failed}
	}
	return vecs, nil
}

// Cache is an embed.Cache in memory. The zero value is ready; safe for concurrent use.
type Cache struct {
	mu   sync.Mutex
	vecs map[[32]byte][]float32
}

// Len returns how many vectors the cache holds.
func (c *Cache) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.vecs)
}

// CacheLookup implements embed.Cache.
func (c *Cache) CacheLookup(ctx context.Context, keys [][32]byte) ([][]float32, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([][]float32, len(keys))
	for i, k := range keys {
		out[i] = c.vecs[k]
	}
	return out, ctx.Err()
}

// CacheStore implements embed.Cache.
func (c *Cache) CacheStore(ctx context.Context, keys [][32]byte, vecs [][]float32) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.vecs == nil {
		c.vecs = map[[32]byte][]float32{}
	}
	for i, k := range keys {
		c.vecs[k] = vecs[i]
	}
	return ctx.Err()
}

// Clock is an embed.Clock that stands still until somebody sleeps. The zero value is ready; safe for concurrent use.
type Clock struct {
	mu     sync.Mutex
	past   time.Duration
	sleeps []time.Duration
}

// Now returns the Unix epoch plus all sleeps so far.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Unix(0, 0).Add(c.past)
}

// Sleep moves the clock on and returns at once.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.past += d
	c.sleeps = append(c.sleeps, d)
	return nil
}

// Sleeps returns every sleep so far.
func (c *Clock) Sleeps() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]time.Duration(nil), c.sleeps...)
}
