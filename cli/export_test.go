package cli

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExportImportIsTheIdentity: what export writes, import reads back to the same rows, in every format that holds them.
func TestExportImportIsTheIdentity(t *testing.T) {
	workDir(t, films)
	must(t, "import nodes nodes.tsv")
	must(t, "import triples triples.tsv --source wiki")
	must(t, "import interactions events.csv")
	must(t, "embed --embedder hash --dimensions 8")
	kinds := []string{"nodes", "triples", "interactions", "vectors"}
	want := map[string]string{}
	for _, kind := range kinds {
		want[kind] = must(t, "export "+kind)
	}
	for _, format := range []string{"jsonl.gz", "csv.zst"} {
		for _, kind := range kinds {
			must(t, "export "+kind+" -o "+kind+"."+format)
			line := "import --db other.db " + kind + " " + kind + "." + format
			if kind == "vectors" {
				line += " --modality text --model builtin:hash-v1-8"
			}
			must(t, line)
			if got := must(t, "export --db other.db "+kind); got != want[kind] {
				t.Errorf("%s by way of %s:\n%s\nwant\n%s", kind, format, got, want[kind])
			}
		}
		if err := os.RemoveAll("other.db"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.txt")
	hello := func(w io.Writer) error { _, err := io.WriteString(w, "hello"); return err }
	broken := func(w io.Writer) error { io.WriteString(w, "half"); return errors.New("broken") }
	if err := writeFile(path, hello); err != nil {
		t.Fatal(err)
	}
	if err := writeFile(path, broken); err == nil || err.Error() != "broken" {
		t.Errorf("error is %v, want broken", err)
	}
	if got, _ := os.ReadFile(path); string(got) != "hello" {
		t.Errorf("a broken export left %q in place of the old file", got)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("%d files are left, want only the old one", len(entries))
	}
	if err := writeFile(dir, hello); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("writing to a directory: %v", err)
	}
	if err := writeFile(filepath.Join(dir, "missing", "x"), hello); err == nil {
		t.Error("a directory was made that nobody named")
	}
}
