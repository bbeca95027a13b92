package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func knownRelation(name string) bool { return name == "genre" || name == "maker" }

func TestParseFacts(t *testing.T) {
	for _, tt := range []struct {
		name, answer, want, why string
	}{
		{"as asked", `{"facts":[{"relation":"genre","value":"crime","confidence":0.9}]}`, "genre=crime@0.9", "the form of the prompt"},
		{"fenced", "Sure!\n```json\n{\"facts\":[{\"relation\":\"genre\",\"value\":\"crime\"}]}\n```", "genre=crime@0.5", "models like to talk"},
		{"bare list", `[{"relation":"genre","value":"crime"},{"relation":"maker","value":"ann"}]`, "genre=crime@0.5 maker=ann@0.5", "the list alone"},
		{"other keys", `{"triples":[{"head":"x","predicate":"genre","tail":"crime","score":"85%"}]}`, "x:genre=crime@0.85", "other names for the same"},
		{"list of values", `{"facts":[{"relation":"genre","value":["a","b"]}]}`, "genre=a@0.5 genre=b@0.5", "several in one"},
		{"by relation", `{"genre":["a","b"],"maker":"ann","other":"x"}`, "genre=a@0.5 genre=b@0.5 maker=ann@0.5", "an object by relation; unknown keys say nothing"},
		{"numbers", `{"facts":[{"relation":"genre","value":1999,"confidence":1}]}`, "genre=1999@1", "a year is a name"},
		{"broken off", `{"facts":[{"relation":"genre","value":"a"},{"relation":"maker","val`, "genre=a@0.5", "the answer met its limit"},
		{"key twice", `{"facts":[{"relation":"genre","relation":"maker","value":"a"}]}`, "maker=a@0.5", "the last one counts"},
		{"empty", `{"facts":[]}`, "", "nothing is a good answer"},
		{"brace before", `{see below} {"facts":[{"relation":"genre","value":"a"}]}`, "genre=a@0.5", "the first brace is no JSON"},
		{"strange confidence", `[{"relation":"genre","value":"a","confidence":"very"},{"relation":"genre","value":"b","confidence":-3},{"relation":"genre","value":"c","confidence":1e30}]`, "genre=a@0.5 genre=b@0.01 genre=c@1", "within bounds"},
		{"no value", `{"facts":[{"relation":"genre"},{"value":"a"},{"relation":"genre","value":null}]}`, "", "half a fact is none"},
	} {
		got, err := parseFacts(tt.answer, knownRelation)
		if err != nil {
			t.Errorf("%s: %v: %s", tt.name, err, tt.why)
		}
		var parts []string
		for _, c := range got {
			s := fmt.Sprintf("%s=%s@%g", c.relation, c.value, c.confidence)
			if c.subject != "" {
				s = c.subject + ":" + s
			}
			parts = append(parts, s)
		}
		if diff := cmp.Diff(tt.want, strings.Join(parts, " ")); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", tt.name, tt.why, diff)
		}
	}
	for _, bad := range []string{"", "I cannot help with that.", "{", "[[[[", "{'relation': 'genre'}", strings.Repeat("[", 1000)} {
		if got, err := parseFacts(bad, knownRelation); err == nil {
			t.Errorf("%.20q: %v, want an error", bad, got)
		}
	}
}

// TestParseFactsIsBounded guarantees that a hostile answer ends, and yields no more than a long one.
func TestParseFactsIsBounded(t *testing.T) {
	for _, s := range []string{strings.Repeat("{", 1<<16), strings.Repeat("[", 1<<16), strings.Repeat(`{"a":`, 1<<14),
		"[" + strings.Repeat(`{"relation":"genre","value":"a"},`, 1<<12)} {
		if got, _ := parseFacts(s, knownRelation); len(got) > maxParsed {
			t.Errorf("%d facts", len(got))
		}
	}
}

func FuzzParseFacts(f *testing.F) {
	f.Add(`{"facts":[{"relation":"genre","value":"crime","confidence":0.9}]}`)
	f.Add("```json\n[{\"predicate\":\"maker\",\"tail\":[\"a\",1]}]")
	f.Add(`{"genre":{"genre":["x"]},"facts":`)
	f.Fuzz(func(t *testing.T, answer string) {
		got, err := parseFacts(answer, knownRelation)
		if err != nil && len(got) > 0 || len(got) > maxParsed {
			t.Errorf("%d facts with error %v", len(got), err)
		}
		for _, c := range got {
			if !(c.confidence > 0 && c.confidence <= 1) {
				t.Errorf("confidence %g", c.confidence)
			}
		}
	})
}

func TestNormalName(t *testing.T) {
	for in, want := range map[string]string{
		"Michael Mann": "michael mann", "  AMÉLIE  (2001)": "amelie 2001", "O'Neill": "oneill", "Sci-Fi": "sci fi",
		"千と千尋": "千と千尋", "!?": "", "": "", "ﬁne": "fine", "Ångström": "angstrom",
	} {
		if got := normalName(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
		if again := normalName(normalName(in)); again != normalName(in) {
			t.Errorf("%q: %q the second time", in, again)
		}
	}
	if _, ok := cleanValue("N/A"); ok {
		t.Error("n/a is the name of something")
	}
	if v, ok := cleanValue(" Michael\n\x00 Mann\u200b "); !ok || v != "Michael Mann" {
		t.Errorf("%q, %v", v, ok)
	}
	if slices.ContainsFunc([]string{"\u202e", strings.Repeat("x", 300), "--"}, func(s string) bool { _, ok := cleanValue(s); return ok }) {
		t.Error("a value that names nothing is taken")
	}
}
