package tabular

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// all reads a table to its end: good rows, bad rows as text, and the error that ended it.
func all(r *Reader) (rows [][]string, bad []string, err error) {
	for {
		row, err := r.Read()
		var e *RowError
		switch {
		case err == io.EOF:
			return rows, bad, nil
		case errors.As(err, &e):
			bad = append(bad, e.Error())
			continue
		case err != nil:
			return rows, bad, err
		}
		var fields []string
		for _, f := range row.Fields {
			fields = append(fields, string(f))
		}
		rows = append(rows, fields)
	}
}

func TestTables(t *testing.T) {
	tests := []struct {
		open func(io.Reader) *Reader
		in   string
		rows [][]string
		bad  []string
		why  string
	}{
		{NewTSV, "a\tb\n\n\"c\t\r\nd", [][]string{{"a", "b"}, {`"c`, ""}, {"d"}}, nil, "no quoting, empty lines passed over, CR LF, no last line end"},
		{NewTSV, "\ufeffa\tb\n", [][]string{{"a", "b"}}, nil, "the mark of some editors is dropped"},
		{NewTSV, "a\nb\rc\nd\x00\n\xc3\ne", [][]string{{"a"}, {"e"}},
			[]string{"line 2: the row holds a lone carriage return (lines must end with LF or CR LF)", "line 3: the row holds a NUL character", "line 4: the row is not valid UTF-8 (byte 1 is 0xC3): a file from Windows is converted by iconv -f WINDOWS-1252 -t UTF-8"}, "each bad line costs itself"},
		{NewTSV, "a\t\xff\n", nil, []string{"line 1, column 2: the row is not valid UTF-8 (byte 3 is 0xFF): a file from Windows is converted by iconv -f WINDOWS-1252 -t UTF-8"}, "the column is told"},
		{NewTSV, "a\n" + strings.Repeat("x", MaxField+1) + "\tb\nc\n", [][]string{{"a"}, {"c"}}, []string{"line 2, column 1: the field is longer than 1 MiB"}, "long field"},
		{NewTSV, "a\n" + strings.Repeat("x\t", MaxLine) + "\nc\n", [][]string{{"a"}, {"c"}}, []string{"line 2: the line is longer than 16 MiB"}, "long line"},
		{NewSpaces, " a  b\tc \n \nd", [][]string{{"a", "b", "c"}, {"d"}}, nil, "runs of blanks are one separator"},
		{NewCSV, "a,\"b,\"\"c\"\"\r\nd\"\r\ne,\n", [][]string{{"a", "b,\"c\"\r\nd"}, {"e", ""}}, nil, "quotes hold commas, quotes and line ends"},
		{NewCSV, "\"a\",\"\"\n\"b\"", [][]string{{"a", ""}, {"b"}}, nil, "quoted to the very end"},
		{NewCSV, "a\n\"b\nc,d\n", [][]string{{"a"}, {"c", "d"}}, []string{"line 2, column 1: a quote is opened and never closed"}, "an open quote costs its line only"},
		{NewCSV, "a\n\"b\"x\nc\n", [][]string{{"a"}, {"c"}}, []string{"line 2, column 1: a closing quote is followed by something other than a comma"}, ""},
		{NewCSV, "a\nb,c\"d\ne\n", [][]string{{"a"}, {"e"}}, []string{"line 2, column 2: a quote stands inside a field that does not start with one"}, ""},
		{NewCSV, "a\n\"b\",c\rd\ne\n", [][]string{{"a"}, {"e"}}, []string{"line 2, column 2: the row holds a lone carriage return outside quotes"}, ""},
		{NewCSV, "\"a\nb\"\n\"c\x00\"\nd\n", [][]string{{"a\nb"}, {"d"}}, []string{"line 3, column 1: the row holds a NUL character"}, "lines inside quotes are counted"},
		{NewCSV, "\"" + strings.Repeat("x", MaxField+1) + "\"\nb\n", [][]string{{"b"}}, []string{"line 1, column 1: a quote is opened and not closed within 1 MiB"}, "long quoted field"},
		{NewCSV, strings.Repeat("a", MaxLine+1) + "\nb\n", [][]string{{"b"}}, []string{"line 1: the line is longer than 16 MiB"}, "long line"},
		{NewCSV, "\ufeffISBN;Titel;Preis\r\n1;\"a;b, \"\"c\"\"\";12,99\r\n", [][]string{{"ISBN", "Titel", "Preis"}, {"1", "a;b, \"c\"", "12,99"}}, nil, "semicolons, as spreadsheets write them where the comma is the decimal mark"},
		{NewCSV, "\"u, 1\";7;-0,5\nx,y;z\n", [][]string{{"u, 1", "7", "-0,5"}, {"x,y", "z"}}, nil, "no header: commas in quotes and in numbers separate nothing"},
		{NewCSV, "1,Film;Crime\na;b\n", [][]string{{"1", "Film;Crime"}, {"a;b"}}, nil, "a list in a field of a file with commas"},
		{NewCSV, "a;b\n\"c\"x;d\n", [][]string{{"a", "b"}}, []string{"line 2, column 1: a closing quote is followed by something other than a semicolon"}, ""},
		{NewCSV, "", nil, nil, "nothing"},
	}
	for _, c := range tests {
		t.Run(c.why, func(t *testing.T) {
			for _, oneByte := range []bool{false, true} {
				var in io.Reader = strings.NewReader(c.in)
				if oneByte {
					if len(c.in) > 1<<16 {
						continue
					}
					in = iotest.OneByteReader(in)
				}
				rows, bad, err := all(c.open(in))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c.rows, rows); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(c.bad, bad); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestFilesThatAreNoText(t *testing.T) {
	for in, want := range map[string]string{
		"\xff\xfea\x00": "UTF-16", "\xfe\xff\x00a": "UTF-16", "a\x00b\x00c\x00": "UTF-16", "\x00a\x00b": "UTF-16", "PAR1\x15\x04": "Parquet",
	} {
		for name, read := range map[string]func() error{
			"tsv":  func() error { _, err := NewTSV(strings.NewReader(in)).Read(); return err },
			"csv":  func() error { _, err := NewCSV(strings.NewReader(in)).Read(); return err },
			"json": func() error { _, err := NewJSON(strings.NewReader(in)).Read(); return err },
		} {
			if err := read(); !errors.Is(err, ErrEncoding) || !strings.Contains(err.Error(), want) {
				t.Errorf("%q as %s: %v, want %s", in, name, err, want)
			}
		}
	}
}

// TestCutStream: the last line of a stream that breaks is not a row, however much it looks like one.
func TestCutStream(t *testing.T) {
	broken := errors.New("broken")
	for name, open := range map[string]func(io.Reader) *Reader{"tsv": NewTSV, "csv": NewCSV, "spaces": NewSpaces} {
		rows, _, err := all(open(io.MultiReader(strings.NewReader("u1\nu12"), iotest.ErrReader(broken))))
		if len(rows) != 1 || !errors.Is(err, broken) {
			t.Errorf("%s: %v, %v", name, rows, err)
		}
		rows, _, err = all(open(io.MultiReader(strings.NewReader("u1\n\"u12"), iotest.ErrReader(broken))))
		if len(rows) != 1 || !errors.Is(err, broken) {
			t.Errorf("%s: %v, %v", name, rows, err)
		}
	}
}

func TestJSONLines(t *testing.T) {
	in := `{"id":"a","n":1e3,"b":true,"x":null,"l":["p",2,false],"v":[1,-0.5],"o":{"t":"\u00e9"}}` + "\n \n{\n{\"a\":1}x\n{\"a\":\"\\u0000\"}\n{\"a\":{\"b\":1,}}\n{\"z\":1}\r\n"
	r := NewJSON(strings.NewReader(in))
	o, err := r.Read()
	if err != nil || len(o.Members) != 7 || o.Line != 1 {
		t.Fatal(o, err)
	}
	kinds := ""
	for _, m := range o.Members {
		kinds += string(m.Value.Kind())
	}
	if kinds != "s0bn[[{" {
		t.Errorf("kinds %s", kinds)
	}
	if list, ok := o.Members[4].Value.Strings(); !ok || cmp.Diff([]string{"p", "2", "false"}, list) != "" {
		t.Error(list, ok)
	}
	if v, err := o.Members[5].Value.Floats(nil); err != nil || cmp.Diff([]float32{1, -0.5}, v) != "" {
		t.Error(v, err)
	}
	if _, err := o.Members[4].Value.Floats(nil); err == nil {
		t.Error("a string is no number")
	}
	if m, _ := o.Members[6].Value.Members(); len(m) != 1 || m[0].Value.Text != "é" {
		t.Error(m)
	}
	var lines []int64
	for range 4 {
		_, err := r.Read()
		var bad *RowError
		if !errors.As(err, &bad) {
			t.Fatal(err)
		}
		lines = append(lines, bad.Line)
	}
	if diff := cmp.Diff([]int64{3, 4, 5, 6}, lines); diff != "" {
		t.Error(diff)
	}
	if o, err := r.Read(); err != nil || o.Line != 7 {
		t.Error(o, err)
	}
	if _, err := r.Read(); err != io.EOF {
		t.Error(err)
	}
}

func FuzzCSV(f *testing.F) {
	f.Add("a,\"b\"\"c\"\r\n\"d\ne\",f\n\"x")
	f.Fuzz(func(t *testing.T, in string) {
		rows, _, err := all(NewCSV(strings.NewReader(in)))
		if err != nil && !errors.Is(err, ErrEncoding) {
			t.Fatal(err)
		}
		var b strings.Builder // quoted, every row comes back
		for _, row := range rows {
			for i, f := range row {
				if i > 0 {
					b.WriteByte(',')
				}
				b.WriteString(`"` + strings.ReplaceAll(f, `"`, `""`) + `"`)
			}
			b.WriteByte('\n')
		}
		again, bad, err := all(NewCSV(strings.NewReader(b.String())))
		if err != nil || len(bad) > 0 || !cmp.Equal(rows, again) {
			t.Fatalf("%q became %q: %v, %v", rows, again, bad, err)
		}
	})
}

func FuzzTSV(f *testing.F) {
	f.Add("a\tb\r\nc\n\n")
	f.Fuzz(func(t *testing.T, in string) {
		for _, open := range []func(io.Reader) *Reader{NewTSV, NewSpaces} {
			rows, bad, err := all(open(strings.NewReader(in)))
			if err != nil && !errors.Is(err, ErrEncoding) {
				t.Fatal(err)
			}
			if len(rows)+len(bad) > strings.Count(in, "\n")+1 {
				t.Fatal("more rows than lines")
			}
		}
	})
}

func FuzzJSON(f *testing.F) {
	f.Add(`{"a":"\u00e9","b":[1,"x"],"c":{"d":null}}`)
	f.Fuzz(func(t *testing.T, in string) {
		r := NewJSON(strings.NewReader(in))
		for {
			o, err := r.Read()
			var bad *RowError
			if errors.As(err, &bad) {
				continue
			}
			if err != nil {
				return
			}
			for _, m := range o.Members {
				_ = m.Value.Kind()
				m.Value.Floats(nil)
				m.Value.Strings()
				m.Value.Members()
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	in := bytes.Repeat([]byte("u1234\tm5678\t4.5\t1700000000\n"), 100_000)
	csv := bytes.ReplaceAll(in, []byte("\t"), []byte(","))
	for _, c := range []struct {
		name string
		open func(io.Reader) *Reader
		in   []byte
	}{{"tsv", NewTSV, in}, {"csv", NewCSV, csv}, {"spaces", NewSpaces, in}} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.in)))
			b.ReportAllocs()
			for b.Loop() {
				r := c.open(bytes.NewReader(c.in))
				for {
					if _, err := r.Read(); err != nil {
						break
					}
				}
			}
		})
	}
}

func ExampleNewCSV() {
	r := NewCSV(strings.NewReader("u1,i1,5\nu2,\"i2\nu3,\"i, three\",4\n"))
	for {
		row, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Fprintln(os.Stdout, err)
			continue
		}
		fmt.Printf("line %d: %q\n", row.Line, row.Fields)
	}
	// Output:
	// line 1: ["u1" "i1" "5"]
	// line 2, column 2: a closing quote is followed by something other than a comma
	// line 3: ["u3" "i, three" "4"]
}
