package chattest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// Server answers the OpenAI chat API with what a function makes of the last message. Safe for concurrent use.
type Server struct {
	URL string // base URL for chat.Config

	reply    func(Request) string
	done     chan struct{} // closed when the test ends: lets hanging answers go
	mu       sync.Mutex    // guards all below
	script   []Answer
	requests []Request
}

// Request is what the server was asked.
type Request struct {
	Path          string
	Authorization string
	Model         string `json:"model"`
	Messages      []struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	} `json:"messages"`
	Temperature    *float64 `json:"temperature"`
	MaxTokens      int      `json:"max_tokens"`
	MaxCompletion  int      `json:"max_completion_tokens"`
	ResponseFormat *struct {
		Type       string `json:"type"`
		JSONSchema struct {
			Name   string          `json:"name"`
			Strict bool            `json:"strict"`
			Schema json.RawMessage `json:"schema"`
		} `json:"json_schema"`
	} `json:"response_format"`
}

// Last is the content of the last message.
func (r Request) Last() string {
	if len(r.Messages) == 0 {
		return ""
	}
	return r.Messages[len(r.Messages)-1].Content
}

// Answer is one scripted misbehaviour.
type Answer struct {
	Status int // 0 means 200
	Header map[string]string
	Body   string
	Hang   bool // nothing is answered until the client gives up
	Drop   bool // the connection is cut in the middle of the body
}

// NewServer starts a server that lives as long as the test.
func NewServer(t testing.TB, reply func(Request) string) *Server {
	t.Helper()
	s := &Server{reply: reply, done: make(chan struct{})}
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

// Requests returns what was asked so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// Chat is the body of a good answer with this text.
func Chat(text, finish string) string {
	b, _ := json.Marshal(map[string]any{
		"object":  "chat.completion",
		"choices": []any{map[string]any{"index": 0, "finish_reason": finish, "message": map[string]any{"role": "assistant", "content": text}}},
		"usage":   map[string]int{"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
	})
	return string(b)
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	req := Request{Path: r.URL.Path, Authorization: r.Header.Get("Authorization")}
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
		http.Error(w, `{"error":{"message":"bad JSON"}}`, http.StatusBadRequest)
		return
	}
	a := s.next(req)
	if a.Hang {
		select {
		case <-s.done:
		case <-r.Context().Done():
		}
		return
	}
	w.Header().Set("Content-Type", "application/json")
	for k, v := range a.Header {
		w.Header().Set(k, v)
	}
	if a.Status != 0 {
		w.WriteHeader(a.Status)
	}
	if _, err := strings.NewReader(a.Body).WriteTo(w); err != nil || a.Drop {
		panic(http.ErrAbortHandler)
	}
}

// next notes the request and returns its answer.
func (s *Server) next(req Request) Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, req)
	if len(s.script) > 0 {
		a := s.script[0]
		s.script = s.script[1:]
		return a
	}
	return Answer{Body: Chat(s.reply(req), "stop")}
}
