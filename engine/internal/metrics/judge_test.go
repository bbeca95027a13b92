package metrics

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sharedFile finds a file of the shared folder beside the project, or of KEN_SHARED; the test is skipped without it.
func sharedFile(t *testing.T, rel string) string {
	t.Helper()
	roots := []string{os.Getenv("KEN_SHARED")}
	for dir, _ := os.Getwd(); dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		roots = append(roots, filepath.Join(dir, "shared"))
	}
	for _, root := range roots {
		if p := filepath.Join(root, rel); root != "" && exists(p) {
			return p
		}
	}
	t.Skipf("%s not found above this folder nor under KEN_SHARED", rel)
	return ""
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

// TestAgreesWithJudge: the means that ken prints are those of the independent judge, to the last digit that it prints.
func TestAgreesWithJudge(t *testing.T) {
	script := sharedFile(t, "bench/evaluate.py")
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 not installed")
	}
	const users, items, k = 200, 300, 20
	rng := rand.New(rand.NewPCG(1, 2))
	var recs, test strings.Builder
	recs.WriteString("user\trank\titem\n")
	var columns [4][]float64
	for u := range users {
		truth := wide32(rng.Perm(items)[:1+rng.IntN(40)])
		list := wide32(rng.Perm(items)[:rng.IntN(k+10)])
		for _, i := range truth {
			fmt.Fprintf(&test, "u%d\ti%d\n", u, i)
		}
		for r, i := range list {
			fmt.Fprintf(&recs, "u%d\t%d\ti%d\n", u, r+1, i)
		}
		slices.Sort(truth)
		v := Score(list, truth, k)
		for c, x := range []float64{v.Recall, v.Precision, v.HR, v.NDCG} {
			columns[c] = append(columns[c], x)
		}
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "recs"), recs.String())
	write(t, filepath.Join(dir, "test"), test.String())
	out, err := exec.CommandContext(t.Context(), python, script, "--recs", filepath.Join(dir, "recs"), "--test", filepath.Join(dir, "test")).Output()
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]float64
	if err := json.Unmarshal(out, &want); err != nil {
		t.Fatal(err)
	}
	for c, name := range []string{"recall@20", "precision@20", "hr@20", "ndcg@20"} {
		if got := Mean(columns[c]); math.Abs(got-want[name]) > 0.500001e-4 {
			t.Errorf("%s = %v, judge says %v", name, got, want[name])
		}
	}
}

func wide32(p []int) []int32 {
	out := make([]int32, len(p))
	for i, x := range p {
		out[i] = int32(x)
	}
	return out
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
