package engine_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/kenrec/ken/embed/chat"
	"github.com/kenrec/ken/embed/chat/chattest"
	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/graph"
)

// A model reads the texts of items; what it proposes counts when it is accepted, and can be taken back.
func ExampleEngine_EnrichAttributes() {
	ctx := context.Background()
	eng, err := engine.OpenInMemory()
	if err != nil {
		panic(err)
	}
	defer eng.Close()
	if err := eng.AddNode(ctx, graph.Node{ID: "film:heat", Type: "film", Name: "Heat", Text: "Michael Mann's duel of a detective and a thief."},
		graph.Node{ID: "person:mann", Type: "person", Name: "Michael Mann"}); err != nil {
		panic(err)
	}
	// In earnest: chat.New(chat.Config{BaseURL: "http://localhost:11434/v1", Model: "qwen3:8b"}).
	model := &chattest.Model{Name: "toy", Reply: func(chat.Request) (string, error) {
		return `{"facts":[{"relation":"directed_by","value":"michael mann","confidence":0.9},{"relation":"owned_by","value":"me"}]}`, nil
	}}
	rep, err := eng.EnrichAttributes(ctx, model, engine.EnrichOptions{
		Types:  []string{"film"},
		Schema: engine.EnrichSchema{Relations: []engine.EnrichRelation{{Name: "directed_by", TailTypes: []string{"person"}}}},
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(rep.Proposed, "proposed by", rep.Source, "refused:", rep.Refused)
	accepted, err := eng.ReviewAccept(ctx, engine.ReviewFilter{MinConfidence: 0.8}, "ann")
	if err != nil {
		panic(err)
	}
	removed, err := eng.ReviewRemove(ctx, rep.Source, "ann")
	if err != nil {
		panic(err)
	}
	fmt.Println(accepted.Triples, "accepted,", removed.Triples, "taken back")
	// Output:
	// 1 proposed by llm:toy:attributes-1 refused: map[relation not in the schema:1]
	// 1 accepted, 1 taken back
}

// Every film of a series is by one maker, but for one of which nobody wrote it down. No model is asked.
func ExampleEngine_EnrichComplete() {
	ctx := context.Background()
	eng, err := engine.OpenInMemory()
	if err != nil {
		panic(err)
	}
	defer eng.Close()
	var triples, views strings.Builder
	for f := range 80 {
		fmt.Fprintf(&triples, "film%d\tpart_of\tseries%d\n", f, f%8)
		if f != 77 {
			fmt.Fprintf(&triples, "film%d\tdirected_by\tmaker%d\n", f, f%8)
		}
		for u := range 4 {
			fmt.Fprintf(&views, "viewer%d\tfilm%d\n", f%8+8*((u+f/8)%5), f)
		}
	}
	for _, src := range []engine.Source{
		{Kind: engine.Triples, Name: "triples.tsv", Reader: strings.NewReader(triples.String())},
		{Kind: engine.Interactions, Name: "views.tsv", Reader: strings.NewReader(views.String())},
	} {
		if _, err := eng.Import(ctx, src); err != nil {
			panic(err)
		}
	}
	config := &engine.Config{Factors: 8}
	measured, err := eng.EvaluateTriples(ctx, engine.TriplesOptions{Config: config})
	if err != nil {
		panic(err)
	}
	frequency, ken := measured.Rows[0], measured.Rows[len(measured.Rows)-1]
	fmt.Printf("first of 8 when held out: %.0f %% by frequency, %.0f %% by %s\n", 100*frequency.Hits1.Value, 100*ken.Hits1.Value, ken.Name)
	rep, err := eng.EnrichComplete(ctx, engine.CompleteOptions{Config: config, PerItem: 1})
	if err != nil {
		panic(err)
	}
	proposals, err := eng.ReviewList(ctx, engine.ReviewFilter{Source: rep.Source})
	if err != nil {
		panic(err)
	}
	for _, p := range proposals {
		fmt.Println(p.Head, p.Relation, p.Tail, p.Confidence > 0.9)
	}
	// Output:
	// first of 8 when held out: 0 % by frequency, 100 % by ken
	// film77 directed_by maker5 true
}
