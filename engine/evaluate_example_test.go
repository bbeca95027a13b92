package engine_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/kenrec/ken/engine"
)

// Six circles of readers, each with books of its own. A book held out of a circle is found by what the others of the
// circle have, while popularity offers everybody the same.
func ExampleEngine_Evaluate() {
	ctx := context.Background()
	eng, err := engine.OpenInMemory()
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close()
	var rows strings.Builder
	for u := range 40 {
		for n := range 5 {
			fmt.Fprintf(&rows, "reader%d\tbook%d\n", u, 2*((u/2+3*n)%15)+u%2)
		}
	}
	if _, err := eng.Import(ctx, engine.Source{Kind: engine.Interactions, Name: "reads.tsv", Reader: strings.NewReader(rows.String())}); err != nil {
		log.Fatal(err)
	}

	rep, err := eng.Evaluate(ctx, engine.EvaluateOptions{Split: engine.SplitPerUser, K: 5, Config: &engine.Config{Factors: 8}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s split, seed %d: %d users, %d held-out pairs, %d books ranked\n", rep.Split, rep.Seed, rep.Users, rep.TestPairs, rep.Ranked)
	popularity, ken := rep.Rows[0], rep.Rows[len(rep.Rows)-1]
	fmt.Println(popularity.Name, "finds less than a third of them:", popularity.Recall.Value < 1./3)
	fmt.Println(ken.Name, "finds more than two thirds:", ken.Recall.Value > 2./3)
	// Output:
	// per-user split, seed 0: 40 users, 40 held-out pairs, 30 books ranked
	// popularity finds less than a third of them: true
	// ken finds more than two thirds: true
}
