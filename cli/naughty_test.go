package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kenrec/ken/graph"
)

// naughtyFile is the path of the big list of naughty strings; without it the test is skipped.
func naughtyFile(t *testing.T) string {
	t.Helper()
	root := os.Getenv("KEN_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "shared")
	}
	path, err := filepath.Abs(filepath.Join(root, "conformance", "blns", "blns.json"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("set KEN_SHARED or put the shared folder beside the project: %v", err)
	}
	return path
}

// naughtyStrings is the big list of naughty strings.
func naughtyStrings(t *testing.T) []string {
	t.Helper()
	raw, err := os.ReadFile(naughtyFile(t))
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	if err := json.Unmarshal(raw, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// naughtyNode is a row of import and export, and about what query prints.
type naughtyNode struct {
	ID    string            `json:"id"`
	Type  string            `json:"type,omitempty"`
	Name  string            `json:"name,omitempty"`
	Text  string            `json:"text,omitempty"`
	Attrs map[string]string `json:"attrs,omitempty"`
}

// TestNaughtyStrings takes each string through import, query and export as the id of a node, its name, its text, an
// attribute and the end of a triple; by way of CSV and JSON Lines it comes back as it was.
func TestNaughtyStrings(t *testing.T) {
	list := naughtyStrings(t)
	workDir(t, nil)
	var nodes, triples strings.Builder
	want := map[string]naughtyNode{"hub": {ID: "hub"}}
	out := json.NewEncoder(&nodes)
	for i, s := range list {
		n := naughtyNode{fmt.Sprint("n", i), "item", s, s, map[string]string{"said": s}}
		if err := out.Encode(n); err != nil {
			t.Fatal(err)
		}
		want[n.ID] = n
		if s == "" {
			continue // no id
		}
		want[s] = naughtyNode{ID: s}
		line, err := json.Marshal(map[string]string{"head": "hub", "relation": "says", "tail": s})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&triples, "%s\n", line)
	}
	write(t, "nodes.jsonl", nodes.String())
	write(t, "triples.jsonl", triples.String())
	must(t, "import nodes nodes.jsonl")
	must(t, "import triples triples.jsonl")

	t.Run("export", func(t *testing.T) {
		for _, format := range []string{"jsonl", "csv"} {
			must(t, "export nodes --lossy -o again."+format) // CSV has no columns for attributes
			must(t, "import --db again.db nodes again."+format)
			got := map[string]naughtyNode{}
			for line := range strings.Lines(must(t, "export --db again.db nodes")) {
				var n naughtyNode
				decode(t, line, &n)
				if format == "csv" {
					n.Attrs = want[n.ID].Attrs
				}
				got[n.ID] = n
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("by way of %s (-want +got):\n%s", format, diff)
			}
			if err := os.RemoveAll("again.db"); err != nil {
				t.Fatal(err)
			}
		}
		for _, format := range []string{"jsonl", "csv", "nt"} {
			must(t, "export triples -o again."+format)
			must(t, "import --db again.db triples again."+format)
			if got, want := must(t, "export --db again.db triples"), must(t, "export triples"); got != want {
				t.Errorf("triples by way of %s (-want +got):\n%s", format, cmp.Diff(want, got))
			}
			if err := os.RemoveAll("again.db"); err != nil {
				t.Fatal(err)
			}
		}
	})
	t.Run("query", func(t *testing.T) { queryNaughty(t, list) })
}

// queryNaughty asks for the hub, whose triples are all strings, and for nodes by their naughty ids.
func queryNaughty(t *testing.T, list []string) {
	var hub nodeView
	decode(t, must(t, "query hub --limit 0 --format json"), &hub)
	tails := map[string]bool{}
	for _, x := range hub.Triples {
		tails[x.Tail] = true
	}
	step := 5
	if os.Getenv("KEN_LONG") != "" {
		step = 1
	}
	for i, s := range list {
		if s == "" {
			continue
		}
		if !tails[s] {
			t.Errorf("%q is not among what the hub says", s)
		}
		if i%step > 0 {
			continue
		}
		for id, want := range map[string]string{s: "", fmt.Sprint("n", i): s} {
			var out, stderr bytes.Buffer
			code := Main(t.Context(), []string{"ken", "--format", "json", "query", "--", id}, strings.NewReader(""), &out, &stderr)
			var v nodeView
			if err := json.Unmarshal(out.Bytes(), &v); err != nil || code != ExitDone || v.ID != id || v.Name != want || want != "" && v.Attributes["said"] != graph.String(want).String() {
				t.Errorf("query of %q: exit %d, %v, %+v\n%s", id, code, err, v, stderr.String())
			}
		}
	}
}
