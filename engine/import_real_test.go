package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// importData finds a benchmark data set beside the project, or skips the test.
func importData(t testing.TB, path string) string {
	t.Helper()
	if dir := os.Getenv("KEN_SHARED"); dir != "" {
		return filepath.Join(dir, "data", path)
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; filepath.Dir(dir) != dir; dir = filepath.Dir(dir) {
		found := filepath.Join(filepath.Dir(dir), "shared", "data", path)
		if _, err := os.Stat(found); err == nil {
			return found
		}
	}
	t.Skipf("%s is not here: set KEN_SHARED or put the shared folder beside the project", path)
	return ""
}

// TestImportRealFiles imports the awkward ones of the benchmark data.
func TestImportRealFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("real files take seconds")
	}
	tests := []struct {
		path         string
		src          Source
		read, stored int64
		bad          bool
		why          string
	}{
		{"anime/valid.tsv", Source{Kind: Interactions}, 46740, 46740, false, "empty ratings"},
		{"recbole-ml-100k/ml-100k.item", Source{}, 1682, 1682, false, ""},
		{"recbole-ml-100k/ml-100k.user", Source{}, 943, 943, false, ""},
		{"recbole-ml-100k/ml-100k.link", Source{}, 1598, 1598, false, ""},
		{"uci-restaurant/entities.tsv", Source{Kind: Nodes}, 177, 177, false, "characters that were damaged before"},
		{"films-quads/30kmoviedata.nq.gz", Source{}, 471705, 0, true, "short IRIs are refused with a reason"},
	}
	e := memory(t)
	for _, c := range tests {
		f, err := os.Open(importData(t, c.path))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		c.src.Name, c.src.Reader = c.path, f
		rep, err := e.Import(t.Context(), c.src)
		if (err != nil) != c.bad || rep.Read != c.read || rep.Stored+rep.Unchanged != c.stored || c.bad && !strings.Contains(err.Error(), "--lenient-iris") {
			t.Errorf("%s (%s): %+v, %v", c.path, c.why, rep, err)
		}
	}
}
