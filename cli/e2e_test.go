package cli

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/fixtures"
)

// exampleFiles are the example graph as files.
func exampleFiles() map[string]string {
	return map[string]string{
		"nodes.tsv":        string(fixtures.Nodes()),
		"triples.tsv":      string(fixtures.Triples()),
		"interactions.tsv": string(fixtures.Interactions()),
		"small.json":       `{"factors": 8, "iterations": 2}`,
	}
}

// TestEndToEnd goes the way of a newcomer, from files to lists with reasons, with a small model and no weights.
func TestEndToEnd(t *testing.T) {
	workDir(t, exampleFiles())
	must(t, "import nodes nodes.tsv")
	must(t, "import triples triples.tsv")
	must(t, "import interactions interactions.tsv")

	var embedded engine.EmbedReport
	decode(t, must(t, "embed --embedder hash --dimensions 64 --format json"), &embedded)
	if embedded.Texts == 0 || embedded.Sent != embedded.Texts {
		t.Errorf("first embed: %+v, want all texts sent", embedded)
	}
	decode(t, must(t, "embed --embedder hash --dimensions 64 --format json"), &embedded)
	if embedded.Fresh != embedded.Texts {
		t.Errorf("second embed: %+v, want all texts fresh", embedded)
	}
	var trained engine.TrainReport
	decode(t, must(t, "train --factors 16 --iterations 3 --seed 7 --format json"), &trained)
	if trained.Config.Factors != 16 || trained.Config.Seed != 7 || trained.Users == 0 || trained.ColdItems == 0 {
		t.Errorf("train: %+v", trained)
	}
	var info map[string]any
	decode(t, must(t, "info --format json"), &info)
	for _, key := range []string{"nodes", "triples", "interactions", "users", "items", "relations", "types", "model", "embedder", "vectors", "bytes", "seq"} {
		if info[key] == nil {
			t.Errorf("info has no %q", key)
		}
	}

	t.Run("recommend", testRecommend)
	t.Run("batch", testBatch)
	t.Run("strangers", testStrangers)
	t.Run("explain", testExplain)
	t.Run("similar", testSimilar)
	t.Run("evaluate", testEvaluate)
	t.Run("complete", testComplete)
	t.Run("tune", testTune)
	t.Run("not found", testNotFound)
	t.Run("newcomer", testNewcomer) // last: it changes the store
}

// lists reads the TSV of recommend: items by user, in order of rank.
func lists(t *testing.T, tsv string) map[string][]string {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(tsv, "\n"), "\n")
	if lines[0] != "user\trank\titem\tscore" {
		t.Fatalf("header is %q", lines[0])
	}
	out := map[string][]string{}
	for _, line := range lines[1:] {
		cells := strings.Split(line, "\t")
		if len(cells) != 4 {
			t.Fatalf("line %q has %d columns", line, len(cells))
		}
		out[cells[0]] = append(out[cells[0]], cells[2])
		if want := fmt.Sprint(len(out[cells[0]])); cells[1] != want {
			t.Fatalf("line %q: rank is not %s", line, want)
		}
	}
	return out
}

// one reads the list of one user.
func one(t *testing.T, line string) engine.Recommendations {
	t.Helper()
	var list engine.Recommendations
	decode(t, must(t, line+" --format json"), &list)
	return list
}

func decode(t *testing.T, data string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(data), into); err != nil {
		t.Fatalf("%v in %q", err, data)
	}
}

func items(list engine.Recommendations) []string {
	var out []string
	for _, r := range list.Items {
		out = append(out, r.Item)
	}
	return out
}

// history returns the items of a user in the example.
func history(user string) map[string]bool {
	seen := map[string]bool{}
	for line := range strings.Lines(string(fixtures.Interactions())) {
		if cells := strings.Split(line, "\t"); cells[0] == user {
			seen[cells[1]] = true
		}
	}
	return seen
}

