package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenrec/ken/graph"
)

// fill puts records of all kinds with awkward contents into a store.
func fill(t testing.TB, e *Engine, texts []string) {
	t.Helper()
	b, err := e.Graph().NewBatch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	put := func(_ graph.Change, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, s := range texts {
		id := "n/" + s
		if len(id) > graph.MaxID {
			id = "long"
		}
		put(b.PutNode(graph.Node{ID: id, Name: s, Text: "=cmd|' /C calc'!A0 " + s, Type: "item", Attrs: []graph.Attr{
			{Key: "at", Value: graph.Time(int64(i) - 9e12)}, {Key: "list", Value: graph.List(s, "")}, {Key: "n", Value: graph.Number(float64(i) / 3)},
			{Key: "k" + id, Value: graph.String(s)}, {Key: "empty", Value: graph.List()}, {Key: "true", Value: graph.Bool(i%2 == 0)}, {Key: "text", Value: graph.String("5")},
		}}))
		put(b.PutTriple(graph.Triple{Head: id, Relation: "r " + id, Tail: "http://x.org/a b", Weight: 0.1, Confidence: 0.3, Source: "s:" + id}))
		put(b.PutInteraction(graph.Interaction{User: "u" + id, Item: id, Type: id, Weight: -0.1 * float32(i), Time: int64(i%25-5) * 1e10}))
	}
	put(b.PutNode(graph.Node{ID: "id"}))
	put(b.PutTriple(graph.Triple{Head: "head", Relation: "relation", Tail: "tail", Weight: math.MaxFloat32}))
	put(b.PutInteraction(graph.Interaction{User: "user", Item: "item", Weight: math.SmallestNonzeroFloat32}))
	put(b.PutVector("id", "image", "clip", []float32{1, -0.1, math.MaxFloat32, 1.17549435e-38, 16777217, 0.3}))
	if _, err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestExportIdentity: export, import, export again gives the same bytes in every format that holds everything.
func TestExportIdentity(t *testing.T) {
	texts := []string{"", "a\tb", "a\nb\r\nc\rd", `"quoted", 'x'; \`, "日本語 é 👩‍👩‍👧", "\u2028\u0085\ufeff", "1e5", "true", " lead and trail ", strings.Repeat("x", 3000)}
	if raw, err := os.ReadFile(filepath.Join(filepath.Dir(importDataRoot(t)), "conformance", "blns", "blns.json")); err == nil {
		var list []string
		if err := json.Unmarshal(raw, &list); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, list...)
	}
	e := memory(t)
	fill(t, e, texts)
	for _, kind := range []Kind{Nodes, Triples, Interactions, Vectors} {
		for _, format := range []Format{JSONL, CSV} {
			lossy := kind == Nodes && format == CSV
			first := exported(t, e, kind, format, lossy)
			other := memory(t)
			src := Source{Kind: kind, Format: format, Name: "x", Reader: bytes.NewReader(first), Modality: "image", Model: "clip"}
			if kind != Nodes { // numbers are given by first sight: nodes come first
				load(t, other, Source{Kind: Nodes, Name: "x.jsonl"}, string(exported(t, e, Nodes, JSONL, false)))
			}
			if rep, err := other.Import(t.Context(), src); err != nil {
				t.Fatalf("%s as %s: %v %+v", kind, format, err, rep)
			}
			if diff := cmp.Diff(string(first), string(exported(t, other, kind, format, lossy))); diff != "" {
				t.Errorf("%s as %s:\n%s", kind, format, diff)
			}
		}
	}
}

func exported(t testing.TB, e *Engine, kind Kind, format Format, lossy bool) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := e.Export(t.Context(), kind, format, &b, ExportOptions{Modality: "image", Lossy: lossy}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// importDataRoot is the folder of the data sets, or one that does not exist.
func importDataRoot(t testing.TB) string {
	if dir := os.Getenv("KEN_SHARED"); dir != "" {
		return filepath.Join(dir, "data")
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; filepath.Dir(dir) != dir; dir = filepath.Dir(dir) {
		found := filepath.Join(filepath.Dir(dir), "shared", "data")
		if _, err := os.Stat(found); err == nil {
			return found
		}
	}
	return filepath.Join("none", "data")
}

// TestExportNTriples: ids that are no IRIs are wrapped and come back.
func TestExportNTriples(t *testing.T) {
	e := memory(t)
	load(t, e, Source{Kind: Triples, Name: "x.tsv"}, "http://x.org/a\tdirected by\tm/1 \"é\"\nurn:ken:a\tr\t_:b/c\n")
	out := exported(t, e, Triples, NTriples, false)
	want := "<http://x.org/a> <urn:ken:directed%20by> <urn:ken:m%2F1%20%22%C3%A9%22> .\n<urn:ken:urn:ken:a> <urn:ken:r> <urn:ken:_:b%2Fc> .\n"
	if diff := cmp.Diff(want, string(out)); diff != "" {
		t.Error(diff)
	}
	other := memory(t)
	load(t, other, Source{Name: "x.nt"}, string(out))
	if diff := cmp.Diff(dump(t, e), dump(t, other)); diff != "" {
		t.Error(diff)
	}
}

func TestExportRefuses(t *testing.T) {
	e := memory(t)
	load(t, e, Source{Kind: Nodes, Name: "x.jsonl"}, `{"id":"a","text":"two\nlines"}`)
	load(t, e, Source{Kind: Nodes, Name: "y.jsonl"}, `{"id":"b","year":1995}`)
	load(t, e, Source{Kind: Triples, Name: "x.tsv"}, "a\tr\tb\t2\n")
	tests := []struct {
		kind   Kind
		format Format
		o      ExportOptions
		want   error
		text   string
		why    string
	}{
		{Nodes, TSV, ExportOptions{Lossy: true}, ErrBadRecord, "JSON Lines or CSV", "TSV has no place for line ends, lossy or not"},
		{Nodes, CSV, ExportOptions{}, ErrBadRecord, "attributes", "tables have no place for attributes"},
		{Triples, NTriples, ExportOptions{}, ErrBadRecord, "weight", "N-Triples has no place for weights"},
		{Nodes, NTriples, ExportOptions{}, ErrBadOption, "nodes", "nodes are no statements"},
		{Nodes, Turtle, ExportOptions{}, ErrBadOption, "turtle", "no writer"},
		{0, TSV, ExportOptions{}, ErrBadOption, "nodes, triples", "no kind"},
		{Vectors, TSV, ExportOptions{Modality: "x"}, ErrNotFound, "modality", "no such modality"},
	}
	for _, c := range tests {
		var b bytes.Buffer
		if _, err := e.Export(t.Context(), c.kind, c.format, &b, c.o); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: error %v, want %v with %q", c.why, err, c.want, c.text)
		}
	}
}

// TestExportErrors: a full disk and a cancelled call end an export, and so does a moment that no date can tell.
func TestExportErrors(t *testing.T) {
	e := memory(t)
	load(t, e, Source{Kind: Interactions, Name: "x.tsv"}, "u\ti\n")
	for _, kind := range []Kind{Nodes, Interactions} {
		if _, err := e.Export(t.Context(), kind, TSV, fullDisk{}, ExportOptions{}); !errors.Is(err, errFull) {
			t.Errorf("%s: %v", kind, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := e.Export(ctx, kind, TSV, io.Discard, ExportOptions{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", kind, err)
		}
	}
	b, err := e.Graph().NewBatch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.PutInteraction(graph.Interaction{User: "u", Item: "i", Time: 1e15}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Export(t.Context(), Interactions, TSV, io.Discard, ExportOptions{}); !errors.Is(err, ErrBadRecord) {
		t.Errorf("a moment beyond the year 9999: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Export(t.Context(), Nodes, TSV, io.Discard, ExportOptions{}); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

var errFull = errors.New("disk full")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestExportTSV(t *testing.T) {
	e := memory(t)
	load(t, e, Source{Kind: Nodes, Name: "x.tsv"}, "a\titem\t\"A\", B\tText.\n")
	load(t, e, Source{Kind: Interactions, Name: "x.tsv"}, "u\ta\t-0.5\t7\tbuy\n")
	for kind, want := range map[Kind]string{
		Nodes:        "id\ttype\tname\ttext\na\titem\t\"A\", B\tText.\nu\tuser\t\t\n",
		Interactions: "user\titem\tweight\ttime\ttype\nu\ta\t-0.5\t7\tbuy\n",
		Triples:      "head\trelation\ttail\tweight\tconfidence\tsource\n",
	} {
		if got := string(exported(t, e, kind, TSV, false)); got != want {
			t.Errorf("%s: %q", kind, got)
		}
	}
}
