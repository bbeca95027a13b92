package graph_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/kenrec/ken/graph"
)

// films returns a store in memory with two films, their maker and one user.
func films() *graph.Store {
	s, err := graph.OpenInMemory()
	check(err)
	b, err := s.NewBatch(context.Background())
	check(err)
	for _, n := range []graph.Node{
		{ID: "heat", Type: "item", Name: "Heat", Attrs: []graph.Attr{{Key: "year", Value: graph.Number(1995)}}},
		{ID: "collateral", Type: "item", Name: "Collateral"},
		{ID: "mann", Type: "director", Name: "Michael Mann"},
	} {
		_, err = b.PutNode(n)
		check(err)
	}
	for _, item := range []string{"heat", "collateral"} {
		_, err = b.PutTriple(graph.Triple{Head: item, Relation: "directed_by", Tail: "mann"})
		check(err)
	}
	_, err = b.PutInteraction(graph.Interaction{User: "ann", Item: "heat", Type: "view", Weight: 5})
	check(err)
	_, err = b.PutVector("heat", "image", "toy-1", []float32{1, 0})
	check(err)
	_, err = b.Commit(context.Background())
	check(err)
	return s
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func Example() {
	ctx := context.Background()
	s, err := graph.OpenInMemory() // or graph.Open(ctx, "ken.db")
	check(err)
	defer s.Close()

	b, err := s.NewBatch(ctx)
	check(err)
	defer b.Cancel()
	_, err = b.PutTriple(graph.Triple{Head: "heat", Relation: "directed_by", Tail: "mann"})
	check(err)
	change, err := b.PutTriple(graph.Triple{Head: "heat", Relation: "directed_by", Tail: "mann"})
	check(err)
	fmt.Println(change)
	seq, err := b.Commit(ctx)
	check(err)
	fmt.Println("batch", seq)
	// Output:
	// unchanged
	// batch 1
}

func ExampleStore_Neighbours() {
	s := films()
	defer s.Close()
	for t, err := range s.Neighbours(context.Background(), "mann", graph.NeighbourOptions{Direction: graph.In}) {
		check(err)
		fmt.Println(t.Head, t.Relation, t.Tail)
	}
	// Output:
	// heat directed_by mann
	// collateral directed_by mann
}

func ExampleStore_Node() {
	s := films()
	defer s.Close()
	n, err := s.Node(context.Background(), "heat")
	check(err)
	fmt.Println(n.Name, n.Type, n.Attrs[0].Key, n.Attrs[0].Value)
	_, err = s.Node(context.Background(), "psycho")
	fmt.Println(errors.Is(err, graph.ErrNotFound), err)
	// Output:
	// Heat item year 1995
	// true graph: not found: node "psycho"
}

func ExampleStore_Nodes() {
	s := films()
	defer s.Close()
	for row, err := range s.Nodes(context.Background()) {
		check(err)
		fmt.Println(row.Idx, row.Node.ID, row.Node.Type)
	}
	// Output:
	// 0 heat item
	// 1 collateral item
	// 2 mann director
	// 3 ann user
}

func ExampleStore_Triples() {
	s := films()
	defer s.Close()
	for row, err := range s.Triples(context.Background()) {
		check(err)
		fmt.Println(row.Head, s.SymName(row.Relation), row.Tail, row.Weight)
	}
	// Output:
	// 0 directed_by 2 1
	// 1 directed_by 2 1
}

func ExampleStore_UserInteractions() {
	s := films()
	defer s.Close()
	for x, err := range s.UserInteractions(context.Background(), "ann") {
		check(err)
		fmt.Println(x.Item, x.Type, x.Weight)
	}
	// Output: heat view 5
}

func ExampleStore_Vector() {
	s := films()
	defer s.Close()
	v, err := s.Vector(context.Background(), "heat", "image")
	check(err)
	mods, err := s.Modalities(context.Background())
	check(err)
	fmt.Println(v, mods)
	// Output: [1 0] [{image toy-1 2 1}]
}

func ExampleStore_Stats() {
	s := films()
	defer s.Close()
	st, err := s.Stats(context.Background())
	check(err)
	fmt.Println(st.Nodes, st.Triples, st.Interactions, st.Vectors)
	types, err := s.Types(context.Background())
	check(err)
	fmt.Println(types)
	// Output:
	// 4 2 1 1
	// [{item 2} {director 1} {user 1}]
}

func ExampleBatch_DeleteNode() {
	ctx := context.Background()
	s := films()
	defer s.Close()
	b, err := s.NewBatch(ctx)
	check(err)
	check(b.DeleteNode("mann"))
	_, err = b.Commit(ctx)
	check(err)
	st, err := s.Stats(ctx)
	check(err)
	_, err = s.ID(2)
	fmt.Println(st.Nodes, st.Triples, s.NodeCap(), errors.Is(err, graph.ErrNotFound))
	// Output: 3 0 4 true
}

func ExampleStore_SetMeta() {
	ctx := context.Background()
	s := films()
	defer s.Close()
	check(s.SetMeta(ctx, "embedder", []byte("toy-1")))
	v, err := s.Meta(ctx, "embedder")
	check(err)
	fmt.Printf("%s\n", v)
	// Output: toy-1
}

func ExampleParseValue() {
	for _, text := range []string{"Heat", "1995", `"1995"`, "true", "1995-12-15T00:00:00Z", `["crime","heist"]`} {
		v, err := graph.ParseValue(text)
		check(err)
		fmt.Println(v.Kind(), v)
	}
	// Output:
	// string Heat
	// number 1995
	// string "1995"
	// bool true
	// time 1995-12-15T00:00:00Z
	// list ["crime","heist"]
}

func ExampleRestore() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "ken")
	check(err)
	defer os.RemoveAll(dir)

	s := films()
	var backup bytes.Buffer
	_, err = s.Backup(ctx, &backup)
	check(err)
	check(s.Close())

	cut := bytes.NewReader(backup.Bytes()[:backup.Len()/2])
	_, err = graph.Restore(ctx, cut, filepath.Join(dir, "ken.db"))
	fmt.Println(err)

	_, err = graph.Restore(ctx, &backup, filepath.Join(dir, "ken.db"))
	check(err)
	report, err := graph.Check(ctx, filepath.Join(dir, "ken.db"))
	check(err)
	fmt.Println(report.OK(), report.Stats.Nodes)
	// Output:
	// graph: not a whole backup: it is cut
	// true 4
}

