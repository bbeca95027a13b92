package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/graph"
)

// TestCheck guarantees that Check reads everything that lies in the directory of a store, not the store's records alone.
func TestCheck(t *testing.T) {
	record := func(space, key, val string) func(*testing.T, *Engine) {
		return func(t *testing.T, e *Engine) {
			if err := e.store.SetRecord(t.Context(), space, key, []byte(val)); err != nil {
				t.Fatal(err)
			}
		}
	}
	setting := func(key, val string) func(*testing.T, *Engine) {
		return func(t *testing.T, e *Engine) {
			if err := e.store.SetMeta(t.Context(), key, []byte(val)); err != nil {
				t.Fatal(err)
			}
		}
	}
	appendLog := func(t *testing.T, e *Engine) {
		if _, err := e.commit(t.Context(), "test", func(b *graph.Batch) error { return b.AppendLog([]byte("{")) }); err != nil {
			t.Fatal(err)
		}
	}
	nothing := func(*testing.T, *Engine) {}
	ok := proposalKey(Proposal{Source: "s", Head: "h", Relation: "r", Tail: "t"})
	for _, tt := range []struct {
		name  string
		open  func(*testing.T, *Engine)      // changes the store
		files func(t *testing.T, dir string) // changes its files
		kind  string                         // of the finding, "" for none
		why   string
	}{
		{"as it was left", nothing, nil, "", "what the engine wrote is whole"},
		{"flipped byte in the model", nothing, flipModel, "model", "the file has checksums"},
		{"cut model", nothing, cutModel, "model", "the file knows its size"},
		{"model of another store", nothing, otherModel, "model", "its numbers mean other nodes"},
		{"configuration", setting(metaConfig, `{"factors":-1}`), nil, "settings", "train would refuse it"},
		{"models' names", setting(metaModels, "x"), nil, "settings", "erase could not tell the keys"},
		{"journal of tuning", setting(metaJournal, "x"), nil, "settings", "tune would begin anew"},
		{"trial that is missing", setting(metaJournal, `{"n":1}`), nil, "settings", "the header comes last, so trials cannot be missing"},
		{"proposal that is none", record(spaceProposal, ok, "x"), nil, "proposal", "lists of proposals would fail"},
		{"proposal under another's key", record(spaceProposal, ok, `{"source":"s","head":"x"}`), nil, "proposal", "erasing x would leave it"},
		{"answer that is none", record(spaceAnswer, answerKey("h", [32]byte{1}), "x"), nil, "answer", "answers are JSON"},
		{"space that nobody knows", record("later", "key", "x"), nil, "unknown", "erase cannot tell whom it speaks of"},
		{"log entry that is none", appendLog, nil, "log", "entries are JSON"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "store")
			tasteStore(t, dir, tt.open)
			if tt.files != nil {
				tt.files(t, dir)
			}
			rep, err := Check(t.Context(), dir)
			switch {
			case err != nil:
				t.Fatal(err)
			case tt.kind == "" && (!rep.OK() || !rep.Model):
				t.Errorf("%+v, want it whole with a model: %s", rep, tt.why)
			case tt.kind != "" && (rep.Damages != 1 || rep.Findings[0].Kind != tt.kind):
				t.Errorf("%+v, want one finding of kind %s: %s", rep, tt.kind, tt.why)
			}
		})
	}
}

// tasteStore makes a store with a model in dir, changes it and closes it.
func tasteStore(t *testing.T, dir string, change func(*testing.T, *Engine)) {
	t.Helper()
	e, err := Open(t.Context(), dir, WithEmbedder(embed.NewHash(8)))
	if err != nil {
		t.Fatal(err)
	}
	rows := "ann\theat\nann\tronin\nbo\theat\nbo\tronin\ncy\tbambi\ncy\tdumbo\ndi\tbambi\ndi\tdumbo\n"
	if _, err := e.Import(t.Context(), Source{Kind: Interactions, Format: TSV, Header: HeaderNo, Reader: strings.NewReader(rows)}); err != nil {
		t.Fatal(err)
	}
	mustAdd(t, e, graph.Node{ID: "heat", Type: "item", Name: "Heat"})
	if _, err := e.Embed(t.Context(), EmbedOptions{}); err != nil {
		t.Fatal(err)
	}
	propose(t, e, Proposal{Head: "heat", Relation: "like", Tail: "ronin", Source: "s", Confidence: 1})
	if _, err := e.Train(t.Context(), TrainOptions{Config: &Config{Factors: 4, Iterations: 2}}); err != nil {
		t.Fatal(err)
	}
	change(t, e)
	closed(t, e)
}

func flipModel(t *testing.T, dir string) {
	changeFile(t, filepath.Join(dir, modelFile), func(b []byte) []byte {
		b[len(b)/2] ^= 1
		return b
	})
}

func cutModel(t *testing.T, dir string) {
	changeFile(t, filepath.Join(dir, modelFile), func(b []byte) []byte { return b[:len(b)-1] })
}

// otherModel puts the model of a store with other users in place.
func otherModel(t *testing.T, dir string) {
	other := filepath.Join(t.TempDir(), "other")
	tasteStore(t, other, func(t *testing.T, e *Engine) {
		for _, u := range []string{"eve", "fay"} {
			if err := e.AddInteraction(t.Context(), graph.Interaction{User: u, Item: "heat"}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := e.Train(t.Context(), TrainOptions{Config: &Config{Factors: 4, Iterations: 2}}); err != nil {
			t.Fatal(err)
		}
	})
	b, err := os.ReadFile(filepath.Join(other, modelFile))
	if err != nil {
		t.Fatal(err)
	}
	changeFile(t, filepath.Join(dir, modelFile), func([]byte) []byte { return b })
}

func changeFile(t *testing.T, path string, change func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(b), 0o600); err != nil {
		t.Fatal(err)
	}
}
