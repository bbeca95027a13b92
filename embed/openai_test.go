package embed_test

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/embed/embedtest"
)

// canary is the key of every test; it must appear in no error and no log.
const canary = "sk-canary-0123456789abcdef"

// client returns a client of the server with a clock that never sleeps. change may alter its configuration.
func client(t *testing.T, s *embedtest.Server, change func(*embed.Config)) (*embed.OpenAI, *embedtest.Clock) {
	t.Helper()
	clock := &embedtest.Clock{}
	c := embed.Config{BaseURL: s.URL, Model: "m", Key: embed.NewSecret(canary), Clock: clock, Timeout: time.Minute} // long: the machine may be busy
	if change != nil {
		change(&c)
	}
	o, err := embed.NewOpenAI(c)
	if err != nil {
		t.Fatal(err)
	}
	return o, clock
}

// hashOf returns the vectors the server gives for texts.
func hashOf(t *testing.T, dim int, texts ...string) [][]float32 {
	t.Helper()
	v, err := embed.NewHash(dim).Embed(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func checkVectors(t *testing.T, got, want [][]float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d vectors, want %d", len(got), len(want))
	}
	for i := range want {
		if !slices.Equal(got[i], want[i]) {
			t.Errorf("vector %d is wrong", i)
		}
	}
}

func base64Of(extra int, v ...float32) string {
	b := make([]byte, 4*len(v)+extra)
	for i, f := range v {
		binary.LittleEndian.PutUint32(b[4*i:], math.Float32bits(f))
	}
	return base64.StdEncoding.EncodeToString(b)
}

func data(items ...string) string { return `{"data":[` + strings.Join(items, ",") + `]}` }

func item(index int, vector string) string {
	return fmt.Sprintf(`{"index":%d,"embedding":%s}`, index, vector)
}

// TestBadAnswers goes through what servers were seen to answer, most of which go-openai takes without an error or
// worse. "ok" means that the client recovers: the bad answer is given once, later requests are answered well.
func TestBadAnswers(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	cases := []struct {
		name   string
		answer embedtest.Answer
		always bool  // the answer is given to every request
		want   error // nil: recovers
		sleeps int   // -1: any number
		why    string
	}{
		{"order", embedtest.Answer{Body: data(item(1, "[2,2,2,2]"), item(0, "[1,1,1,1]"))}, false, nil, 0, "sorted by index"},
		{"missing item", embedtest.Answer{Body: data(item(0, "[1,1,1,1]"))}, false, embed.ErrBadAnswer, 0, "count is checked"},
		{"one too many", embedtest.Answer{Body: data(item(0, "[1]"), item(1, "[1]"), item(2, "[1]"))}, false, embed.ErrBadAnswer, 0, "count is checked"},
		{"no index", embedtest.Answer{Body: `{"data":[{"embedding":[1]},{"embedding":[2]}]}`}, false, embed.ErrBadAnswer, 0, "indices must be a permutation"},
		{"index out of range", embedtest.Answer{Body: data(item(0, "[1]"), item(7, "[1]"))}, false, embed.ErrBadAnswer, 0, "indices must be a permutation"},
		{"null in a vector", embedtest.Answer{Body: data(item(0, "[null,1,1,1]"), item(1, "[1,1,1,1]"))}, false, nil, 1, "null stands for NaN; the second try is good"},
		{"null vector", embedtest.Answer{Body: data(item(0, "null"), item(1, "[1,1,1,1]"))}, false, nil, 1, "the second try is good"},
		{"zero vector", embedtest.Answer{Body: data(item(0, "[0,0,0,0]"), item(1, "[1,1,1,1]"))}, false, nil, 1, "has no direction"},
		{"different lengths", embedtest.Answer{Body: data(item(0, "[1,2,3]"), item(1, "[1]"))}, false, embed.ErrDimension, 0, "never mixed"},
		{"overflow", embedtest.Answer{Body: data(item(0, "[1e39,1,1,1]"), item(1, "[1,1,1,1]"))}, false, nil, 1, "beyond float32"},
		{"bare NaN", embedtest.Answer{Body: data(item(0, "[NaN]"), item(1, "[1]"))}, false, nil, 1, "no JSON"},
		{"base64 with NaN", embedtest.Answer{Body: data(item(0, `"`+base64Of(0, nan, inf)+`"`), item(1, `"`+base64Of(0, 1, 1)+`"`))}, false, nil, 1, "floats were asked for"},
		{"base64 with a rest", embedtest.Answer{Body: data(item(0, `"`+base64Of(3, 1, 2)+`"`))}, false, nil, 1, "floats were asked for"},
		{"error in 200", embedtest.Answer{Body: `{"error":{"message":"model not loaded"}}`}, true, embed.ErrBadAnswer, -1, "go-openai sees 0 items and no error"},
		{"HTML in 200", embedtest.Answer{Body: `<html>proxy login</html>`}, true, embed.ErrBadAnswer, -1, "a captive portal"},
		{"empty 200", embedtest.Answer{}, false, nil, 1, "a connection cut early"},
		{"truncated 200", embedtest.Answer{Body: `{"data":[{"index":0,"embedding":[1,2`}, false, nil, 1, "a connection cut early"},
		{"cut connection", embedtest.Answer{Header: map[string]string{"Content-Length": "1000"}, Body: `{"data":`, Drop: true}, false, nil, 1, "a connection cut early"},
		{"garbage after JSON", embedtest.Answer{Body: data(item(0, "[1,1,1,1]"), item(1, "[2,2,2,2]")) + " garbage"}, false, nil, 0, "the answer itself is whole"},
		{"429 with Retry-After", embedtest.Answer{Status: 429, Header: map[string]string{"Retry-After": "7"}, Body: `{"error":{"message":"Rate limit","type":"requests","code":"rate_limit_exceeded"}}`}, false, nil, 1, "waits as long as asked"},
		{"429 without", embedtest.Answer{Status: 429, Body: `{"error":{"message":"Rate limit"}}`}, false, nil, 1, "backs off"},
		{"429 for ever", embedtest.Answer{Status: 429}, true, embed.ErrUnavailable, 4, "five tries"},
		{"429 with a long Retry-After", embedtest.Answer{Status: 429, Header: map[string]string{"Retry-After": "3600"}}, true, embed.ErrUnavailable, 0, "nobody waits an hour"},
		{"no quota", embedtest.Answer{Status: 429, Body: `{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}`}, true, embed.ErrQuota, 0, "waiting brings no credit"},
		{"401", embedtest.Answer{Status: 401, Body: `{"error":{"message":"Incorrect API key provided: ` + canary + `"}}`}, true, embed.ErrAuth, 0, "echoes the key"},
		{"403", embedtest.Answer{Status: 403, Body: `{"error":"Bearer ` + canary + ` is banned"}`}, true, embed.ErrAuth, 0, "echoes the key in another form"},
		{"404", embedtest.Answer{Status: 404, Body: `{"error":{"message":"model m not found"}}`}, true, embed.ErrRefused, 0, "wrong model or address"},
		{"400 for all", embedtest.Answer{Status: 400, Body: `{"error":{"message":"bad parameter","code":400}}`}, true, embed.ErrRefused, 0, "the probe fails too: not the texts' fault"},
		{"500 once", embedtest.Answer{Status: 500, Body: `upstream said: Authorization: Bearer ` + canary}, false, nil, 1, "retried"},
		{"500 for ever", embedtest.Answer{Status: 500, Body: `upstream said: Authorization: Bearer ` + canary}, true, embed.ErrUnavailable, 4, "five tries and a probe"},
		{"503 for ever", embedtest.Answer{Status: 503}, true, embed.ErrUnavailable, 4, "five tries"},
		{"x-should-retry", embedtest.Answer{Status: 503, Header: map[string]string{"X-Should-Retry": "false"}}, true, embed.ErrUnavailable, 0, "the server knows"},
		{"redirect", embedtest.Answer{Status: 307, Header: map[string]string{"Location": "http://127.0.0.1:1/v1/embeddings"}}, true, embed.ErrRefused, 0, "the key would go along"},
		{"huge error", embedtest.Answer{Status: 500, Bytes: 20 << 20}, false, nil, 1, "64 KiB of it are read"},
		{"huge answer", embedtest.Answer{Bytes: 65 << 20}, false, nil, 1, "64 MiB of it are read"},
		{"hang", embedtest.Answer{Hang: true}, false, nil, -1, "the time-out ends it; on a busy machine it may end a good request, too"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := embedtest.NewServer(t, 4)
			if s.Script(c.answer); c.always {
				s.Poison("", c.answer)
			}
			o, clock := client(t, s, func(cfg *embed.Config) {
				if c.answer.Hang {
					cfg.Timeout = 500 * time.Millisecond
				}
			})
			got, err := o.Embed(t.Context(), []string{"a", "b"})
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Fatalf("error %v, want %v: %s", err, c.want, c.why)
			}
			if err != nil && strings.Contains(err.Error(), "canary") {
				t.Errorf("the key is in the error: %v", err)
			}
			if n := len(clock.Sleeps()); c.sleeps >= 0 && n != c.sleeps {
				t.Errorf("%d waits, want %d: %s", n, c.sleeps, c.why)
			}
			if len(got) != 2 || err == nil && (len(got[0]) != 4 || len(got[1]) != 4) {
				t.Errorf("vectors %v", got)
			}
			if c.name == "order" {
				checkVectors(t, got, [][]float32{{1, 1, 1, 1}, {2, 2, 2, 2}})
			}
		})
	}
}

