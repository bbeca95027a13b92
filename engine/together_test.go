package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/graph"
	"github.com/kenrec/ken/graph/graphtest"
)

// TestTogetherOnDisk lets readers, writers, an importer, a trainer, an eraser and backups work on one store on disk at
// once: no race, no error but of what was erased in between, every backup whole, nothing damaged afterwards.
func TestTogetherOnDisk(t *testing.T) {
	span := 2 * time.Second
	switch {
	case os.Getenv("KEN_LONG") != "":
		span = 20 * time.Second
	case testing.Short():
		span = time.Second
	}
	dir := filepath.Join(graphtest.Dir(t), "store")
	e, err := engine.Open(t.Context(), dir, engine.WithEmbedder(embed.NewHash(16)))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if err := importAll(t.Context(), e, func(int) {}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Train(t.Context(), engine.TrainOptions{Config: seeded(0)}); err != nil {
		t.Fatal(err)
	}
	j := &jobs{t: t, until: time.Now().Add(span), did: map[string]int{}}
	ctx := t.Context()
	var lists atomic.Int64
	for range 2 {
		j.run("recommend", func(i int) error {
			_, err := e.Recommend(ctx, engine.Query{User: fmt.Sprint("user:", i%50), K: 5, Explain: i%7 == 0})
			if errors.Is(err, engine.ErrNotTrained) {
				return nil // an erasure has taken the model
			}
			lists.Add(1)
			return err
		})
	}
	j.run("scan", func(int) error {
		for _, err := range e.Graph().Triples(ctx) {
			if err != nil {
				return err
			}
		}
		_, err := e.Graph().Stats(ctx)
		return err
	})
	j.run("add", func(i int) error {
		guest := fmt.Sprint("guest:", i%20)
		return errors.Join(
			e.AddNode(ctx, graph.Node{ID: guest, Type: "user", Name: guest, Text: "somebody new"}),
			e.AddInteraction(ctx, graph.Interaction{User: guest, Item: fmt.Sprint("item:", i%100), Time: int64(i)}))
	})
	j.run("import", func(i int) error {
		_, err := e.Import(ctx, engine.Source{
			Kind: engine.Triples, Format: engine.TSV, Header: engine.HeaderNo,
			Reader: strings.NewReader(fmt.Sprintf("item:%d\thas_rel0\trel0:e1\nguest:%d\tprefers\trel0:e%d\n", i%100, i%20, i%9)),
		})
		return err
	})
	j.run("embed", func(int) error { _, err := e.Embed(ctx, engine.EmbedOptions{}); return err })
	j.run("train", func(i int) error {
		_, err := e.Train(ctx, engine.TrainOptions{Config: seeded(uint64(i))})
		return err
	})
	j.run("erase", func(i int) error {
		who := "nobody" // whose erasure leaves the model
		if i%8 == 0 {
			who = fmt.Sprint("guest:", i/8%20)
		}
		_, err := e.Erase(ctx, []string{who})
		return err
	})
	j.run("backup", func(i int) error {
		var b bytes.Buffer
		if _, err := e.Graph().Backup(ctx, &b); err != nil || i%5 > 0 {
			return err
		}
		return wholeBackup(ctx, &b, filepath.Join(dir+".restored", fmt.Sprint(i)))
	})
	j.work.Wait()
	t.Log(j.did, lists.Load(), "lists")
	if lists.Load() == 0 {
		t.Error("nobody got a list")
	}
	graphtest.Check(t, e.Graph())
	closeEngine(t, e)
	if rep, err := graph.Check(t.Context(), dir); err != nil || !rep.OK() {
		t.Errorf("%+v, %v", rep, err)
	}
}

// wholeBackup restores a backup and checks what came of it.
func wholeBackup(ctx context.Context, b *bytes.Buffer, dir string) error {
	if _, err := graph.Restore(ctx, b, dir); err != nil {
		return err
	}
	rep, err := graph.Check(ctx, dir)
	if err == nil && !rep.OK() {
		err = fmt.Errorf("restored: %+v", rep.Findings)
	}
	return err
}

// jobs repeat until their time is over.
type jobs struct {
	t     *testing.T
	until time.Time
	work  sync.WaitGroup

	mu  sync.Mutex // guards did
	did map[string]int
}

// run repeats f, called with how often it was called before, until the time is over or it fails.
func (j *jobs) run(name string, f func(i int) error) {
	j.work.Go(func() {
		n := 0
		for ; time.Now().Before(j.until); n++ {
			if err := f(n); err != nil {
				j.t.Errorf("%s: %v", name, err)
				break
			}
		}
		j.mu.Lock()
		defer j.mu.Unlock()
		j.did[name] += n
	})
}
