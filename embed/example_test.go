package embed_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/embed/embedtest"
)

// The hash embedder finds texts that share words or parts of words, in any language, without data or network.
func ExampleHash() {
	e := embed.NewHash(512)
	vecs, err := e.Embed(context.Background(), []string{
		"crime films of Michael Mann",
		"a crime film by Michael Mann",
		"cooking with rice and beans",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(e.Model().Name)
	fmt.Printf("near %.2f, far %.2f\n", dot(vecs[0], vecs[1]), dot(vecs[0], vecs[2]))
	// Output:
	// builtin:hash-v1-512
	// near 0.61, far -0.06
}

// A cache before an embedder makes sure that no text is embedded twice.
func ExampleNewCached() {
	counter := embedtest.NewEmbedder(64)
	cached := embed.NewCached(counter, &embedtest.Cache{})
	for range 3 {
		if _, err := cached.Embed(context.Background(), []string{"Heat", "Collateral", "Heat"}); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(counter.Seen())
	// Output: [Heat Collateral]
}

// Texts that cannot be embedded fail alone: the others have their vectors.
func ExamplePartialError() {
	e := embedtest.NewEmbedder(64)
	e.Fail = "unlucky"
	vecs, err := e.Embed(context.Background(), []string{"Heat", "an unlucky text", "Collateral"})
	var partial *embed.PartialError
	if errors.As(err, &partial) {
		for _, f := range partial.Failed {
			fmt.Println("failed:", f.Index, f.Err)
		}
	}
	fmt.Println(vecs[0] != nil, vecs[1] != nil, vecs[2] != nil)
	// Output:
	// failed: 1 embed: text cannot be embedded: it contains "unlucky"
	// true false true
}

// A client for Ollama, vLLM, llama.cpp or OpenAI itself; nothing is sent before Embed.
func ExampleNewOpenAI() {
	e, err := embed.NewOpenAI(embed.Config{
		BaseURL: "http://localhost:11434/v1",
		Model:   "bge-m3",
		Key:     embed.NewSecret("sk-not-needed-by-ollama"), // from the environment in earnest
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(e.Model().Name)
	// Output: openai:bge-m3@localhost:11434
}

// Estimates are for the cost of a run; servers count by their own tokenizers.
func ExampleEstimateTokens() {
	fmt.Println(embed.EstimateTokens("A thief and a detective meet for coffee."), embed.EstimateTokens("千与千寻"))
	// Output: 10 6
}

// dot is the scalar product; of unit vectors, the cosine.
func dot(a, b []float32) float64 {
	var s float64
	for i := range a {
		s += float64(a[i]) * float64(b[i])
	}
	return s
}

// norm is the length of a vector.
func norm(a []float32) float64 { return math.Sqrt(dot(a, a)) }
