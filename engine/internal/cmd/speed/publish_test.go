//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestStampSaysHowATableWasMeasured(t *testing.T) {
	for _, tc := range []struct {
		table          string
		compared, done bool
		want, not      string
		why            string
	}{
		{"als", true, true, "medians of 5 or more, 1 workers · implicit", "broken off", "rounds against peers"},
		{"texts", false, true, "medians of 5 or more, 1 workers", "implicit", "rounds without peers"},
		{"growth", false, true, "single runs", "medians", "a size is run once"},
		{"import", false, false, "single runs, 2 workers · **broken off**", "medians", "rows are missing"},
	} {
		b := bench{config: config{rounds: 5, workers: 1}, table: tc.table, compared: tc.compared}
		if got := b.stamp(tc.done); !strings.Contains(got, tc.want) || strings.Contains(got, tc.not) {
			t.Errorf("%s: %q, want %q in it and not %q", tc.why, got, tc.want, tc.not)
		}
	}
	for name := range single {
		if !strings.Contains(","+strings.Join(partNames, ",")+",", ","+name+",") {
			t.Errorf("%q is no table", name)
		}
	}
}

func TestRowsAreKeptWhenARunIsBrokenOff(t *testing.T) {
	out := filepath.Join(t.TempDir(), "report.md")
	b := bench{config: config{out: out}, table: "growth"}
	b.text.WriteString("| 1 | first row |\n")
	if err := b.keep(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "first row") || !strings.Contains(string(text), "broken off") {
		t.Errorf("the report says:\n%s", text)
	}
}
