package embed

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/kenrec/ken/embed/internal/endpoint"
)

// batchesOf cuts texts into runs of at most count texts and about tokens tokens; a longer text is a run of its own.
// It returns where each run ends.
func batchesOf(texts []string, count, tokens int) []int {
	var ends []int
	n, sum := 0, 0
	for i, t := range texts {
		c := mostTokens(t)
		if n > 0 && (n == count || sum+c > tokens) {
			ends = append(ends, i)
			n, sum = 0, 0
		}
		n, sum = n+1, sum+c
	}
	if n > 0 {
		ends = append(ends, len(texts))
	}
	return ends
}

// mostTokens estimates the tokens of a text from above: without the model's tokenizer, half its bytes are more than
// any but the strangest text has.
func mostTokens(text string) int { return len(text)/2 + 1 }

// EstimateTokens guesses how many tokens a text has for an OpenAI model, for the estimate of a cost: a quarter of its
// ASCII bytes and one for each other two bytes, near enough for English and somewhat high elsewhere.
func EstimateTokens(text string) int {
	ascii := 0
	for i := range len(text) {
		if text[i] < 0x80 {
			ascii++
		}
	}
	return (ascii+3)/4 + (len(text)-ascii+1)/2
}

// minTextBytes is where cutting a text that is said to be too long ends.
const minTextBytes = 256

// isTooLong reports whether a refusal is about the length of the text. The API has no one code for it: these are the
// words of OpenAI, llama.cpp, vLLM, Ollama, LiteLLM and text-embeddings-inference.
func isTooLong(err error) bool {
	var e *endpoint.StatusError
	if !errors.As(err, &e) {
		return false
	}
	said := strings.ToLower(e.Code + " " + e.Message)
	for _, words := range []string{"context length", "context_length", "context size", "context_size", "too long", "too large", "too many tokens", "max_tokens", "maximum number of tokens", "must have less than"} {
		if strings.Contains(said, words) {
			return true
		}
	}
	return e.Status == http.StatusRequestEntityTooLarge
}

// run is one call of Embed: which texts go out, and what came back.
type run struct {
	*OpenAI
	texts   []string // prepared
	out     [][]float32
	failed  []TextError
	working bool // the server has answered one request of this run as it should
}

// batch embeds texts[lo:hi]. A batch that the server refuses is halved, again and again, until the text it cannot take
// stands alone and is recorded; the rest goes on. A text that is too long for the model is halved itself, until its
// beginning fits. The error ends the run.
func (r *run) batch(ctx context.Context, lo, hi, tries int) error {
	vecs, err := r.request(ctx, r.texts[lo:hi], tries)
	if err == nil {
		r.working = true
		copy(r.out[lo:hi], vecs)
		return nil
	}
	if !isAboutTexts(err) {
		return r.calls.Translate(err)
	}
	if err := r.probe(ctx, err); err != nil {
		return err
	}
	if hi-lo == 1 && isTooLong(err) && len(r.texts[lo]) >= 2*minTextBytes {
		r.texts[lo] = endpoint.Cut(r.texts[lo], len(r.texts[lo])/2)
		r.cfg.Log.Warn("text too long for the model, cutting it", "bytes", len(r.texts[lo]))
		return r.batch(ctx, lo, hi, tries)
	}
	if hi-lo == 1 {
		r.failed = append(r.failed, TextError{lo, fmt.Errorf("%w: %v", ErrBadText, err)})
		return nil
	}
	r.cfg.Log.Warn("embedding batch refused, halving it", "texts", hi-lo)
	mid := lo + (hi-lo)/2
	// The failure has proved lasting: the halves get one try more, not five, or one bad text would cost minutes.
	if err := r.batch(ctx, lo, mid, min(2, tries)); err != nil {
		return err
	}
	return r.batch(ctx, mid, hi, min(2, tries))
}

// probe asks whether the server works at all, unless that is known: when every request fails whatever its texts are,
// it returns cause as the error of the run, and no batch is halved in vain.
func (r *run) probe(ctx context.Context, cause error) error {
	if r.working {
		return nil
	}
	if _, err := r.request(ctx, []string{"test"}, 1); err != nil {
		if ctx.Err() != nil {
			return r.calls.Translate(err)
		}
		return r.calls.Translate(cause)
	}
	r.working = true
	return nil
}

// isAboutTexts reports whether another choice of texts may fare better: bad input, too much of it, or a server that
// stumbles over one of them. Rate limits, keys and addresses are not about texts.
func isAboutTexts(err error) bool {
	var bad *endpoint.MalformedError
	return errors.As(err, &bad) || endpoint.IsStatus(err, http.StatusBadRequest, http.StatusRequestEntityTooLarge,
		http.StatusUnprocessableEntity, http.StatusInternalServerError)
}
