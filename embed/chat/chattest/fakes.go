package chattest

import (
	"context"
	"maps"
	"sync"

	"github.com/kenrec/ken/embed/chat"
)

// Model is a chat.Completer that answers as Reply says and counts what it is asked. Safe for concurrent use.
type Model struct {
	Name  string
	Reply func(chat.Request) (string, error)

	mu    sync.Mutex
	asked []chat.Request
}

// Model returns Name, or "fake".
func (m *Model) Model() string {
	if m.Name == "" {
		return "fake"
	}
	return m.Name
}

// Asked returns the requests so far.
func (m *Model) Asked() []chat.Request {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]chat.Request(nil), m.asked...)
}

// Complete implements chat.Completer.
func (m *Model) Complete(ctx context.Context, r chat.Request) (chat.Answer, error) {
	if err := ctx.Err(); err != nil {
		return chat.Answer{}, err
	}
	m.mu.Lock()
	m.asked = append(m.asked, r)
	m.mu.Unlock()
	text, err := m.Reply(r)
	return chat.Answer{Text: text, Usage: chat.Usage{In: 10, Out: 5}}, err
}

// Cache is a chat.Cache in memory. The zero value is ready; safe for concurrent use.
type Cache struct {
	mu sync.Mutex
	m  map[[32]byte][]byte
}

// Load implements chat.Cache.
func (c *Cache) Load(_ context.Context, key [32]byte) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.m[key], nil
}

// Save implements chat.Cache.
func (c *Cache) Save(_ context.Context, key [32]byte, answer []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m == nil {
		c.m = map[[32]byte][]byte{}
	}
	c.m[key] = answer
	return nil
}

// All returns a copy of what the cache holds.
func (c *Cache) All() map[[32]byte][]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.m)
}
