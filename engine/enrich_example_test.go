package engine_test

import (
	"context"
	"fmt"

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
