package engine

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/embed/chat"
	"github.com/kenrec/ken/embed/chat/chattest"
	"github.com/kenrec/ken/embed/embedtest"
	"github.com/kenrec/ken/graph"
)

// canary is a node whose id, name and text stand nowhere else.
var canary = graph.Node{ID: "film-canary-31d7", Type: "film", Name: "Name-canary-9a02", Text: "Text-canary-c4e8 walks alone."}

func erase(t *testing.T, e *Engine, id string) EraseReport {
	t.Helper()
	rep, err := e.Erase(t.Context(), []string{id})
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// mustAdd puts a node into the graph.
func mustAdd(t *testing.T, e *Engine, n graph.Node) {
	t.Helper()
	if err := e.AddNode(t.Context(), n); err != nil {
		t.Fatal(err)
	}
}

// cachedTexts returns those of the texts that the cache has a vector of.
func cachedTexts(t *testing.T, e *Engine, m embed.Model, texts ...string) []string {
	t.Helper()
	return slices.DeleteFunc(texts, func(text string) bool {
		v, err := e.store.CacheLookup(t.Context(), [][32]byte{embed.Key(m, text)})
		if err != nil {
			t.Fatal(err)
		}
		return v[0] == nil
	})
}

// answersAbout counts the kept answers about a node.
func answersAbout(t *testing.T, e *Engine, id string) (n int) {
	t.Helper()
	for _, err := range e.store.Records(t.Context(), spaceAnswer, string(appendParts(nil, id))) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// TestEraseWhileEmbedding erases a node while its text is at the embedder: neither its vector nor a cache entry of its
// text is there afterwards, also when a node of that id came back meanwhile; other nodes get theirs.
func TestEraseWhileEmbedding(t *testing.T) {
	for _, tt := range []struct {
		name    string
		back    bool
		rebuild bool
		why     string
	}{
		{"gone", false, false, "the plain case"},
		{"back with another text", true, false, "the old text's vector is not the new node's"},
		{"while all vectors are replaced", false, true, "vectors go to the cache first and to the nodes from there"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := embedtest.NewEmbedder(8)
			e := filmStore(t, WithEmbedder(m))
			mustAdd(t, e, canary)
			if tt.rebuild {
				if _, err := e.Embed(t.Context(), EmbedOptions{}); err != nil {
					t.Fatal(err)
				}
				m.Name = "another"
			}
			m.Before = func(int) error {
				erase(t, e, canary.ID)
				if tt.back {
					mustAdd(t, e, graph.Node{ID: canary.ID, Type: "film", Name: "Another"})
				}
				return nil
			}
			if _, err := e.Embed(t.Context(), EmbedOptions{Rebuild: tt.rebuild}); err != nil {
				t.Fatal(err)
			}
			if _, err := e.store.Vector(t.Context(), canary.ID, modalityText); !errors.Is(err, graph.ErrNotFound) {
				t.Errorf("the vector came back: %s: %v", tt.why, err)
			}
			if left := cachedTexts(t, e, m.Model(), embedText(canary.Name, canary.Text), canary.Name); len(left) > 0 {
				t.Errorf("the cache has %q: %s", left, tt.why)
			}
			if _, err := e.store.Vector(t.Context(), "f1", modalityText); err != nil {
				t.Errorf("another film: %v", err)
			}
			if len(e.erasures.watches) > 0 {
				t.Error("a watch was not ended")
			}
			checkStore(t, e)
		})
	}
}

// TestEraseWhileEnriching erases a node while a model is asked about it: no answer and no proposal about it is kept, nor
// the vector of its name, which values are compared with.
func TestEraseWhileEnriching(t *testing.T) {
	for _, back := range []bool{false, true} {
		embedder := embedtest.NewEmbedder(8)
		e := filmStore(t, WithEmbedder(embedder))
		mustAdd(t, e, canary)
		person := graph.Node{ID: "person-canary", Type: "person", Name: "Person-canary"}
		mustAdd(t, e, person)
		m := answers(map[string]string{canary.Name: facts("directed_by=Somebody new"), "Heat": facts("directed_by=Mikael Man")})
		reply := m.Reply
		m.Reply = func(r chat.Request) (string, error) {
			if bytes.Contains([]byte(r.Messages[1].Content), []byte(canary.Name)) {
				erase(t, e, canary.ID)
				erase(t, e, person.ID)
				if back {
					mustAdd(t, e, graph.Node{ID: canary.ID, Type: "film", Name: "Another"})
				}
			}
			return reply(r)
		}
		enrichWith(t, e, m, EnrichOptions{Schema: filmSchema(), Types: []string{"film"}})
		if n := answersAbout(t, e, canary.ID); n > 0 {
			t.Errorf("back %v: %d answers", back, n)
		}
		if ps := listed(t, e, ReviewFilter{Head: canary.ID}); len(ps) > 0 {
			t.Errorf("back %v: proposed %+v", back, ps)
		}
		if left := cachedTexts(t, e, embedder.Model(), person.Name, "Jean-Pierre Jeunet"); !slices.Equal(left, []string{"Jean-Pierre Jeunet"}) {
			t.Errorf("back %v: the cache has %q, want the name of the other person", back, left)
		}
		if n := answersAbout(t, e, "f1"); n != 1 {
			t.Errorf("back %v: %d answers about another film", back, n)
		}
		checkStore(t, e)
	}
}

// TestEraseIsReplayed erases a node of which everything is kept, and restores a backup from before: not one byte of it is
// in the files, and what is others' is there.
func TestEraseIsReplayed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	m := embedtest.NewEmbedder(8)
	open := func() *Engine {
		e, err := Open(t.Context(), dir, WithEmbedder(m))
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	e := open()
	other := graph.Node{ID: "other", Type: "film", Name: "Other", Text: "Something else."}
	former := canary
	former.Text = "What was said of it before."
	mustAdd(t, e, former)
	mustAdd(t, e, other)
	if _, err := e.Embed(t.Context(), EmbedOptions{}); err != nil {
		t.Fatal(err)
	}
	before, err := e.store.Vector(t.Context(), canary.ID, modalityText)
	if err != nil {
		t.Fatal(err)
	}
	mustAdd(t, e, canary)
	for _, name := range []string{"first", "second"} { // the cache keeps the vectors of both models
		m.Name = name
		if _, err := e.Embed(t.Context(), EmbedOptions{Rebuild: true}); err != nil {
			t.Fatal(err)
		}
	}
	model := &chattest.Model{Name: "toy", Reply: func(chat.Request) (string, error) { return facts("directed_by=Director-canary-77"), nil }}
	enrichWith(t, e, model, EnrichOptions{Schema: filmSchema(), Types: []string{"film"}, By: "tester"})
	link := Proposal{Head: other.ID, Relation: "like", Tail: canary.ID, Source: "s", Value: canary.Name, Confidence: 1}
	propose(t, e, link)
	reviewed(t)(e.ReviewAccept(t.Context(), ReviewFilter{Head: canary.ID}, "tester"))
	vec, err := e.store.Vector(t.Context(), canary.ID, modalityText)
	if err != nil {
		t.Fatal(err)
	}
	needles := [][]byte{[]byte(canary.ID), []byte(canary.Name), []byte("Text-canary"), vectorBytes(vec), vectorBytes(before)}
	var backup bytes.Buffer
	if _, err := e.store.Backup(t.Context(), &backup); err != nil {
		t.Fatal(err)
	}
	find := func(when string, want bool) {
		t.Helper()
		counts, err := graph.FindBytes(t.Context(), dir, needles...)
		if err != nil {
			t.Fatal(err)
		}
		for i, n := range counts {
			if n > 0 != want {
				t.Errorf("%s: %.20q stands in %d places", when, needles[i], n)
			}
		}
	}
	find("before", true)
	if rep := erase(t, e, canary.ID); rep.Records != 3 {
		t.Errorf("%+v, want 3 records erased: a proposal, an answer, a link of another film", rep)
	}
	closed(t, e)
	if _, err := Vacuum(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	find("after the vacuum", false)
	rep, err := Restore(t.Context(), &backup, dir)
	if err != nil || rep.Erased != 1 || rep.Forgotten != 3 {
		t.Fatalf("%+v, %v: want a node and three records left out", rep, err)
	}
	find("after restoring", false)
	e = open()
	defer closed(t, e)
	if n := answersAbout(t, e, other.ID); n != 1 {
		t.Errorf("%d answers about the other film, want 1", n)
	}
	if left := listed(t, e, ReviewFilter{}); len(left) != 1 || left[0].Head != other.ID {
		t.Errorf("proposals %+v, want that about the other film", left)
	}
	for _, name := range []string{"first", "second"} {
		if left := cachedTexts(t, e, embed.Model{Name: name}, embedText(other.Name, other.Text)); len(left) != 1 {
			t.Errorf("model %s: the other film's vector is gone from the cache", name)
		}
	}
	checkStore(t, e)
}

func closed(t *testing.T, e *Engine) {
	t.Helper()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}

// vectorBytes is a vector as the store writes it.
func vectorBytes(v []float32) []byte {
	var b []byte
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}
