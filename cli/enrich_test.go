package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/kenrec/ken/embed/chat/chattest"
	"github.com/kenrec/ken/engine"
)

const filmFacts = `{"facts":[{"relation":"directed_by","value":"Michael  MANN","confidence":0.9},{"relation":"has_genre","value":"thriller","confidence":0.6},{"relation":"owned_by","value":"me"}]}`

// TestEnrichAndReview goes from items to accepted facts and back again.
func TestEnrichAndReview(t *testing.T) {
	workDir(t, films)
	t.Setenv("KEN_USER", "ann")
	must(t, "import nodes nodes.tsv")
	must(t, "import triples triples.tsv")
	must(t, "import interactions events.csv")
	schema := must(t, "enrich schema")
	if !strings.Contains(schema, `"directed_by"`) || !strings.Contains(schema, `"has_genre"`) || !strings.Contains(schema, `"Michael Mann"`) {
		t.Fatalf("schema %s", schema)
	}
	if err := os.WriteFile("schema.json", []byte(schema), 0o600); err != nil {
		t.Fatal(err)
	}
	s := chattest.NewServer(t, func(r chattest.Request) string {
		if strings.Contains(r.Last(), "Alien") {
			return filmFacts
		}
		return `{"facts":[]}`
	})
	line := "enrich attributes --schema schema.json --model m --base-url " + s.URL
	before := must(t, "export triples") + must(t, "export nodes")
	must(t, line+" --dry-run")
	if len(s.Requests()) != 0 {
		t.Error("a dry run asks")
	}
	var rep engine.EnrichReport
	for run := range 2 {
		decode(t, must(t, line+" --format json"), &rep)
		if rep.Source != "llm:m:attributes-1" || run == 0 && (rep.Sent != 4 || rep.Proposed != 2) || run == 1 && (rep.Cached != 4 || rep.Known != 2) {
			t.Errorf("run %d: %+v", run, rep)
		}
	}
	if got := must(t, "export triples") + must(t, "export nodes"); got != before {
		t.Errorf("proposals show in the export:\n%s", got)
	}
	var list []engine.Proposal
	decode(t, must(t, "review list --format json"), &list)
	if len(list) != 2 || list[0].Tail != "mann" || list[0].Head != "alien" || !list[1].New {
		t.Errorf("%+v", list)
	}
	if err := os.WriteFile("truth.tsv", []byte("alien\tdirected_by\tmann\nalien\tdirected_by\tscott\nheat\tdirected_by\tmann\nalien\towned_by\tme\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := must(t, "review measure --truth truth.tsv --format tsv"); !strings.Contains(out, "directed_by\t1\t1\t1\t1\t2\t1\t0.5\n") || !strings.Contains(out, "all\t1\t1\t1\t1\t3\t1\t0.33333") {
		t.Errorf("measured:\n%s", out)
	}
	must(t, "review accept --min-confidence 0.3")
	if out := must(t, "query alien --format tsv"); !strings.Contains(out, "mann") {
		t.Errorf("accepted, but not in the graph:\n%s", out)
	}
	must(t, "review remove --source "+rep.Source)
	if got := must(t, "export triples") + must(t, "export nodes"); got != before {
		t.Errorf("taken back, but not the same:\n%s", got)
	}
	log := must(t, "review log --format tsv")
	for _, action := range []string{"propose", "accept", "remove"} {
		if !strings.Contains(log, "ann\t"+action+"\t2") {
			t.Errorf("no %s of ann in the log:\n%s", action, log)
		}
	}
}

func TestEnrichLink(t *testing.T) {
	workDir(t, films)
	must(t, "import nodes nodes.tsv")
	if err := os.WriteFile("more.tsv", []byte("ali\tfilm\tAli\tBy the maker of Collateral, Michael Mann.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, "import nodes more.tsv")
	var rep engine.LinkReport
	decode(t, must(t, "enrich link --type film --format json"), &rep)
	if rep.Proposed != 2 {
		t.Errorf("%+v", rep)
	}
	if out := must(t, "review list --format tsv"); !strings.Contains(out, "ali\tmentions\tmann") || !strings.Contains(out, "ali\tmentions\tcollateral") {
		t.Errorf("proposals:\n%s", out)
	}
}

// TestEnrichProfiles goes from histories to texts that count, and back again.
func TestEnrichProfiles(t *testing.T) {
	workDir(t, films)
	must(t, "import nodes nodes.tsv")
	must(t, "import triples triples.tsv")
	must(t, "import interactions events.csv")
	s := chattest.NewServer(t, func(r chattest.Request) string { return `{"profile":"Likes tense films."}` })
	line := "enrich profiles --model m --base-url " + s.URL
	before := must(t, "export nodes")
	if out := must(t, line+" --dry-run --price-in 1000000 --format tsv"); len(s.Requests()) != 0 || strings.Contains(out, "cost\t0\n") {
		t.Errorf("dry run asks, or costs nothing:\n%s", out)
	}
	var rep engine.ProfileReport
	decode(t, must(t, line+" --max-answer 50 --format json"), &rep)
	if rep.Source != "llm:m:profiles-1" || rep.Users == 0 || rep.Proposed != rep.Users || s.Requests()[0].MaxTokens != 50 {
		t.Errorf("%+v", rep)
	}
	if out := must(t, "review list --relation profile --format tsv"); strings.Count(out, "Likes tense films.") != rep.Users || must(t, "export nodes") != before {
		t.Errorf("waiting:\n%s", out)
	}
	must(t, "review accept --relation profile")
	if out := must(t, "export nodes"); strings.Count(out, "Likes tense films.") != rep.Users {
		t.Errorf("accepted:\n%s", out)
	}
	must(t, "review remove --source "+rep.Source)
	if got := must(t, "export nodes"); got != before {
		t.Errorf("taken back, but not the same:\n%s", got)
	}
}

func TestEnrichUsage(t *testing.T) {
	workDir(t, films)
	must(t, "import nodes nodes.tsv")
	for _, tt := range []struct {
		line string
		code int
		says string
	}{
		{"enrich", ExitUsage, "one of attributes, profiles, schema, link, complete"},
		{"enrich atributes", ExitUsage, "did you mean attributes"},
		{"enrich attributes", ExitUsage, "ken enrich schema"},
		{"enrich attributes --schema nodes.tsv --model m", ExitUsage, "schema"},
		{"enrich schema --type film", ExitFailed, "name a model"},
		{"enrich profiles", ExitUsage, "--model"},
		{"enrich profiles --model m --split never", ExitUsage, "--split"},
		{"enrich profiles --model m --split random --test nodes.tsv", ExitUsage, "leave out --split"},
		{"enrich profiles --model m --base-url http://127.0.0.1:9/v1", ExitFailed, "no user"},
		{"review", ExitUsage, "one of list"},
		{"review accept", ExitUsage, "--all"},
		{"review measure", ExitUsage, "--truth"},
		{"review list --truth nodes.tsv", ExitUsage, "go together"},
		{"review measure --truth nobody.tsv", ExitFailed, "nobody.tsv"},
		{"review remove", ExitUsage, "--source"},
		{"review remove --source x --relation y", ExitUsage, "whole source"},
		{"review remove --source nobody", ExitNotFound, "nothing was ever proposed"},
		{"review list --state maybe", ExitUsage, "maybe"},
	} {
		if r := ken(t, "", tt.line); r.code != tt.code || !strings.Contains(r.stderr, tt.says) {
			t.Errorf("ken %s: exit %d, says %s; want %d and %q", tt.line, r.code, r.stderr, tt.code, tt.says)
		}
	}
	if out := must(t, "review accept --all --format json"); !json.Valid([]byte(out)) {
		t.Error(fmt.Sprint("accepting nothing prints ", out))
	}
}
