package engine

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/enrich"
	"github.com/kenrec/ken/engine/internal/snapshot"
	"github.com/kenrec/ken/graph"
)

// onDisk fills and trains a store in dir: films with everything that a model file can hold, a modality of a confusing
// name included.
func onDisk(t testing.TB, dir string) *Engine {
	t.Helper()
	e, err := Open(t.Context(), dir, WithEmbedder(embed.NewHash(16)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	var nodes []graph.Node
	var triples []graph.Triple
	var events []graph.Interaction
	for i := range 24 {
		id := fmt.Sprintf("i%d", i)
		kind := []string{"dark", "bright", "strange"}[i%3]
		nodes = append(nodes, graph.Node{ID: id, Type: "film", Name: "Film " + id, Text: "a " + kind + " film of the " + kind + " kind",
			Attrs: []graph.Attr{{Key: "mood", Value: graph.String(kind)}}})
		triples = append(triples, graph.Triple{Head: id, Relation: "made_by", Tail: fmt.Sprintf("p%d", i%3)})
	}
	for u := range 30 {
		id := fmt.Sprintf("u%d", u)
		nodes = append(nodes, graph.Node{ID: id, Type: "person", Text: "likes what is " + []string{"dark", "bright", "strange"}[u%3]})
		triples = append(triples, graph.Triple{Head: id, Relation: "prefers", Tail: fmt.Sprintf("p%d", u%3)})
		for j := range 6 {
			events = append(events, graph.Interaction{User: id, Item: fmt.Sprintf("i%d", (3*(u+2*j)+u%3)%21), Weight: []float32{1, 1, -1}[j%3], Type: []string{"", "buy"}[j%2]})
		}
	}
	if err := errors.Join(e.AddNode(t.Context(), nodes...), e.AddTriple(t.Context(), triples...), e.AddInteraction(t.Context(), events...)); err != nil {
		t.Fatal(err)
	}
	b, err := e.Graph().NewBatch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, modality := range []string{"words", "popularity", "image.map"} {
		for i := range 24 {
			if _, err := b.PutVector(fmt.Sprintf("i%d", i), modality, "", []float32{float32(i % 3), float32(i % 5), 1}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Embed(t.Context(), EmbedOptions{}); err != nil {
		t.Fatal(err)
	}
	trainOnDisk(t, e)
	return e
}

func trainOnDisk(t testing.TB, e *Engine) {
	t.Helper()
	c := &Config{Factors: 6, Iterations: 3, WarmAlpha: 0.5, Types: []Weight{{"buy", 2}}, Blocks: []Weight{{"structure", 1}, {"neighbours", 1}}}
	if _, err := e.Train(t.Context(), TrainOptions{Config: c}); err != nil {
		t.Fatal(err)
	}
}

func TestModelFileRoundTrip(t *testing.T) {
	dir := t.TempDir()
	e := onDisk(t, dir)
	path := filepath.Join(dir, modelFile)
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := readModel(path)
	if err != nil {
		t.Fatal(err)
	}
	again := filepath.Join(t.TempDir(), "again")
	if _, err := m.save(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(again); err != nil || !bytes.Equal(got, want) {
		t.Errorf("saved, read and saved again: other bytes, %v", err)
	}
	lists := everyList(t, e)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e, err = Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if e.ModelError() != nil {
		t.Fatal(e.ModelError())
	}
	if got := everyList(t, e); got != lists {
		t.Errorf("the model read from its file gives other lists: %s", firstDifference(lists, got))
	}
}

// A damaged model file: the store opens, there is no model, ModelError says why, and Train makes a new one.
func TestDamagedModelFiles(t *testing.T) {
	dir := t.TempDir()
	e := onDisk(t, dir)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, modelFile)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	newer := slices.Clone(good)
	newer[8]++
	flip := slices.Clone(good)
	flip[len(flip)-9] ^= 4
	for _, tc := range []struct {
		name string
		file []byte
		want []error
		why  string
	}{
		{"flipped bit", flip, []error{ErrSnapshot, snapshot.ErrDamaged}, "a disk that forgets"},
		{"half", good[:len(good)/2], []error{ErrSnapshot, snapshot.ErrDamaged}, "a copy that was broken off"},
		{"empty", nil, []error{ErrSnapshot, snapshot.ErrNotModel}, "what a full disk leaves"},
		{"foreign", []byte("PK\x03\x04 something else altogether"), []error{ErrSnapshot, snapshot.ErrNotModel}, "another program's file"},
		{"newer", newer, []error{ErrSnapshot, ErrVersion}, "a model of a later ken"},
	} {
		if err := os.WriteFile(path, tc.file, 0o600); err != nil {
			t.Fatal(err)
		}
		e, err := Open(t.Context(), dir)
		if err != nil {
			t.Fatalf("%s: %v: a bad model must not close the store", tc.name, err)
		}
		for _, want := range tc.want {
			if !errors.Is(e.ModelError(), want) {
				t.Errorf("%s: %v, want %v: %s", tc.name, e.ModelError(), want, tc.why)
			}
		}
		if _, err := e.Recommend(t.Context(), Query{User: "u1", K: 1}); !errors.Is(err, ErrNotTrained) {
			t.Errorf("%s: recommend: %v, want ErrNotTrained", tc.name, err)
		}
		if tc.name == "newer" {
			trainOnDisk(t, e)
			if err := e.ModelError(); err != nil {
				t.Errorf("after training: %v", err)
			}
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	e, err = Open(t.Context(), dir)
	if err != nil || e.ModelError() != nil {
		t.Fatalf("after training anew: %v, %v", err, e.ModelError())
	}
	e.Close()
}

// Nothing that is done to the bytes of a model file makes it crash, or load.
func TestMutatedModelFiles(t *testing.T) {
	dir := t.TempDir()
	e := onDisk(t, dir)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(filepath.Join(dir, modelFile))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "bad")
	try := func(what string, file []byte) {
		t.Helper()
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readModel(path); err == nil {
			t.Errorf("%s: loaded", what)
		}
	}
	n := 1000
	if testing.Short() {
		n = 100
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for range n {
		bad := slices.Clone(good)
		at := rng.IntN(len(bad))
		bad[at] ^= 1 << rng.IntN(8)
		try(fmt.Sprintf("byte %d of %d", at, len(good)), bad)
	}
	for cut := 0; cut < len(good); cut += 997 {
		try(fmt.Sprintf("%d of %d bytes", cut, len(good)), good[:cut])
	}
}

// Files with valid checksums whose parts contradict each other: a broken program's, or a stranger's.
func TestContradictingModels(t *testing.T) {
	e := onDisk(t, t.TempDir())
	dir := t.TempDir()
	for _, tc := range []struct {
		name  string
		spoil func(m *model)
	}{
		{"user twice", func(m *model) { m.users[1] = m.users[0] }},
		{"users out of order", func(m *model) { slices.Reverse(m.users) }},
		{"item beyond the graph", func(m *model) { m.items[len(m.items)-1] = m.nodeCap }},
		{"user missing", func(m *model) { m.users = m.users[1:] }},
		{"item missing", func(m *model) { m.items = m.items[1:] }},
		{"hash missing", func(m *model) { m.known = m.known[1:] }},
		{"target missing", func(m *model) { m.target = m.target[1:] }},
		{"factors", func(m *model) { m.config.Factors++ }},
		{"bad configuration", func(m *model) { m.config.Alpha = -1 }},
		{"U", func(m *model) { m.factors.U = dense.New(2, 6) }},
		{"V", func(m *model) { m.factors.V = dense.New(24, 5) }},
		{"no Q", func(m *model) { m.factors.Q = dense.Matrix{} }},
		{"no head", func(m *model) { m.factors.Head = dense.Matrix{} }},
		{"no Z", func(m *model) { m.factors.Z = dense.Matrix{} }},
		{"W", func(m *model) { m.factors.W = dense.New(3, 6) }},
		{"warm W", func(m *model) { m.factors.WarmW = dense.New(3, 6) }},
		{"WU", func(m *model) { m.factors.WU = dense.New(3, 6) }},
		{"Gram", func(m *model) { m.factors.Grams.User = m.factors.Grams.User[1:] }},
		{"no Gram", func(m *model) { m.factors.Grams.WarmItem = nil }},
		{"confidences", func(m *model) { m.know.conf = m.know.conf[1:] }},
		{"links", func(m *model) { m.links = m.links.Transpose() }},
		{"history", func(m *model) { m.history = m.history.Transpose() }},
		{"no history", func(m *model) { m.history = nil }},
		{"scorer", func(m *model) { m.scorers[0].next = m.history }},
		{"scorer missing", func(m *model) { m.scorers[0].next = nil }},
		{"whitener", func(m *model) { blockWhere(m, func(b *block) bool { return b.whitener != nil }).whitener.Mean = nil }},
		{"words", func(m *model) { blockWhere(m, func(b *block) bool { return b.lsa != nil }).lsa.Terms = nil }},
		{"columns", func(m *model) {
			blockWhere(m, func(b *block) bool { return b.shape != nil }).shape = &enrich.Structure{Map: dense.New(4, 3)}
		}},
		{"context twice", func(m *model) { m.know.items.all[1] = m.know.items.all[0] }},
		{"context column", func(m *model) { m.know.users.rarity = m.know.users.rarity[1:] }},
	} {
		if err := e.Graph().SetMeta(t.Context(), "probe", []byte("x")); err != nil {
			t.Fatal(err)
		}
		m, err := readModel(filepath.Join(e.dir, modelFile))
		if err != nil {
			t.Fatal(err)
		}
		tc.spoil(m)
		path := filepath.Join(dir, "m")
		if _, err := m.save(t.Context(), path); err != nil {
			continue // refused already when written
		}
		if _, err := readModel(path); !errors.Is(err, snapshot.ErrDamaged) {
			t.Errorf("%s: %v, want ErrDamaged", tc.name, err)
		}
	}
}

// blockWhere finds a block of the item features.
func blockWhere(m *model, is func(*block) bool) *block {
	for i := range m.know.itemFeatures.blocks {
		if b := &m.know.itemFeatures.blocks[i]; is(b) {
			return b
		}
	}
	panic("no such block")
}

// A model file beside a store that it does not belong to.
func TestModelOfAnotherStore(t *testing.T) {
	mine, other := t.TempDir(), t.TempDir()
	e := onDisk(t, mine)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(mine, modelFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		fill func(e *Engine)
		why  string
	}{
		{"empty", func(*Engine) {}, "the store is older than the model: it was made anew"},
		{"others", func(e *Engine) {
			for i := range 100 {
				linesTSV(t, e, Interactions, fmt.Sprintf("someone%d thing%d 1", i, i))
			}
		}, "the numbers mean other nodes"},
	} {
		dir := filepath.Join(other, tc.name)
		e, err := Open(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		tc.fill(e)
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, modelFile), file, 0o600); err != nil {
			t.Fatal(err)
		}
		if e, err = Open(t.Context(), dir); err != nil {
			t.Fatal(err)
		}
		if _, ok := e.Model(); ok || !errors.Is(e.ModelError(), ErrSnapshot) || !strings.Contains(e.ModelError().Error(), "another store") {
			t.Errorf("%s: %v: %s", tc.name, e.ModelError(), tc.why)
		}
		e.Close()
	}
}

// Temporary files of a training that was killed are not read, and go.
func TestUnfinishedModelFiles(t *testing.T) {
	dir := t.TempDir()
	e := onDisk(t, dir)
	want := everyList(t, e)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, modelFile+".new-123"), []byte("KENMODEL half"), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if e.ModelError() != nil || everyList(t, e) != want {
		t.Errorf("the model is not the one before: %v", e.ModelError())
	}
	if left, _ := filepath.Glob(filepath.Join(dir, modelFile+".*")); len(left) > 0 {
		t.Errorf("%q is left", left)
	}
}
