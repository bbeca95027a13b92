package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/graph"
)

// small trains in milliseconds; the zero TrainOptions choose for real data.
var small = engine.TrainOptions{Config: &engine.Config{Factors: 8, Iterations: 5}}

// shelf is a trained engine about six films, two makers and six people.
func shelf(opts ...engine.Option) *engine.Engine {
	ctx := context.Background()
	eng, err := engine.OpenInMemory(opts...)
	check(err)
	fill(ctx, eng)
	_, err = eng.Train(ctx, small)
	check(err)
	return eng
}

func fill(ctx context.Context, eng *engine.Engine) {
	for _, file := range []struct {
		kind engine.Kind
		rows string
	}{
		{engine.Nodes, "heat film Heat\ncollateral film Collateral\nronin film Ronin\nbambi film Bambi\ndumbo film Dumbo\n" +
			"fantasia film Fantasia\nmann person Mann\ndisney person Disney\nann user Ann\n"},
		{engine.Triples, "heat directed_by mann\ncollateral directed_by mann\nronin has_genre crime\nheat has_genre crime\n" +
			"collateral has_genre crime\nbambi made_by disney\ndumbo made_by disney\nfantasia made_by disney\nann prefers mann\n"},
		{engine.Interactions, "bo heat\nbo ronin\ncy heat\ncy collateral\ncy ronin\ndi bambi\ndi dumbo\ned bambi\ned dumbo\ned fantasia\nflo dumbo\nflo fantasia\n"},
	} {
		rows := strings.NewReader(strings.ReplaceAll(file.rows, " ", "\t"))
		_, err := eng.Import(ctx, engine.Source{Kind: file.kind, Format: engine.TSV, Header: engine.HeaderNo, Reader: rows})
		check(err)
	}
}

// A store in a folder keeps the graph and the model; the folder is made when it is not there.
func ExampleOpen() {
	ctx := context.Background()
	parent, err := os.MkdirTemp("", "ken")
	check(err)
	defer os.RemoveAll(parent)
	dir := filepath.Join(parent, "ken.db")

	eng, err := engine.Open(ctx, dir)
	check(err)
	fill(ctx, eng)
	_, err = eng.Train(ctx, small)
	check(err)
	check(eng.Close())

	eng, err = engine.Open(ctx, dir) // another day
	check(err)
	defer eng.Close()
	recs, err := eng.Recommend(ctx, engine.Query{User: "bo", K: 1})
	check(err)
	fmt.Println(recs.Items[0].Name)
	// Output: Collateral
}

func ExampleOpenInMemory() {
	eng, err := engine.OpenInMemory(engine.WithEmbedder(embed.NewHash(64)), engine.WithWorkers(2))
	check(err)
	defer eng.Close()
	_, err = eng.Recommend(context.Background(), engine.Query{User: "ann", K: 3})
	fmt.Println(err)
	// Output: engine: no model yet
}

func ExampleEngine_Train() {
	ctx := context.Background()
	eng, err := engine.OpenInMemory()
	check(err)
	defer eng.Close()
	fill(ctx, eng)
	rep, err := eng.Train(ctx, engine.TrainOptions{Config: &engine.Config{Factors: 8}})
	check(err)
	fmt.Printf("%d users, %d items, %d of them cold, %d interactions\n", rep.Users, rep.Items, rep.ColdItems, rep.Interactions)
	// Output: 5 users, 6 items, 0 of them cold, 12 interactions
}

// One more interaction is taken in without training from nothing. A new fact about an item is not.
func ExampleEngine_Train_sinceLast() {
	ctx := context.Background()
	eng, err := engine.OpenInMemory()
	check(err)
	defer eng.Close()
	for u := range 30 {
		check(eng.AddInteraction(ctx, graph.Interaction{User: fmt.Sprint("u", u), Item: fmt.Sprint("i", u%7)}))
	}
	_, err = eng.Train(ctx, small)
	check(err)
	check(eng.AddInteraction(ctx, graph.Interaction{User: "u3", Item: "i5"}))
	rep, err := eng.Train(ctx, engine.TrainOptions{Config: small.Config, SinceLast: true})
	check(err)
	fmt.Println(rep.Updated, rep.Changed)

	check(eng.AddTriple(ctx, graph.Triple{Head: "i5", Relation: "by", Tail: "somebody"}))
	rep, err = eng.Train(ctx, engine.TrainOptions{Config: small.Config, SinceLast: true})
	check(err)
	fmt.Println(rep.Updated, rep.Why)
	// Output:
	// true 1
	// false what is known about users, items or other nodes has changed
}

func ExampleEngine_Model() {
	ctx := context.Background()
	eng := shelf()
	defer eng.Close()
	check(eng.AddInteraction(ctx, graph.Interaction{User: "gus", Item: "heat"}))
	info, ok := eng.Model()
	fmt.Println(ok, info.Users, "users,", info.Items, "items,", info.Behind, "batch came since")
	// Output: true 6 users, 6 items, 1 batch came since
}

// Bo has two crime films. The list says what it rests on and why each item is there.
func ExampleEngine_Recommend() {
	eng := shelf()
	defer eng.Close()
	recs, err := eng.Recommend(context.Background(), engine.Query{User: "bo", K: 1, Explain: true})
	check(err)
	fmt.Println("rests on:", recs.Basis)
	for _, r := range recs.Items {
		fmt.Println(r.Rank, r.Name)
		fmt.Println(r.Reasons[0])
	}
	// Output:
	// rests on: trained
	// 1 Collateral
	// liked Heat —directed_by→ Mann ←directed_by— Collateral
}

