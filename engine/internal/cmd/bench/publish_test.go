package main

import (
	"strings"
	"testing"
)

func TestUpdateReplacesOneTable(t *testing.T) {
	doc := "# Benchmarks\n\n## Speed\n\nfast\n"
	doc = update(doc, "anime", "first\n")
	doc = update(doc, "facebook-book", "books\n")
	doc = update(doc, "anime", "second\n")
	for _, tt := range []struct {
		text string
		n    int
		why  string
	}{
		{"## Speed\n\nfast\n", 1, "what is outside the part stays"},
		{"## Accuracy\n", 1, "one part, however often it is written"},
		{"first\n", 0, "a table replaces itself"},
		{"second\n", 1, "the new table is there"},
		{"books\n", 1, "other tables stay"},
	} {
		if n := strings.Count(doc, tt.text); n != tt.n {
			t.Errorf("%q stands %d times, want %d: %s", tt.text, n, tt.n, tt.why)
		}
	}
	if strings.Index(doc, "books\n") > strings.Index(doc, "second\n") {
		t.Error("tables are not in the order of the list")
	}
	doc = strings.Replace(doc, partEnd, partEnd+"\n\n## After", 1)
	if again := update(doc, "anime", "second\n"); again != doc {
		t.Errorf("writing the same again changes the document:\n%s\n---\n%s", doc, again)
	}
}

func TestReached(t *testing.T) {
	for _, tt := range []struct {
		got, want float64
		text, why string
	}{
		{.24, .24, "reached", "the goal itself is enough"},
		{.23996, .24, "reached", "what prints as the goal is the goal"},
		{.2390, .24, "missed by 0.0010", "a miss is told in figures"},
	} {
		if s := reached(tt.got, tt.want); s != tt.text {
			t.Errorf("%g against %g: %q, want %q: %s", tt.got, tt.want, s, tt.text, tt.why)
		}
	}
}
