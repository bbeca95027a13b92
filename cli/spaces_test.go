package cli

import (
	"strings"
	"testing"
)

// TestSpaces: each command works on the space that it was told, and shows nothing of the others.
func TestSpaces(t *testing.T) {
	workDir(t, films)
	must(t, "import nodes nodes.tsv --space acme")
	must(t, "import interactions events.csv --space acme")
	for _, tc := range []struct {
		line string
		code int
		has  string
		why  string
	}{
		{"info", ExitFailed, "no store in ken.db: run", "the store beside the spaces was not made"},
		{"info --space other", ExitFailed, "no store in ken.db/spaces/other: run", "nor was another space, and nothing says that there is acme"},
		{"info --spaces", ExitDone, "acme", ""},
		{"info --spaces --format json", ExitDone, `"space": "acme"`, ""},
		{"info --spaces --db missing.db", ExitDone, "no spaces in missing.db", ""},
		{"info --spaces --space acme", ExitUsage, "leave away --space", "who is in a space is told of no other"},
		{"info --space ''", ExitUsage, "--space is empty", "an unset variable in a script must not mean everybody's store"},
		{"info --space ../ken.db", ExitUsage, "are allowed", ""},
		{"info --space Acme", ExitUsage, "are allowed", ""},
		{"import nodes - --space other", ExitDone, "", "makes it"},
		{"query heat --space other", ExitNotFound, "not in the graph", "heat is a film of acme"},
		{"query heat --space acme", ExitDone, "Heat", ""},
		{"check --space acme", ExitDone, "is whole", "in a process of its own"},
		{"backup acme.bak --space acme", ExitDone, "", ""},
		{"restore acme.bak --space other", ExitFailed, "not empty", ""},
		{"restore acme.bak --space third", ExitDone, "ken.db/spaces/third: ", ""},
		{"erase heat --space third --vacuum --verify", ExitDone, "", ""},
		{"query heat --space third", ExitNotFound, "not in the graph", ""},
		{"query heat --space acme", ExitDone, "Heat", "erased from another space"},
		{"export nodes --space acme --output-format tsv", ExitDone, "heat\tfilm\tHeat", ""},
		{"import nodes - ", ExitDone, "", "the store of no space"},
		{"info --format tsv", ExitDone, "nodes\t\t1\n", "counts its own"},
		{"restore acme.bak --replace", ExitDone, "", "in place of the store, not of its spaces"},
		{"query stdin --space other", ExitDone, "From standard input", "still there"},
	} {
		r := ken(t, "stdin\tfilm\tFrom standard input\n", tc.line)
		if all := r.out + r.stderr; r.code != tc.code || !strings.Contains(all, tc.has) {
			t.Errorf("ken %s: exit %d, want %d and %q: %s\n%s", tc.line, r.code, tc.code, tc.has, tc.why, all)
		}
	}
}