func TestWaitsAreWhatTheServerAskedOrJitter(t *testing.T) {
	s := embedtest.NewServer(t, 4)
	soon := time.Now().Add(30 * time.Second).UTC()
	s.Script(
		embedtest.Answer{Status: 429, Header: map[string]string{"Retry-After": "7"}},
		embedtest.Answer{Status: 503, Header: map[string]string{"Retry-After-Ms": "1500"}},
		embedtest.Answer{Status: 503, Header: map[string]string{"Retry-After": soon.Format(http.TimeFormat), "Date": soon.Add(-20 * time.Second).Format(http.TimeFormat)}},
		embedtest.Answer{Status: 503},
	)
	o, clock := client(t, s, nil)
	if _, err := o.Embed(t.Context(), []string{"a"}); err != nil {
		t.Fatal(err)
	}
	want := []struct{ min, max time.Duration }{
		{7 * time.Second, 7500 * time.Millisecond},
		{1500 * time.Millisecond, 2 * time.Second},
		{20 * time.Second, 20500 * time.Millisecond},
		{500 * time.Millisecond, 8 * time.Second},
	}
	got := clock.Sleeps()
	if len(got) != len(want) {
		t.Fatalf("waits %v", got)
	}
	for i, w := range want {
		if got[i] < w.min || got[i] > w.max {
			t.Errorf("wait %d is %v, want %v to %v", i, got[i], w.min, w.max)
		}
	}
}

