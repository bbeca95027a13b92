package engine

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/kenrec/ken/embed"
)

// trap is a context that calls spring when its n-th question is asked: each read of the store asks it, so that something
// happens at a chosen place within a verb, without a second goroutine.
type trap struct {
	context.Context
	asked  atomic.Int64
	n      int64
	spring func()
}

func (c *trap) Err() error {
	if c.asked.Add(1) == c.n {
		c.spring()
	}
	return c.Context.Err()
}

// Nodes of midwayWorld that are erased under the verbs: a user, items of ann's history, items that she may be recommended,
// what joins them, and what came after training.
var victims = []string{"bo", "liked", "next", "maker", "maker2", "twin", "fresh", "late"}

// midwayWorld is a trained engine over a few films, with a user, an item and interactions that came later.
func midwayWorld(t *testing.T) *Engine {
	t.Helper()
	e, err := OpenInMemory(WithWorkers(1), WithEmbedder(embed.NewHash(8)))
	if err != nil {
		t.Fatal(err)
	}
	linesTSV(t, e, Nodes, "ann user", "bo user", "cy user", "di user", "new user", "liked film Liked words", "kept film Kept words", "next film Next words",
		"other film Other words", "last film Last words", "maker person Maker", "maker2 person Second", "twin thing Twin")
	linesTSV(t, e, Triples, "liked by maker", "next by maker", "other by maker", "kept by maker2", "last by maker2", "next same_as twin", "twin about maker2",
		"cold prefers maker", "cold prefers maker2")
	linesTSV(t, e, Interactions, "ann liked 1", "ann kept 1", "bo liked 1", "bo next 1", "bo other 1", "cy kept 1", "cy next 1", "cy liked 1", "di other 1",
		"di liked 1", "di last 1")
	if _, err := e.Embed(t.Context(), EmbedOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Train(t.Context(), TrainOptions{Config: &Config{Factors: 4, Iterations: 2}}); err != nil {
		t.Fatal(err)
	}
	linesTSV(t, e, Nodes, "fresh film Fresh words", "stays film Stays words")
	linesTSV(t, e, Triples, "fresh by maker", "stays by maker2", "last about stays")
	linesTSV(t, e, Interactions, "late fresh 1", "late stays 1", "late kept 1", "new liked 1", "new fresh 1", "new kept 1")
	return e
}

// midwayVerbs are calls that read the store; none is about a victim. Each tells of what it returns the ids.
var midwayVerbs = []struct {
	name string
	call func(ctx context.Context, e *Engine) ([]string, error)
}{
	{"recommend", func(ctx context.Context, e *Engine) ([]string, error) {
		r, err := e.Recommend(ctx, Query{User: "ann", K: 9, IncludeSeen: true, Explain: true, Types: []string{"film"}})
		return idsOf(r), err
	}},
	{"recommend to a new user", func(ctx context.Context, e *Engine) ([]string, error) {
		r, err := e.Recommend(ctx, Query{User: "new", K: 9, IncludeSeen: true})
		return idsOf(r), err
	}},
	{"recommend to all", func(ctx context.Context, e *Engine) (ids []string, err error) {
		for r, err := range e.RecommendAll(ctx, BatchQuery{Query: Query{K: 3, Explain: true}}) {
			if err != nil {
				return nil, err
			}
			ids = append(append(ids, r.User), idsOf(r)...)
		}
		return ids, nil
	}},
	{"explain", func(ctx context.Context, e *Engine) ([]string, error) { return partsOf(e.Explain(ctx, "ann", "other")) }},
	{"explain to a new user", func(ctx context.Context, e *Engine) ([]string, error) { return partsOf(e.Explain(ctx, "new", "stays")) }},
	{"explain a preference", func(ctx context.Context, e *Engine) ([]string, error) {
		return partsOf(e.Explain(ctx, "cold", "other"))
	}},
	{"similar items", func(ctx context.Context, e *Engine) (ids []string, err error) {
		all, err := e.Similar(ctx, "kept", 9)
		for _, s := range all {
			ids = append(ids, s.ID)
		}
		return ids, err
	}},
	{"similar users", func(ctx context.Context, e *Engine) (ids []string, err error) {
		all, err := e.Similar(ctx, "new", 9)
		for _, s := range all {
			ids = append(ids, s.ID)
		}
		return ids, err
	}},
	{"embed", func(ctx context.Context, e *Engine) ([]string, error) {
		_, err := e.Embed(ctx, EmbedOptions{})
		return nil, err
	}},
	{"train", func(ctx context.Context, e *Engine) ([]string, error) {
		_, err := e.Train(ctx, TrainOptions{Config: &Config{Factors: 4, Iterations: 2}})
		return nil, err
	}},
	{"evaluate", func(ctx context.Context, e *Engine) ([]string, error) {
		_, err := e.Evaluate(ctx, EvaluateOptions{K: 3, Fraction: 0.3, NoBaselines: true, Config: &Config{Factors: 4, Iterations: 1}})
		return nil, err
	}},
}

// partsOf returns the ids of the parts that come from nodes.
func partsOf(x Explanation, err error) (ids []string, _ error) {
	for _, p := range x.Parts {
		if p.Kind == partHistory || p.Kind == partContext || p.Kind == partPreference && p.Name != "" {
			ids = append(ids, p.ID)
		}
	}
	return ids, err
}

// TestErasedMidway: nodes that are erased at any place within a verb that is not about them are left out; the verb does
// not fail and names no node by an empty id.
func TestErasedMidway(t *testing.T) {
	for _, v := range midwayVerbs {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			for n := int64(1); ; n += 1 + n/8 { // close at first, where each question is another one
				e := midwayWorld(t)
				ctx := &trap{Context: t.Context(), n: n, spring: func() {
					if _, err := e.store.Erase(context.Background(), victims, nil); err != nil {
						t.Error(err)
					}
				}}
				ids, err := v.call(ctx, e)
				if err != nil {
					t.Errorf("erased at question %d: %v", n, err)
				}
				for _, id := range ids {
					if id == "" {
						t.Errorf("erased at question %d: an empty id among %q", n, ids)
						break
					}
				}
				if err := e.Close(); err != nil {
					t.Error(err)
				}
				if asked := ctx.asked.Load(); asked < n {
					break
				}
			}
		})
	}
}

