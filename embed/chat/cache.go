package chat

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
)

// keyVersion is part of every cache key. It rises when the form of keys or cached answers changes.
const keyVersion = "ken chat 1"

// Cache keeps answers. Load returns nil when there is none; Save is durable when it returns.
type Cache interface {
	Load(ctx context.Context, key [32]byte) ([]byte, error)
	Save(ctx context.Context, key [32]byte, answer []byte) error
}

// Key is the name of an answer in a Cache: the SHA-256 of the model's name, the version of the prompt and the request.
func Key(model, version string, r Request) [32]byte {
	h := sha256.New()
	add := func(part string) {
		var n [8]byte
		binary.LittleEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write([]byte(part))
	}
	for _, part := range []string{keyVersion, model, version, string(r.Schema), fmt.Sprint(r.MaxTokens)} {
		add(part)
	}
	for _, m := range r.Messages {
		add(m.Role)
		add(m.Content)
	}
	return [32]byte(h.Sum(nil))
}

// Cached is a Completer that keeps every answer in a Cache before it returns it, and asks nothing twice: a run that was
// killed pays again for no more than the requests that were under way. Safe for concurrent use.
type Cached struct {
	inner   Completer
	cache   Cache
	version string
}

// NewCached puts cache before c. version is that of the prompts: another one asks anew.
func NewCached(c Completer, cache Cache, version string) *Cached {
	return &Cached{inner: c, cache: cache, version: version}
}

// Key returns the key of r in the cache.
func (c *Cached) Key(r Request) [32]byte { return Key(c.inner.Model(), c.version, r) }

// stored is an answer in a cache.
type stored struct {
	Text  string `json:"text"`
	Cut   bool   `json:"cut,omitempty"`
	Usage Usage  `json:"usage"`
}

// Lookup returns the answer that the cache holds; a damaged one counts as missing. It asks nobody.
func (c *Cached) Lookup(ctx context.Context, r Request) (Answer, bool, error) {
	p, err := c.cache.Load(ctx, c.Key(r))
	if err != nil {
		return Answer{}, false, fmt.Errorf("chat: cache: %w", err)
	}
	var s stored
	if p == nil || json.Unmarshal(p, &s) != nil || s.Text == "" {
		return Answer{}, false, nil
	}
	return Answer{Text: s.Text, Cut: s.Cut, Usage: s.Usage, Cached: true}, true, nil
}

// Complete returns the cached answer, with what it used when it was paid for, or asks. The answer is stored even when ctx
// ends meanwhile: it is paid for.
func (c *Cached) Complete(ctx context.Context, r Request) (Answer, error) {
	if a, ok, err := c.Lookup(ctx, r); ok || err != nil {
		return a, err
	}
	a, err := c.inner.Complete(ctx, r)
	if err != nil {
		return a, err
	}
	p, err := json.Marshal(stored{a.Text, a.Cut, a.Usage})
	if err == nil {
		err = c.cache.Save(context.WithoutCancel(ctx), c.Key(r), p)
	}
	if err != nil {
		return a, fmt.Errorf("chat: cache: %w", err)
	}
	return a, nil
}
