package cli

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenrec/ken/embed/chat/chattest"
	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/fixtures"
)

// recorded is what a model answers about one film, try by try.
type recorded struct {
	About   string
	Answers []string
}

// recordings reads the answers in testdata, written for this test: right and wrong, unreadable, cut short, and beyond the
// schema.
func recordings(t *testing.T) []recorded {
	t.Helper()
	raw, err := os.ReadFile("testdata/answers.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var all []recorded
	for dec := json.NewDecoder(strings.NewReader(string(raw))); dec.More(); {
		var r recorded
		if err := dec.Decode(&r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// replay answers a request from the recordings.
func replay(all []recorded, r chattest.Request) string {
	try := 0
	if len(r.Messages) > 2 {
		try = 1
	}
	for _, a := range all {
		if strings.Contains(r.Messages[1].Content, `"name":"`+a.About+`"`) {
			return a.Answers[try]
		}
	}
	return "nothing was recorded"
}

// heldBack stores the example graph without what it knows about the first n films, and writes that as truth, and a schema.
func heldBack(t *testing.T, n int) {
	t.Helper()
	films := map[string]bool{}
	for line := range strings.Lines(string(fixtures.Nodes())) {
		if cells := strings.Split(line, "\t"); cells[1] == "film" && len(films) < n {
			films[cells[0]] = true
		}
	}
	asked := map[string]bool{"directed_by": true, "starring": true, "has_genre": true}
	var known, truth string
	for line := range strings.Lines(string(fixtures.Triples())) {
		switch cells := strings.Split(line, "\t"); {
		case films[cells[0]] && asked[cells[1]]:
			truth += line
		case !films[cells[0]]:
			known += line
		}
	}
	schema := `{"relations":[{"name":"directed_by","tail_types":["person"]},{"name":"starring","tail_types":["person"]},
		{"name":"has_genre","tail_types":["genre"],"values":["Crime","Drama","Thriller"]}]}`
	for name, text := range map[string]string{"nodes.tsv": string(fixtures.Nodes()), "known.tsv": known, "truth.tsv": truth, "schema.json": schema} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	must(t, "import nodes nodes.tsv")
	must(t, "import triples known.tsv")
}

// TestRecordedAnswers goes through an extraction with recorded answers: a process is killed while it waits for the fifth,
// the next one asks for no more than that one and the rest, what is outside the schema is refused, and precision and
// recall against what the example graph knows are those counted by hand in the recordings.
func TestRecordedAnswers(t *testing.T) {
	all := recordings(t)
	workDir(t, nil)
	heldBack(t, len(all))
	killed, released := make(chan struct{}), make(chan struct{})
	asked := 0 // the server answers one request at a time
	s := chattest.NewServer(t, func(r chattest.Request) string {
		if asked++; asked == 5 {
			close(killed)
			<-released
		}
		return replay(all, r)
	})
	line := "enrich attributes --schema schema.json --type film --limit 8 --parallel 1 --max-answer 200 --format json --model m --base-url " + s.URL
	cmd := exec.Command(os.Args[0], append([]string{"--db", "ken.db"}, words(line)...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-killed
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	close(released)
	var rep engine.EnrichReport
	decode(t, must(t, line), &rep)
	times := map[string]int{}
	for _, r := range s.Requests() {
		key := ""
		for _, m := range r.Messages {
			key += m.Content
		}
		times[key]++
	}
	again := 0
	for _, n := range times {
		again += n - 1
	}
	if again != 1 || rep.Cached != 4 || rep.Sent != 4 || rep.Repaired != 1 || rep.Failed != 1 || rep.Failures[0].ID != "film:casino" {
		t.Errorf("%d requests were sent twice, want the one that was under way; %+v", again, rep)
	}
	want := map[string]int{"relation not in the schema": 1, "about another node": 1, "value not in the list": 1, "said twice": 1, "no usable value": 1}
	if diff := cmp.Diff(want, rep.Refused); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
	var rows []engine.MeasureRow
	decode(t, must(t, "review measure --truth truth.tsv --format json"), &rows)
	// six films have a proposal; the graph knows 6 directors, 11 stars and 12 genres of them
	if diff := cmp.Diff([]engine.MeasureRow{
		{Relation: "directed_by", Items: 6, Told: 5, Proposed: 5, Right: 4, Known: 6, Precision: 4. / 5, Recall: 4. / 6},
		{Relation: "has_genre", Items: 6, Told: 3, Proposed: 4, Right: 4, Known: 12, Precision: 1, Recall: 4. / 12},
		{Relation: "starring", Items: 6, Told: 3, Proposed: 4, Right: 3, Known: 11, Precision: 3. / 4, Recall: 3. / 11},
		{Items: 6, Told: 6, Proposed: 13, Right: 11, Known: 29, Precision: 11. / 13, Recall: 11. / 29},
	}, rows); diff != "" {
		t.Errorf("measured (-want +got):\n%s", diff)
	}
	var third engine.EnrichReport
	if decode(t, must(t, line), &third); third.Sent != 0 || len(s.Requests()) != len(times)+1 {
		t.Errorf("a third run asks again: %+v", third)
	}
}
