package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/graph"
)

func TestExitCode(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want int
		why  string
	}{
		{nil, ExitDone, "nothing went wrong"},
		{errors.New("x"), ExitFailed, "whatever has no code of its own"},
		{usagef("x"), ExitUsage, "a mistake of the command line"},
		{fmt.Errorf("engine: %w: x", engine.ErrBadOption), ExitUsage, "an option that only the engine can judge"},
		{fmt.Errorf("engine: %w", engine.ErrNotFound), ExitNotFound, "the engine's word for it"},
		{fmt.Errorf("graph: %w", graph.ErrNotFound), ExitNotFound, "the graph's word for it"},
		{&notFoundError{"x"}, ExitNotFound, "our own word for it"},
		{&skippedError{1, []string{"a"}}, ExitSkipped, "rows were skipped"},
		{fmt.Errorf("x: %w", context.Canceled), ExitInterrupted, "Ctrl-C"},
		{errors.Join(&skippedError{1, nil}, context.Canceled), ExitInterrupted, "interrupted after rows were skipped: run it again"},
		{fmt.Errorf("x: %w", context.DeadlineExceeded), ExitFailed, "a timeout is no interruption"},
	} {
		if got := exitCode(tc.err); got != tc.want {
			t.Errorf("exitCode(%v) = %d, want %d: %s", tc.err, got, tc.want, tc.why)
		}
	}
}

func TestPlain(t *testing.T) {
	for _, tc := range []struct{ in, want, why string }{
		{"engine: open: graph: not found", "open: not found", "package names mean nothing to a user"},
		{"engine: bad option: k is 0", "k is 0", "the exit code says that it is an option"},
		{"engine: embed: bad configuration: no model", "no model", "each prefix only shows when the one before is gone"},
		{"no paragraph: here", "no paragraph: here", "only whole words are prefixes"},
		{"first\nsecond", "first; second", "one line"},
	} {
		if got := plain(errors.New(tc.in)); got != tc.want {
			t.Errorf("plain(%q) = %q, want %q: %s", tc.in, got, tc.want, tc.why)
		}
	}
}

