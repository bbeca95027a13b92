package engine_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/kenrec/ken/embed/chat"
	"github.com/kenrec/ken/embed/chat/chattest"
	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/graph"
)

// What somebody proposes waits until somebody else accepts it; the log says who did what.
func ExampleEngine_Propose() {
	ctx := context.Background()
	eng := shelf()
	defer eng.Close()
	_, err := eng.Propose(ctx, "import of Monday",
		engine.Proposal{Head: "ronin", Relation: "directed_by", Tail: "mann", Source: "list", Confidence: 0.4},
		engine.Proposal{Head: "dumbo", Relation: "has_genre", Tail: "comedy", New: true, TailType: "genre", TailName: "Comedy", Source: "list", Confidence: 0.9})
	check(err)
	_, err = eng.ReviewAccept(ctx, engine.ReviewFilter{MinConfidence: 0.8}, "ann")
	check(err)
	_, err = eng.ReviewReject(ctx, engine.ReviewFilter{}, "ann")
	check(err)
	log, err := eng.ReviewLog(ctx)
	check(err)
	for _, l := range log {
		fmt.Println(l.Who, l.Action, l.Count)
	}
	// Output:
	// import of Monday propose 2
	// ann accept 1
	// ann reject 1
}

// What a source proposes is compared with what is known to be true about the same nodes.
func ExampleEngine_ReviewMeasure() {
	ctx := context.Background()
	eng := shelf()
	defer eng.Close()
	_, err := eng.Propose(ctx, "ann",
		engine.Proposal{Head: "ronin", Relation: "directed_by", Tail: "mann", Source: "list", Confidence: 0.4},
		engine.Proposal{Head: "dumbo", Relation: "directed_by", Tail: "disney", Source: "list", Confidence: 0.9})
	check(err)
	rows, err := eng.ReviewMeasure(ctx, engine.ReviewFilter{}, []graph.Triple{
		{Head: "ronin", Relation: "directed_by", Tail: "frankenheimer"}, {Head: "dumbo", Relation: "directed_by", Tail: "disney"},
	})
	check(err)
	fmt.Println(rows[0].Relation, "precision", rows[0].Precision, "recall", rows[0].Recall)
	// Output: directed_by precision 0.5 recall 0.5
}

// Names of nodes are found in the texts of items.
func ExampleEngine_EnrichLink() {
	ctx := context.Background()
	eng := shelf()
	defer eng.Close()
	check(eng.AddNode(ctx, graph.Node{ID: "ronin", Text: "Not by Mann, though one would think so."}))
	_, err := eng.EnrichLink(ctx, engine.LinkOptions{})
	check(err)
	found, err := eng.ReviewList(ctx, engine.ReviewFilter{})
	check(err)
	for _, p := range found {
		fmt.Println(p.Head, p.Relation, p.Tail, p.Confidence)
	}
	// Output: ronin mentions mann 0.7
}

// A model writes a text about each user who has none, from what the user chose.
func ExampleEngine_EnrichProfiles() {
	ctx := context.Background()
	eng := shelf()
	defer eng.Close()
	model := &chattest.Model{Name: "toy", Reply: func(chat.Request) (string, error) {
		return `{"profile":"Likes films about crime.","confidence":0.9}`, nil
	}}
	rep, err := eng.EnrichProfiles(ctx, model, engine.ProfileOptions{})
	check(err)
	_, err = eng.ReviewAccept(ctx, engine.ReviewFilter{Head: "bo"}, "ann")
	check(err)
	bo, err := eng.Graph().Node(ctx, "bo")
	check(err)
	fmt.Println(rep.Proposed, "proposed; of bo:", bo.Text)
	// Output: 6 proposed; of bo: Likes films about crime.
}

// A schema for EnrichAttributes is made of the relations that items have.
func ExampleEngine_ProposeSchema() {
	eng := shelf()
	defer eng.Close()
	schema, err := eng.ProposeSchema(context.Background(), nil, engine.EnrichSchemaOptions{})
	check(err)
	for _, r := range schema.Relations {
		fmt.Println(r.Name, r.TailTypes)
	}
	// Output:
	// has_genre []
	// made_by [person]
	// directed_by [person]
}

// Every book of a series is by one author: what is held out is found again.
func ExampleEngine_EvaluateTriples() {
	ctx := context.Background()
	eng, err := engine.OpenInMemory()
	check(err)
	defer eng.Close()
	for i := range 120 {
		book, series := fmt.Sprint("book:", i), i%6
		check(eng.AddTriple(ctx, graph.Triple{Head: book, Relation: "in_series", Tail: fmt.Sprint("series:", series)},
			graph.Triple{Head: book, Relation: "author", Tail: fmt.Sprint("person:", series)}))
		check(eng.AddInteraction(ctx, graph.Interaction{User: fmt.Sprint("user:", i%10), Item: book}))
	}
	rep, err := eng.EvaluateTriples(ctx, engine.TriplesOptions{Relations: []string{"author"}})
	check(err)
	for _, r := range rep.Rows {
		if r.Name == "frequency" || r.Name == "ken" {
			fmt.Printf("%s: the author comes first for %.0f %%\n", r.Name, 100*r.Hits1.Value)
		}
	}
	// Output:
	// frequency: the author comes first for 8 %
	// ken: the author comes first for 100 %
}

// After erasing, the files are rewritten, so that nothing of what was erased is left in them.
func ExampleVacuum() {
	ctx := context.Background()
	parent, err := os.MkdirTemp("", "ken")
	check(err)
	defer os.RemoveAll(parent)
	dir := filepath.Join(parent, "ken.db")
	eng, err := engine.Open(ctx, dir)
	check(err)
	fill(ctx, eng)
	_, err = eng.Erase(ctx, []string{"fantasia"})
	check(err)
	check(eng.Close())

	_, err = engine.Vacuum(ctx, dir)
	check(err)
	found, err := graph.FindBytes(ctx, dir, []byte("fantasia"), []byte("bambi"))
	check(err)
	fmt.Println("fantasia:", found[0] > 0, "bambi:", found[1] > 0)
	rep, err := engine.Check(ctx, dir)
	check(err)
	fmt.Println("whole:", rep.OK())
	// Output:
	// fantasia: false bambi: true
	// whole: true
}
