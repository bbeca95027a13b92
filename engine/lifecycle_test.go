package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/graph"
)

// everyList prints the lists of users, the first with reasons, scores in full. All users are too many for a race detector.
func everyList(t testing.TB, e *Engine) string {
	t.Helper()
	var b strings.Builder
	for _, q := range []BatchQuery{{Query: Query{K: 4, Explain: true}, Users: firstUsers(t, e, 12)}, {Query: Query{K: 8}}} {
		printLists(t, &b, e, q)
	}
	return b.String()
}

// firstUsers returns the first n users and the newest one.
func firstUsers(t testing.TB, e *Engine, n int) (users []string) {
	t.Helper()
	for r, err := range e.RecommendAll(t.Context(), BatchQuery{Query: Query{K: 1}}) {
		if err != nil {
			t.Fatal(err)
		}
		users = append(users, r.User)
	}
	return append(users[:n:n], users[len(users)-1])
}

func printLists(t testing.TB, b *strings.Builder, e *Engine, q BatchQuery) {
	t.Helper()
	for r, err := range e.RecommendAll(t.Context(), q) {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(b, "%s %s\n", r.User, r.Basis)
		for _, x := range r.Items {
			fmt.Fprintf(b, "%d %s %x %v %q\n", x.Rank, x.Item, x.Score, x.Cold, x.Reasons)
		}
	}
}

// The same lists, bit by bit, for 1, 2 and 8 workers, and from a store on disk before and after it is opened again.
func TestSameListsForAnyWorkersAndAfterReopen(t *testing.T) {
	d := synthetic(t)
	want := ""
	grow := func(e *Engine) { // what came after training is placed alike, too
		linesTSV(t, e, Nodes, "fresh item Fresh")
		linesTSV(t, e, Triples, "fresh has_rel0 rel0:e1", "newB prefers rel0:e1")
		linesTSV(t, e, Interactions, "newA item:7 1", "user:41 item:9 1")
	}
	for _, workers := range []int{1, 2, 8} {
		e, _ := world(t, WithWorkers(workers))
		grow(e)
		got := everyList(t, e)
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("%d workers give other lists than 1: %s", workers, firstDifference(want, got))
		}
	}
	dir := t.TempDir()
	open := func(workers int) *Engine {
		t.Helper()
		e, err := Open(t.Context(), dir, WithWorkers(workers), WithEmbedder(embed.NewHash(32)))
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	e := open(2)
	fillWorld(t, e, d)
	if _, err := e.Embed(t.Context(), EmbedOptions{}); err != nil {
		t.Fatal(err)
	}
	trainQuick(t, e)
	before, ok := e.Model()
	grow(e)
	if got := everyList(t, e); got != want {
		t.Errorf("a store on disk gives other lists than one in memory: %s", firstDifference(want, got))
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = open(1)
	defer e.Close()
	after, ok2 := e.Model()
	if !ok || !ok2 || before.Seq != after.Seq || before.Users != after.Users || after.Behind == 0 || e.ModelError() != nil {
		t.Errorf("model before %+v, after reopening %+v, %v", before, after, e.ModelError())
	}
	if got := everyList(t, e); got != want {
		t.Errorf("after reopening the lists differ: %s", firstDifference(want, got))
	}
}

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("line %d: %s, %s", i+1, x[i], y[i])
		}
	}
	return fmt.Sprintf("%d lines, %d lines", len(x), len(y))
}

