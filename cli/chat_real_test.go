package cli

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/kenrec/ken/engine"
)

// counter stands before a chat server and counts what passes.
type counter struct {
	mu    sync.Mutex
	times map[[32]byte]int // by request
	all   int
	at    int           // closes reached when so many have come
	seen  chan struct{} // reached
}

// handler passes requests on to the server at base, whose path the client brings along.
func (c *counter) handler(base *url.URL) http.Handler {
	pass := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = base.Scheme, base.Host, base.Host
	}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		c.mu.Lock()
		c.times[sha256.Sum256(body)]++
		if c.all++; c.all == c.at {
			close(c.seen)
		}
		c.mu.Unlock()
		r.Body = io.NopCloser(bytes.NewReader(body))
		pass.ServeHTTP(w, r)
	})
}

// TestRealChat runs an extraction over the films of ml-100k, whose directors, cast and genres are held back, against any
// OpenAI-compatible chat server, kills it in the middle, goes on, and prints what it was worth:
//
//	KEN_CHAT_URL=http://127.0.0.1:8080/v1 KEN_CHAT_MODEL=… [KEN_CHAT_ITEMS=200] [KEN_CHAT_TOKENS=96] go test -v -timeout 2h -run RealChat ./cli
func TestRealChat(t *testing.T) {
	base, err := url.Parse(os.Getenv("KEN_CHAT_URL"))
	if err != nil || base.Host == "" {
		t.Skip("KEN_CHAT_URL is not set: no chat server to test against")
	}
	data, err := filepath.Abs("../../shared/data/ml-100k")
	if dir := os.Getenv("KEN_SHARED"); dir != "" {
		data = filepath.Join(dir, "data", "ml-100k")
	}
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := os.ReadFile(filepath.Join(data, "entities.tsv"))
	if err != nil {
		t.Skipf("the data is not here: %v", err)
	}
	triples, err := os.ReadFile(filepath.Join(data, "triples.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	setting := func(name string, otherwise int) int {
		if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n > 0 {
			return n
		}
		return otherwise
	}
	items := setting("KEN_CHAT_ITEMS", 200)
	workDir(t, nil)
	realFilms(t, string(nodes), string(triples), items)

	const parallel = 2
	c := &counter{times: map[[32]byte]int{}, at: max(items/3, 3), seen: make(chan struct{})}
	s := httptest.NewServer(c.handler(base))
	defer s.Close()
	line := fmt.Sprintf("enrich attributes --schema schema.json --type item --limit %d --parallel %d --max-answer %d --format json --model %s --base-url %s%s",
		items, parallel, setting("KEN_CHAT_TOKENS", 96), os.Getenv("KEN_CHAT_MODEL"), s.URL, base.Path)
	cmd := exec.Command(os.Args[0], append([]string{"--db", "ken.db"}, words(line)...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-c.seen
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	var rep, again engine.EnrichReport
	decode(t, must(t, line), &rep)
	sent := c.all
	decode(t, must(t, line), &again)
	if repeated := sent - len(c.times); repeated > parallel || c.all != sent || again.Sent != 0 {
		t.Errorf("%d requests were sent again after the kill, want at most the %d under way; the run after that sent %d", repeated, parallel, c.all-sent)
	}
	t.Logf("%d requests, %d of them different; %d facts, refused %v, found %v, %d of %d items failed", sent, len(c.times), rep.Facts, rep.Refused, rep.Matched, rep.Failed, rep.Items)
	t.Logf("\n%s", must(t, "review measure --truth truth.tsv"))
	allowed := map[string]bool{"directed_by": true, "starring": true, "has_genre": true}
	var list []engine.Proposal
	decode(t, must(t, "review list --format json"), &list)
	for _, p := range list {
		if !allowed[p.Relation] || !strings.HasPrefix(p.Head, "m") {
			t.Errorf("outside the schema: %+v", p)
		}
	}
}

// realFilms imports the graph without the facts of the first items, writes those as truth, and a schema without years:
// numbers are no names.
func realFilms(t *testing.T, nodes, triples string, items int) {
	t.Helper()
	asked := map[string]bool{}
	for line := range strings.Lines(nodes) {
		if cells := strings.Split(line, "\t"); cells[1] == "item" && len(asked) < items {
			asked[cells[0]] = true
		}
	}
	var known, truth string
	for line := range strings.Lines(triples) {
		switch cells := strings.Split(line, "\t"); {
		case !asked[cells[0]]:
			known += line
		case cells[1] != "released_in":
			truth += line
		}
	}
	for name, text := range map[string]string{"nodes.tsv": nodes, "known.tsv": known, "truth.tsv": truth} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	must(t, "import nodes nodes.tsv")
	must(t, "import triples known.tsv")
	schema, err := engine.ReadEnrichSchema(strings.NewReader(must(t, "enrich schema")))
	if err != nil {
		t.Fatal(err)
	}
	var kept []engine.EnrichRelation
	for _, r := range schema.Relations {
		if r.Name != "released_in" {
			kept = append(kept, r)
		}
	}
	schema.Relations = kept
	raw, err := json.Marshal(schema)
	if err == nil {
		err = os.WriteFile("schema.json", raw, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
