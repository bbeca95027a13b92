package chat_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/embed/chat"
	"github.com/kenrec/ken/embed/chat/chattest"
	"github.com/kenrec/ken/embed/embedtest"
)

// canary is the key of every test; it must appear in no error.
const canary = "sk-canary-0123456789abcdef"

func client(t *testing.T, s *chattest.Server, change func(*chat.Config)) (*chat.Client, *embedtest.Clock) {
	t.Helper()
	clock := &embedtest.Clock{}
	c := chat.Config{BaseURL: s.URL, Model: "m", Key: embed.NewSecret(canary), Clock: clock, Timeout: time.Minute} // long: the machine may be busy
	if change != nil {
		change(&c)
	}
	k, err := chat.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return k, clock
}

func ask(text string) chat.Request {
	return chat.Request{Messages: []chat.Message{{Role: chat.System, Content: "be short"}, {Role: chat.User, Content: text}},
		Name: "answer", Schema: json.RawMessage(`{"type":"object"}`)}
}

func echo(r chattest.Request) string { return "you said " + r.Last() }

func TestRequestCarriesWhatWasAsked(t *testing.T) {
	s := chattest.NewServer(t, echo)
	k, _ := client(t, s, nil)
	a, err := k.Complete(t.Context(), ask("hello"))
	if err != nil || a.Text != "you said hello" || a.Usage != (chat.Usage{In: 10, Out: 5}) || a.Cut || a.Cached {
		t.Fatalf("%+v, %v", a, err)
	}
	r := s.Requests()[0]
	f := r.ResponseFormat
	if r.Path != "/v1/chat/completions" || r.Authorization != "Bearer "+canary || r.Model != "m" || r.MaxTokens != 1024 ||
		r.Temperature == nil || *r.Temperature < 0.005 || *r.Temperature > 0.02 || f == nil || f.Type != "json_schema" || f.JSONSchema.Name != "answer" || !f.JSONSchema.Strict {
		t.Errorf("request %+v", r)
	}
	if k.Model() != "m@"+strings.TrimSuffix(strings.TrimPrefix(s.URL, "http://"), "/v1") {
		t.Errorf("model %q", k.Model())
	}
	k, _ = client(t, s, func(c *chat.Config) { c.NoSchema, c.Model = true, "gpt-5-mini" })
	if _, err := k.Complete(t.Context(), ask("hello")); err != nil {
		t.Fatal(err)
	}
	if r := s.Requests()[1]; r.ResponseFormat != nil || r.Temperature != nil || r.MaxCompletion != 1024 || r.MaxTokens != 0 {
		t.Errorf("request to a model that reasons, without a schema: %+v", r)
	}
}

func TestAnswersThatGoWrong(t *testing.T) {
	good := chattest.Answer{Body: chattest.Chat("fine", "stop")}
	for _, tt := range []struct {
		name   string
		script []chattest.Answer
		err    error
		asked  int
		why    string
	}{
		{"rate limit", []chattest.Answer{{Status: 429, Header: map[string]string{"Retry-After": "7"}}, good}, nil, 2, "waited for, then asked again"},
		{"overload", []chattest.Answer{{Status: 503}, {Status: 500}, good}, nil, 3, "passes"},
		{"always down", []chattest.Answer{{Status: 503}, {Status: 503}, {Status: 503}}, embed.ErrUnavailable, 3, "three tries"},
		{"key", []chattest.Answer{{Status: 401, Body: `{"error":{"message":"bad key ` + canary + `"}}`}}, embed.ErrAuth, 1, "asking again does not help"},
		{"quota", []chattest.Answer{{Status: 429, Body: `{"error":{"type":"insufficient_quota"}}`}}, embed.ErrQuota, 1, "no credit"},
		{"too long", []chattest.Answer{{Status: 400, Body: `{"error":{"message":"context length"}}`}}, embed.ErrRefused, 1, "this request never fits"},
		{"redirect", []chattest.Answer{{Status: 302, Header: map[string]string{"Location": "http://elsewhere"}}}, embed.ErrRefused, 1, "the key goes nowhere else"},
		{"page", []chattest.Answer{{Body: "<html>"}, {Body: "<html>"}}, embed.ErrBadAnswer, 2, "a proxy's page, twice"},
		{"no choice", []chattest.Answer{{Body: `{"choices":[]}`}, good}, nil, 2, "an answer without text"},
		{"error with 200", []chattest.Answer{{Body: `{"error":{"message":"oops"}}`}, good}, nil, 2, "go-openai would let it pass"},
		{"cut connection", []chattest.Answer{{Header: map[string]string{"Content-Length": "1000"}, Body: `{"cho`, Drop: true}, good}, nil, 2, "asked again"},
		{"filtered", []chattest.Answer{{Body: chattest.Chat("half", "content_filter")}}, chat.ErrNoAnswer, 1, "an answer that is none, and stays so"},
		{"empty", []chattest.Answer{{Body: chattest.Chat("", "stop")}}, chat.ErrNoAnswer, 1, "nothing said"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := chattest.NewServer(t, echo)
			s.Script(tt.script...)
			k, clock := client(t, s, func(c *chat.Config) { c.Tries = 3 })
			a, err := k.Complete(t.Context(), ask("x"))
			if !errors.Is(err, tt.err) || (err == nil && a.Text != "fine") {
				t.Errorf("answer %q, error %v, want %v: %s", a.Text, err, tt.err, tt.why)
			}
			if err != nil && strings.Contains(err.Error(), "canary") {
				t.Errorf("the key shows: %v", err)
			}
			if n := len(s.Requests()); n != tt.asked {
				t.Errorf("asked %d times, want %d: %s", n, tt.asked, tt.why)
			}
			if tt.name == "rate limit" && clock.Sleeps()[0] < 7*time.Second {
				t.Errorf("slept %v, asked for 7 s", clock.Sleeps())
			}
		})
	}
}

