package engine_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/engine"
)

// Embed fills in what is missing: a second call sends nothing.
func ExampleEngine_Embed() {
	ctx := context.Background()
	eng, err := engine.OpenInMemory(engine.WithEmbedder(embed.NewHash(64)))
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close()
	nodes := "id\ttype\tname\ttext\nm1\titem\tHeat\tA thief and a detective.\nm2\titem\tCollateral\tA taxi driver's night.\n"
	if _, err := eng.Import(ctx, engine.Source{Kind: engine.Nodes, Name: "nodes.tsv", Reader: strings.NewReader(nodes)}); err != nil {
		log.Fatal(err)
	}
	for range 2 {
		rep, err := eng.Embed(ctx, engine.EmbedOptions{})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %d texts, %d fresh, %d sent, %d failed\n", rep.Model, rep.Texts, rep.Fresh, rep.Sent, rep.Failed)
	}
	// Output:
	// builtin:hash-v1-64: 2 texts, 0 fresh, 2 sent, 0 failed
	// builtin:hash-v1-64: 2 texts, 2 fresh, 0 sent, 0 failed
}
