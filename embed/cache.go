package embed

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// keyVersion is part of every cache key. It rises when Normalise changes, so that no key of the old rule is found.
const keyVersion = "ken embedding 1"

// cachedBatch is how many texts Cached hands on at a time when the embedder has no batches of its own.
const cachedBatch = 256

// Key is the name of a vector in a Cache: the SHA-256 of the model's name and the normalised text. The name says
// everything that tells vector spaces apart, a chosen dimension included. The text itself cannot be read out of a key.
func Key(m Model, text string) [32]byte {
	h := sha256.New()
	for _, part := range []string{keyVersion, m.Name, Normalise(text)} {
		var n [8]byte
		binary.LittleEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write([]byte(part))
	}
	return [32]byte(h.Sum(nil))
}

// Normalise returns text in Unicode's NFC, with runs of white space folded to single spaces and none at its ends, and
// U+FFFD for what is not UTF-8: two texts that look the same are the same, and cost one request.
func Normalise(text string) string {
	return norm.NFC.String(strings.Join(strings.Fields(strings.ToValidUTF8(text, "\uFFFD")), " "))
}

// Cached is an Embedder that keeps every vector it gets in a Cache and asks for none twice. It embeds the normalised
// form of each text, the one its key is made of. Safe for concurrent use; two calls at once may both ask for a text.
type Cached struct {
	inner Embedder
	cache Cache
}

// NewCached puts c before e.
func NewCached(e Embedder, c Cache) *Cached { return &Cached{inner: e, cache: c} }

// Model returns the model behind the cache.
func (c *Cached) Model() Model { return c.inner.Model() }

// Lookup returns the vectors that the cache holds, nil for the other texts. It asks for nothing.
// A vector of another length than the model's counts as missing.
func (c *Cached) Lookup(ctx context.Context, texts []string) ([][]float32, error) {
	return c.lookup(ctx, c.keys(texts))
}

func (c *Cached) keys(texts []string) [][32]byte {
	m := c.inner.Model()
	keys := make([][32]byte, len(texts))
	for i, t := range texts {
		keys[i] = Key(m, t)
	}
	return keys
}

func (c *Cached) lookup(ctx context.Context, keys [][32]byte) ([][]float32, error) {
	vecs, err := c.cache.CacheLookup(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("embed: cache: %w", err)
	}
	if len(vecs) != len(keys) {
		return nil, fmt.Errorf("embed: cache: %d answers for %d keys", len(vecs), len(keys))
	}
	if dim := c.inner.Model().Dim; dim > 0 {
		for i, v := range vecs {
			if len(v) != dim {
				vecs[i] = nil
			}
		}
	}
	return vecs, nil
}

// Embed returns the cached vectors and asks the embedder for the others, each distinct text once. New vectors are
// stored after each batch, when the context is cancelled too: a call that is cut short has kept all it paid for.
// Equal texts share one vector, so callers must not change it. Errors are those of the embedder, with *PartialError positions by texts, or of the cache.
func (c *Cached) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	keys := c.keys(texts)
	out, err := c.lookup(ctx, keys)
	if err != nil {
		return make([][]float32, len(texts)), err
	}
	m := missingOf(texts, keys, out)
	lo := 0
	var failed []TextError
	for _, hi := range c.batches(m.texts) {
		vecs, err := c.inner.Embed(ctx, m.texts[lo:hi])
		var partial *PartialError
		if err != nil && !errors.As(err, &partial) {
			// What came before the error is kept, as far as the embedder says which texts it belongs to.
			if len(vecs) == hi-lo {
				err = errors.Join(err, c.store(ctx, m.keys[lo:hi], vecs))
				m.spread(out, lo, vecs)
			}
			return out, err
		}
		if len(vecs) != hi-lo {
			return out, fmt.Errorf("%w: %s: %d vectors for %d texts", ErrBadAnswer, c.Model().Name, len(vecs), hi-lo)
		}
		if err := c.store(ctx, m.keys[lo:hi], vecs); err != nil {
			return out, err
		}
		m.spread(out, lo, vecs)
		if partial != nil {
			failed = append(failed, m.positions(lo, partial)...)
		}
		lo = hi
	}
	if len(failed) > 0 {
		return out, &PartialError{Failed: sortFailed(failed)}
	}
	return out, nil
}

// missing lists the distinct texts without a vector, and where each of them stands in the call.
type missing struct {
	texts []string // normalised
	keys  [][32]byte
	at    [][]int
}

func missingOf(texts []string, keys [][32]byte, have [][]float32) missing {
	var m missing
	first := make(map[[32]byte]int)
	for i, k := range keys {
		if have[i] != nil {
			continue
		}
		n, ok := first[k]
		if !ok {
			n = len(m.texts)
			first[k] = n
			m.texts, m.keys, m.at = append(m.texts, Normalise(texts[i])), append(m.keys, k), append(m.at, nil)
		}
		m.at[n] = append(m.at[n], i)
	}
	return m
}

// spread puts the vectors of the distinct texts from lo on to every place of the call that has one of them.
func (m *missing) spread(out [][]float32, lo int, vecs [][]float32) {
	for i, v := range vecs {
		for _, p := range m.at[lo+i] {
			out[p] = v
		}
	}
}

// positions translates the failures of a batch that began at lo to places of the call.
func (m *missing) positions(lo int, partial *PartialError) []TextError {
	var failed []TextError
	for _, f := range partial.Failed {
		for _, p := range m.at[lo+f.Index] {
			failed = append(failed, TextError{p, f.Err})
		}
	}
	return failed
}

// batches returns where the steps end in which the embedder is asked: its own batches, so that each request that was
// paid for is stored before the next one goes out.
func (c *Cached) batches(texts []string) []int {
	if b, ok := c.inner.(interface{ batches([]string) []int }); ok {
		return b.batches(texts)
	}
	return batchesOf(texts, cachedBatch, math.MaxInt)
}

// store keeps the vectors there are. A cancelled context does not stop it: they are paid for.
func (c *Cached) store(ctx context.Context, keys [][32]byte, vecs [][]float32) error {
	var k [][32]byte
	var v [][]float32
	for i, vec := range vecs {
		if vec != nil {
			k, v = append(k, keys[i]), append(v, vec)
		}
	}
	if len(k) == 0 {
		return nil
	}
	if err := c.cache.CacheStore(context.WithoutCancel(ctx), k, v); err != nil {
		return fmt.Errorf("embed: cache: %w", err)
	}
	return nil
}
