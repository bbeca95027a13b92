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

// Films and books of three themes, and viewers who read what they watch: what they do with films says which books they want,
// though nobody tells it of their books.
func ExampleEngine_Evaluate_crossDomain() {
	ctx := context.Background()
	eng, err := engine.OpenInMemory()
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close()
	var nodes, rows strings.Builder
	for n := range 30 {
		fmt.Fprintf(&nodes, "film%d\tfilm\nbook%d\tbook\n", n, n)
	}
	for u := range 60 {
		for n := range 6 {
			at := 3*((u/3+n*n)%10) + u%3 // items of theme u mod 3
			fmt.Fprintf(&rows, "viewer%d\tfilm%d\nviewer%d\tbook%d\n", u, at, u, (at+6)%30)
		}
	}
	for _, src := range []engine.Source{
		{Kind: engine.Nodes, Name: "nodes.tsv", Reader: strings.NewReader(nodes.String())},
		{Kind: engine.Interactions, Name: "rows.tsv", Reader: strings.NewReader(rows.String())},
	} {
		if _, err := eng.Import(ctx, src); err != nil {
			log.Fatal(err)
		}
	}
	rep, err := eng.Evaluate(ctx, engine.EvaluateOptions{
		Domains: engine.Domains{Source: "film", Target: "book"}, K: 10, Seed: 1, Config: &engine.Config{Factors: 8},
	})
	if err != nil {
		log.Fatal(err)
	}
	popularity, ken := rep.Rows[0], rep.Rows[len(rep.Rows)-1]
	fmt.Printf("%d of %d users, %d books ranked\n", rep.Users, rep.InBoth, rep.Ranked)
	fmt.Println(popularity.Name, "finds less than half of their books:", popularity.Recall.High < 0.5)
	fmt.Println(ken.Name, "finds nearly all:", ken.Recall.Low > 0.9)
	// Output:
	// 12 of 60 users, 30 books ranked
	// popularity finds less than half of their books: true
	// ken finds nearly all: true
}