// TestMistakes: each mistake has its exit code, one sentence on stderr that says what to do, and nothing on stdout.
func TestMistakes(t *testing.T) {
	workDir(t, films)
	must(t, "import nodes nodes.tsv")
	must(t, "import interactions events.csv")
	must(t, "import nodes nodes.tsv --db nodes.db")
	if err := os.MkdirAll("foreign/inside", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		line string
		code int
		want string // part of stderr
		why  string
	}{
		{"", ExitUsage, "ken --help", "no command"},
		{"frobnicate", ExitUsage, "unknown command", ""},
		{"similr heat", ExitUsage, "did you mean similar?", "a slip"},
		{"info --bogus", ExitUsage, "unknown flag --bogus", ""},
		{"info extra", ExitUsage, "takes no arguments", "`ken info DIR` must not look at another store silently"},
		{"info --format xml", ExitUsage, "table, json, tsv", ""},
		{"info --workers 0", ExitUsage, "at least 1", ""},
		{"info --log-level loud", ExitUsage, "--log-level", ""},
		{"info --db ''", ExitUsage, "--db is empty", "an unset variable in a script must not mean ken.db"},
		{"recommend bo -k many", ExitUsage, `-k cannot be "many"`, "urfave would print its help on stdout"},
		{"info --db", ExitUsage, "--db needs a value", ""},

		{"info --db missing.db", ExitFailed, "no store in missing.db: run `ken import", "a mistyped --db must not create a store"},
		{"info --db nodes.tsv", ExitFailed, "no store in nodes.tsv", "a file is no store"},
		{"info --db foreign", ExitFailed, "foreign is not a store of ken", "a directory with files of others"},
		{"import nodes nodes.tsv --db foreign", ExitFailed, "foreign is not a store of ken", "nor may import write there"},
		{"train --db nodes.db", ExitFailed, "interactions", "nothing to learn from"},

		{"recommend bo", ExitFailed, "no model yet in ken.db: run `ken train`", ""},
		{"recommend --all", ExitFailed, "run `ken train`", ""},
		{"recommend --likes heat", ExitFailed, "run `ken train`", ""},
		{"similar heat", ExitFailed, "run `ken train`", ""},
		{"explain bo heat", ExitFailed, "run `ken train`", ""},

		{"embed --modality image", ExitUsage, "go together", ""},
		{"embed --text-field image_url", ExitUsage, "go together", ""},
		{"embed --modality text --text-field image_url --model x", ExitUsage, "another --modality", ""},
		{"embed --modality image --text-field image_url", ExitUsage, "--base-url and --model", "the encoder in the program reads texts"},
		{"embed --modality image --text-field image_url --embedder hash", ExitUsage, "--base-url and --model", ""},

		{"import", ExitUsage, "nodes|triples|interactions|vectors", ""},
		{"import node nodes.tsv", ExitUsage, "did you mean nodes?", ""},
		{"import nodes", ExitUsage, "from which file", ""},
		{"import nodes.tsv", ExitUsage, "say what the rows are", "TSV does not tell"},
		{"import nodes nodes.tsv --input-format xml", ExitUsage, "--input-format", ""},
		{"import nodes nodes.tsv --header maybe", ExitUsage, "--header", ""},
		{"import nodes nodes.tsv --batch-rows -1", ExitUsage, "--batch-rows", "a negative number is a value"},
		{"import triples triples.nt --predicate name", ExitUsage, "IRI=ROLE", ""},
		{"import triples triples.nt --predicate http://x/=nam", ExitUsage, "did you mean name?", ""},
		{"import nodes x.parquet", ExitFailed, "x.parquet: no such file", ""},
		{"import nodes x.parquet.gz", ExitUsage, "unpack the file", "Parquet is read from its end"},
		{"import nodes - --input-format parquet", ExitUsage, "not standard input", ""},
		{"import nodes nodes.tsv --input-format parquet", ExitFailed, "nodes.tsv: cannot read the file: it does not end like a Parquet file", ""},
		{"import vectors x.npy", ExitUsage, "--ids", "NumPy files hold no ids"},
		{"import vectors nodes.tsv --ids ids.txt", ExitUsage, "has ids of its own", ""},
		{"import vectors x.npy y.npy --ids ids.txt", ExitUsage, "one file", ""},
		{"import vectors - --ids - --input-format npy", ExitUsage, "both be standard input", ""},
		{"import vectors x.npy --ids ids.txt", ExitFailed, "x.npy: no such file", ""},
		{"import vectors nodes.tsv --ids ids.txt --input-format npy", ExitFailed, "--ids: ids.txt: no such file", ""},
		{"import vectors nodes.tsv --ids nodes.tsv --input-format npy", ExitFailed, "nodes.tsv: cannot read the NumPy file", ""},
		{"import nodes missing.tsv", ExitFailed, "missing.tsv: no such file", ""},
		{"import nodes nodes.tsv missing.tsv", ExitFailed, "missing.tsv", "nothing is imported when one file is not there"},
		{"import nodes foreign", ExitFailed, "is a directory", ""},
		{"import nodes nodes.tsv --rejects foreign", ExitFailed, "--rejects", ""},
		{"import interactions bad.tsv", ExitSkipped, "3 bad rows of bad.tsv", ""},
		{"import interactions bad.tsv --strict", ExitFailed, "strict", "nothing of the batch was stored"},
		{"import interactions worse.tsv", ExitFailed, "all 1 are bad", "0 rows stored is no success"},
		{"import nodes empty.tsv", ExitFailed, "holds none", "nor is an empty file"},

		{"query", ExitUsage, "one ID", ""},
		{"query a b", ExitUsage, "one ID", ""},
		{"query heat --hops 0", ExitUsage, "1 to 5", ""},
		{"query heat --limit -1", ExitUsage, "--limit", ""},
		{"query heat --direction up", ExitUsage, "out, in, both", ""},
		{"query nobody", ExitNotFound, `node "nobody" is not in the graph`, ""},

		{"recommend", ExitUsage, "for whom?", ""},
		{"recommend bo -k 0", ExitUsage, "at least 1", ""},
		{"recommend bo --all", ExitUsage, "not several of them", ""},
		{"recommend --all --likes heat", ExitUsage, "about one user", ""},
		{"recommend --likes heat,,alien", ExitUsage, "empty id", ""},
		{"recommend bo --candidates missing.txt", ExitFailed, "--candidates: missing.txt", ""},
		{"recommend bo --candidates empty.tsv", ExitFailed, "holds no id", "an empty list would mean all items"},
		{"recommend bo --candidates events.csv --candidates-column 2", ExitFailed, "events.csv:1: no column 2", "commas are no tabs"},
		{"recommend bo --users-column 0", ExitUsage, "from 1", ""},
		{"similar", ExitUsage, "one ID", ""},
		{"similar heat -k 0", ExitUsage, "at least 1", ""},
		{"explain bo", ExitUsage, "USER and an ITEM", ""},

		{"train --factors 0", ExitUsage, "--factors", "0 would mean automatic"},
		{"train --factors 9999", ExitUsage, "factors is 9999", "the engine knows the range"},
		{"train --config missing.json", ExitFailed, "missing.json", ""},
		{"train --config nodes.tsv", ExitUsage, "--config nodes.tsv", "no JSON"},

		{"embed --embedder bert", ExitUsage, "builtin, openai, hash", ""},
		{"embed --embedder openai", ExitUsage, "needs --model", ""},
		{"embed --embedder hash --model x", ExitUsage, "for --embedder openai", ""},
		{"embed --embedder hash --dimensions 4", ExitUsage, "at least 8", ""},
		{"embed --model m --base-url ftp://x/v1", ExitUsage, "http", ""},
		{"embed --model m --base-url http://example.com/v1", ExitUsage, "in the clear", "the key would be readable on its way"},

		{"tune --objective speed", ExitUsage, "mix, warm", ""},
		{"tune --budget soon", ExitUsage, "--budget", ""},
		{"tune --budget -5s", ExitUsage, "negative", ""},
		{"tune --fraction 0", ExitUsage, "between 0 and 1", ""},
		{"tune --valid empty.tsv", ExitFailed, "--valid: empty.tsv", ""},

		{"evaluate -k 0", ExitUsage, "at least 1", ""},
		{"evaluate --fraction 1", ExitUsage, "between 0 and 1", "nothing would be left to train on"},
		{"evaluate --split sideways", ExitUsage, "--split", ""},
		{"evaluate --split random --test bad.tsv", ExitUsage, "leave out --split", ""},
		{"evaluate --cross-domain film", ExitUsage, "SOURCE:TARGET", ""},
		{"evaluate --cross-domain film:book --split random", ExitUsage, "leave out --split", ""},
		{"evaluate --cross-domain film:book --type book", ExitUsage, "leave out --type", ""},
		{"evaluate --domain-by has_type", ExitUsage, "--cross-domain", ""},
		{"evaluate --task guess", ExitUsage, "--task", ""},
		{"evaluate --task triples -k 5", ExitUsage, "leave it out", "its list is all tails"},
		{"evaluate --task triples --split random", ExitUsage, "leave it out", ""},
		{"evaluate --relation author", ExitUsage, "--task triples", ""},
		{"enrich link --relation author", ExitUsage, "--relation is for `ken enrich complete`", "it would be taken for a filter"},
		{"enrich link --model m", ExitUsage, "--model is for `ken enrich attributes|profiles|schema`", "no model is asked"},
		{"enrich schema --dry-run", ExitUsage, "--dry-run is for", "a schema is written, not stored"},
		{"enrich profiles --schema s.json --model m", ExitUsage, "--schema is for `ken enrich attributes`", ""},
		{"import interactions bad.tsv --modality image", ExitUsage, "--modality is for vectors: it does nothing for bad.tsv", ""},
		{"import triples triples.nt --type film", ExitUsage, "--type is for nodes and interactions", ""},
		{"import nodes nodes.tsv --source wiki", ExitUsage, "--source is for triples", ""},
		{"import nodes nodes.tsv --user-prefix u:", ExitUsage, "--user-prefix is for interactions", ""},
		{"import nodes nodes.tsv --no-prefix", ExitUsage, "--no-prefix is for atomic files", ""},
		{"import triples triples.tsv --language de", ExitUsage, "--language is for RDF", ""},
		{"import triples.nt --columns a,b,c", ExitUsage, "--columns is for tables", "statements have no columns"},
		{"enrich complete --min-confidence 0", ExitUsage, "above 0", ""},
		{"enrich complete --per-item 0", ExitUsage, "at least 1", ""},
		{"evaluate --min-weight NaN", ExitUsage, "finite", ""},
		{"evaluate --type fil", ExitNotFound, "did you mean film?", ""},
		{"recommend u1 --type fil", ExitNotFound, "did you mean film?", "an empty list would look like an answer"},
		{"similar heat --type song", ExitNotFound, "`ken info` lists them", ""},
		{"embed --type song", ExitNotFound, "node type \"song\"", ""},
		{"enrich link --tail-type song", ExitNotFound, "node type \"song\"", ""},
		{"query heat --relation direct_by", ExitNotFound, "relation \"direct_by\"", ""},
		{"evaluate --test missing.tsv", ExitFailed, "--test: missing.tsv", ""},
	} {
		r := ken(t, "", tc.line)
		if r.code != tc.code || !strings.Contains(r.stderr, tc.want) {
			t.Errorf("ken %s: exit %d, want %d and %q (%s):\n%s", tc.line, r.code, tc.code, tc.want, tc.why, r.stderr)
		}
		if last := lastLine(r.stderr); !strings.HasPrefix(last, "ken: ") || strings.Contains(last, "engine: ") {
			t.Errorf("ken %s: last line %q is no sentence of ken", tc.line, last)
		}
		if r.out != "" && !strings.HasPrefix(tc.line, "import") {
			t.Errorf("ken %s: printed on stdout:\n%s", tc.line, r.out)
		}
	}
	if _, err := os.Stat("missing.db"); !errors.Is(err, os.ErrNotExist) {
		t.Error("a command that reads created a store")
	}
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
	return lines[len(lines)-1]
}

