package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTableAlignsWideCharacters(t *testing.T) {
	a, out := printer(formatTable)
	g := &grid{header: []string{"name", "score"}}
	g.add("千と千尋", 0.5)
	g.add("Heat", -12.25)
	if err := a.emit(nil, g); err != nil {
		t.Fatal(err)
	}
	a.out.Flush()
	want := "name         score\n" +
		"千と千尋    0.5000\n" +
		"Heat      -12.2500\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("four characters are eight columns wide (-want +got):\n%s", diff)
	}
}

func printer(format string) (*app, *bytes.Buffer) {
	var out bytes.Buffer
	a := newApp(strings.NewReader(""), &out, &bytes.Buffer{})
	a.format = format
	return a, &out
}

func TestTSVIsOneLineARow(t *testing.T) {
	a, out := printer(formatTSV)
	g := &grid{header: []string{"id", "n", "x", "w"}}
	g.add("a\tb\nc\r", 3, 1.0/3, float32(0.1))
	if err := a.emit(nil, g); err != nil {
		t.Fatal(err)
	}
	a.out.Flush()
	if want := "id\tn\tx\tw\n" + `a\tb\nc\r` + "\t3\t0.3333333333333333\t0.1\n"; out.String() != want {
		t.Errorf("%q, want %q", out, want)
	}
}

func TestReadable(t *testing.T) {
	for _, tc := range []struct{ in, want, why string }{
		{"plain", "plain", ""},
		{"\x1b[31mred\a", "\ufffd[31mred\ufffd", "an id must not colour the terminal"},
		{"a\u202eb", "a\ufffdb", "nor turn the line around"},
		{"two\nlines", "two\nlines", "cells may have lines"},
		{"千と千尋 é \u200d", "千と千尋 é \u200d", "other scripts are untouched"},
	} {
		if got := readable(tc.in); got != tc.want {
			t.Errorf("readable(%q) = %q, want %q: %s", tc.in, got, tc.want, tc.why)
		}
	}
}

func TestSplitList(t *testing.T) {
	for _, tc := range []struct {
		in   []string
		want []string
		why  string
	}{
		{nil, nil, "nothing given"},
		{[]string{"a,b", "c"}, []string{"a", "b", "c"}, "a flag may be repeated"},
		{[]string{`"a,b",c`}, []string{"a,b", "c"}, "quotes protect a comma"},
		{[]string{"a b, c"}, []string{"a b", " c"}, "spaces belong to the id"},
	} {
		got, err := splitList("--likes", tc.in)
		if err != nil {
			t.Errorf("%q: %v", tc.in, err)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%q: %s (-want +got):\n%s", tc.in, tc.why, diff)
		}
	}
	for _, in := range []string{"", "a,,b", `"a`, "a,"} {
		if _, err := splitList("--likes", []string{in}); exitCode(err) != ExitUsage {
			t.Errorf("%q: %v, want a usage error", in, err)
		}
	}
}

func TestReadIDs(t *testing.T) {
	workDir(t, map[string]string{
		"ids":     "\ufeffa\nb\r\n\na\nc d\n",
		"columns": "u\ti1\nu\ti2\n",
		"short":   "u\ti1\nu\n",
		"latin1":  "caf\xe9\n",
		"none":    "\n\n",
	})
	a, _ := printer(formatTable)
	a.in = strings.NewReader("from\nstdin\n")
	for _, tc := range []struct {
		path   string
		column int
		want   []string
		fails  string
		why    string
	}{
		{"ids", 1, []string{"a", "b", "c d"}, "", "a mark, a carriage return and an empty line are no part of an id; each counts once"},
		{"columns", 2, []string{"i1", "i2"}, "", "an interaction file serves as a list of items"},
		{"-", 1, []string{"from", "stdin"}, "", "- is standard input"},
		{"short", 2, nil, "short:2: no column 2", "half a list is worse than none"},
		{"latin1", 1, nil, "latin1:1: not UTF-8", "such an id cannot be in the graph"},
		{"none", 1, nil, "holds no id", "an empty list would mean everything"},
	} {
		got, err := a.readIDs(tc.path, tc.column)
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", tc.path, tc.why, diff)
		}
		if (err == nil) != (tc.fails == "") || err != nil && !strings.Contains(err.Error(), tc.fails) {
			t.Errorf("%s: %v, want %q: %s", tc.path, err, tc.fails, tc.why)
		}
	}
}
