package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// lintOf returns the findings of a check in a store made of tables.
func lintOf(t *testing.T, check LintCheck, nodes, triples, interactions string) []LintFinding {
	t.Helper()
	e := memory(t)
	for kind, rows := range map[Kind]string{Nodes: nodes, Triples: triples, Interactions: interactions} {
		if rows != "" {
			load(t, e, Source{Kind: kind, Name: "x.tsv", Header: HeaderNo}, rows)
		}
	}
	rep, err := e.Lint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return findings(rep, check)
}

func findings(rep LintReport, check LintCheck) (out []LintFinding) {
	for _, f := range rep.Findings {
		if f.Check == check {
			out = append(out, f)
		}
	}
	return out
}

// times repeats a row with its number, from 0.
func times(n int, row string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, strings.ReplaceAll(row, "#", "%[1]d")+"\n", i)
	}
	return b.String()
}

func TestLintFindings(t *testing.T) {
	films := times(8, "f#\tfilm\tFilm #\ttext")
	born := times(40, "f#\tborn\ty#")
	tests := []struct {
		check                        LintCheck
		nodes, triples, interactions string
		want                         string // found/total, then examples
		why                          string
	}{
		{LintDuplicates, "a\tfilm\tHeat\nb\tfilm\t ｈＥＡＴ \nc\tbook\tHeat\nd\tfilm\t\ne\tfilm\t\n", "", "", "2/3 a,b: Heat", "case, width and space do not count, the type does"},
		{LintDuplicates, "a\tfilm\tHeat\nb\tfilm\tHeat\n", "a\tsame_as\tb\n", "", "0/2", "known to be the same"},
		{LintContradictions, films, born + "f0\tborn\ty9\n", "", "born 1/40 f0,y0,y9: 2 tails", "39 of 40 have one tail"},
		{LintContradictions, films, born + times(3, "f#\tborn\tz#"), "", "0/40", "37 of 40 are not enough"},
		{LintContradictions, films, times(10, "f#\tborn\ty#") + "f0\tborn\ty9\n", "", "0/10", "ten heads say nothing"},
		{LintIsolated, "a\tfilm\tA\nb\tfilm\tB\n", "a\tr\tc\n", "u\ti\n", "1/5 b: B", "no triple and no interaction"},
		{LintNameless, "a\tfilm\tA\nb\tfilm\t \nu\tuser\t\n", "", "", "1/2 b", "users need no name"},
		{LintTextless, "a\titem\tA\tt\nb\titem\tB\t\n", "", "", "1/2 b: B", "an item without text"},
		{LintHubs, films, times(5, "f#\tin\tdb") + times(4, "f#\tby\tp"), "u\tf0\n", "1/2 db: in: 5 of 8 items", "more than half; half is not"},
		{LintLonely, films, times(2, "f#\tby\tp") + "f0\tby\tq\n", "u\tf0\n", "1/2 q: by: 1 of 8 items", "shared with nobody"},
		{LintBusyUsers, "", "", times(20, "u#\ti") + times(500, "bot\tj#"), "1/21 bot: 500 interactions, bound 100", "a robot among people"},
		{LintBusyUsers, "", "", times(20, "u#\ti") + times(90, "fan\tj#"), "0/21", "a keen person"},
		{LintBusyItems, "", "", times(20, "v\ti#") + times(500, "u#\thit"), "1/21 hit: 500 interactions, bound 100", "as items"},
		{LintTypeSpread, "", "", "u\ta\t1\t1\tview\nu\tb\t1\t1\tview\nu\tc\t1\t1\tView \nu\td\n", "2/4 : 1 interactions have no type, others have|View : 1 interactions; another spelling of view", "two spellings and none"},
		{LintTypeSpread, "", "", "u\ta\nu\tb\n", "0/2", "no types at all are fine"},
	}
	for _, c := range tests {
		var got []string
		for _, f := range lintOf(t, c.check, c.nodes, c.triples, c.interactions) {
			got = append(got, strings.TrimSpace(fmt.Sprintf("%s %d/%d %s", f.Of, f.N, f.Total, examples(f))))
		}
		if diff := cmp.Diff(c.want, strings.Join(got, " & ")); diff != "" {
			t.Errorf("%s, %s: %s", c.check, c.why, diff)
		}
	}
}

func examples(f LintFinding) string {
	var out []string
	for _, x := range f.Examples {
		s := strings.Join(x.IDs, ",")
		if x.What != "" {
			s += ": " + x.What
		}
		out = append(out, s)
	}
	return strings.Join(out, "|")
}

func TestLintVectors(t *testing.T) {
	e := memory(t)
	load(t, e, Source{Kind: Nodes, Name: "x.tsv", Header: HeaderNo}, "a\tfilm\tA\nb\tfilm\tB\nc\tperson\tC\n")
	if rep, err := e.Lint(t.Context()); err != nil || findings(rep, LintMissingVectors)[0].N != 3 {
		t.Errorf("no vectors: %+v, %v", rep, err)
	}
	load(t, e, Source{Kind: Vectors, Name: "x.tsv", Modality: "image"}, "a\t1\t2\n")
	rep, err := e.Lint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []LintFinding{{Check: LintMissingVectors, Of: "image", N: 1, Total: 2, Unit: "nodes", Examples: []LintExample{{IDs: []string{"b"}, What: "B"}}}}
	if diff := cmp.Diff(want, findings(rep, LintMissingVectors)); diff != "" {
		t.Error(diff)
	}
}

// TestLintClean: a synthetic world without faults has no finding that would send people looking.
func TestLintClean(t *testing.T) {
	e, _ := world(t)
	rep, err := e.Lint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if rep.Nodes == 0 || rep.Users == 0 || rep.Items == 0 || rep.Triples == 0 || rep.Interactions == 0 {
		t.Errorf("sizes: %+v", rep)
	}
	for _, check := range []LintCheck{LintDuplicates, LintContradictions, LintBusyUsers, LintBusyItems, LintTypeSpread, LintMissingVectors} {
		for _, f := range findings(rep, check) {
			if f.N > 0 {
				t.Errorf("%s: %d of %d: %s", check, f.N, f.Total, examples(f))
			}
		}
	}
	again, err := e.Lint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rep.Findings, again.Findings); diff != "" {
		t.Error("the second run finds something else", diff)
	}
}

func TestLintEnds(t *testing.T) {
	e := memory(t)
	if rep, err := e.Lint(t.Context()); err != nil || len(rep.Findings) != 11 {
		t.Errorf("an empty store: %d findings, %v", len(rep.Findings), err)
	}
	load(t, e, Source{Kind: Nodes, Name: "x.tsv"}, "a\n")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if rep, err := e.Lint(ctx); !errors.Is(err, context.Canceled) || rep.Findings != nil {
		t.Errorf("cancelled: %v, %+v", err, rep)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Lint(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}