// A cancelled Train stops at once, wherever it is, and leaves the model as it was.
func TestTrainCancelled(t *testing.T) {
	e, _ := world(t)
	want := recommend(t, e, Query{User: "user:40", K: 50})
	before := e.model.Load()
	var steps int
	if _, err := e.Train(t.Context(), TrainOptions{Config: quick(), Progress: func(Progress) { steps++ }}); err != nil {
		t.Fatal(err)
	}
	e.model.Store(before)
	every := 1
	if testing.Short() {
		every = 3
	}
	for stop := 0; stop < steps-1; stop += every { // after the last step the model is published
		ctx, cancel := context.WithCancel(t.Context())
		if stop == 0 {
			cancel()
		}
		n := 0
		_, err := e.Train(ctx, TrainOptions{Config: quick(), Progress: func(Progress) {
			if n++; n == stop {
				cancel()
			}
		}})
		cancel()
		// With a store in memory the last sweep is followed by nothing that waits: it may come through.
		if err == nil && stop == steps-2 {
			e.model.Store(before)
			continue
		}
		if !errors.Is(err, context.Canceled) || e.model.Load() != before {
			t.Errorf("cancelled at step %d of %d: %v, model replaced: %v", stop, steps, err, e.model.Load() != before)
		}
		if n > stop {
			t.Errorf("%d more steps after it was cancelled at step %d", n-stop, stop)
		}
	}
	if got := recommend(t, e, Query{User: "user:40", K: 50}); !cmp.Equal(got, want) {
		t.Error("the lists have changed")
	}
}

// A second Train waits for the first, unless it is cancelled meanwhile.
func TestTrainWaitsItsTurn(t *testing.T) {
	e, _ := world(t)
	e.train.Lock()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := e.Train(ctx, TrainOptions{Config: quick()}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting behind another training: %v", err)
	}
	if _, err := e.Recommend(t.Context(), Query{User: "user:40", K: 1}); err != nil {
		t.Errorf("readers wait for training: %v", err)
	}
	e.train.Unlock()
	trainQuick(t, e)
}

