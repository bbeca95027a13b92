package chat

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	openai "github.com/sashabaranov/go-openai"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/embed/internal/endpoint"
)

// Config describes an OpenAI-compatible endpoint. Model is needed; every other zero value means its default.
type Config struct {
	BaseURL       string // up to and with the version: "http://localhost:11434/v1"; default embed.DefaultBaseURL
	Model         string // "gpt-4o-mini", "qwen3:8b", …
	Key           embed.Secret
	AllowInsecure bool // permits http to hosts that are neither loopback nor private
	NoSchema      bool // for servers without response_format: the schema is not sent, the prompt alone asks for JSON

	MaxTokens     int // of an answer; default 1,024
	RequestsAMin  int // 0: no limit
	TokensAMin    int // estimated tokens, prompts and answers; 0: no limit
	Tries         int // requests for one answer before it counts as failed; default 5
	Timeout       time.Duration
	Log           *slog.Logger      // retries; never a text or the key. Default: discarded
	Clock         embed.Clock       // default: the system's
	HTTPTransport http.RoundTripper // default: http.DefaultTransport's settings
}

// withDefaults returns c with every zero value filled in.
func (c Config) withDefaults() Config {
	if c.BaseURL == "" {
		c.BaseURL = embed.DefaultBaseURL
	}
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	if c.MaxTokens == 0 {
		c.MaxTokens = 1024
	}
	if c.Tries == 0 {
		c.Tries = 5
	}
	if c.Timeout == 0 {
		c.Timeout = 5 * time.Minute // small machines write a few tokens a second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Clock == nil {
		c.Clock = endpoint.SystemClock{}
	}
	if c.HTTPTransport == nil {
		c.HTTPTransport = http.DefaultTransport
	}
	return c
}

func (c Config) validate() (*url.URL, error) {
	u, err := endpoint.CheckAddress(c.BaseURL, c.Key, c.AllowInsecure)
	if err != nil {
		return nil, err
	}
	if c.Model == "" {
		return nil, fmt.Errorf("%w: no model", embed.ErrConfig)
	}
	for _, f := range []struct {
		name            string
		value, min, max int
	}{
		{"MaxTokens", c.MaxTokens, 1, 1 << 20},
		{"RequestsAMin", c.RequestsAMin, 0, 1 << 30},
		{"TokensAMin", c.TokensAMin, 0, 1 << 30},
		{"Tries", c.Tries, 1, 100},
	} {
		if f.value < f.min || f.value > f.max {
			return nil, fmt.Errorf("%w: %s = %d is not within %d to %d", embed.ErrConfig, f.name, f.value, f.min, f.max)
		}
	}
	if c.Timeout < 0 {
		return nil, fmt.Errorf("%w: negative Timeout", embed.ErrConfig)
	}
	return u, nil
}

// Client asks one model of one server. Safe for concurrent use; calls share the rate limits.
type Client struct {
	cfg    Config
	name   string
	client *openai.Client
	calls  endpoint.Client
}

// New returns a client for the endpoint; it sends nothing yet. Errors wrap embed.ErrConfig.
func New(c Config) (*Client, error) {
	c = c.withDefaults()
	u, err := c.validate()
	if err != nil {
		return nil, err
	}
	name := c.Model + "@" + u.Host + strings.TrimSuffix(u.Path, "/v1")
	k := &Client{cfg: c, name: name, calls: endpoint.Client{Name: name, Clock: c.Clock, Log: c.Log, Timeout: c.Timeout}}
	k.calls.Limit(c.RequestsAMin, c.TokensAMin, max(1, c.TokensAMin))
	// The key is the doer's: what go-openai does not hold it cannot print.
	cfg := openai.DefaultConfig("")
	cfg.BaseURL = c.BaseURL
	cfg.HTTPClient = endpoint.NewDoer(c.HTTPTransport, c.Key, checkBody(c.Key))
	k.client = openai.NewClientWithConfig(cfg)
	return k, nil
}

// Model returns the model's name and the host.
func (c *Client) Model() string { return c.name }