func TestLongAnswersAreMarked(t *testing.T) {
	s := chattest.NewServer(t, echo)
	s.Script(chattest.Answer{Body: chattest.Chat(`{"a":[1,`, "length")})
	k, _ := client(t, s, nil)
	if a, err := k.Complete(t.Context(), ask("x")); err != nil || !a.Cut {
		t.Errorf("%+v, %v, want one that was cut", a, err)
	}
}

func TestTimeoutAndCancel(t *testing.T) {
	s := chattest.NewServer(t, echo)
	s.Script(chattest.Answer{Hang: true})
	k, _ := client(t, s, func(c *chat.Config) { c.Tries, c.Timeout = 1, 20*time.Millisecond })
	if _, err := k.Complete(t.Context(), ask("x")); !errors.Is(err, embed.ErrUnavailable) {
		t.Errorf("hanging server: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := k.Complete(ctx, ask("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestRateLimitsCountTokens(t *testing.T) {
	s := chattest.NewServer(t, echo)
	k, clock := client(t, s, func(c *chat.Config) { c.RequestsAMin, c.MaxTokens = 60, 100 })
	for range 3 {
		if _, err := k.Complete(t.Context(), ask("x")); err != nil {
			t.Fatal(err)
		}
	}
	if got := clock.Now().Sub(time.Unix(0, 0)); got < 1900*time.Millisecond {
		t.Errorf("3 requests at 60 a minute took %v", got)
	}
}

func TestConfigsThatCannotWork(t *testing.T) {
	for _, tt := range []struct {
		name string
		c    chat.Config
	}{
		{"no model", chat.Config{}},
		{"http far away", chat.Config{Model: "m", BaseURL: "http://example.com/v1"}},
		{"password", chat.Config{Model: "m", BaseURL: "https://u:p@example.com/v1"}},
		{"tries", chat.Config{Model: "m", Tries: -1}},
		{"timeout", chat.Config{Model: "m", Timeout: -1}},
	} {
		if _, err := chat.New(tt.c); !errors.Is(err, embed.ErrConfig) {
			t.Errorf("%s: %v, want ErrConfig", tt.name, err)
		}
	}
}

// TestCachedNeverPaysTwice guarantees that an answer is asked for once over many runs, that a run that failed has kept
// what came before, and that another model, prompt version, schema or text asks anew.
func TestCachedNeverPaysTwice(t *testing.T) {
	s := chattest.NewServer(t, echo)
	k, _ := client(t, s, func(c *chat.Config) { c.Tries = 1 })
	cache := &chattest.Cache{}
	c := chat.NewCached(k, cache, "v1")
	if _, err := c.Complete(t.Context(), ask("one")); err != nil {
		t.Fatal(err)
	}
	s.Script(chattest.Answer{Status: http.StatusUnauthorized})
	if _, err := c.Complete(t.Context(), ask("two")); !errors.Is(err, embed.ErrAuth) {
		t.Fatalf("second request: %v", err)
	}
	again := chat.NewCached(k, cache, "v1") // as after a kill: only the cache is left
	for _, text := range []string{"one", "two", "one", "two"} {
		a, err := again.Complete(t.Context(), ask(text))
		if err != nil || a.Text != "you said "+text || a.Usage.In != 10 {
			t.Errorf("%s: %+v, %v", text, a, err)
		}
	}
	if n := len(s.Requests()); n != 3 {
		t.Errorf("%d requests, want 3: one, two refused, two", n)
	}
	if _, err := chat.NewCached(k, cache, "v2").Complete(t.Context(), ask("one")); err != nil || len(s.Requests()) != 4 {
		t.Errorf("another prompt version found the answer of the old one: %v", err)
	}
	other := ask("one")
	other.Schema = json.RawMessage(`{}`)
	keys := map[[32]byte]bool{c.Key(ask("one")): true, c.Key(ask("two")): true, c.Key(other): true,
		chat.Key("m2", "v1", ask("one")): true, chat.Key(k.Model(), "v2", ask("one")): true}
	if len(keys) != 5 {
		t.Errorf("%d different keys, want 5", len(keys))
	}
}

func TestCost(t *testing.T) {
	u := chat.Usage{In: 2_000_000}
	u.Add(chat.Usage{Out: 500_000})
	if got := (chat.Price{In: 0.15, Out: 0.6}).Cost(u); got < 0.599 || got > 0.601 {
		t.Errorf("cost %g, want 0.6", got)
	}
	if e := chat.Estimate(ask(strings.Repeat("word ", 80)), 50); e.In < 100 || e.In > 130 || e.Out != 50 {
		t.Errorf("estimate %+v", e)
	}
}
