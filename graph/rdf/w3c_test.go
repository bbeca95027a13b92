package rdf

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
)

// shared finds a folder beside the project that is not part of it, or skips the test.
func shared(t testing.TB, path string) string {
	t.Helper()
	if dir := os.Getenv("KEN_SHARED"); dir != "" {
		return filepath.Join(dir, path)
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; filepath.Dir(dir) != dir; dir = filepath.Dir(dir) {
		if found := filepath.Join(filepath.Dir(dir), "shared", path); exists(found) {
			return found
		}
	}
	t.Skipf("%s is not here: set KEN_SHARED or put the shared folder beside the project", path)
	return ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// TestW3C runs the RDF 1.1 suites of the W3C: every test of N-Triples, N-Quads and Turtle must have its right outcome.
func TestW3C(t *testing.T) {
	dir := shared(t, "conformance/rdf-tests")
	raw, err := os.ReadFile(filepath.Join(dir, "tests.json"))
	if err != nil {
		t.Fatal(err)
	}
	var tests []struct{ Suite, Name, Type, Action, Result, Base string }
	if err := json.Unmarshal(raw, &tests); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"rdf11/rdf-n-triples": 70, "rdf11/rdf-n-quads": 87, "rdf11/rdf-turtle": 313}
	passed := map[string]int{}
	for _, c := range tests {
		if want[c.Suite] == 0 {
			continue
		}
		in, err := os.ReadFile(filepath.Join(dir, "rdf", c.Suite, c.Action))
		if err != nil {
			t.Fatal(err)
		}
		if c.Suite == "rdf11/rdf-turtle" { // the manifest's assumed base
			c.Base = "https://w3c.github.io/rdf-tests/rdf/rdf11/rdf-turtle/" + c.Action
		}
		got, err := parse(c.Action, c.Base, in)
		switch {
		case strings.Contains(c.Type, "Negative") && err == nil:
			t.Errorf("%s/%s: accepted, must be refused", c.Suite, c.Name)
		case !strings.Contains(c.Type, "Negative") && err != nil:
			t.Errorf("%s/%s: refused, must be accepted: %v", c.Suite, c.Name, err)
		case strings.Contains(c.Type, "Eval") && !strings.Contains(c.Type, "Negative"):
			expected, err := os.ReadFile(filepath.Join(dir, "rdf", c.Suite, c.Result))
			if err != nil {
				t.Fatal(err)
			}
			graph, err := parse(c.Result, "", expected)
			if err != nil {
				t.Fatal(err)
			}
			if !isomorphic(got, graph) {
				t.Errorf("%s/%s: another graph\n got %v\nwant %v", c.Suite, c.Name, got, graph)
				continue
			}
			passed[c.Suite]++
		default:
			passed[c.Suite]++
		}
	}
	for suite, n := range want {
		if passed[suite] != n {
			t.Errorf("%s: %d of %d tests pass", suite, passed[suite], n)
		}
	}
}

// parse reads a whole document in the format of its name; the first error ends it.
func parse(name, base string, in []byte) (out []Statement, err error) {
	read := NTriples
	switch filepath.Ext(name) {
	case ".nq":
		read = NQuads
	case ".ttl":
		read = Turtle
	}
	for s, err := range read(bytes.NewReader(in), Options{Base: base}) {
		if err != nil {
			return nil, err
		}
		s.Line = 0
		out = append(out, s)
	}
	return out, nil
}

// isomorphic reports whether two graphs are equal up to the labels of blank nodes. Labels are refined by their
// neighbourhood until that settles; the suites have no graph with blank nodes that stay alike.
func isomorphic(a, b []Statement) bool {
	x, y := canonical(a), canonical(b)
	return len(x) == len(y) && strings.Join(x, "\n") == strings.Join(y, "\n")
}

func canonical(g []Statement) []string {
	color := map[string]string{}
	name := func(t Term, self string) string {
		if t.Kind != Blank {
			return fmt.Sprint(t)
		}
		if t.Value == self {
			return "self"
		}
		return "blank" + color[t.Value]
	}
	for range 8 {
		next := map[string][]string{}
		for _, s := range g {
			for i, t := range []Term{s.Subject, s.Object} {
				if t.Kind == Blank {
					next[t.Value] = append(next[t.Value], fmt.Sprint(i, name(s.Subject, t.Value), s.Predicate, name(s.Object, t.Value)))
				}
			}
		}
		for label, lines := range next {
			sort.Strings(lines)
			next[label] = lines
		}
		for label, lines := range next {
			color[label] = fmt.Sprintf("%x", hash(strings.Join(lines, "\n")))
		}
	}
	seen := map[string]bool{}
	var out []string
	for _, s := range g {
		line := name(s.Subject, "") + " " + fmt.Sprint(s.Predicate) + " " + name(s.Object, "")
		key := fmt.Sprint(s.Subject, s.Predicate, s.Object)
		if !seen[key] {
			seen[key] = true
			out = append(out, line)
		}
	}
	sort.Strings(out)
	return out
}

func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// TestUTF8Suite puts the lines of utf8tests into literals: valid ones must be accepted, invalid ones refused.
func TestUTF8Suite(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(shared(t, "conformance/utf8tests"), "utf8tests.bin"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range bytes.Lines(raw) {
		parts := bytes.SplitN(bytes.TrimSuffix(line, []byte("\n")), []byte(":"), 3)
		if len(parts) < 3 || bytes.HasPrefix(line, []byte("#")) {
			continue
		}
		valid := strings.HasPrefix(strings.TrimSpace(string(parts[1])), "valid")
		body := bytes.TrimPrefix(parts[2], []byte(" "))
		body = bytes.ReplaceAll(body, []byte(`\`), []byte(`\\`))
		body = bytes.ReplaceAll(body, []byte(`"`), []byte(`\"`))
		doc := append([]byte(`<http://a/> <http://b/> "`), body...)
		doc = append(doc, "\" .\n"...)
		for _, name := range []string{"x.nt", "x.ttl"} {
			if _, err := parse(name, "", doc); (err == nil) != valid {
				t.Errorf("%s in %s: error %v, valid %v", parts[0], name, err, valid)
			}
		}
		n++
	}
	if n != 222 {
		t.Errorf("%d lines, the suite has 222", n)
	}
}

// TestNaughtyStrings writes and reads the big list of naughty strings.
func TestNaughtyStrings(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(shared(t, "conformance/blns"), "blns.json"))
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	if err := json.Unmarshal(raw, &list); err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		want := Statement{Subject: Term{Kind: IRI, Value: "a:b"}, Predicate: Term{Kind: IRI, Value: "a:c"}, Object: Term{Kind: Literal, Value: s}}
		var buf bytes.Buffer
		w := NewWriter(&buf)
		if err := errors.Join(w.Write(want), w.Flush()); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"x.nt", "x.ttl"} {
			got, err := parse(name, "", buf.Bytes())
			if err != nil || len(got) != 1 || got[0] != want {
				t.Errorf("%s: %q came back as %v, %v", name, s, got, err)
			}
		}
	}
}