// Complete asks r, again where that helps: after rate limits, failures of the server, broken connections and answers
// that are none. Errors wrap ErrNoAnswer, embed.ErrAuth, ErrQuota, ErrRefused, ErrUnavailable, ErrBadAnswer or ctx.Err().
func (c *Client) Complete(ctx context.Context, r Request) (a Answer, err error) {
	if r.MaxTokens == 0 {
		r.MaxTokens = c.cfg.MaxTokens
	}
	expected := Estimate(r, r.MaxTokens)
	err = c.calls.Retry(ctx, c.cfg.Tries, func() error {
		if err := c.calls.Wait(ctx, int(expected.In+expected.Out)); err != nil {
			return err
		}
		return c.calls.Once(ctx, func(ctx context.Context) (err error) {
			a, err = c.once(ctx, r)
			return err
		})
	})
	if err != nil {
		return Answer{}, c.calls.Translate(err)
	}
	if a.Text == "" {
		return Answer{}, fmt.Errorf("%w: %s declined or was filtered", ErrNoAnswer, c.name)
	}
	return a, nil
}

// once sends one request. An empty text is an answer that the model or a filter refused.
func (c *Client) once(ctx context.Context, r Request) (Answer, error) {
	resp, err := c.client.CreateChatCompletion(ctx, c.request(r))
	if err != nil {
		return Answer{}, endpoint.Malformed(err, "a chat completion", c.cfg.Key)
	}
	if len(resp.Choices) == 0 {
		return Answer{}, &endpoint.MalformedError{Message: "answer without a choice"}
	}
	choice := resp.Choices[0]
	a := Answer{
		Text:  strings.ToValidUTF8(choice.Message.Content, "\uFFFD"),
		Cut:   choice.FinishReason == openai.FinishReasonLength,
		Usage: Usage{In: int64(resp.Usage.PromptTokens), Out: int64(resp.Usage.CompletionTokens)},
	}
	if a.Usage.In <= 0 || a.Usage.Out < 0 {
		a.Usage = Estimate(r, embed.EstimateTokens(a.Text))
	}
	if choice.FinishReason == openai.FinishReasonContentFilter || choice.Message.Refusal != "" {
		a.Text = ""
	}
	return a, nil
}

// temperature is as good as none. go-openai leaves 0 out, which means 1, and its advice of the smallest number that is
// not 0 makes llama.cpp divide by it: the answers are noise then.
const temperature = 0.01

// request puts r into go-openai's words.
func (c *Client) request(r Request) openai.ChatCompletionRequest {
	q := openai.ChatCompletionRequest{Model: c.cfg.Model}
	for _, m := range r.Messages {
		q.Messages = append(q.Messages, openai.ChatCompletionMessage{Role: m.Role, Content: m.Content})
	}
	if reasons(c.cfg.Model) {
		q.MaxCompletionTokens = r.MaxTokens
	} else {
		//lint:ignore SA1019 the newer name is not known to most servers
		q.MaxTokens = r.MaxTokens
		q.Temperature = temperature
	}
	if r.Schema != nil && !c.cfg.NoSchema {
		q.ResponseFormat = &openai.ChatCompletionResponseFormat{
			Type:       openai.ChatCompletionResponseFormatTypeJSONSchema,
			JSONSchema: &openai.ChatCompletionResponseFormatJSONSchema{Name: r.Name, Schema: r.Schema, Strict: true},
		}
	}
	return q
}

// reasons tells the models of OpenAI that refuse a temperature and max_tokens.
func reasons(model string) bool {
	for _, family := range []string{"o1", "o3", "o4", "gpt-5"} {
		if model == family || strings.HasPrefix(model, family+"-") {
			return true
		}
	}
	return false
}

// checkBody returns a function that looks for an error object in an answer of status 200, which go-openai lets pass.
func checkBody(key embed.Secret) func([]byte) error {
	return func(body []byte) error {
		var answer struct {
			Error   *json.RawMessage  `json:"error"`
			Choices []json.RawMessage `json:"choices"`
		}
		if err := json.Unmarshal(body, &answer); err != nil {
			return endpoint.Malformed(err, "a chat completion", key)
		}
		if answer.Error != nil && len(answer.Choices) == 0 {
			return endpoint.ErrorObject(*answer.Error, key)
		}
		return nil
	}
}
