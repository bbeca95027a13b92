package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"log"

	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/fixtures"
)

func Example() {
	ctx := context.Background()
	eng, err := engine.OpenInMemory() // or engine.Open(ctx, "ken.db")
	check(err)
	defer eng.Close()
	for _, src := range []engine.Source{
		{Kind: engine.Nodes, Reader: bytes.NewReader(fixtures.Nodes())},
		{Kind: engine.Triples, Reader: bytes.NewReader(fixtures.Triples())},
		{Kind: engine.Interactions, Reader: bytes.NewReader(fixtures.Interactions())},
	} {
		src.Format = engine.TSV
		_, err := eng.Import(ctx, src)
		check(err)
	}
	_, err = eng.Train(ctx, engine.TrainOptions{})
	check(err)
	recs, err := eng.Recommend(ctx, engine.Query{User: fixtures.ColdUser, K: 3})
	check(err)
	for _, r := range recs.Items {
		fmt.Println(r.Rank, r.Item, r.Name)
	}
	// Output:
	// 1 film:heat Heat
	// 2 film:the-insider The Insider
	// 3 film:collateral Collateral
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