// Somebody who is not in the store at all, known by what she likes.
func ExampleEngine_Recommend_likes() {
	eng := shelf()
	defer eng.Close()
	recs, err := eng.Recommend(context.Background(), engine.Query{Likes: []string{"bambi", "dumbo"}, K: 1})
	check(err)
	fmt.Println(recs.Basis, recs.Items[0].Name)
	// Output: folded in Fantasia
}

func ExampleEngine_RecommendAll() {
	eng := shelf()
	defer eng.Close()
	q := engine.BatchQuery{Query: engine.Query{K: 1}, Users: []string{"bo", "di", "flo"}}
	for recs, err := range eng.RecommendAll(context.Background(), q) {
		check(err)
		fmt.Println(recs.User, recs.Items[0].Name)
	}
	// Output:
	// bo Collateral
	// di Fantasia
	// flo Bambi
}

func ExampleEngine_Similar() {
	eng := shelf()
	defer eng.Close()
	nodes, err := eng.Similar(context.Background(), "ronin", 2)
	check(err)
	for _, n := range nodes {
		fmt.Println(n.Name, n.Type)
	}
	// Unordered output:
	// Heat film
	// Collateral film
}

// The parts of an explanation add up to the score; paths say it in words.
func ExampleEngine_Explain() {
	eng := shelf()
	defer eng.Close()
	why, err := eng.Explain(context.Background(), "ann", "collateral")
	check(err)
	sum := 0.0
	for _, part := range why.Parts {
		sum += part.Value
	}
	fmt.Println(why.Basis, sum-why.Score < 1e-5 && why.Score-sum < 1e-5)
	fmt.Println(why.Paths[0])
	// Output:
	// knowledge true
	// Ann —prefers→ Mann ←directed_by— Collateral
}

// What a user does counts in the next answer, without training.
func ExampleEngine_AddInteraction() {
	ctx := context.Background()
	eng := shelf()
	defer eng.Close()
	check(eng.AddInteraction(ctx, graph.Interaction{User: "gus", Item: "bambi"}, graph.Interaction{User: "gus", Item: "dumbo"}))
	recs, err := eng.Recommend(ctx, engine.Query{User: "gus", K: 1})
	check(err)
	fmt.Println(recs.Basis, recs.Items[0].Name)
	// Output: folded in Fantasia
}

// A new item with two facts about it finds its viewers at once.
func ExampleEngine_AddNode() {
	ctx := context.Background()
	eng := shelf()
	defer eng.Close()
	check(eng.AddNode(ctx, graph.Node{ID: "thief", Type: "film", Name: "Thief"}))
	check(eng.AddTriple(ctx,
		graph.Triple{Head: "thief", Relation: "directed_by", Tail: "mann"},
		graph.Triple{Head: "thief", Relation: "has_genre", Tail: "crime"}))
	recs, err := eng.Recommend(ctx, engine.Query{User: "cy", K: 1})
	check(err)
	fmt.Println(recs.Items[0].Name, "is new:", recs.Items[0].Cold)
	// Output: Thief is new: true
}

// A preference is a triple; it counts in the next answer as well.
func ExampleEngine_AddTriple() {
	ctx := context.Background()
	eng := shelf()
	defer eng.Close()
	check(eng.AddTriple(ctx, graph.Triple{Head: "gus", Relation: "prefers", Tail: "mann"}))
	recs, err := eng.Recommend(ctx, engine.Query{User: "gus", K: 1, Candidates: []string{"collateral", "fantasia"}, Explain: true})
	check(err)
	fmt.Println(recs.Basis, recs.Items[0].Name, "-", recs.Items[0].Reasons[0])
	// Output: knowledge Collateral - gus —prefers→ Mann ←directed_by— Collateral
}

// Who is erased is erased for good, and the model that has learned from her goes too.
func ExampleEngine_Erase() {
	ctx := context.Background()
	eng := shelf()
	defer eng.Close()
	rep, err := eng.Erase(ctx, []string{"bo"})
	check(err)
	fmt.Println(rep.Nodes, "node erased, model dropped:", rep.ModelDropped)
	_, err = eng.Train(ctx, small)
	check(err)
	_, err = eng.Recommend(ctx, engine.Query{User: "bo", K: 1})
	fmt.Println(err)
	// Output:
	// 1 node erased, model dropped: true
	// engine: not found: user "bo"
}

func ExampleRestore() {
	ctx := context.Background()
	parent, err := os.MkdirTemp("", "ken")
	check(err)
	defer os.RemoveAll(parent)
	eng := shelf()
	var backup bytes.Buffer
	_, err = eng.Graph().Backup(ctx, &backup)
	check(err)
	check(eng.Close())

	dir := filepath.Join(parent, "copy.db")
	_, err = engine.Restore(ctx, &backup, dir)
	check(err)
	eng, err = engine.Open(ctx, dir)
	check(err)
	defer eng.Close()
	node, err := eng.Graph().Node(ctx, "heat")
	check(err)
	fmt.Println(node.Name)
	// Output: Heat
}
