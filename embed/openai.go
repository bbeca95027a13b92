package embed

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"

	openai "github.com/sashabaranov/go-openai"

	"github.com/kenrec/ken/embed/internal/endpoint"
)

// OpenAI embeds texts through an OpenAI-compatible server: OpenAI itself, Ollama, vLLM, llama.cpp and many more.
// Safe for concurrent use; calls share the rate limits.
type OpenAI struct {
	cfg    Config
	model  Model // Dim is Config.Dimensions, 0 when unset
	client *openai.Client
	dim    atomic.Int64 // length of the vectors, 0 until it is known
	calls  endpoint.Client
}

// NewOpenAI returns a client for the endpoint; it sends nothing yet. Errors wrap ErrConfig.
func NewOpenAI(c Config) (*OpenAI, error) {
	c = c.withDefaults()
	u, err := c.validate()
	if err != nil {
		return nil, err
	}
	o := &OpenAI{
		cfg:   c,
		model: Model{Name: modelName(c, u), Dim: c.Dimensions},
		calls: endpoint.Client{Name: modelName(c, u), Clock: c.Clock, Log: c.Log, Timeout: c.Timeout},
	}
	o.calls.Limit(c.RequestsAMin, c.TokensAMin, c.BatchTokens)
	o.dim.Store(int64(c.Dimensions))
	// The key is the doer's: what go-openai does not hold it cannot print.
	cfg := openai.DefaultConfig("")
	cfg.BaseURL = c.BaseURL
	cfg.HTTPClient = endpoint.NewDoer(c.HTTPTransport, c.Key, checkBody(c.Key))
	o.client = openai.NewClientWithConfig(cfg)
	return o, nil
}

// modelName tells vectors apart that must not meet: the same model name at another host may be another model, and a
// shortened vector is another space.
func modelName(c Config, u *url.URL) string {
	name := "openai:" + c.Model
	if c.Dimensions > 0 {
		name += fmt.Sprintf("/%d", c.Dimensions)
	}
	return name + "@" + u.Host + strings.TrimSuffix(u.Path, "/v1")
}

// Model returns "openai:", the model, the dimensions if they were asked for, and the host. Dim is 0 until the first
// answer when Config.Dimensions is 0.
func (o *OpenAI) Model() Model { return Model{Name: o.model.Name, Dim: int(o.dim.Load())} }

// Embed sends texts in batches and returns their unit-free vectors as the server gave them, checked for count, order,
// length, finiteness and a norm above zero. Texts are cut to Config.TextBytes, and further when the server finds one too
// long for its model; an empty one fails alone.
//
// Failed requests are repeated where that helps. A batch that the server keeps refusing is split until the text at
// fault stands alone: it is nil in the result and listed in a *PartialError. Other errors end the call and come with
// the vectors there are: ErrAuth, ErrQuota, ErrRefused, ErrUnavailable, ErrBadAnswer, or ctx.Err().
func (o *OpenAI) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	r := &run{OpenAI: o, texts: make([]string, len(texts)), out: make([][]float32, len(texts))}
	var sent []int // positions of the texts that are sent
	for i, t := range texts {
		if r.texts[i] = o.prepare(t); r.texts[i] == "" {
			r.failed = append(r.failed, TextError{i, fmt.Errorf("%w: it is empty", ErrBadText)})
			continue
		}
		sent = append(sent, i)
	}
	if len(sent) < len(texts) {
		return o.embedSome(ctx, texts, sent, r.failed)
	}
	lo := 0
	for _, hi := range o.batches(r.texts) {
		if err := r.batch(ctx, lo, hi, o.cfg.Tries); err != nil {
			return r.out, err
		}
		lo = hi
	}
	if len(r.failed) > 0 {
		return r.out, &PartialError{Failed: r.failed}
	}
	return r.out, nil
}

// embedSome embeds the texts at the given positions and joins the result with the failures known before.
func (o *OpenAI) embedSome(ctx context.Context, texts []string, at []int, failed []TextError) ([][]float32, error) {
	some := make([]string, len(at))
	for i, p := range at {
		some[i] = texts[p]
	}
	vecs, err := o.Embed(ctx, some)
	out := make([][]float32, len(texts))
	for i, p := range at {
		out[p] = vecs[i]
	}
	var partial *PartialError
	if err != nil && !errors.As(err, &partial) {
		return out, err
	}
	if partial != nil {
		for _, f := range partial.Failed {
			failed = append(failed, TextError{at[f.Index], f.Err})
		}
	}
	return out, &PartialError{Failed: sortFailed(failed)}
}

// batches returns where the batches end that Embed sends texts in: the steps in which a decorator should call it.
func (o *OpenAI) batches(texts []string) []int {
	return batchesOf(texts, o.cfg.BatchTexts, o.cfg.BatchTokens)
}

// prepare makes a text what the API takes: valid UTF-8 of limited length.
func (o *OpenAI) prepare(text string) string {
	return strings.TrimSpace(endpoint.Cut(strings.ToValidUTF8(text, "\uFFFD"), o.cfg.TextBytes))
}

// request sends one batch, again where that helps, and returns its checked vectors.
func (o *OpenAI) request(ctx context.Context, texts []string, tries int) (vecs [][]float32, err error) {
	tokens := 0
	for _, t := range texts {
		tokens += EstimateTokens(t)
	}
	err = o.calls.Retry(ctx, tries, func() error {
		if err := o.calls.Wait(ctx, tokens); err != nil {
			return err
		}
		vecs, err = o.once(ctx, texts)
		return err
	})
	return vecs, err
}

// once sends one request.
func (o *OpenAI) once(ctx context.Context, texts []string) (vecs [][]float32, err error) {
	err = o.calls.Once(ctx, func(ctx context.Context) error {
		resp, err := o.client.CreateEmbeddings(ctx, openai.EmbeddingRequestStrings{
			Input:      texts,
			Model:      openai.EmbeddingModel(o.cfg.Model),
			Dimensions: o.cfg.Dimensions,
			// Base64 would be half the bytes, but several servers lack it, and go-openai decodes it without a check.
			EncodingFormat: openai.EmbeddingEncodingFormatFloat,
		})
		if err != nil {
			return endpoint.Malformed(err, "an embedding list", o.cfg.Key)
		}
		vecs, err = o.check(resp.Data, len(texts))
		return err
	})
	return vecs, err
}
