package engine_test

import (
	"context"
	"fmt"
	"log"

	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/graph"
)

// Two nodes of one name and type are probably one film.
func ExampleEngine_Lint() {
	ctx := context.Background()
	eng, err := engine.OpenInMemory()
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close()
	if err := eng.AddNode(ctx, graph.Node{ID: "m1", Type: "film", Name: "Heat"}, graph.Node{ID: "m2", Type: "film", Name: "HEAT "}); err != nil {
		log.Fatal(err)
	}
	rep, err := eng.Lint(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range rep.Findings {
		if f.Check == engine.LintDuplicates {
			fmt.Println(f.N, "of", f.Total, f.Unit, f.Examples[0].IDs)
		}
	}
	// Output: 2 of 2 nodes [m1 m2]
}