// A space is a store of its own below the directory of another: for a tenant who must not see the others.
func ExampleSpaceDir() {
	root, err := os.MkdirTemp("", "ken")
	check(err)
	defer os.RemoveAll(root)

	dir, err := graph.SpaceDir(root, "acme")
	check(err)
	s, err := graph.Open(context.Background(), dir)
	check(err)
	check(s.Close())

	spaces, err := graph.Spaces(root)
	check(err)
	for _, space := range spaces {
		fmt.Println(space.Name)
	}
	_, err = graph.SpaceDir(root, "../globex")
	fmt.Println(errors.Is(err, graph.ErrBadSpace))
	// Output:
	// acme
	// true
}

func ExampleStore_SymOf() {
	s := films()
	defer s.Close()
	y, ok := s.SymOf("directed_by")
	fmt.Println(s.SymName(y), ok)
	_, ok = s.SymOf("starring")
	fmt.Println(ok)
	// Output:
	// directed_by true
	// false
}

// The second batch is filled while the first is being written: it sees what that one put, readers see it when it is durable.
func ExampleBatch_CommitBehind() {
	ctx := context.Background()
	s, err := graph.OpenInMemory()
	check(err)
	defer s.Close()
	var before *graph.Commit
	for _, film := range []string{"Alien", "Brazil"} {
		b, err := s.NewBatchBehind(ctx, before)
		check(err)
		defer b.Cancel()
		_, err = b.PutTriple(graph.Triple{Head: film, Relation: "genre", Tail: "science fiction"})
		check(err)
		before = b.CommitBehind(ctx)
	}
	seq, err := before.Wait() // those before it are written, too
	check(err)
	stats, err := s.Stats(ctx)
	fmt.Println(seq, stats.Nodes, stats.Triples, err)
	// Output: 2 3 2 <nil>
}
