package engine_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/kenrec/ken/engine"
)

// Tune starts from a configuration whose regularisation smothers everything, and finds a better one.
func ExampleEngine_Tune() {
	ctx := context.Background()
	eng, err := engine.OpenInMemory()
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close()
	var rows strings.Builder
	for u := range 60 {
		for n := range 8 {
			fmt.Fprintf(&rows, "reader%d\tbook%d\n", u, 4*((u/4+3*n+n*n)%13)+u%4)
		}
	}
	if _, err := eng.Import(ctx, engine.Source{Kind: engine.Interactions, Name: "reads.tsv", Reader: strings.NewReader(rows.String())}); err != nil {
		log.Fatal(err)
	}

	start := engine.Config{Factors: 8, Reg: 0.3}
	rep, err := eng.Tune(ctx, engine.TuneOptions{Objective: engine.ObjectiveWarm, Config: &start})
	if err != nil {
		log.Fatal(err)
	}
	warm := rep.Parts[0]
	fmt.Println(warm.Name, "better than at the start:", warm.Tuned > warm.Start)
	fmt.Println("used by the next Train:", rep.Stored)
	// Output:
	// warm better than at the start: true
	// used by the next Train: true
}
