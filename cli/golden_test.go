package cli

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenrec/ken/graph/graphtest"
)

// TestMain makes the test binary a ken when a test starts it as one: `ken check` starts itself again.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], "--db") {
		os.Exit(Main(context.Background(), os.Args, os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

var update = flag.Bool("update", false, "rewrite testdata/*.golden")

// result is what a command line did.
type result struct {
	code        int
	out, stderr string
}

// ken runs a command line as a shell would, on the store ken.db of the current directory.
func ken(t *testing.T, stdin, line string) result {
	t.Helper()
	var out, stderr bytes.Buffer
	code := Main(t.Context(), append([]string{"ken"}, words(line)...), strings.NewReader(stdin), &out, &stderr)
	return result{code, out.String(), stderr.String()}
}

// must runs a command line that has to succeed and returns its data.
func must(t *testing.T, line string) string {
	t.Helper()
	r := ken(t, "", line)
	if r.code != ExitDone {
		t.Fatalf("ken %s: exit %d\n%s%s", line, r.code, r.out, r.stderr)
	}
	return r.out
}

// words splits a line at spaces outside single quotes.
func words(line string) []string {
	var out []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			out = append(out, part)
		} else {
			out = append(out, strings.Fields(part)...)
		}
	}
	return out
}

// workDir makes a fresh directory with the files the current one. Relative paths keep golden files free of temporary
// names.
func workDir(t *testing.T, files map[string]string) {
	t.Helper()
	t.Setenv("KEN_DB", "")
	t.Chdir(graphtest.Dir(t))
	for name, content := range files {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// films is a graph small enough to check by eye.
var films = map[string]string{
	"nodes.tsv": "heat\tfilm\tHeat\tA detective and a thief circle each other.\n" +
		"collateral\tfilm\tCollateral\tA cab driver meets a hit man.\n" +
		"alien\tfilm\tAlien\tA crew wakes up too early.\n" +
		"千と千尋\tfilm\t千と千尋の神隠し\t少女が神々の湯屋で働く。\n" +
		"mann\tperson\tMichael Mann\t\n",
	"triples.tsv": "head\trelation\ttail\tweight\n" +
		"heat\tdirected_by\tmann\t1\n" +
		"collateral\tdirected_by\tmann\t1\n" +
		"heat\thas_genre\tcrime\t2.5\n" +
		"alien\thas_genre\thorror\t1\n" +
		"ann\tprefers\tcrime\t1\n",
	"events.csv": "user,item,weight,time,type\n" +
		"bo,heat,1,100,view\n" +
		"bo,collateral,1,200,view\n" +
		"cy,heat,5,300,rate\n" +
		"cy,alien,-1,400,rate\n",
	"bad.tsv":    "bo\theat\t1\nbo\t\t1\ncy\talien\tNaN\nonly one\ncy\tcollateral\t2\n",
	"worse.tsv":  "bo\theat\tmuch\n",
	"empty.tsv":  "",
	"messy.tsv":  " heat \tfilm\tHeat \t\ncafe\tfilm\tCafe\u0301\t\n",
	"secret.tsv": "somebody-with-a-name\theat\t1\t500\n",
}

// TestGolden runs scripts and compares every byte of what they print, and the exit codes, with testdata/NAME.golden.
func TestGolden(t *testing.T) {
	for name, script := range map[string][]string{
		"import": {
			"import nodes nodes.tsv",
			"import triples triples.tsv --source wiki",
			"import interactions events.csv",
			"import interactions events.csv",
			"import interactions bad.tsv events.csv --rejects rejects.txt",
			"import interactions bad.tsv --strict",
			"import interactions bad.tsv --format tsv --columns user,item,-",
			"import interactions worse.tsv",
			"import nodes empty.tsv",
			"import nodes messy.tsv --normalize",
			"import nodes - --format json",
		},
		"info": {
			"import nodes nodes.tsv",
			"import triples triples.tsv",
			"import interactions events.csv",
			"info",
			"info --format tsv",
			"info --format json",
			"import nodes messy.tsv",
			"info --lint",
			"info --lint --format json",
		},
		"query": {
			"import nodes nodes.tsv",
			"import triples triples.tsv",
			"import interactions events.csv",
			"query heat",
			"query mann --direction in --format tsv",
			"query heat --relation directed_by --hops 2",
			"query 千と千尋",
			"query crime --format json --limit 1",
			"query nobody",
		},
		"export": {
			"import nodes nodes.tsv",
			"import triples triples.tsv --source wiki",
			"import interactions events.csv",
			"export nodes",
			"export nodes --format tsv",
			"export triples --output-format csv",
			"export triples --output-format ntriples",
			"export triples -o triples.nq --lossy",
			"export interactions --format json",
			"export vectors",
			"export edges",
			"export nodes --output-format xml",
			"export nodes --output-format turtle",
		},
		"check": {
			"check",
			"import nodes nodes.tsv",
			"import triples triples.tsv",
			"check",
			"check --format json",
		},
		"backup": {
			"import nodes nodes.tsv",
			"import interactions events.csv",
			"import interactions secret.tsv",
			"backup ken.bak",
			"backup nowhere/ken.bak",
			"restore ken.bak",
			"restore ken.bak --db other.db",
			"export interactions --db other.db",
			"restore nodes.tsv --db third.db",
			"info --db third.db",
			"erase somebody-with-a-name film-nobody-saw --vacuum --verify",
			"restore ken.bak --replace",
			"query somebody-with-a-name",
			"erase nobody --format json",
			"erase",
			"repair",
			"check --format tsv",
		},
		"help": {
			"--help",
			"help import",
			"recommend --help",
			"check -h",
		},
	} {
		t.Run(name, func(t *testing.T) {
			golden, err := filepath.Abs(filepath.Join("testdata", name+".golden"))
			if err != nil {
				t.Fatal(err)
			}
			workDir(t, films)
			compareGolden(t, golden, transcript(t, script))
		})
	}
}

// transcript runs the lines and writes down what they print.
func transcript(t *testing.T, script []string) string {
	var b strings.Builder
	for _, line := range script {
		r := ken(t, "from stdin\tfilm\tFrom standard input\n", line)
		fmt.Fprintf(&b, "$ ken %s\n%s", line, scrub(r.out))
		if r.stderr != "" {
			fmt.Fprintf(&b, "--- stderr\n%s", scrub(r.stderr))
		}
		fmt.Fprintf(&b, "--- exit %d\n\n", r.code)
	}
	return b.String()
}

// What differs from run to run: durations, and sizes that depend on compression.
var volatile = []struct{ pattern, with string }{
	{`(?m)^(bytes (?:before|after)) +\d+$`, "${1} 0"},
	{`("seconds": )[0-9.e-]+`, "${1}0"},
	{`(?m)^(seconds\s+)\S+$`, "${1}0"},
	{`("(?:model_)?bytes": )\d{3,}`, "${1}0"},
	{`(?m)^((?:model )?bytes\s+?) *\d{3,}$`, "${1}0"},
	{`(?m)^((?:model )?bytes\t+)\d{3,}$`, "${1}0"},
}

func scrub(s string) string {
	for _, v := range volatile {
		s = regexp.MustCompile(v.pattern).ReplaceAllString(s, v.with)
	}
	return s
}

func compareGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: run go test with -update to write it", err)
	}
	// A checkout on Windows may have converted line ends.
	if diff := cmp.Diff(strings.ReplaceAll(string(want), "\r\n", "\n"), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", filepath.Base(path), diff)
	}
}
