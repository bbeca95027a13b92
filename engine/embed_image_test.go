package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/embed/embedtest"
	"github.com/kenrec/ken/graph"
)

// pictured returns an engine over a fake endpoint, and items of two styles of which nothing is known but the address of a
// picture; every third has none. Users u0… like one style each.
func pictured(t *testing.T, s *embedtest.Server) *Engine {
	t.Helper()
	client, err := embed.NewOpenAI(embed.Config{BaseURL: s.URL, Model: "clip"})
	if err != nil {
		t.Fatal(err)
	}
	e, err := OpenInMemory(WithEmbedder(client))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	var nodes []graph.Node
	for i := range pictures {
		n := graph.Node{ID: fmt.Sprint("i", i), Type: "item"}
		if i%3 > 0 {
			n.Attrs = []graph.Attr{{Key: "image_url", Value: graph.String(address(i, i%2))}}
		}
		nodes = append(nodes, n)
	}
	if err := e.AddNode(t.Context(), nodes...); err != nil {
		t.Fatal(err)
	}
	var events []graph.Interaction
	for u := range 90 {
		for j := range 10 { // an even number of items, so that each user keeps to a style
			events = append(events, graph.Interaction{User: fmt.Sprint("u", u), Item: fmt.Sprint("i", (u%2+2*(u*3+j*5))%(pictures-12))})
		}
	}
	if err := e.AddInteraction(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
	return e
}

// pictures is how many items there are; the last 12 are cold.
const pictures = 192

// address is that of a picture; the fake endpoint sees the words in it.
func address(i, style int) string {
	return fmt.Sprintf("https://%s.example/%d", []string{"crimson racing car street road wheel", "old stone castle tower ruin moat"}[style], i)
}

var ofImages = EmbedOptions{Modality: "image", Field: "image_url"}

// The addresses of pictures go out once, as they stand; the vectors become a modality of their own, and rank items of which
// nothing else is known. Items without a picture are trained and listed beside them.
func TestEmbedImages(t *testing.T) {
	s := embedtest.NewServer(t, 64)
	e := pictured(t, s)
	dry := ofImages
	dry.DryRun = true
	if rep, err := e.Embed(t.Context(), dry); err != nil || rep.Sent != 128 || s.Texts() != 0 {
		t.Fatalf("dry run: %+v, %v", rep, err)
	}
	rep, err := e.Embed(t.Context(), ofImages)
	if err != nil || rep.Sent != 128 || rep.Dim != 64 || s.Texts() != 128 || !slices.Contains(s.Requests()[0].Input, address(1, 1)) {
		t.Fatalf("%+v, %v; %d sent: %q", rep, err, s.Texts(), s.Requests()[0].Input[:2])
	}
	if rep, err := e.Embed(t.Context(), ofImages); err != nil || rep.Fresh != 128 || s.Texts() != 128 {
		t.Errorf("again: %+v, %v, %d sent", rep, err, s.Texts())
	}
	kinds, err := e.Graph().Modalities(t.Context())
	if err != nil || len(kinds) != 1 || kinds[0].Name != "image" || kinds[0].Count != 128 || !strings.Contains(kinds[0].Model, "clip") {
		t.Errorf("%+v, %v", kinds, err)
	}
	trainQuick(t, e)
	cold := []string{"i181", "i182", "i184", "i185", "i187", "i188"} // with a picture, chosen by nobody
	right := 0
	for u := range 20 {
		for _, id := range idsOf(recommend(t, e, Query{User: fmt.Sprint("u", u), K: 3, Candidates: cold})) {
			var i int
			fmt.Sscanf(id, "i%d", &i)
			if i%2 == u%2 {
				right++
			}
		}
		if all := recommend(t, e, Query{User: fmt.Sprint("u", u), K: 500, IncludeSeen: true}); len(all.Items) != pictures {
			t.Errorf("%d items in the list", len(all.Items))
		}
	}
	if right < 45 {
		t.Errorf("%d of 60 cold items on top are pictures of the user's style, chance gives 30", right)
	}
	// an item that comes later, with a picture: placed by it as soon as it is embedded
	if err := e.AddNode(t.Context(), graph.Node{ID: "late", Type: "item", Attrs: []graph.Attr{{Key: "image_url", Value: graph.String(address(99, 0))}}}); err != nil {
		t.Fatal(err)
	}
	if rep, err := e.Embed(t.Context(), ofImages); err != nil || rep.Sent != 1 {
		t.Fatalf("%+v, %v", rep, err)
	}
	var score [2]float64 // of the late item, of style 0, by the style of the user
	for u := range 20 {
		score[u%2] += recommend(t, e, Query{User: fmt.Sprint("u", u), K: 1, Candidates: []string{"late"}}).Items[0].Score
	}
	if score[0] <= score[1] {
		t.Errorf("the late item has %.3f with those who like its style, %.3f with the others", score[0], score[1])
	}
}

// Pictures and texts stand side by side; a picture's vector of another length is refused, and so is what cannot be sent.
func TestEmbedImagesRefused(t *testing.T) {
	s := embedtest.NewServer(t, 64)
	e := pictured(t, s)
	if err := e.AddNode(t.Context(), graph.Node{ID: "i1", Text: "a car"}, graph.Node{ID: "i3", Text: "a castle"}); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		o    EmbedOptions
		want error
		why  string
	}{
		{EmbedOptions{Modality: "image"}, ErrBadOption, "which attribute?"},
		{EmbedOptions{Field: "image_url"}, ErrBadOption, "vectors of addresses would pass for vectors of texts"},
		{EmbedOptions{Modality: "text", Field: "image_url"}, ErrBadOption, "the same"},
		{EmbedOptions{}, nil, "texts by this endpoint"},
		{ofImages, nil, "and pictures: another modality, which may have the same model"},
	} {
		if _, err := e.Embed(t.Context(), tc.o); !errors.Is(err, tc.want) || tc.want == nil && err != nil {
			t.Errorf("%+v: %v, want %v: %s", tc.o, err, tc.want, tc.why)
		}
	}
	trainQuick(t, e)
	if r := recommend(t, e, Query{User: "u1", K: 500, IncludeSeen: true}); len(r.Items) != pictures {
		t.Errorf("%d items with texts, pictures, both and neither", len(r.Items))
	}
	other, err := OpenInMemory(WithEmbedder(embed.NewHash(16)))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	put := graph.Node{ID: "a", Attrs: []graph.Attr{{Key: "image_url", Value: graph.String("https://pictures.example/a.jpg")}}}
	long := graph.Node{ID: "b", Attrs: []graph.Attr{{Key: "image_url", Value: graph.String("data:" + strings.Repeat("x", embedBytes))}}}
	if err := other.AddNode(t.Context(), put, long); err != nil {
		t.Fatal(err)
	}
	imageVectors(t, other, "a 1 2 3")
	if _, err := other.Embed(t.Context(), ofImages); !errors.Is(err, ErrDimension) {
		t.Errorf("vectors of another model stand there: %v", err)
	}
	o := ofImages
	o.Rebuild = true
	if rep, err := other.Embed(t.Context(), o); err != nil || rep.Sent != 1 || rep.Failed != 1 || !strings.Contains(rep.Failures[0].Reason, "longer than") {
		t.Errorf("%+v, %v", rep, err)
	}
	// erasing the node erases what the cache has of its picture
	before, err := other.Graph().Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Erase(t.Context(), []string{"a"}); err != nil {
		t.Fatal(err)
	}
	after, err := other.Graph().Stats(t.Context())
	if err != nil || before.CacheEntries != 1 || after.CacheEntries != 0 || after.Vectors != 0 {
		t.Errorf("%d cached vectors before, %d after, %v", before.CacheEntries, after.CacheEntries, err)
	}
}

// imageVectors imports image vectors of another model.
func imageVectors(t testing.TB, e *Engine, row string) {
	t.Helper()
	src := Source{Kind: Vectors, Format: TSV, Header: HeaderNo, Modality: "image", Model: "elsewhere", Reader: strings.NewReader(strings.ReplaceAll(row, " ", "\t"))}
	if _, err := e.Import(t.Context(), src); err != nil {
		t.Fatal(err)
	}
}
