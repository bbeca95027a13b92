package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenrec/ken/engine"
)

// A finished table is taken again by the same program with the same options, and by no other.
func TestDoneKeepsTables(t *testing.T) {
	d, err := openDone(t.TempDir(), false)
	if err != nil {
		t.Fatal(err)
	}
	want := result{Key: "k", Text: "text", Seconds: 1.5, Lines: []line{{Split: "s", Goal: figure{.2, .1}, Default: figure{.3, .2},
		Knowledge: &engine.Difference{Delta: .1, Low: .05, High: .2, P: .01}}}}
	if err := d.put("books", want); err != nil {
		t.Fatal(err)
	}
	got, ok := d.get("books", "k")
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Errorf("found: %v\n%s", ok, diff)
	}
	if _, ok := d.get("books", "another"); ok {
		t.Error("a table of another program was taken")
	}
	if _, ok := d.get("films", "k"); ok {
		t.Error("a table that was never finished was taken")
	}
	d.again = true
	if _, ok := d.get("books", "k"); ok {
		t.Error("a table was taken although it is to be measured again")
	}
	text := (&bench{done: d}).overview()
	if strings.Contains(text, "0.3000 / 0.2000") {
		t.Error("books is no table of the report")
	}
}

func TestOverviewLine(t *testing.T) {
	for _, tt := range []struct {
		line line
		want string
		why  string
	}{
		{line{Split: "a b", Goal: figure{.2, .1}, Default: figure{.3, .09}, Tuned: figure{.3, .1}},
			"default: recall reached, NDCG missed by 0.0100; tuned: yes | 90.0 % |", "a miss in one measure is a miss; the share is of NDCG"},
		{line{Split: "a b", Default: figure{.3, .2}}, "| none | none |", "neither goal nor peers"},
		{line{Split: "a b", Knowledge: &engine.Difference{Delta: .1, Low: -.05, High: .2}}, "| +0.1000 (-0.0500 – +0.2000) |", "the interval is shown"},
	} {
		doc := &markdown{}
		doc.overviewLine(tt.line)
		if !strings.Contains(doc.String(), tt.want) {
			t.Errorf("%q does not have %q: %s", doc.String(), tt.want, tt.why)
		}
	}
}