func testRecommend(t *testing.T) {
	tsv := must(t, "recommend "+fixtures.WarmUser+" -k 5 --format tsv")
	got := lists(t, tsv)[fixtures.WarmUser]
	if len(got) != 5 {
		t.Errorf("%d items, want 5", len(got))
	}
	if again := must(t, "--workers 1 recommend --format tsv -k5 "+fixtures.WarmUser); again != tsv {
		t.Error("one worker and another process give another list")
	}
	seen := history(fixtures.WarmUser)
	all := items(one(t, "recommend "+fixtures.WarmUser+" -k 100000"))
	for _, item := range all {
		if seen[item] {
			t.Errorf("%s is recommended, but the user has it", item)
		}
	}
	more := items(one(t, "recommend "+fixtures.WarmUser+" -k 100000 --include-seen"))
	if len(more) != len(all)+len(seen) {
		t.Errorf("%d items with the seen ones, %d without, %d seen", len(more), len(all), len(seen))
	}

	write(t, "two.tsv", "x\t"+all[3]+"\nx\t"+all[1]+"\n")
	two := items(one(t, "recommend --candidates two.tsv --candidates-column 2 "+fixtures.WarmUser))
	if diff := cmp.Diff([]string{all[1], all[3]}, two); diff != "" {
		t.Errorf("candidates (-want +got):\n%s", diff)
	}
	write(t, "first.txt", all[0]+"\n")
	without := items(one(t, "recommend -k 3 --exclude first.txt "+fixtures.WarmUser))
	if diff := cmp.Diff(all[1:4], without); diff != "" {
		t.Errorf("exclude (-want +got):\n%s", diff)
	}
	for _, r := range one(t, "recommend --type book "+fixtures.WarmUser).Items {
		if r.Type != "book" {
			t.Errorf("%s is a %s, want books only", r.Item, r.Type)
		}
	}
	reasons := ken(t, "", "recommend --explain -k 3 "+fixtures.WarmUser)
	if !strings.Contains(reasons.out, "—") || !strings.Contains(reasons.stderr, "did") {
		t.Errorf("no reason in\n%s%s", reasons.out, reasons.stderr)
	}
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func testBatch(t *testing.T) {
	all := lists(t, must(t, "recommend --all -k 3 --format tsv"))
	if len(all) != 200 {
		t.Errorf("%d users, want 200", len(all))
	}
	write(t, "users.tsv", fixtures.ColdUser+"\tx\n"+fixtures.WarmUser+"\ty\n")
	some := lists(t, must(t, "recommend --users users.tsv -k 3 --format tsv"))
	want := map[string][]string{fixtures.ColdUser: all[fixtures.ColdUser], fixtures.WarmUser: all[fixtures.WarmUser]}
	if diff := cmp.Diff(want, some); diff != "" {
		t.Errorf("two users (-want +got):\n%s", diff)
	}
	table := must(t, "recommend -k 1 "+fixtures.WarmUser+" "+fixtures.ColdUser)
	if !strings.Contains(table, fixtures.WarmUser+" (trained)") || !strings.Contains(table, "\n\n"+fixtures.ColdUser) {
		t.Errorf("tables without headings:\n%s", table)
	}
}

func testStrangers(t *testing.T) {
	cold := one(t, "recommend -k 5 "+fixtures.ColdUser)
	if cold.Basis != engine.BasisKnowledge || !slices.Contains(items(cold), "film:heat") {
		t.Errorf("a user who prefers Michael Mann and crime: %+v", cold)
	}
	list := one(t, "recommend -k 3 --likes film:heat,film:collateral")
	if list.Basis != engine.BasisFoldedIn || len(list.Items) != 3 {
		t.Errorf("list by likes: %+v", list)
	}
	if r := ken(t, "user:unheard-of\n", "import nodes --type user --columns id -"); r.code != ExitDone {
		t.Fatal(r.stderr)
	}
	unknown := ken(t, "", "recommend user:unheard-of -k 2")
	if unknown.code != ExitDone || !strings.Contains(unknown.stderr, "nothing is known about user:unheard-of: showing what is popular") {
		t.Errorf("a user about whom nothing is known: exit %d\n%s%s", unknown.code, unknown.out, unknown.stderr)
	}
}

func testExplain(t *testing.T) {
	best := one(t, "recommend -k 1 "+fixtures.WarmUser).Items[0]
	var why engine.Explanation
	decode(t, must(t, "explain "+fixtures.WarmUser+" "+best.Item+" --format json"), &why)
	sum := 0.0
	for _, p := range why.Parts {
		sum += p.Value
	}
	if math.Abs(sum-why.Score) > 1e-4 || math.Abs(why.Score-best.Score) > 1e-4 {
		t.Errorf("parts add up to %g, the score is %g, the list says %g", sum, why.Score, best.Score)
	}
	table := must(t, "explain "+fixtures.WarmUser+" "+best.Item)
	if !strings.Contains(table, "score") {
		t.Errorf("table:\n%s", table)
	}
}

func testSimilar(t *testing.T) {
	for _, id := range []string{"film:heat", fixtures.WarmUser, "person:michael-mann"} {
		var list []engine.SimilarNode
		decode(t, must(t, "similar -k 4 --format json "+id), &list)
		if len(list) == 0 || len(list) > 4 || list[0].ID == id {
			t.Errorf("similar to %s: %+v", id, list)
		}
	}
	var books []engine.SimilarNode
	decode(t, must(t, "similar -k 4 --format json --type book film:heat"), &books)
	for _, n := range books {
		if n.Type != "book" {
			t.Errorf("%s among the books near a film", n.ID)
		}
	}
	if len(books) != 4 {
		t.Errorf("%d books, want 4", len(books))
	}
}

func testEvaluate(t *testing.T) {
	var rep engine.EvaluateReport
	decode(t, must(t, "evaluate --config small.json -k 5 --format json"), &rep)
	if rep.K != 5 || rep.Users == 0 || len(rep.Rows) != 3 || rep.Seed != 1 {
		t.Errorf("report: %+v", rep)
	}
	table := must(t, "evaluate --config small.json -k 5 --no-baselines --split leave-last-out")
	if !strings.HasPrefix(table, "split leave-last-out 1, seed 1, k 5, ") || !strings.Contains(table, "ndcg@5") {
		t.Errorf("table:\n%s", table)
	}
	cross := must(t, "evaluate --config small.json --cross-domain film:book --fraction 0.5")
	if !strings.Contains(cross, "users in both, film to book, seed 1") || !strings.Contains(cross, "popularity") {
		t.Errorf("cross-domain:\n%s", cross)
	}
	if films := must(t, "evaluate --config small.json --type film --no-baselines"); !strings.Contains(films, "type film, seed 1") {
		t.Errorf("films alone:\n%s", films)
	}
	var triples engine.TriplesReport
	decode(t, must(t, "evaluate --task triples --config small.json --relation has_genre --format json"), &triples)
	if len(triples.Relations) != 1 || triples.HeldOut == 0 || triples.Rows[0].Name != "frequency" || len(triples.Trust) == 0 {
		t.Errorf("triples: %+v", triples)
	}
	if table := must(t, "evaluate --task triples --config small.json --relation has_genre --relation set_in"); !strings.HasPrefix(table, "triples 0.2 held out, seed 1, ") || !strings.Contains(table, "ken hits@10") {
		t.Errorf("triples:\n%s", table)
	}
	write(t, "test.tsv", "user\titem\n"+fixtures.ColdUser+"\tfilm:heat\n")
	given := must(t, "evaluate --config small.json --no-baselines --test test.tsv")
	if !strings.Contains(given, "1 held-out pairs") {
		t.Errorf("given pairs:\n%s", given)
	}
}

func testComplete(t *testing.T) {
	var rep engine.CompleteReport
	line := "enrich complete --relation has_genre --min-confidence 0.1 --per-item 1 --type film --format json"
	decode(t, must(t, line+" --dry-run"), &rep)
	if rep.Found == 0 || rep.Proposed != 0 {
		t.Fatalf("dry run: %+v", rep)
	}
	before := must(t, "export triples")
	decode(t, must(t, line), &rep)
	var list []engine.Proposal
	decode(t, must(t, "review list --format json --source "+rep.Source), &list)
	if rep.Proposed != rep.Found || len(list) != rep.Proposed || !strings.HasPrefix(list[0].Head, "film:") {
		t.Errorf("%+v, in quarantine %+v", rep, list)
	}
	if must(t, "export triples") != before {
		t.Error("proposals show in the export")
	}
	must(t, "review remove --source "+rep.Source)
}

func testTune(t *testing.T) {
	var rep engine.TuneReport
	decode(t, must(t, "tune --config small.json --trials 3 --dry-run --format json"), &rep)
	if rep.Stored || rep.Trials == 0 || rep.Trials > 5 || len(rep.Parts) == 0 {
		t.Errorf("dry run: %+v", rep)
	}
	r := ken(t, "", "tune --config small.json --trials 3")
	if r.code != ExitDone || !strings.HasPrefix(r.out, "objective mix, seed 1, ndcg@20, ") || !strings.Contains(r.stderr, "run `ken train`") {
		t.Errorf("exit %d:\n%s%s", r.code, r.out, r.stderr)
	}
	var info struct{ Tuned bool }
	decode(t, must(t, "info --format json"), &info)
	if !info.Tuned {
		t.Error("info does not know that the store is tuned")
	}
}

func testNotFound(t *testing.T) {
	write(t, "stranger.txt", "film:nobody-made-it\n")
	for _, line := range []string{
		"recommend nobody",
		"recommend " + fixtures.WarmUser + " nobody",
		"recommend --likes film:nobody-made-it",
		"recommend --candidates stranger.txt " + fixtures.WarmUser,
		"similar nobody",
		"explain nobody film:heat",
		"explain " + fixtures.WarmUser + " film:nobody-made-it",
		"query nobody",
	} {
		r := ken(t, "", line)
		if r.code != ExitNotFound || !strings.Contains(r.stderr, "nobody") || strings.Contains(r.stderr, "not found") {
			t.Errorf("ken %s: exit %d: %s", line, r.code, r.stderr)
		}
	}
}

func testNewcomer(t *testing.T) {
	film := fixtures.NewFilm()
	if r := ken(t, fmt.Sprintf("%s\t%s\t%s\t%s\n", film.ID, film.Type, film.Name, film.Text), "import nodes -"); r.code != ExitDone {
		t.Fatal(r.stderr)
	}
	var rows strings.Builder
	for _, triple := range film.Triples {
		rows.WriteString(strings.Join(triple[:], "\t") + "\n")
	}
	if r := ken(t, rows.String(), "import triples -"); r.code != ExitDone {
		t.Fatal(r.stderr)
	}
	found := 0
	for _, list := range lists(t, must(t, "recommend --all -k 10 --format tsv")) {
		for _, item := range list {
			if item == film.ID {
				found++
			}
		}
	}
	if found == 0 {
		t.Errorf("%s is recommended to nobody", film.ID)
	}
}
