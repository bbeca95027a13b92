package cli

import (
	"bytes"
	"encoding/binary"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEraseLeavesNoByte erases a user whose id, text, text vector and written opinion are canaries, looks for their bytes
// in every file of the store, the model's included, and restores an older backup, which does not bring the user back.
func TestEraseLeavesNoByte(t *testing.T) {
	const id, text, opinion = "canary-7f3a91", "Canary9c4e keeps to himself.", "opinion-51bb0d"
	workDir(t, exampleFiles())
	must(t, "import nodes nodes.tsv")
	must(t, "import triples triples.tsv")
	must(t, "import interactions interactions.tsv")
	write(t, "canary.tsv", id+"\tuser\tC\t"+text+"\n")
	write(t, "says.tsv", id+"\tsaid\t"+opinion+"\n")
	write(t, "did.tsv", id+"\tfilm:heat\n"+id+"\tfilm:collateral\n")
	must(t, "import nodes canary.tsv")
	must(t, "import triples says.tsv")
	must(t, "import interactions did.tsv")
	must(t, "embed --embedder hash --dimensions 32")
	must(t, "train --config small.json")
	must(t, "backup old.bak")
	canaries := map[string][]byte{"id": []byte(id), "text": []byte("Canary9c4e"), "opinion": []byte(opinion), "vector": vectorOf(t, id)}
	before := hits(t, canaries)
	for name := range canaries {
		if before[name] == 0 {
			t.Errorf("the %s is not found before: the search is blind", name)
		}
	}
	if before["id in model"] == 0 {
		t.Log("the model names no users")
	}

	var r receipt
	decode(t, must(t, "erase "+id+" --node "+opinion+" --vacuum --verify --format json"), &r)
	if r.Erased != 2 || r.Missing != 0 || !r.Model || r.Vacuum == nil || len(r.Found) != 2 || r.Found[0] != (findingSize{id, 0}) || r.Found[1] != (findingSize{opinion, 0}) {
		t.Errorf("receipt %+v", r)
	}
	if left := hits(t, canaries); len(left) > 0 {
		t.Errorf("left after the vacuum: %v, before: %v", left, before)
	}
	must(t, "check")

	if v := ken(t, "", "restore old.bak --replace"); v.code != ExitDone {
		t.Fatalf("restore: %d: %s", v.code, v.stderr)
	}
	if v := ken(t, "", "query "+id); v.code != ExitNotFound {
		t.Errorf("an old backup brought the user back: exit %d\n%s", v.code, v.out)
	}
	if left := hits(t, canaries); len(left) > 0 {
		t.Errorf("left after restoring an old backup: %v", left)
	}
	must(t, "train --config small.json")
	if left := hits(t, canaries); len(left) > 0 {
		t.Errorf("left after training: %v", left)
	}
}

// vectorOf is the text vector of a node as it stands in files.
func vectorOf(t *testing.T, id string) []byte {
	t.Helper()
	for line := range strings.Lines(must(t, "export vectors")) {
		var row struct {
			ID     string
			Vector []float32
		}
		if decode(t, line, &row); row.ID == id {
			var b []byte
			for _, x := range row.Vector {
				b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
			}
			return b
		}
	}
	t.Fatalf("%s has no vector", id)
	return nil
}

// hits counts the canaries in all files of the store; what is not there has no entry. A file is read as it is: nothing
// in a store is compressed.
func hits(t *testing.T, canaries map[string][]byte) map[string]int {
	t.Helper()
	found := map[string]int{}
	err := filepath.WalkDir("ken.db", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		for name, canary := range canaries {
			n := bytes.Count(b, canary)
			if n == 0 {
				continue
			}
			found[name] += n
			if strings.HasPrefix(d.Name(), "model") {
				found[name+" in model"] += n
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
