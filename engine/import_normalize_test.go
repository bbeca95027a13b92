package engine

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestImportNormalize: each form of a file, with its fields changed and how many they were. Apart from that nothing changes.
func TestImportNormalize(t *testing.T) {
	const two, one = "e\u0301", "\u00e9" // é as two characters and as one
	tests := []struct {
		name, in string
		src      Source
		want     string
		changed  int64
		why      string
	}{
		{"x.tsv", " a \tfilm\tCaf" + two + "\tfine text\n", Source{Kind: Nodes}, `{"id":"a","type":"film","name":"Caf` + one + `","text":"fine text"}`, 2, "id and name"},
		{"x.csv", "id,tags:string[],year,mood\n\u00a0b,\"x ; " + two + "\", 1995 ,ok\n", Source{Kind: Nodes}, `{"id":"b","attrs":{"mood":"ok","tags":["x","` + one + `"],"year":1995}}`, 3, "attributes; a list is one field"},
		{"x.jsonl", `{"id":"c ","attrs":{"k":" v","l":["p ","q "],"n":1}}`, Source{Kind: Nodes}, `{"id":"c","attrs":{"k":"v","l":["p","q"],"n":1}}`, 3, "objects"},
		{"x.tsv", "h \t r\t " + two + "\t1\n", Source{Kind: Triples}, `{"head":"h","relation":"r","tail":"` + one + `","weight":1}`, 3, "triples"},
		{"x.tsv", "u\t i\t5\t10\tview \n", Source{Kind: Interactions, ItemPrefix: "item:"}, `{"user":"u","item":"item:i","weight":5,"time":10,"type":"view"}`, 2, "the prefix comes after"},
		{"x.txt", "u\u00a0 i j\nv k l\nw m\n", Source{Kind: Interactions}, "", 2, "lists: the user of both rows"},
		{"x.nt", `<x:a> <http://www.w3.org/2000/01/rdf-schema#label> " Caf` + two + ` " .` + "\n", Source{}, "", 1, "literals of RDF"},
		{"x.tsv", "a\tfilm\t" + one + "\n", Source{Kind: Nodes}, `{"id":"a","type":"film","name":"` + one + `"}`, 0, "nothing to change"},
	}
	for _, c := range tests {
		e := memory(t)
		c.src.Name, c.src.Normalize = c.name, true
		rep := load(t, e, c.src, c.in)
		if rep.Normalized != c.changed {
			t.Errorf("%s: %d fields changed, want %d", c.why, rep.Normalized, c.changed)
		}
		if again := load(t, e, c.src, c.in); again.Stored != 0 || again.Normalized != c.changed {
			t.Errorf("%s: the second import: %+v", c.why, again)
		}
		kind, err := ParseKind(rep.Kind)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := e.Export(t.Context(), kind, JSONL, &b, ExportOptions{}); err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(b.String()); c.want != "" {
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s: %s", c.why, diff)
			}
		}
		c.src.Normalize = false
		if rep := load(t, memory(t), c.src, c.in); rep.Normalized != 0 {
			t.Errorf("%s: %d fields changed without being asked", c.why, rep.Normalized)
		}
	}
	if _, err := memory(t).Import(t.Context(), Source{Kind: Nodes, Name: "x.tsv", Normalize: true, Reader: strings.NewReader("  \tfilm\n")}); err == nil || !strings.Contains(err.Error(), "the id is empty") {
		t.Errorf("an id of spaces: %v", err)
	}
}
