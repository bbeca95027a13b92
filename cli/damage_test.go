package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestCheckNeverDies damages the files of stores, the model's among them, and checks each in a process of its own: the
// check always comes to an end, with a verdict or a sentence, and calls a store whole only when it holds what it held.
func TestCheckNeverDies(t *testing.T) {
	trials := 24
	if os.Getenv("KEN_LONG") != "" {
		trials = 1000
	}
	if testing.Short() {
		trials = 4
	}
	seed := rand.Uint64()
	t.Log("seed", seed)
	r := rand.New(rand.NewPCG(seed, 7))
	workDir(t, exampleFiles())
	whole := damageTarget(t)
	want := must(t, "export nodes") + must(t, "export triples") + must(t, "export interactions")
	names := slices.Sorted(maps.Keys(whole))
	verdicts := map[string]int{}
	for n := range trials {
		writeStore(t, whole)
		name := names[n%len(names)]
		what := name + ": " + damage(t, r, filepath.Join("ken.db", name))
		v := child(t, "ken.db", "check --format json")
		var rep checkView
		err := json.Unmarshal([]byte(v.out), &rep)
		last := lastLine(v.stderr)
		switch {
		case v.code == ExitDone && err == nil && rep.OK:
			verdicts["whole"]++
			if left, err := os.ReadFile(filepath.Join("ken.db", name)); name == "model.ken" && err == nil && !bytes.Equal(left, whole[name]) {
				t.Errorf("%s: called whole", what)
			}
			if got := must(t, "export nodes") + must(t, "export triples") + must(t, "export interactions"); got != want {
				t.Errorf("%s: called whole, but it holds other rows", what)
			}
		case v.code == ExitFailed && err == nil && !rep.OK && strings.HasPrefix(last, "ken: "):
			verdicts[rep.Findings[0].Kind]++
			if rep.Findings[0].Do == "" {
				t.Errorf("%s: %+v does not say what to do", what, rep.Findings[0])
			}
		case v.code == ExitFailed && v.out == "" && strings.HasPrefix(last, "ken: "):
			verdicts["refused"]++
		default:
			t.Errorf("%s: check ended with %d:\n%s%s", what, v.code, v.out, v.stderr)
		}
		if n%4 == 0 {
			repairOrRefuse(t, what, want)
		}
	}
	t.Log(verdicts)
}

// repairOrRefuse: what repair says it has repaired holds no more than what was there.
func repairOrRefuse(t *testing.T, what, want string) {
	t.Helper()
	v := child(t, "ken.db", "repair")
	if v.code != ExitDone && v.code != ExitFailed {
		t.Errorf("%s: repair ended with %d:\n%s", what, v.code, v.stderr)
	}
	if v.code != ExitDone {
		return
	}
	lines := map[string]bool{}
	for line := range strings.Lines(want) {
		lines[line] = true
	}
	for line := range strings.Lines(must(t, "export triples") + must(t, "export interactions")) {
		if !lines[line] {
			t.Errorf("%s: repair made up %s", what, line)
		}
	}
}

// damageTarget makes a store with a table, a log and a model, and returns its files.
func damageTarget(t *testing.T) map[string][]byte {
	t.Helper()
	for name, content := range exampleFiles() {
		write(t, name, content)
	}
	must(t, "import nodes nodes.tsv")
	must(t, "import triples triples.tsv")
	must(t, "import interactions interactions.tsv")
	must(t, "train --config small.json")
	files := map[string][]byte{}
	err := filepath.WalkDir("ken.db", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel("ken.db", path)
		if err == nil {
			files[name], err = os.ReadFile(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func writeStore(t *testing.T, files map[string][]byte) {
	t.Helper()
	if err := os.RemoveAll("ken.db"); err != nil {
		t.Fatal(err)
	}
	for name, b := range files {
		path := filepath.Join("ken.db", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, path, string(b))
	}
}

// damage does something to a file and says what.
func damage(t *testing.T, r *rand.Rand, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := r.IntN(len(b) + 1)
	switch kind := r.IntN(4); {
	case kind == 0:
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		return "removed"
	case kind == 1:
		write(t, path, string(b[:at]))
		return fmt.Sprint("cut at ", at)
	case kind == 2 && at < len(b):
		bit := byte(1) << r.IntN(8)
		b[at] ^= bit
		write(t, path, string(b))
		return fmt.Sprintf("bits %#x flipped at %d", bit, at)
	}
	clear(b[at:min(at+4096, len(b))])
	write(t, path, string(b))
	return fmt.Sprint("4 KiB of zeros at ", at)
}
