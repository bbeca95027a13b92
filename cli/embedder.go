package cli

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/graph"
)

// What --embedder takes.
const (
	embedderBuiltin = "builtin"
	embedderOpenAI  = "openai"
	embedderHash    = "hash"
)

const (
	defaultHashDim = 512
	defaultKeyEnv  = "OPENAI_API_KEY"
)

// embedderFlags choose what turns texts into vectors.
type embedderFlags struct {
	kind, baseURL, model, keyEnv string
	dimensions, rate             int
	allowInsecure                bool
}

// open returns the embedder that the flags ask for. --base-url and --model are about servers, so they imply openai.
func (o embedderFlags) open(log *slog.Logger) (embed.Embedder, error) {
	kind := o.kind
	switch {
	case kind == "" && (o.baseURL != "" || o.model != ""):
		kind = embedderOpenAI
	case kind == "":
		kind = defaultEmbedder
	}
	if err := oneOf("--embedder", kind, embedderBuiltin, embedderOpenAI, embedderHash); err != nil {
		return nil, err
	}
	if kind != embedderOpenAI && (o.baseURL != "" || o.model != "") {
		return nil, usagef("--base-url and --model are for --embedder openai, not for %s", kind)
	}
	if o.dimensions < 0 || kind == embedderHash && o.dimensions != 0 && o.dimensions < 8 {
		return nil, usagef("--dimensions is %d: at least 8 are needed", o.dimensions)
	}
	switch kind {
	case embedderHash:
		if o.dimensions == 0 {
			o.dimensions = defaultHashDim
		}
		return embed.NewHash(o.dimensions), nil
	case embedderOpenAI:
		return o.openAI(log)
	}
	if o.dimensions != 0 {
		return nil, usagef("the builtin embedder has its own dimensions: leave out --dimensions")
	}
	return openBuiltin()
}

func (o embedderFlags) openAI(log *slog.Logger) (embed.Embedder, error) {
	if o.model == "" {
		return nil, usagef("--embedder openai needs --model, such as text-embedding-3-small")
	}
	if o.rate < 0 {
		return nil, usagef("--rate is %d: it cannot be negative", o.rate)
	}
	e, err := embed.NewOpenAI(embed.Config{
		BaseURL: o.baseURL, Model: o.model, Dimensions: o.dimensions, RequestsAMin: o.rate, AllowInsecure: o.allowInsecure,
		Key: embed.NewSecret(os.Getenv(o.keyEnv)), Log: log,
	})
	if err != nil {
		return nil, usagef("%s", plain(err))
	}
	return e, nil
}

// storedEmbedder stands for the embedder that made the text vectors of the store, so that other commands can embed the texts of
// new nodes. It is found at the first text: most commands need none.
//
// A server is never asked by it, though its address could be kept in the store: a store from a stranger would then
// decide to whom the key is sent.
type storedEmbedder struct {
	log   *slog.Logger
	mu    sync.Mutex // guards what follows
	store *graph.Store
	found embed.Embedder
	model embed.Model
}

// bind gives the store to look in. It is called once, when the store is open.
func (s *storedEmbedder) bind(store *graph.Store) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store = store
}

// Model returns the model of the text vectors in the store, or of the default embedder when it has none.
func (s *storedEmbedder) Model() embed.Model {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.resolveLocked(context.Background()) // Embed tells the error
	return s.model
}

// Embed implements embed.Embedder. It returns engine.ErrNoEmbedder when the vectors were made by a server.
func (s *storedEmbedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	s.mu.Lock()
	err := s.resolveLocked(ctx)
	e := s.found
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return e.Embed(ctx, texts)
}

func (s *storedEmbedder) resolveLocked(ctx context.Context) (err error) {
	if s.found != nil || s.store == nil {
		return nil
	}
	modalities, err := s.store.Modalities(ctx)
	if err != nil {
		return fmt.Errorf("find the embedder of the store: %w", err)
	}
	for _, m := range modalities {
		if m.Name == textModality && m.Count > 0 {
			s.model = embed.Model{Name: m.Model, Dim: m.Dim}
		}
	}
	switch name := s.model.Name; {
	case name == "":
		s.found, err = embedderFlags{}.open(s.log)
	case strings.HasPrefix(name, "builtin:hash"):
		s.found = embed.NewHash(s.model.Dim)
	case strings.HasPrefix(name, "builtin:"):
		s.found, err = openBuiltin()
	default:
		return fmt.Errorf("%w for new texts here, because those of the store come from %s: run `ken embed` with its address", engine.ErrNoEmbedder, name)
	}
	if err != nil {
		s.found = nil
		return err
	}
	if got := s.found.Model(); s.model.Name != "" && got != s.model {
		s.found = nil
		return fmt.Errorf("%w: the text vectors of the store come from %s, this ken has %s: run `ken embed --rebuild`", engine.ErrVersion, s.model.Name, got.Name)
	}
	s.model = s.found.Model()
	return nil
}