func TestBatchesByCountAndTokens(t *testing.T) {
	cases := []struct {
		name          string
		count, tokens int
		bytes         []int
		want          []int
		why           string
	}{
		{"count", 3, 1000, []int{2, 2, 2, 2, 2, 2, 2}, []int{3, 3, 1}, "seven texts by three"},
		{"tokens", 256, 10, []int{8, 8, 8, 8}, []int{2, 2}, "8 bytes count as 5 tokens"},
		{"one long text", 256, 10, []int{2, 100, 2}, []int{1, 1, 1}, "a text over the limit goes alone"},
		{"exact", 2, 1000, []int{2, 2}, []int{2}, "no empty request at the end"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := embedtest.NewServer(t, 4)
			o, _ := client(t, s, func(cfg *embed.Config) { cfg.BatchTexts, cfg.BatchTokens = c.count, c.tokens })
			var texts []string
			for i, n := range c.bytes {
				texts = append(texts, strings.Repeat(string(rune('a'+i)), n))
			}
			got, err := o.Embed(t.Context(), texts)
			if err != nil {
				t.Fatal(err)
			}
			checkVectors(t, got, hashOf(t, 4, texts...))
			var sizes []int
			for _, r := range s.Requests() {
				sizes = append(sizes, len(r.Input))
			}
			if !slices.Equal(sizes, c.want) {
				t.Errorf("requests of %v texts, want %v: %s", sizes, c.want, c.why)
			}
		})
	}
}

