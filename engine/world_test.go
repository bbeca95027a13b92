package engine

import (
	"bytes"
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/fixtures/synth"
)

// quick is a configuration that trains in a fraction of a second.
func quick() *Config { return &Config{Factors: 16, Iterations: 4} }

// fillWorld imports a synthetic graph.
func fillWorld(t testing.TB, e *Engine, d synth.Data) {
	t.Helper()
	for _, src := range []Source{
		{Kind: Nodes, Reader: bytes.NewReader(d.NodesTSV())},
		{Kind: Triples, Reader: bytes.NewReader(d.TriplesTSV())},
		{Kind: Interactions, Reader: bytes.NewReader(d.InteractionsTSV())},
	} {
		src.Format, src.Header = TSV, HeaderNo
		if _, err := e.Import(t.Context(), src); err != nil {
			t.Fatal(err)
		}
	}
}

func synthetic(t testing.TB) synth.Data {
	t.Helper()
	d, err := synth.Graph(synth.Small())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// world is a trained engine in memory over the synthetic graph, texts embedded.
func world(t testing.TB, opts ...Option) (*Engine, synth.Data) {
	t.Helper()
	d := synthetic(t)
	e, err := OpenInMemory(append([]Option{WithWorkers(2), WithEmbedder(embed.NewHash(32))}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	fillWorld(t, e, d)
	if _, err := e.Embed(t.Context(), EmbedOptions{}); err != nil {
		t.Fatal(err)
	}
	trainQuick(t, e)
	return e, d
}

func trainQuick(t testing.TB, e *Engine) TrainReport {
	t.Helper()
	rep, err := e.Train(t.Context(), TrainOptions{Config: quick()})
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

func recommend(t testing.TB, e *Engine, q Query) Recommendations {
	t.Helper()
	if q.K == 0 {
		q.K = 10
	}
	r, err := e.Recommend(t.Context(), q)
	if err != nil {
		t.Fatalf("%+v: %v", q, err)
	}
	return r
}

func idsOf(r Recommendations) []string {
	ids := make([]string, len(r.Items))
	for i, x := range r.Items {
		ids[i] = x.Item
	}
	return ids
}

// rankOf is the place of an item in the list of all items, 0 for the best, -1 when it is not there.
func rankOf(t testing.TB, e *Engine, q Query, item string) int {
	t.Helper()
	q.K, q.IncludeSeen = math.MaxInt32, true
	return slices.Index(idsOf(recommend(t, e, q)), item)
}

// linesTSV imports rows written with spaces for tabs.
func linesTSV(t testing.TB, e *Engine, kind Kind, rows ...string) {
	t.Helper()
	text := strings.ReplaceAll(strings.Join(rows, "\n"), " ", "\t")
	if _, err := e.Import(context.Background(), Source{Kind: kind, Reader: strings.NewReader(text), Format: TSV, Header: HeaderNo}); err != nil {
		t.Fatal(err)
	}
}

// sumOf adds the parts of an explanation.
func sumOf(x Explanation) float64 {
	sum := 0.0
	for _, p := range x.Parts {
		sum += p.Value
	}
	return sum
}

// checkExplained fails unless the parts of an explanation add up to the score that the list gives.
func checkExplained(t *testing.T, e *Engine, user string, r Recommendation) Explanation {
	t.Helper()
	x, err := e.Explain(t.Context(), user, r.Item)
	if err != nil {
		t.Fatalf("%s, %s: %v", user, r.Item, err)
	}
	if math.Abs(x.Score-r.Score) > 1e-5 || math.Abs(sumOf(x)-r.Score) > 1e-4*max(1, math.Abs(r.Score)) || len(x.Parts) == 0 && r.Score != 0 {
		t.Errorf("%s, %s: listed with %.6f, explained with %.6f, %d parts add up to %.6f: %+v",
			user, r.Item, r.Score, x.Score, len(x.Parts), sumOf(x), x.Parts)
	}
	return x
}
