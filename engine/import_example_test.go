package engine_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/kenrec/ken/engine"
)

// Bad rows are told with line and reason; the good ones are stored.
func ExampleEngine_Import() {
	ctx := context.Background()
	e, err := engine.OpenInMemory()
	if err != nil {
		panic(err)
	}
	defer e.Close()
	rep, err := e.Import(ctx, engine.Source{
		Kind:   engine.Interactions,
		Name:   "ratings.csv",
		Reader: strings.NewReader("userId,movieId,rating,timestamp\nu1,m1,5,881250949\nu1,m2,five,881250949\nu2,m1,,2024-05-01\n"),
	})
	if errors.Is(err, engine.ErrBadRecord) {
		fmt.Printf("%d of %d rows are stored\n", rep.Stored, rep.Read)
		fmt.Println(rep.Rejected[0])
	}
	// Output:
	// 2 of 3 rows are stored
	// line 3, column 3: the weight is not a number
}

// What goes in comes out, here turned from RDF into JSON Lines.
func ExampleEngine_Export() {
	ctx := context.Background()
	e, err := engine.OpenInMemory()
	if err != nil {
		panic(err)
	}
	defer e.Close()
	_, err = e.Import(ctx, engine.Source{Name: "film.ttl", Reader: strings.NewReader(`
@prefix f: <http://films.org/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
f:heat a f:Film ; rdfs:label "Heat"@en ; f:director f:mann ; f:year 1995 .
`)})
	if err != nil {
		panic(err)
	}
	for _, kind := range []engine.Kind{engine.Nodes, engine.Triples} {
		if _, err := e.Export(ctx, kind, engine.JSONL, os.Stdout, engine.ExportOptions{}); err != nil {
			panic(err)
		}
	}
	// Output:
	// {"id":"http://films.org/heat","type":"Film","name":"Heat","attrs":{"http://films.org/year":1995,"name@en":"Heat"}}
	// {"id":"http://films.org/mann"}
	// {"head":"http://films.org/heat","relation":"http://films.org/director","tail":"http://films.org/mann","weight":1}
}
