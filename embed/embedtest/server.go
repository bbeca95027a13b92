package embedtest

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/kenrec/ken/embed"
)

// Server answers the OpenAI embeddings API with vectors of a hash embedder: equal texts have equal vectors.
// Safe for concurrent use.
type Server struct {
	URL string // base URL for embed.Config

	dim  int
	hash *embed.Hash
	done chan struct{} // closed when the test ends: lets hanging answers go

	mu       sync.Mutex // guards all below
	script   []Answer
	poison   map[string]Answer
	longest  int // bytes; 0: any length
	requests []Request
}

// Request is what the server was asked.
type Request struct {
	Path          string
	Authorization string
	Model         string   `json:"model"`
	Input         []string `json:"input"`
	Dimensions    int      `json:"dimensions"`
	Encoding      string   `json:"encoding_format"`
}

// Answer is one scripted misbehaviour.
type Answer struct {
	Status int // 0 means 200
	Header map[string]string
	Body   string
	Bytes  int  // so many spaces follow Body
	Hang   bool // nothing is answered until the client gives up
	Drop   bool // the connection is cut in the middle of the body
}

// NewServer starts a server of dim dimensions that lives as long as the test.
func NewServer(t testing.TB, dim int) *Server {
	t.Helper()
	s := &Server{dim: dim, hash: embed.NewHash(dim), done: make(chan struct{}), poison: map[string]Answer{}}
	h := httptest.NewServer(s)
	s.URL = h.URL + "/v1"
	t.Cleanup(func() {
		close(s.done)
		h.CloseClientConnections()
		h.Close()
	})
	return s
}

// Script makes the next requests get these answers, one each; later ones are answered as they should be.
func (s *Server) Script(answers ...Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = append(s.script, answers...)
}

// Poison makes every request with a text that contains part get the answer a.
func (s *Server) Poison(part string, a Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.poison[part] = a
}

// LimitText makes the server refuse requests with a text of more than n bytes, as models with a short context do.
func (s *Server) LimitText(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.longest = n
}

// Requests returns what was asked so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// Texts returns how many texts were sent so far, over all requests.
func (s *Server) Texts() int {
	n := 0
	for _, r := range s.Requests() {
		n += len(r.Input)
	}
	return n
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	req := Request{Path: r.URL.Path, Authorization: r.Header.Get("Authorization")}
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
		http.Error(w, `{"error":{"message":"bad JSON"}}`, http.StatusBadRequest)
		return
	}
	if a, ok := s.record(req); ok {
		s.answer(w, r, a)
		return
	}
	s.embed(w, req)
}

// record notes the request and returns the misbehaviour that it meets, if one.
func (s *Server) record(req Request) (Answer, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, req)
	if len(s.script) > 0 {
		a := s.script[0]
		s.script = s.script[1:]
		return a, true
	}
	for _, text := range req.Input {
		if s.longest > 0 && len(text) > s.longest {
			return Answer{Status: http.StatusBadRequest, Body: `{"error":{"message":"input is larger than the max context size","type":"exceed_context_size_error","code":400}}`}, true
		}
	}
	for part, a := range s.poison {
		for _, text := range req.Input {
			if strings.Contains(text, part) {
				return a, true
			}
		}
	}
	return Answer{}, false
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, a Answer) {
	if a.Hang {
		select {
		case <-s.done:
		case <-r.Context().Done():
		}
		return
	}
	for k, v := range a.Header {
		w.Header().Set(k, v)
	}
	if a.Status != 0 {
		w.WriteHeader(a.Status)
	}
	w.Write([]byte(a.Body))
	block := []byte(strings.Repeat(" ", 1<<16))
	for n := a.Bytes; n > 0; n -= len(block) {
		if _, err := w.Write(block[:min(n, len(block))]); err != nil {
			return
		}
	}
	if a.Drop {
		panic(http.ErrAbortHandler)
	}
}

func (s *Server) embed(w http.ResponseWriter, req Request) {
	type item struct {
		Object    string    `json:"object"`
		Index     int       `json:"index"`
		Embedding []float32 `json:"embedding"`
	}
	hash := s.hash
	if req.Dimensions > 0 {
		hash = embed.NewHash(req.Dimensions)
	}
	items := make([]item, len(req.Input))
	vecs, _ := hash.Embed(context.Background(), req.Input)
	for i, v := range vecs {
		items[i] = item{"embedding", i, v}
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{
		"object": "list", "data": items, "model": req.Model, "usage": map[string]int{"prompt_tokens": 1, "total_tokens": 1},
	})
}
