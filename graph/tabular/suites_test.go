package tabular

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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
		found := filepath.Join(filepath.Dir(dir), "shared", path)
		if _, err := os.Stat(found); err == nil {
			return found
		}
	}
	t.Skipf("%s is not here: set KEN_SHARED or put the shared folder beside the project", path)
	return ""
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCSVSpectrum(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(shared(t, "conformance/csv-spectrum"), "csvs", "*.csv"))
	if err != nil || len(files) != 11 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		rows, bad, err := all(NewCSV(bytes.NewReader(readFile(t, f))))
		if err != nil || len(bad) > 0 {
			t.Fatal(f, bad, err)
		}
		got := []map[string]string{}
		for _, r := range rows[1:] {
			m := map[string]string{}
			for i, name := range rows[0] {
				m[name] = r[i]
			}
			got = append(got, m)
		}
		var want []map[string]string
		js := strings.Replace(strings.Replace(f, "/csvs/", "/json/", 1), ".csv", ".json", 1)
		if err := json.Unmarshal(readFile(t, js), &want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", filepath.Base(f), diff)
		}
	}
}

// TestJSONSuite puts each document of JSONTestSuite into a line as the value of a key.
func TestJSONSuite(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(shared(t, "conformance/JSONTestSuite"), "test_parsing", "*.json"))
	if err != nil || len(files) != 318 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	count := map[byte]int{}
	for _, f := range files {
		name, doc := filepath.Base(f), readFile(t, f)
		if name[0] == 'y' {
			doc = bytes.Map(func(r rune) rune { // line ends are blanks in valid JSON
				if r == '\n' || r == '\r' {
					return ' '
				}
				return r
			}, doc)
		}
		r := NewJSON(bytes.NewReader(append(append([]byte(`{"v":`), doc...), '}')))
		var first error
		twice := false
		for {
			o, err := r.Read()
			if err == io.EOF {
				break
			}
			if len(o.Members) == 1 {
				_, key := o.Members[0].Value.Members()
				twice = twice || key != ""
			}
			var bad *RowError
			if err != nil && first == nil {
				first = err
			}
			if err != nil && !errors.As(err, &bad) {
				break
			}
		}
		if name[0] == 'y' && first != nil {
			t.Errorf("%s: error %v", name, first)
		}
		if name[0] == 'n' && first == nil {
			t.Errorf("%s: accepted", name)
		}
		if name[0] != 'i' {
			count[name[0]]++
		}
		if want := name == "y_object_duplicated_key.json"; twice != want {
			t.Errorf("%s: two values of a key noticed: %v", name, twice)
		}
	}
	if count['y'] != 95 || count['n'] != 188 {
		t.Errorf("%d to accept and %d to refuse, the suite has 95 and 188", count['y'], count['n'])
	}
}

// TestUTF8Suite: a line is good if and only if it is valid UTF-8, in every format.
func TestUTF8Suite(t *testing.T) {
	n := 0
	for line := range bytes.Lines(readFile(t, filepath.Join(shared(t, "conformance/utf8tests"), "utf8tests.bin"))) {
		parts := bytes.SplitN(bytes.TrimSuffix(line, []byte("\n")), []byte(":"), 3)
		if len(parts) < 3 || line[0] == '#' {
			continue
		}
		n++
		valid := strings.HasPrefix(strings.TrimSpace(string(parts[1])), "valid")
		valid = valid && bytes.IndexByte(parts[2], 0) < 0 // NUL is valid UTF-8, but no text
		body := bytes.ReplaceAll(parts[2], []byte(`"`), nil)
		body = bytes.ReplaceAll(body, []byte(`\`), nil)
		for name, r := range map[string]*Reader{
			"tsv": NewTSV(bytes.NewReader(append([]byte("x\t"), body...))), "csv": NewCSV(bytes.NewReader(append([]byte("x,"), body...))),
			"quoted csv": NewCSV(bytes.NewReader([]byte(`"x` + string(body) + `"`))), "lists": NewSpaces(bytes.NewReader(append([]byte("x "), body...))),
		} {
			if _, bad, err := all(r); err != nil || (len(bad) == 0) != valid {
				t.Errorf("%s as %s: %v, %v, valid %v", parts[0], name, bad, err, valid)
			}
		}
		if _, err := NewJSON(strings.NewReader(`{"x":"` + string(body) + `"}`)).Read(); (err == nil) != valid {
			t.Errorf("%s as JSON: %v, valid %v", parts[0], err, valid)
		}
	}
	if n != 222 {
		t.Errorf("%d lines, the suite has 222", n)
	}
}

// TestNaughtyStrings: quoted fields and JSON strings come back as they were.
func TestNaughtyStrings(t *testing.T) {
	var list []string
	if err := json.Unmarshal(readFile(t, filepath.Join(shared(t, "conformance/blns"), "blns.json")), &list); err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		rows, bad, err := all(NewCSV(strings.NewReader(`a,"` + strings.ReplaceAll(s, `"`, `""`) + "\"\n")))
		if err != nil || len(bad) > 0 || rows[0][1] != s {
			t.Errorf("CSV: %q came back as %q, %v, %v", s, rows, bad, err)
		}
		line, err := json.Marshal(map[string]string{"x": s})
		if err != nil {
			t.Fatal(err)
		}
		if o, err := NewJSON(bytes.NewReader(line)).Read(); err != nil || o.Members[0].Value.Text != s {
			t.Errorf("JSON: %q came back as %v, %v", s, o.Members, err)
		}
	}
}