// springWriter takes lines and calls spring at the first.
type springWriter struct {
	strings.Builder
	spring func()
}

func (w *springWriter) Write(p []byte) (int, error) {
	if w.spring != nil {
		w.spring()
		w.spring = nil
	}
	return w.Builder.Write(p)
}

// TestErasedWhileExported: rows of nodes that are erased while an export runs are left out.
func TestErasedWhileExported(t *testing.T) {
	for _, tc := range []struct {
		kind   Kind
		format Format
		want   string
		why    string
	}{
		{Triples, JSONL, `{"head":"last","relation":"about"`, "most triples have an end that is gone"},
		{Triples, NTriples, "<urn:ken:last> <urn:ken:about>", "statements are read by the same way"},
		{Interactions, CSV, "new,kept,", "a user who is gone, and users that are there with items that are not"},
		{Vectors, TSV, "last\t", "vectors of nodes that are gone"},
	} {
		e := midwayWorld(t)
		w := &springWriter{spring: func() {
			if _, err := e.store.Erase(t.Context(), victims, nil); err != nil {
				t.Error(err)
			}
		}}
		x := exporter{ctx: t.Context(), store: e.store, o: ExportOptions{Modality: modalityText}, kind: tc.kind, out: w}
		if err := x.run(tc.format); err != nil {
			t.Errorf("%s as %s: %v (%s)", tc.kind, tc.format, err, tc.why)
		}
		_, later, _ := strings.Cut(w.String(), "\n")
		if !strings.Contains(later, tc.want) {
			t.Errorf("%s as %s: %q is not in %q (%s)", tc.kind, tc.format, tc.want, later, tc.why)
		}
		for _, id := range victims {
			if strings.Contains(later, "\""+id+"\"") || strings.Contains(later, id+",") || strings.Contains(later, id+"\t") {
				t.Errorf("%s as %s: %q is in %q", tc.kind, tc.format, id, later)
			}
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestFactsReadOnce: what a request has read of a node for its features is not read again to name it.
func TestFactsReadOnce(t *testing.T) {
	e := midwayWorld(t)
	defer e.Close()
	ctx := &trap{Context: t.Context()}
	r, err := e.tieReader(ctx, e.model.Load())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.userPrior(ctx, r, "cold"); err != nil {
		t.Fatal(err)
	}
	asked := ctx.asked.Load()
	ties, err := r.of(ctx, "cold")
	if err != nil || len(ties) != 2 {
		t.Fatalf("%d facts, want 2: %v", len(ties), err)
	}
	if again := ctx.asked.Load() - asked; again != 0 {
		t.Errorf("the store was asked %d times more", again)
	}
}
