package cli

import (
	"bytes"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	pq "github.com/parquet-go/parquet-go"

	"github.com/kenrec/ken/engine"
)

// writeParquet writes rows to a file.
func writeParquet[R any](t *testing.T, path string, rows ...R) {
	t.Helper()
	var b bytes.Buffer
	w := pq.NewGenericWriter[R](&b)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestImportParquet(t *testing.T) {
	type film struct {
		MovieID int64    `parquet:"movieId"`
		Title   string   `parquet:"title"`
		Genres  []string `parquet:"genres,list"`
	}
	type event struct {
		User   string  `parquet:"userId"`
		Movie  int64   `parquet:"movieId"`
		Rating float64 `parquet:"rating"`
	}
	type vector struct {
		ID        string    `parquet:"id"`
		Embedding []float32 `parquet:"embedding,list"`
	}
	workDir(t, nil)
	writeParquet(t, "films.parquet", film{1, "Heat", []string{"Crime", "Drama"}}, film{2, "Alien", nil})
	writeParquet(t, "events.PARQUET", event{"bo", 1, 4.5}, event{"", 2, 1})
	writeParquet(t, "images.bin", vector{"1", []float32{.5, -1}})
	var reports []engine.ImportReport
	decode(t, must(t, "import nodes films.parquet --type film --format json"), &reports)
	if r := reports[0]; r.Stored != 2 || r.Format != "parquet" || r.Bytes == 0 {
		t.Errorf("report %+v", r)
	}
	if r := ken(t, "", "import interactions events.PARQUET"); r.code != ExitSkipped || !strings.Contains(r.stderr, "events.PARQUET:2: the user is empty") {
		t.Errorf("exit %d: %s", r.code, r.stderr)
	}
	must(t, "import vectors images.bin --modality image --input-format parquet")
	if diff := cmp.Diff("id\tv1\tv2\n1\t0.5\t-1\n", must(t, "export vectors --modality image --output-format tsv")); diff != "" {
		t.Error(diff)
	}
	want := `{"id":"1","type":"film","name":"Heat","attrs":{"genres":["Crime","Drama"]}}`
	if got := must(t, "export nodes"); !strings.Contains(got, want) {
		t.Errorf("no %s in\n%s", want, got)
	}
}

// TestEngineIsLight: programs that embed the engine do not carry the Parquet library.
func TestEngineIsLight(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "github.com/kenrec/ken/engine").Output()
	if err != nil {
		t.Skip("no go command here: ", err)
	}
	if slices.ContainsFunc(strings.Fields(string(out)), func(p string) bool { return strings.Contains(p, "parquet-go") }) {
		t.Error("package engine depends on parquet-go")
	}
}