func TestRequestCarriesWhatWasConfigured(t *testing.T) {
	s := embedtest.NewServer(t, 64)
	o, _ := client(t, s, func(c *embed.Config) { c.Dimensions, c.TextBytes = 16, 20 })
	got, err := o.Embed(t.Context(), []string{strings.Repeat("é", 50), "a\xffb"})
	if err != nil {
		t.Fatal(err)
	}
	if len(got[0]) != 16 || o.Model().Dim != 16 {
		t.Errorf("%d dimensions, model %+v", len(got[0]), o.Model())
	}
	r := s.Requests()[0]
	want := embedtest.Request{Path: "/v1/embeddings", Authorization: "Bearer " + canary, Model: "m", Dimensions: 16, Encoding: "float", Input: []string{strings.Repeat("é", 10), "a\uFFFDb"}}
	if fmt.Sprint(r) != fmt.Sprint(want) {
		t.Errorf("request %+v, want %+v", r, want)
	}
}

func TestServerThatIgnoresDimensions(t *testing.T) {
	s := embedtest.NewServer(t, 4)
	s.Script(embedtest.Answer{Body: data(item(0, "[1,2,3]"))})
	o, _ := client(t, s, func(c *embed.Config) { c.Dimensions = 2 })
	if _, err := o.Embed(t.Context(), []string{"a"}); !errors.Is(err, embed.ErrDimension) || !strings.Contains(err.Error(), "dimensions option") {
		t.Errorf("error %v, want one that names the option", err)
	}
}

func TestDimensionStaysWhatItWas(t *testing.T) {
	s := embedtest.NewServer(t, 4)
	o, _ := client(t, s, nil)
	if d := o.Model().Dim; d != 0 {
		t.Errorf("dimension %d before the first answer", d)
	}
	if _, err := o.Embed(t.Context(), []string{"a"}); err != nil || o.Model().Dim != 4 {
		t.Fatalf("dimension %d, error %v", o.Model().Dim, err)
	}
	s.Script(embedtest.Answer{Body: data(item(0, "[1,2,3]"))})
	if _, err := o.Embed(t.Context(), []string{"b"}); !errors.Is(err, embed.ErrDimension) {
		t.Errorf("another length later gave %v", err)
	}
}

func TestRateLimits(t *testing.T) {
	s := embedtest.NewServer(t, 4)
	o, clock := client(t, s, func(c *embed.Config) { c.BatchTexts, c.RequestsAMin = 1, 60 })
	if _, err := o.Embed(t.Context(), []string{"a", "b", "c"}); err != nil {
		t.Fatal(err)
	}
	if got := clock.Sleeps(); !slices.Equal(got, []time.Duration{time.Second, time.Second}) {
		t.Errorf("waits %v at 60 requests a minute, want 1s twice", got)
	}
	o, clock = client(t, s, func(c *embed.Config) { c.BatchTexts, c.TokensAMin = 1, 60 })
	long := strings.Repeat("word ", 48) // 60 tokens by the estimate
	if _, err := o.Embed(t.Context(), []string{long, long + "x"}); err != nil {
		t.Fatal(err)
	}
	if got := clock.Sleeps(); len(got) != 1 || got[0] < 59*time.Second || got[0] > time.Minute {
		t.Errorf("waits %v at 60 tokens a minute, want one of a minute", got)
	}
}

