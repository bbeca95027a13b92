package cli

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/graph"
)

// storeWithVectors returns a store whose text vectors are said to come from model.
func storeWithVectors(t *testing.T, model string, dim int) *graph.Store {
	t.Helper()
	s, err := graph.OpenInMemory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if model == "" {
		return s
	}
	b, err := s.NewBatch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.PutNode(graph.Node{ID: "a"}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.PutVector("a", textModality, model, make([]float32, dim)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestStoredEmbedder: new texts get the embedder that the store's own texts had, or none at all.
func TestStoredEmbedder(t *testing.T) {
	hash := embed.NewHash(16).Model()
	for _, tc := range []struct {
		name, model string
		dim         int
		wantModel   string
		wantErr     error
		why         string
	}{
		{"hash", hash.Name, 16, hash.Name, nil, "the dimension comes from the store"},
		{"server", "openai:m@example.com", 4, "openai:m@example.com", engine.ErrNoEmbedder, "a store must not decide to whom a key is sent"},
		{"other version", "builtin:hash-v0-16", 16, "builtin:hash-v0-16", engine.ErrVersion, "vectors of two versions never mix"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := &storedEmbedder{log: slog.New(slog.DiscardHandler)}
			e.bind(storeWithVectors(t, tc.model, tc.dim))
			if got := e.Model().Name; got != tc.wantModel {
				t.Errorf("model %q, want %q: %s", got, tc.wantModel, tc.why)
			}
			vecs, err := e.Embed(t.Context(), []string{"text"})
			if !errors.Is(err, tc.wantErr) || err == nil && len(vecs) != 1 {
				t.Errorf("%v, %v: %s", vecs, err, tc.why)
			}
		})
	}
	e := &storedEmbedder{log: slog.New(slog.DiscardHandler)}
	e.bind(storeWithVectors(t, "", 0))
	if got := e.Model().Name; !strings.HasPrefix(got, "builtin:") {
		t.Errorf("a store without vectors has the embedder %q, want the default", got)
	}
}

func TestEmbedderFlags(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	for _, tc := range []struct {
		flags embedderFlags
		want  string // start of the model's name
		why   string
	}{
		{embedderFlags{}, "builtin:", "no key, no network"},
		{embedderFlags{kind: "hash"}, "builtin:hash", ""},
		{embedderFlags{kind: "hash", dimensions: 64}, "builtin:hash", ""},
		{embedderFlags{model: "bge-m3", baseURL: "http://localhost:11434/v1"}, "openai:bge-m3@localhost:11434", "an address implies a server"},
		{embedderFlags{model: "text-embedding-3-small"}, "openai:text-embedding-3-small@api.openai.com", "a model implies one, too"},
	} {
		e, err := tc.flags.open(log)
		if err != nil {
			t.Errorf("%+v: %v", tc.flags, err)
			continue
		}
		if got := e.Model().Name; !strings.HasPrefix(got, tc.want) {
			t.Errorf("%+v: model %q, want %q: %s", tc.flags, got, tc.want, tc.why)
		}
	}
}

func TestAnotherEmbedderNeedsRebuild(t *testing.T) {
	workDir(t, films)
	must(t, "import nodes nodes.tsv")
	must(t, "embed --embedder hash --dimensions 8")
	r := ken(t, "", "embed --embedder hash --dimensions 16")
	if r.code != ExitFailed || !strings.Contains(lastLine(r.stderr), "rebuild") {
		t.Errorf("exit %d: %s", r.code, r.stderr)
	}
	must(t, "embed --embedder hash --dimensions 16 --rebuild")
	if dry := ken(t, "", "embed --embedder hash --dimensions 16 --dry-run"); !strings.Contains(dry.stderr, "nothing was sent") {
		t.Errorf("dry run: %s", dry.stderr)
	}
}
