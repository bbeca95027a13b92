package usem3_test

import (
	"context"
	"fmt"
	"log"

	"github.com/kenrec/ken/embed/usem3"
)

// The built-in embedder compares texts by what they say, across languages.
func ExampleNew() {
	e, err := usem3.New()
	if err != nil {
		log.Fatal(err)
	}
	vecs, err := e.Embed(context.Background(), []string{
		"A retired detective returns to the harbour town of his last case.",
		"一位退休的侦探回到他最后一案的港口小镇。",
		"雨の日のバス停で、彼女は傘を忘れた少年に出会った。",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(e.Model().Name, e.Model().Dim)
	fmt.Printf("the same in Chinese %.1f, something else in Japanese %.1f\n", dot(vecs[0], vecs[1]), dot(vecs[0], vecs[2]))
	// Output:
	// builtin:usem3-v1 512
	// the same in Chinese 0.8, something else in Japanese 0.2
}

func dot(a, b []float32) (s float32) {
	for i := range a {
		s += a[i] * b[i]
	}
	return s
}
