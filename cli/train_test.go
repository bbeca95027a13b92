package cli

import (
	"strings"
	"testing"

	"github.com/kenrec/ken/engine"
)

// What `ken tune` chose is used, and said; --defaults and any other configuration leave it aside.
func TestTrainUsesWhatTuneChose(t *testing.T) {
	workDir(t, exampleFiles())
	must(t, "import nodes nodes.tsv")
	must(t, "import interactions interactions.tsv")
	must(t, "tune --config small.json --objective warm --trials 2")
	tests := []struct {
		line    string
		tuned   bool
		factors int
		why     string
	}{
		{"train --format json", true, 8, "tuned from small.json"},
		{"train --defaults --factors 4 --format json", false, 4, "both flags lead away from it"},
		{"train --factors 4 --format json", false, 4, "a configuration was given"},
	}
	for _, tt := range tests {
		r := ken(t, "", tt.line)
		if r.code != ExitDone {
			t.Fatalf("ken %s: exit %d\n%s", tt.line, r.code, r.stderr)
		}
		var rep engine.TrainReport
		decode(t, r.out, &rep)
		if said := strings.Contains(r.stderr, "ken tune"); said != tt.tuned || rep.Config.Factors != tt.factors {
			t.Errorf("ken %s: %d factors, said %q: %s", tt.line, rep.Config.Factors, r.stderr, tt.why)
		}
	}
	if r := ken(t, "", "train --defaults --format json"); r.code != ExitDone || strings.Contains(r.stderr, "ken tune") {
		t.Errorf("exit %d: %s", r.code, r.stderr)
	}
}

// --since-last brings the model up to date, or says why it trained in full.
func TestTrainSinceLast(t *testing.T) {
	workDir(t, exampleFiles())
	must(t, "import nodes nodes.tsv")
	must(t, "import interactions interactions.tsv")
	for _, tt := range []struct {
		before, said string
		updated      bool
	}{
		{"info", "trained in full: there is no model yet", false},
		{"info", "0 pairs of users and items changed", true},
		{"import interactions - --columns user,item,-", "1 pair of users and items changed", true},
		{"import triples - --columns head,relation,tail", "trained in full: what is known", false},
	} {
		if r := ken(t, "user:bo\tfilm:alien\tfilm:heat\n", tt.before); r.code != ExitDone {
			t.Fatalf("ken %s: exit %d\n%s", tt.before, r.code, r.stderr)
		}
		r := ken(t, "", "train --since-last --factors 8 --format json")
		var rep engine.TrainReport
		if r.code != ExitDone || !strings.Contains(r.stderr, tt.said) {
			t.Fatalf("after %s: exit %d, %q, want %q", tt.before, r.code, r.stderr, tt.said)
		}
		decode(t, r.out, &rep)
		if rep.Updated != tt.updated {
			t.Errorf("after %s: updated %v, want %v", tt.before, rep.Updated, tt.updated)
		}
	}
}
