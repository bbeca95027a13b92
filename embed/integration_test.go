package embed_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/kenrec/ken/embed"
)

// TestRealServer runs against any OpenAI-compatible server:
//
//	KEN_EMBED_URL=http://127.0.0.1:18081/v1 [KEN_EMBED_MODEL=all-minilm] [KEN_EMBED_KEY=…] go test -run RealServer ./embed
func TestRealServer(t *testing.T) {
	url := os.Getenv("KEN_EMBED_URL")
	if url == "" {
		t.Skip("KEN_EMBED_URL is not set: no real server to test against")
	}
	model := os.Getenv("KEN_EMBED_MODEL")
	if model == "" {
		model = "default"
	}
	o, err := embed.NewOpenAI(embed.Config{BaseURL: url, Model: model, Key: embed.NewSecret(os.Getenv("KEN_EMBED_KEY")), AllowInsecure: true})
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{"The cat sits on the mat.", "A cat is sitting on a rug.", "Quarterly revenue rose by four percent."}
	for i := range 300 {
		texts = append(texts, fmt.Sprintf("Film number %d is about a lighthouse.", i))
	}
	v, err := o.Embed(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	cos := func(a, b []float32) float64 { return dot(a, b) / (norm(a) * norm(b)) }
	if near, far := cos(v[0], v[1]), cos(v[0], v[2]); near <= far {
		t.Errorf("a paraphrase has cosine %.3f, another subject %.3f", near, far)
	}
	t.Logf("%s: %d texts, %d dimensions", o.Model().Name, len(v), o.Model().Dim)
}
