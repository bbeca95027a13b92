package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/embed/embedtest"
	"github.com/kenrec/ken/graph"
)

// withEmbedder returns an engine in memory with the nodes in it.
func withEmbedder(t *testing.T, e embed.Embedder, nodes ...graph.Node) *Engine {
	t.Helper()
	eng, err := OpenInMemory(WithEmbedder(e))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { eng.Close() })
	putNodes(t, eng, nodes...)
	return eng
}

func putNodes(t *testing.T, eng *Engine, nodes ...graph.Node) {
	t.Helper()
	b, err := eng.store.NewBatch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Cancel()
	for _, n := range nodes {
		if _, err := b.PutNode(n); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// numbered returns n nodes with a text each.
func numbered(n int) []graph.Node {
	nodes := make([]graph.Node, n)
	for i := range nodes {
		nodes[i] = graph.Node{ID: fmt.Sprintf("m%d", i), Type: "item", Name: fmt.Sprintf("Film %d", i)}
	}
	return nodes
}

// modality returns the text modality of the store, the zero value when there is none.
func modality(t *testing.T, eng *Engine) graph.Modality {
	t.Helper()
	all, err := eng.store.Modalities(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if m.Name == modalityText {
			return m
		}
	}
	return graph.Modality{}
}

func checkReport(t *testing.T, got, want EmbedReport) {
	t.Helper()
	got.Seconds, got.Tokens = 0, 0
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

func TestEmbedText(t *testing.T) {
	cases := []struct{ name, text, want, why string }{
		{"Heat", "A thief meets his hunter.", "Heat. A thief meets his hunter.", "name and text"},
		{"Heat", "", "Heat", "name alone"},
		{"", "A thief.", "A thief.", "text alone"},
		{"", "", "", "nothing to embed"},
		{" \n", "\t", "", "white space is nothing"},
		{"Heat", "Heat is a film.", "Heat is a film.", "the text says the name itself"},
		{"Heat (1995)", `"Heat (1995)" is a film.`, `"Heat (1995)" is a film.`, "in quotes"},
		{"'71", "'71 is a film.", "'71 is a film.", "the quote is part of the name"},
		{"千与千寻", "《千与千寻》是一部电影。", "《千与千寻》是一部电影。", "in Chinese quotes"},
		{"HEAT", "Heat", "Heat", "the text is the name"},
		{"Heat", "Heath grows here.", "Heat. Heath grows here.", "only the beginning of a word is equal"},
		{"千与千寻", "千与千寻是一部电影。", "千与千寻是一部电影。", "no spaces between words in Chinese"},
		{"a\n b", "c \u00a0 d", "a b. c d", "white space is folded"},
		{"e\u0301", "x", "\u00e9. x", "decomposed letters are composed"},
		{"a\xff", "x", "a\uFFFD. x", "invalid UTF-8 becomes U+FFFD"},
	}
	for _, c := range cases {
		if got := embedText(c.name, c.text); got != c.want {
			t.Errorf("embedText(%q, %q) = %q, want %q: %s", c.name, c.text, got, c.want, c.why)
		}
	}
	long := embedText("x", strings.Repeat("é", embedBytes))
	if len(long) > embedBytes || len(long) < embedBytes-4 || strings.ContainsRune(long, '\uFFFD') {
		t.Errorf("a long text was cut to %d bytes, or inside a character", len(long))
	}
}

func TestEmbedFillsWhatIsMissing(t *testing.T) {
	fake := embedtest.NewEmbedder(16)
	eng := withEmbedder(t, fake, append(numbered(600), graph.Node{ID: "bare", Type: "item"}, graph.Node{ID: "twin", Name: "Film 7"})...)

	rep, err := eng.Embed(t.Context(), EmbedOptions{})
	if err != nil {
		t.Fatal(err)
	}
	checkReport(t, rep, EmbedReport{Model: "fake", Dim: 16, Texts: 601, Cached: 1, Sent: 600})
	if got := modality(t, eng); got != (graph.Modality{Name: "text", Model: "fake", Dim: 16, Count: 601}) {
		t.Errorf("modality %+v", got)
	}
	want, _ := embed.NewHash(16).Embed(t.Context(), []string{"Film 42"})
	if got, err := eng.store.Vector(t.Context(), "m42", modalityText); err != nil || !slices.Equal(got, want[0]) {
		t.Errorf("vector of m42 is %v (%v), want that of its name", got, err)
	}

	seq := eng.store.Seq()
	rep, err = eng.Embed(t.Context(), EmbedOptions{})
	if err != nil {
		t.Fatal(err)
	}
	checkReport(t, rep, EmbedReport{Model: "fake", Dim: 16, Texts: 601, Fresh: 601})
	if eng.store.Seq() != seq || len(fake.Seen()) != 600 {
		t.Error("the second call sent or stored something")
	}

	putNodes(t, eng, graph.Node{ID: "m3", Text: "Now with a plot."}, graph.Node{ID: "m4", Name: "Film 5"})
	rep, err = eng.Embed(t.Context(), EmbedOptions{})
	if err != nil {
		t.Fatal(err)
	}
	checkReport(t, rep, EmbedReport{Model: "fake", Dim: 16, Texts: 601, Fresh: 599, Cached: 1, Sent: 1})
	if seen := fake.Seen(); len(seen) != 601 || seen[600] != "Film 3. Now with a plot." {
		t.Errorf("the changed text was sent as %q", seen[600:])
	}
}

func TestEmbedOfTypes(t *testing.T) {
	eng := withEmbedder(t, embedtest.NewEmbedder(8), graph.Node{ID: "a", Type: "item", Name: "A"}, graph.Node{ID: "b", Type: "user", Name: "B"})
	rep, err := eng.Embed(t.Context(), EmbedOptions{Types: []string{"item"}})
	if err != nil {
		t.Fatal(err)
	}
	checkReport(t, rep, EmbedReport{Model: "fake", Dim: 8, Texts: 1, Sent: 1})
}

func TestEmbedDryRunSendsNothing(t *testing.T) {
	fake := embedtest.NewEmbedder(8)
	eng := withEmbedder(t, fake, append(numbered(300), graph.Node{ID: "twin", Name: "Film 7"})...)
	rep, err := eng.Embed(t.Context(), EmbedOptions{DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	if rep.Tokens != 600 { // "Film 7" is two tokens by the estimate, "Film 100" too
		t.Errorf("%d tokens, want 600", rep.Tokens)
	}
	checkReport(t, rep, EmbedReport{Model: "fake", Dim: 8, Texts: 301, Cached: 1, Sent: 300})
	if st, err := eng.store.Stats(t.Context()); err != nil || st.Vectors != 0 || st.CacheEntries != 0 || len(fake.Seen()) != 0 {
		t.Errorf("a dry run left %+v (%v) and sent %d texts", st, err, len(fake.Seen()))
	}
}

func TestEmbedCancelledGoesOnWhereItStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	fake := embedtest.NewEmbedder(8)
	fake.Before = func(done int) error {
		if done >= 500 {
			cancel()
		}
		return nil
	}
	eng := withEmbedder(t, fake, numbered(1500)...)
	rep, err := eng.Embed(ctx, EmbedOptions{})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want one wrapping context.Canceled", err)
	}
	stored := modality(t, eng).Count
	if stored < 500 || stored != rep.Sent || stored != len(fake.Seen()) {
		t.Errorf("%d vectors stored, %d reported, %d computed", stored, rep.Sent, len(fake.Seen()))
	}
	fake.Before = nil
	rep, err = eng.Embed(t.Context(), EmbedOptions{})
	if err != nil {
		t.Fatal(err)
	}
	checkReport(t, rep, EmbedReport{Model: "fake", Dim: 8, Texts: 1500, Fresh: stored, Sent: 1500 - stored})
	if len(fake.Seen()) != 1500 {
		t.Errorf("%d texts were computed in all, want each once", len(fake.Seen()))
	}
}

func TestEmbedListsTextsThatFail(t *testing.T) {
	fake := embedtest.NewEmbedder(8)
	fake.Fail = "9"
	eng := withEmbedder(t, fake, numbered(300)...)
	rep, err := eng.Embed(t.Context(), EmbedOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if rep.Failed != 57 || rep.Sent != 243 || len(rep.Failures) != embedFailures || rep.Failures[0].ID != "m9" {
		t.Errorf("failed %d, sent %d, listed %d, first %+v", rep.Failed, rep.Sent, len(rep.Failures), rep.Failures[0])
	}
	all := withEmbedder(t, fake, graph.Node{ID: "x", Name: "999"})
	if _, err := all.Embed(t.Context(), EmbedOptions{}); !errors.Is(err, ErrBadRecord) {
		t.Errorf("every text failed, error %v", err)
	}
}

func TestEmbedNeverMixesModels(t *testing.T) {
	eng := withEmbedder(t, embedtest.NewEmbedder(8), numbered(300)...)
	if _, err := eng.Embed(t.Context(), EmbedOptions{}); err != nil {
		t.Fatal(err)
	}
	other := embedtest.NewEmbedder(12)
	other.Name = "other"
	eng.embedder = other
	_, err := eng.Embed(t.Context(), EmbedOptions{})
	if !errors.Is(err, ErrDimension) || !strings.Contains(err.Error(), "--rebuild") {
		t.Errorf("another model gave %v", err)
	}

	other.Before = func(done int) error {
		if done > 0 {
			return embed.ErrUnavailable
		}
		return nil
	}
	putNodes(t, eng, numbered(700)...)
	if _, err := eng.Embed(t.Context(), EmbedOptions{Rebuild: true}); !errors.Is(err, embed.ErrUnavailable) {
		t.Errorf("a server that goes away gave %v", err)
	}
	if got := modality(t, eng); got.Model != "fake" || got.Count != 300 {
		t.Errorf("a rebuild cut short left %+v, want the old vectors", got)
	}
	other.Before = nil
	rep, err := eng.Embed(t.Context(), EmbedOptions{Rebuild: true})
	if err != nil {
		t.Fatal(err)
	}
	if rep.Cached == 0 || rep.Cached+rep.Sent != 700 || len(other.Seen()) != 700 {
		t.Errorf("cached %d, sent %d, computed %d in all: want each text once", rep.Cached, rep.Sent, len(other.Seen()))
	}
	if got := modality(t, eng); got != (graph.Modality{Name: "text", Model: "other", Dim: 12, Count: 700}) {
		t.Errorf("after the rebuild %+v", got)
	}
}

func TestEmbedOfADeletedNodeDoesNotBringItBack(t *testing.T) {
	fake := embedtest.NewEmbedder(8)
	eng := withEmbedder(t, fake, numbered(3)...)
	fake.Before = func(int) error {
		b, err := eng.store.NewBatch(t.Context())
		if err != nil {
			return err
		}
		defer b.Cancel()
		if err := b.DeleteNode("m1"); err != nil {
			return err
		}
		_, err = b.Commit(t.Context())
		return err
	}
	if _, err := eng.Embed(t.Context(), EmbedOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := eng.store.Node(t.Context(), "m1"); !errors.Is(err, graph.ErrNotFound) {
		t.Errorf("the deleted node is back (%v)", err)
	}
	if got := modality(t, eng).Count; got != 2 {
		t.Errorf("%d vectors, want 2", got)
	}
}

func TestEmbedNeedsAnEmbedderAndAnOpenEngine(t *testing.T) {
	eng := withEmbedder(t, nil)
	if _, err := eng.Embed(t.Context(), EmbedOptions{}); !errors.Is(err, ErrNoEmbedder) {
		t.Errorf("without an embedder: %v", err)
	}
	eng.Close()
	if _, err := eng.Embed(t.Context(), EmbedOptions{}); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// TestEmbedLeavesNoKeyBehind lets a server echo the key and looks for it in every byte the store wrote and every log.
func TestEmbedLeavesNoKeyBehind(t *testing.T) {
	const canary = "sk-canary-0123456789abcdef"
	s := embedtest.NewServer(t, 8)
	s.Poison("Film 7", embedtest.Answer{Status: 400, Body: `{"error":{"message":"refused for key ` + canary + `"}}`})
	var logs bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o, err := embed.NewOpenAI(embed.Config{BaseURL: s.URL, Model: "m", Key: embed.NewSecret(canary), Clock: &embedtest.Clock{}, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "ken.db")
	eng, err := Open(t.Context(), dir, WithEmbedder(o), WithLogger(log))
	if err != nil {
		t.Fatal(err)
	}
	defer eng.Close()
	putNodes(t, eng, numbered(20)...)
	rep, err := eng.Embed(t.Context(), EmbedOptions{})
	if err != nil || rep.Failed != 1 || rep.Sent != 19 {
		t.Fatalf("report %+v, error %v", rep, err)
	}
	if err := eng.Close(); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(logs.String()+fmt.Sprint(rep), "canary") {
		t.Error("the key is in the log or the report")
	}
	files := 0
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte("canary")) {
			t.Errorf("the key is in %s", d.Name())
		}
		return err
	})
	if err != nil || files == 0 {
		t.Errorf("%d files read, %v", files, err)
	}
}

func TestEmbedProgressEndsAtTheTotal(t *testing.T) {
	eng := withEmbedder(t, embedtest.NewEmbedder(8), numbered(700)...)
	var last Progress
	_, err := eng.Embed(t.Context(), EmbedOptions{Progress: func(p Progress) {
		if p.Done < last.Done {
			t.Errorf("progress went back from %d to %d", last.Done, p.Done)
		}
		last = p
	}})
	if err != nil || last != (Progress{Stage: "embed", Done: 700, Total: 700, Unit: "texts"}) {
		t.Errorf("last progress %+v, error %v", last, err)
	}
}
