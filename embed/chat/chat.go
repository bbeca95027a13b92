package chat

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/kenrec/ken/embed"
)

// ErrNoAnswer reports a request that the model itself declined or that a filter of the server emptied. The other errors
// are those of package embed: ErrConfig, ErrAuth, ErrQuota, ErrUnavailable, ErrRefused, ErrBadAnswer.
var ErrNoAnswer = errors.New("chat: no answer")

// The roles of messages.
const (
	System    = "system"
	User      = "user"
	Assistant = "assistant"
)

// Message is one turn.
type Message struct{ Role, Content string }

// Request is what a model is asked.
type Request struct {
	Messages []Message
	// Schema is the JSON schema that the answer is held to, by servers that can; nil for free text.
	Schema json.RawMessage
	Name   string // of the schema: letters, digits, - and _
	// MaxTokens bounds the answer; 0: Config.MaxTokens.
	MaxTokens int
}

// Answer is what came back.
type Answer struct {
	Text   string
	Cut    bool // the answer reached MaxTokens
	Cached bool // nobody was asked
	Usage  Usage
}

// Usage counts tokens: those the server counted, else an estimate.
type Usage struct {
	In  int64 `json:"in"`
	Out int64 `json:"out"`
}

// Add adds what another request used.
func (u *Usage) Add(v Usage) { u.In, u.Out = u.In+v.In, u.Out+v.Out }

// Price is what a million tokens cost, in any currency.
type Price struct{ In, Out float64 }

// Cost is the price of what was used.
func (p Price) Cost(u Usage) float64 { return (p.In*float64(u.In) + p.Out*float64(u.Out)) / 1e6 }

// Estimate guesses what a request uses, with an answer of out tokens.
func Estimate(r Request, out int) Usage {
	n := len(r.Schema) / 4 // servers that turn it into a grammar count none of it
	for _, m := range r.Messages {
		n += embed.EstimateTokens(m.Content) + 4
	}
	return Usage{In: int64(n), Out: int64(out)}
}

// Completer answers requests. Model names provider, model and host, so that answers of different models never mix.
// Implementations are safe for concurrent use.
type Completer interface {
	Complete(ctx context.Context, r Request) (Answer, error)
	Model() string
}