// Readers, writers and training at once: no race, no torn list, no error but of what was erased meanwhile.
func TestEverythingAtOnce(t *testing.T) {
	e, d := world(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var work sync.WaitGroup
	fail := make(chan error, 100)
	run := func(name string, times int, f func(i int) error) {
		work.Go(func() {
			for i := range times {
				if err := f(i); err != nil {
					select {
					case fail <- fmt.Errorf("%s: %w", name, err):
					default:
					}
				}
			}
		})
	}
	check := func(r Recommendations) error {
		seen := map[string]bool{}
		for i, x := range r.Items {
			if x.Rank != i+1 || seen[x.Item] || i > 0 && x.Score > r.Items[i-1].Score {
				return fmt.Errorf("torn list of %s: %+v", r.User, r.Items)
			}
			seen[x.Item] = true
		}
		return nil
	}
	rounds := 30
	if testing.Short() {
		rounds = 10
	}
	for w := range 2 {
		run("recommend", 4*rounds, func(i int) error {
			r, err := e.Recommend(ctx, Query{User: d.Tastes[(i*7+w)%len(d.Tastes)].User, K: 10, Explain: i%5 == 0, IncludeSeen: true})
			if err != nil {
				return err
			}
			return check(r)
		})
	}
	run("batch", rounds/5, func(int) error {
		for r, err := range e.RecommendAll(ctx, BatchQuery{Query: Query{K: 3}}) {
			if errors.Is(err, ErrNotFound) {
				return nil // a user was erased after the list of users was made
			}
			if err != nil {
				return err
			}
			if err := check(r); err != nil {
				return err
			}
		}
		return nil
	})
	run("train", 2, func(int) error {
		_, err := e.Train(ctx, TrainOptions{Config: &Config{Factors: 8, Iterations: 1}})
		return err
	})
	run("write", rounds, func(i int) error {
		id := fmt.Sprintf("new%d", i)
		err := errors.Join(
			e.AddNode(ctx, graph.Node{ID: id, Type: "item", Name: id, Text: "a new item"}),
			e.AddTriple(ctx, graph.Triple{Head: id, Relation: "has_rel0", Tail: "rel0:e1"}),
			e.AddInteraction(ctx, graph.Interaction{User: fmt.Sprintf("guest%d", i%4), Item: id}, graph.Interaction{User: "user:40", Item: "item:3", Time: int64(i)}))
		return err
	})
	run("erase", rounds/2, func(i int) error {
		b, err := e.Graph().NewBatch(ctx)
		if err != nil {
			return err
		}
		defer b.Cancel()
		if err := b.DeleteNode(fmt.Sprintf("new%d", 2*i)); err != nil {
			return nil // not written yet
		}
		_, err = b.Commit(ctx)
		return err
	})
	run("similar", rounds, func(i int) error {
		_, err := e.Similar(ctx, fmt.Sprintf("item:%d", i), 5)
		return err
	})
	work.Wait()
	close(fail)
	for err := range fail {
		t.Error(err)
	}
	trainQuick(t, e)
}

// Every verb says ErrClosed after Close, and Close may be called again.
func TestClosed(t *testing.T) {
	e, err := OpenInMemory(WithEmbedder(embed.NewHash(8)))
	if err != nil {
		t.Fatal(err)
	}
	linesTSV(t, e, Interactions, "u a 1", "u b 1", "v a 1")
	if _, err := e.Train(t.Context(), TrainOptions{Config: &Config{Factors: 2, Iterations: 1}}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"import": func() error {
			_, err := e.Import(ctx, Source{Kind: Nodes, Reader: strings.NewReader("a\n"), Format: TSV})
			return err
		},
		"export":          func() error { _, err := e.Export(ctx, Nodes, TSV, io.Discard, ExportOptions{}); return err },
		"embed":           func() error { _, err := e.Embed(ctx, EmbedOptions{}); return err },
		"train":           func() error { _, err := e.Train(ctx, TrainOptions{}); return err },
		"tune":            func() error { _, err := e.Tune(ctx, TuneOptions{}); return err },
		"evaluate":        func() error { _, err := e.Evaluate(ctx, EvaluateOptions{}); return err },
		"recommend":       func() error { _, err := e.Recommend(ctx, Query{User: "u", K: 1}); return err },
		"similar":         func() error { _, err := e.Similar(ctx, "a", 1); return err },
		"explain":         func() error { _, err := e.Explain(ctx, "u", "b"); return err },
		"erase":           func() error { _, err := e.Erase(ctx, []string{"u"}); return err },
		"add node":        func() error { return e.AddNode(ctx, graph.Node{ID: "x"}) },
		"add triple":      func() error { return e.AddTriple(ctx, graph.Triple{Head: "a", Relation: "r", Tail: "b"}) },
		"add interaction": func() error { return e.AddInteraction(ctx, graph.Interaction{User: "u", Item: "a"}) },
		"recommend all": func() error {
			for _, err := range e.RecommendAll(ctx, BatchQuery{Query: Query{K: 1}}) {
				return err
			}
			return nil
		},
	} {
		err := call()
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s: %v, want ErrClosed", name, err)
		}
	}
	if _, ok := e.Model(); !ok {
		t.Error("what the model was can be told after Close")
	}
}

// A store that is closed in the middle of a call ends it with ErrClosed, the engine's, not the graph's alone.
func TestBorder(t *testing.T) {
	for _, s := range sentinels {
		err := fmt.Errorf("engine: node %q: %w", "x", s.store)
		text := err.Error()
		border(&err)
		if !errors.Is(err, s.engine) || !errors.Is(err, s.store) || err.Error() != text {
			t.Errorf("%v: is %v: %v, is %v: %v, says %q", s.store, s.engine, errors.Is(err, s.engine), s.store, errors.Is(err, s.store), err)
		}
	}
	var none error
	border(&none)
	plain := io.ErrUnexpectedEOF
	border(&plain)
	if none != nil || plain != io.ErrUnexpectedEOF {
		t.Errorf("%v, %v: other errors stay as they are", none, plain)
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	e, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir); !errors.Is(err, graph.ErrLocked) || !strings.HasPrefix(err.Error(), "engine: open: ") {
		t.Errorf("a second engine: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, dir); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := Open(t.Context(), "lifecycle_test.go"); err == nil {
		t.Error("a file was opened as a store")
	}
}
