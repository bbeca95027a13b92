package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kenrec/ken/embed/embedtest"
	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/fixtures/synth"
	"github.com/kenrec/ken/graph/graphtest"
)

// killRows is how many rows of an import are durable together.
const killRows = 150

// importAll imports the synthetic graph and vectors in small batches; durable is called with the number of batches when the last
// of them is on disk and the next, perhaps, too.
func importAll(ctx context.Context, e *engine.Engine, durable func(batches int)) error {
	batches := 0
	return importParts(ctx, e, func(tsv []byte) [][]byte { return [][]byte{tsv} }, func() { batches++; durable(batches) })
}

// importSlowly is importAll with a call of Import for each batch: done is called when exactly so many are stored.
func importSlowly(ctx context.Context, e *engine.Engine, done func()) error {
	return importParts(ctx, e, func(tsv []byte) (parts [][]byte) {
		for rows := range slices.Chunk(bytes.SplitAfter(tsv, []byte("\n")), killRows) {
			if part := bytes.Join(rows, nil); len(part) > 0 {
				parts = append(parts, part)
			}
		}
		return parts
	}, done)
}

// importParts imports the parts of each file of the synthetic graph; durable is called once a batch.
func importParts(ctx context.Context, e *engine.Engine, parts func(tsv []byte) [][]byte, durable func()) error {
	d, err := synth.Graph(synth.Config{Users: 60, Items: 120, Relations: 3, Entities: 48, PerUser: 20, ColdItems: 10, ColdUsers: 5, Seed: 1})
	if err != nil {
		return err
	}
	var vectors bytes.Buffer
	for i, n := range d.Nodes {
		fmt.Fprintf(&vectors, "%s\t%d\t0.5\t-1\n", n.ID, i)
	}
	for _, src := range []struct {
		kind engine.Kind
		tsv  []byte
	}{
		{engine.Nodes, d.NodesTSV()}, {engine.Triples, d.TriplesTSV()}, {engine.Interactions, d.InteractionsTSV()},
		{engine.Vectors, vectors.Bytes()},
	} {
		for _, tsv := range parts(src.tsv) {
			_, err := e.Import(ctx, engine.Source{
				Kind: src.kind, Format: engine.TSV, Header: engine.HeaderNo, Reader: bytes.NewReader(tsv), BatchRows: killRows,
				Progress: func(engine.Progress) { durable() },
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// TestKillImport kills imports at random moments. After each kill the store is exactly what it was after the last batch
// that was acknowledged or one of the two after it, of which one was being written and one filled, and the import that comes
// through ends in the store of one that was never killed.
func TestKillImport(t *testing.T) {
	t.Parallel()
	k := newKilling(t, "import", 24, 300)
	memory, err := engine.OpenInMemory()
	if err != nil {
		t.Fatal(err)
	}
	defer closeEngine(t, memory)
	states := []graphtest.Graph{graphtest.Dump(t, memory.Graph())} // by batches
	if err := importSlowly(t.Context(), memory, func() { states = append(states, graphtest.Dump(t, memory.Graph())) }); err != nil {
		t.Fatal(err)
	}
	span, lives, opening := k.duration(), 0, 0
	for best := -1; k.kills > 0; {
		if best < 0 { // a new life: begin with nothing
			if err := os.RemoveAll(k.dir); err != nil {
				t.Fatal(err)
			}
			best, lives = 0, lives+1
		}
		acked, done := k.strike(span)
		if acked < 0 {
			opening++
		}
		best = max(best, int(acked))
		e := k.reopen()
		got := graphtest.Dump(t, e.Graph())
		after := slices.IndexFunc(states[best:min(best+3, len(states))], func(g graphtest.Graph) bool { return reflect.DeepEqual(got, g) })
		if after < 0 {
			t.Fatalf("%d batches were acknowledged; the store is neither that nor one or two more (-want +got):\n%.2000s", best, cmp.Diff(states[best], got))
		}
		best += after
		if k.kills == 0 { // the last time it is left alone
			if err := importAll(t.Context(), e, func(int) {}); err != nil {
				t.Fatal(err)
			}
			got = graphtest.Dump(t, e.Graph())
			done = true
		}
		if done && !reflect.DeepEqual(got, states[len(states)-1]) {
			t.Fatalf("the import that came through differs from one without kills (-want +got):\n%.2000s", cmp.Diff(states[len(states)-1], got))
		}
		closeEngine(t, e)
		if done {
			best = -1
		}
	}
	t.Logf("%d batches, %v a life, %d lives, %d kills before the store was open", len(states)-1, span, lives, opening)
}

// paidBatch is how many texts go into one request.
const paidBatch = 8

// TestKillEmbed kills calls of Embed that send texts to a server. A text whose vector was stored is never sent again; the
// request that was on its way at a kill, and no other, is sent once more.
func TestKillEmbed(t *testing.T) {
	t.Parallel()
	k := newKilling(t, "embed", 8, 100)
	server := embedtest.NewServer(t, 16)
	k.env = []string{victimServer + "=" + server.URL}
	e := k.reopen()
	if err := importAll(t.Context(), e, func(int) {}); err != nil {
		t.Fatal(err)
	}
	var backup bytes.Buffer
	if _, err := e.Graph().Backup(t.Context(), &backup); err != nil {
		t.Fatal(err)
	}
	closeEngine(t, e)
	again := func() {
		t.Helper()
		if _, err := engine.Restore(t.Context(), bytes.NewReader(backup.Bytes()), k.dir); err != nil {
			t.Fatal(err)
		}
	}
	span := k.duration()
	want := k.dump()
	repeated, lives := 0, 0
	for k.kills > 0 {
		again()
		lives++
		sent, flight := map[string]bool{}, map[string]bool{}
		for done := false; !done; {
			before := len(server.Requests())
			if k.kills > 0 {
				_, done = k.strike(span)
				closeEngine(t, k.reopen())
			} else {
				k.duration()
				done = true
			}
			requests := server.Requests()[before:]
			for _, r := range requests {
				for _, text := range r.Input {
					if sent[text] && !flight[text] {
						t.Errorf("%q was paid for and is sent again", text)
					}
					if sent[text] {
						repeated++
					}
					sent[text] = true
				}
				if clear(flight); !done { // the request of a kill may have got no answer, or its answer was not stored
					for _, text := range r.Input {
						flight[text] = true
					}
				}
			}
		}
		if got := k.dump(); !reflect.DeepEqual(got, want) {
			t.Fatalf("after kills the vectors differ (-want +got):\n%.2000s", cmp.Diff(want, got))
		}
	}
	t.Logf("%v a life, %d lives, %d texts sent twice because a kill took their answer", span, lives, repeated)
}

func (k *killing) dump() graphtest.Graph {
	k.t.Helper()
	e := k.reopen()
	defer closeEngine(k.t, e)
	return graphtest.Dump(k.t, e.Graph())
}

// seeded returns a quick configuration whose models differ for odd and even n.
func seeded(n uint64) *engine.Config { return &engine.Config{Factors: 8, Iterations: 2, Seed: 1 + n%2} }

// TestKillTrain kills trainings. The model that a kill leaves is whole: the last one that was acknowledged or the one
// after it, and it gives that one's lists.
func TestKillTrain(t *testing.T) {
	t.Parallel()
	k := newKilling(t, "train", 8, 100)
	e := k.reopen()
	if err := importAll(t.Context(), e, func(int) {}); err != nil {
		t.Fatal(err)
	}
	var want [2]string // by n%2
	for n := range uint64(3) {
		if _, err := e.Train(t.Context(), engine.TrainOptions{Config: seeded(n)}); err != nil {
			t.Fatal(err)
		}
		want[n%2] = listsOf(t, e)
	}
	if want[0] == want[1] {
		t.Fatal("both seeds give the same lists: the test sees nothing")
	}
	rows := graphtest.Dump(t, e.Graph())
	closeEngine(t, e)
	trained := uint64(0) // the number of the model in the store, odd or even
	acks := int64(0)
	for k.kills > 0 {
		acked, _ := k.strike(time.Second)
		e := k.reopen()
		if err := e.ModelError(); err != nil {
			t.Fatalf("model after a kill: %v", err)
		}
		got := listsOf(t, e)
		last := trained
		if acked > 0 {
			last, acks = uint64(acked), acks+acked
		}
		next := uint64(max(acked, 0)) + 1
		if got != want[last%2] && (acked < 0 || got != want[next%2]) {
			t.Fatalf("after training %d the lists are of another model", last)
		}
		if got == want[0] {
			trained = 0
		} else {
			trained = 1
		}
		if !reflect.DeepEqual(graphtest.Dump(t, e.Graph()), rows) {
			t.Fatal("training changed the graph")
		}
		closeEngine(t, e)
		left, err := filepath.Glob(filepath.Join(k.dir, "model*"))
		if err != nil || len(left) != 1 {
			t.Errorf("model files %v, %v", left, err)
		}
	}
	t.Logf("%d trainings were acknowledged", acks)
}

// listsOf prints the lists of all users, scores in full.
func listsOf(t *testing.T, e *engine.Engine) string {
	t.Helper()
	var b strings.Builder
	for r, err := range e.RecommendAll(t.Context(), engine.BatchQuery{Query: engine.Query{K: 5}}) {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&b, r.User, r.Items)
	}
	return b.String()
}