func TestCancelledCallSaysSoAndKeepsWhatItHas(t *testing.T) {
	s := embedtest.NewServer(t, 4)
	ctx, cancel := context.WithCancel(t.Context())
	s.Poison("hang", embedtest.Answer{Hang: true})
	o, _ := client(t, s, func(c *embed.Config) { c.BatchTexts = 1; c.Timeout = time.Minute })
	go func() {
		for len(s.Requests()) < 2 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	got, err := o.Embed(ctx, []string{"a", "hang", "b"})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want one wrapping context.Canceled", err)
	}
	checkVectors(t, got, [][]float32{hashOf(t, 4, "a")[0], nil, nil})
}

func TestModelNameTellsSpacesApart(t *testing.T) {
	cases := []struct {
		config embed.Config
		want   string
	}{
		{embed.Config{Model: "text-embedding-3-small"}, "openai:text-embedding-3-small@api.openai.com"},
		{embed.Config{Model: "text-embedding-3-small", Dimensions: 256}, "openai:text-embedding-3-small/256@api.openai.com"},
		{embed.Config{Model: "bge-m3", BaseURL: "http://localhost:11434/v1/"}, "openai:bge-m3@localhost:11434"},
		{embed.Config{Model: "m", BaseURL: "https://gateway.example/team/v1"}, "openai:m@gateway.example/team"},
	}
	for _, c := range cases {
		o, err := embed.NewOpenAI(c.config)
		if err != nil {
			t.Fatal(err)
		}
		if got := o.Model().Name; got != c.want {
			t.Errorf("%+v has the name %q, want %q", c.config, got, c.want)
		}
	}
}

func TestConfigsThatCannotWork(t *testing.T) {
	cases := []struct {
		config embed.Config
		why    string
	}{
		{embed.Config{}, "no model"},
		{embed.Config{Model: "m", BaseURL: "ftp://x"}, "no HTTP"},
		{embed.Config{Model: "m", BaseURL: "localhost:11434"}, "no scheme"},
		{embed.Config{Model: "m", BaseURL: "http://example.com/v1"}, "the key in the clear"},
		{embed.Config{Model: "m", BaseURL: "http://8.8.8.8/v1"}, "a public address in the clear"},
		{embed.Config{Model: "m", BaseURL: "https://me:secret@example.com/v1"}, "a password in the address"},
		{embed.Config{Model: "m", BaseURL: "https://example.com/v1?key=x"}, "a query"},
		{embed.Config{Model: "m", BaseURL: "https://exa mple\x00.com"}, "no address at all"},
		{embed.Config{Model: "m", Dimensions: -1}, "negative"},
		{embed.Config{Model: "m", BatchTexts: 5000}, "more than any server takes"},
		{embed.Config{Model: "m", Tries: -1}, "negative"},
		{embed.Config{Model: "m", Timeout: -1}, "negative"},
		{embed.Config{Model: "m", Key: embed.NewSecret("a\nb")}, "a key with a line end would forge a header"},
	}
	for _, c := range cases {
		if _, err := embed.NewOpenAI(c.config); !errors.Is(err, embed.ErrConfig) {
			t.Errorf("%s: error %v, want ErrConfig", c.why, err)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the password is in the error: %v", c.why, err)
		}
	}
	for _, near := range []string{"http://localhost:1/v1", "http://127.0.0.1:1", "http://[::1]:1", "http://192.168.0.7/v1", "http://10.1.2.3"} {
		if _, err := embed.NewOpenAI(embed.Config{Model: "m", BaseURL: near}); err != nil {
			t.Errorf("%s is refused: %v", near, err)
		}
	}
	if _, err := embed.NewOpenAI(embed.Config{Model: "m", BaseURL: "http://example.com", AllowInsecure: true}); err != nil {
		t.Error(err)
	}
}
