package engine_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/graph"
)

// trainedStore makes a store with a model in dir: two tastes, two users each.
func trainedStore(t *testing.T, dir string) *engine.Engine {
	t.Helper()
	e, err := engine.Open(t.Context(), dir, engine.WithEmbedder(embed.NewHash(16)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	for _, src := range []struct {
		kind engine.Kind
		rows string
	}{
		{engine.Nodes, "ann\tuser\tAnn\tlikes quiet evenings\nheat\tfilm\tHeat\ta thief\n"},
		{engine.Interactions, "ann\theat\nann\tronin\nbo\theat\nbo\tronin\ncy\tbambi\ncy\tdumbo\ndi\tbambi\ndi\tdumbo\n"},
	} {
		if _, err := e.Import(t.Context(), engine.Source{Kind: src.kind, Format: engine.TSV, Header: engine.HeaderNo, Reader: strings.NewReader(src.rows)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.Embed(t.Context(), engine.EmbedOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Train(t.Context(), engine.TrainOptions{Config: &engine.Config{Factors: 4, Iterations: 2}}); err != nil {
		t.Fatal(err)
	}
	return e
}

// TestEraseLeavesNothing: rows, cached vectors and what the model learned are gone, and nobody else's.
func TestEraseLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	e := trainedStore(t, dir)
	text := "Ann. likes quiet evenings"
	keys := [][32]byte{embed.Key(embed.NewHash(16).Model(), text)}
	if had, err := e.Graph().CacheLookup(t.Context(), keys); err != nil || had[0] == nil {
		t.Fatalf("the text of ann is not cached before: %v", err)
	}
	rep, err := e.Erase(t.Context(), []string{"ann", "nobody"})
	if err != nil {
		t.Fatal(err)
	}
	if rep.Nodes != 1 || rep.Missing != 1 || !rep.ModelDropped {
		t.Errorf("report %+v, want one node, one missing, the model dropped", rep)
	}
	if had, err := e.Graph().CacheLookup(t.Context(), keys); err != nil || had[0] != nil {
		t.Errorf("the text of ann is still cached (%v)", err)
	}
	if _, err := e.Graph().Node(t.Context(), "ann"); !errors.Is(err, graph.ErrNotFound) {
		t.Errorf("ann is still there: %v", err)
	}
	if _, err := e.Graph().Node(t.Context(), "bo"); err != nil {
		t.Errorf("bo is gone, too: %v", err)
	}
	if _, err := e.Recommend(t.Context(), engine.Query{User: "bo", K: 1}); !errors.Is(err, engine.ErrNotTrained) {
		t.Errorf("recommend after erase: %v, want ErrNotTrained", err)
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "model*")); len(files) > 0 {
		t.Errorf("%v is left", files)
	}
	if _, err := e.Train(t.Context(), engine.TrainOptions{Config: &engine.Config{Factors: 4, Iterations: 2}}); err != nil {
		t.Errorf("train after erase: %v", err)
	}
}

func TestEraseOfAStrangerKeepsTheModel(t *testing.T) {
	e := trainedStore(t, t.TempDir())
	rep, err := e.Erase(t.Context(), []string{"nobody"})
	if err != nil || rep.ModelDropped || rep.Missing != 1 {
		t.Errorf("report %+v, %v", rep, err)
	}
	if _, ok := e.Model(); !ok {
		t.Error("the model is gone")
	}
}

// TestRestoreDropsTheModel: its numbers may mean other nodes in the restored store.
func TestRestoreDropsTheModel(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	e := trainedStore(t, dir)
	var backup bytes.Buffer
	if _, err := e.Graph().Backup(ctx, &backup); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	cut := backup.Bytes()[:backup.Len()/2]
	if _, err := engine.Restore(ctx, bytes.NewReader(cut), dir); !errors.Is(err, graph.ErrBadBackup) {
		t.Errorf("half a backup: %v, want ErrBadBackup", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "model.ken")); err != nil {
		t.Errorf("a refused backup took the model: %v", err)
	}
	if _, err := engine.Restore(ctx, &backup, dir); err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, ok := e.Model(); ok {
		t.Error("the model outlived the store that it was trained on")
	}
}
