package cli

import (
	"context"
	"strconv"
	"strings"

	"github.com/kenrec/ken/engine"
)

// lint prints what looks like a mistake in the data of a store. Findings are no failure: the exit code stays 0.
func (a *app) lint(ctx context.Context, e *engine.Engine) error {
	rep, err := e.Lint(ctx)
	if err != nil {
		return err
	}
	return a.emit(rep, lintGrid(rep))
}

func lintGrid(rep engine.LintReport) *grid {
	g := &grid{header: []string{"check", "of", "found", "among", "unit", "examples"}}
	for _, f := range rep.Findings {
		var examples []string
		for _, x := range f.Examples {
			examples = append(examples, exampleText(x))
		}
		g.add(string(f.Check), f.Of, f.N, f.Total, f.Unit, strings.Join(examples, "; "))
	}
	return g
}

// exampleText is an example in a table: the ids, and what is the matter with them.
func exampleText(x engine.LintExample) string {
	shown := make([]string, len(x.IDs))
	for i, id := range x.IDs {
		if shown[i] = id; id == "" || strings.TrimSpace(id) != id {
			shown[i] = strconv.Quote(id) // white space at the ends may be what is wrong
		}
	}
	ids := strings.Join(shown, ", ")
	switch {
	case x.What == "":
		return ids
	case ids == "":
		return x.What
	}
	return ids + " (" + x.What + ")"
}
