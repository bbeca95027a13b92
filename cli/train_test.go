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
