package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestUpdateReplacesOneTable(t *testing.T) {
	p := Part{Name: "accuracy", By: "bench", Intro: "## Accuracy\n", Tables: []string{"books", "anime"}}
	doc := "# Benchmarks\n\n## Speed\n\nfast\n"
	doc = p.Update(doc, "anime", "first\n")
	doc = p.Update(doc, "books", "read\n")
	doc = p.Update(doc, "anime", "second\n")
	for _, tt := range []struct {
		text string
		n    int
		why  string
	}{
		{"## Speed\n\nfast\n", 1, "what is outside the part stays"},
		{"## Accuracy\n", 1, "one part, however often it is written"},
		{"first\n", 0, "a table replaces itself"},
		{"second\n", 1, "the new table is there"},
		{"read\n", 1, "other tables stay"},
	} {
		if n := strings.Count(doc, tt.text); n != tt.n {
			t.Errorf("%q stands %d times, want %d: %s", tt.text, n, tt.n, tt.why)
		}
	}
	if strings.Index(doc, "read\n") > strings.Index(doc, "second\n") {
		t.Error("tables are not in the order of the list")
	}
	doc = strings.Replace(doc, p.end(), p.end()+"\n\n## After", 1)
	if again := p.Update(doc, "anime", "second\n"); again != doc {
		t.Errorf("writing the same again changes the document:\n%s\n---\n%s", doc, again)
	}
}

func TestPublishMakesTheFile(t *testing.T) {
	p := Part{Name: "accuracy", By: "bench", Intro: "## Accuracy\n", Tables: []string{"books"}}
	path := filepath.Join(t.TempDir(), "BENCHMARKS.md")
	if err := p.Publish(path, "books", "read"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if want := p.Update("# Benchmarks\n", "books", "read"); err != nil || string(text) != want {
		t.Errorf("%q, %v, want %q", text, err, want)
	}
	if err := p.Publish(t.TempDir(), "books", "read"); err == nil {
		t.Error("a folder was taken for a report")
	}
}