func TestNothingIsImportedWhenAFileIsMissing(t *testing.T) {
	workDir(t, films)
	ken(t, "", "import nodes nodes.tsv missing.tsv")
	if _, err := os.Stat("ken.db"); !errors.Is(err, os.ErrNotExist) {
		t.Error("the store was made before the files were looked for")
	}
}

func TestSecondProcess(t *testing.T) {
	workDir(t, films)
	must(t, "import nodes nodes.tsv")
	e, err := engine.Open(t.Context(), "ken.db")
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	r := ken(t, "", "info")
	if r.code != ExitFailed || !strings.Contains(r.stderr, "another process has ken.db open") {
		t.Errorf("exit %d: %s", r.code, r.stderr)
	}
}

func TestInterrupted(t *testing.T) {
	workDir(t, films)
	must(t, "import nodes nodes.tsv")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, line := range []string{"import interactions events.csv", "info", "train", "embed --embedder hash", "evaluate"} {
		var out, stderr strings.Builder
		code := Main(ctx, append([]string{"ken"}, words(line)...), strings.NewReader(""), &out, &stderr)
		if code != ExitInterrupted || !strings.HasPrefix(lastLine(stderr.String()), "ken: interrupted") {
			t.Errorf("ken %s: exit %d: %s", line, code, stderr.String())
		}
	}
	must(t, "info")
}

// fullDisk fails as a redirection to a full disk does.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestOutputThatCannotBeWritten(t *testing.T) {
	workDir(t, films)
	must(t, "import nodes nodes.tsv")
	var stderr strings.Builder
	code := Main(t.Context(), []string{"ken", "info"}, strings.NewReader(""), fullDisk{}, &stderr)
	if code != ExitFailed || !strings.Contains(stderr.String(), "no space left") {
		t.Errorf("exit %d: %s", code, stderr.String())
	}
}
