package rdf

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

type reader func(io.Reader, Options) iter.Seq2[Statement, error]

func TestRefusals(t *testing.T) {
	const nt, nq, ttl = "nt", "nq", "ttl"
	tests := []struct {
		format, in string
		line       int64
		reason     string // part of it
		why        string
	}{
		{nt, "<a:b> <a:c> <a:d> .\n</en/x> <a:c> <a:d> .\n", 2, "relative IRI </en/x>", "old dialects write short IRIs; the message says what to do"},
		{nt, "<a:b> <a:c> \"x .\n", 1, "never closed", "a quote left open"},
		{nt, "<a:b> <a:c> \"x\"@ .\n", 1, "language tag", "an empty tag"},
		{nt, "<a:b> <a:c> \"x\"@en--ltr .\n", 1, "RDF 1.2", "directions"},
		{nt, "<a:b> <a:c> <<( <a:b> <a:c> <a:d> )>> .\n", 1, "RDF 1.2", "triple terms"},
		{nt, "VERSION \"1.2\"\n", 1, "RDF 1.2", "version line"},
		{nt, "<a:b> <a:c> <a:d> <a:g> .\n", 1, "N-Quads", "quads in a file of triples"},
		{nt, "@prefix a: <b:> .\n", 1, "Turtle", "wrong format chosen"},
		{nt, "<a:b> <a:c> \"\xff\" .\n", 1, "UTF-8", "bytes that are no text"},
		{nt, "<a:b> <a:\\u0020> <a:d> .\n", 1, "bad escape", "an escaped space is still no IRI"},
		{nt, "<a:b> <a:c> \"\\ud800\" .\n", 1, "bad escape", "half a surrogate pair is no character"},
		{nq, "<a:b> <a:c> <a:d> \"g\" .\n", 1, "a graph", "a literal is no graph"},
		{ttl, "a:b a:c a:d .", 1, "not declared", "prefix unknown"},
		{ttl, "<a:b> <a:c> <<<a:b> <a:c> <a:d>>> .", 1, "RDF 1.2", "quoted triples"},
		{ttl, "<a:b> <a:c> <a:d> {| <a:e> <a:f> |} .", 1, "RDF 1.2", "annotations"},
		{ttl, "@version \"1.2\" .", 1, "RDF 1.2", "version directive"},
		{ttl, "<a:b> <a:c> \"x\"@en--ltr .", 1, "RDF 1.2", "directions"},
		{ttl, "<a:b>\n<a:c> 'x\n' .", 2, "line end in a string", "the line is counted"},
		{ttl, "<a:b> <a:c> '''x\n\ny''', z .", 3, "not understood", "lines inside long strings are counted too"},
		{ttl, "<a:b> <a:c>", 1, "ends inside", "cut file"},
		{ttl, "<a:b> <a:c> <rel> .", 1, "relative IRI <rel>", "no base"},
		{ttl, "<a:b> <a:c> " + strings.Repeat("(", 300), 1, "nested", "depth is bounded"},
	}
	for _, c := range tests {
		t.Run(c.why, func(t *testing.T) {
			_, err := parse("x."+c.format, "", []byte(c.in))
			if err == nil || !strings.Contains(err.Error(), c.reason) {
				t.Fatalf("error %v, want one about %q", err, c.reason)
			}
			var syntax *SyntaxError
			if errors.As(err, &syntax) && syntax.Line != c.line {
				t.Errorf("line %d, want %d", syntax.Line, c.line)
			}
		})
	}
}

func TestReaders(t *testing.T) {
	iri := func(s string) Term { return Term{Kind: IRI, Value: s} }
	tests := []struct {
		name, in string
		o        Options
		want     []Statement
		why      string
	}{
		{"x.nt", "\ufeff<a:b> <a:c> <a:d> .", Options{}, []Statement{{Subject: iri("a:b"), Predicate: iri("a:c"), Object: iri("a:d"), Line: 1}}, "a mark and no last line end"},
		{"x.nt", "<a:b> <a:c> \"x\\u0041\\n\"^^<a:t> .\r\n", Options{}, []Statement{{Subject: iri("a:b"), Predicate: iri("a:c"), Object: Term{Literal, "xA\n", "", "a:t"}, Line: 1}}, "escapes, datatype, CR LF"},
		{"x.nt", "</en/x> <a:c> <a:d> .", Options{LenientIRIs: true}, []Statement{{Subject: iri("/en/x"), Predicate: iri("a:c"), Object: iri("a:d"), Line: 1}}, "lenient keeps the short IRI"},
		{"x.nt", "</en/x> <a:c> <a:d> .", Options{Base: "http://e/y"}, []Statement{{Subject: iri("http://e/en/x"), Predicate: iri("a:c"), Object: iri("a:d"), Line: 1}}, "a base resolves it"},
		{"x.nq", "_:b.1 <a:c> \"x\"@en-GB <a:g> . # end", Options{}, []Statement{{Subject: Term{Kind: Blank, Value: "b.1"}, Predicate: iri("a:c"), Object: Term{Literal, "x", "en-GB", ""}, Graph: iri("a:g"), Line: 1}}, "quad"},
		{"x.ttl", "@prefix e: <a:> . e:b a e:c ; e:d 1, 1.5 .\n[] e:f true .", Options{}, []Statement{
			{Subject: iri("a:b"), Predicate: iri(typeIRI), Object: iri("a:c"), Line: 1},
			{Subject: iri("a:b"), Predicate: iri("a:d"), Object: Term{Literal, "1", "", xsdInteger}, Line: 1},
			{Subject: iri("a:b"), Predicate: iri("a:d"), Object: Term{Literal, "1.5", "", xsdDecimal}, Line: 1},
			{Subject: Term{Kind: Blank, Value: "genid-1"}, Predicate: iri("a:f"), Object: Term{Literal, "true", "", xsdBoolean}, Line: 2},
		}, "abbreviations"},
		{"x.ttl", "_:genid-1 <a:b> [] .", Options{}, []Statement{{Subject: Term{Kind: Blank, Value: "genid-l1"}, Predicate: iri("a:b"), Object: Term{Kind: Blank, Value: "genid-1"}, Line: 1}}, "labels never meet generated ones"},
	}
	for _, c := range tests {
		t.Run(c.why, func(t *testing.T) {
			read := map[string]reader{"x.nt": NTriples, "x.nq": NQuads, "x.ttl": Turtle}[c.name]
			for how, r := range map[string]io.Reader{"whole": strings.NewReader(c.in), "byte by byte": iotest.OneByteReader(strings.NewReader(c.in))} {
				var got []Statement
				for s, err := range read(r, c.o) {
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, s)
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("%s:\n%s", how, diff)
				}
			}
		})
	}
}

// TestBadLineCostsALine: the lines around a bad one are read, and the bad one is handed out as it stands.
func TestBadLineCostsALine(t *testing.T) {
	in := "<a:1> <a:p> <a:o> .\n<a:2> oops .\n<a:3> <a:p> <a:o> .\n" + "<a:4> <a:p> \"" + strings.Repeat("x", 300<<10) + "\" .\n<a:5> <a:p> <a:o> .\n"
	var good, bad []string
	for s, err := range NTriples(strings.NewReader(in), Options{MaxLine: 256 << 10}) {
		var syntax *SyntaxError
		switch {
		case errors.As(err, &syntax):
			bad = append(bad, string(syntax.Raw[:12]))
		case err != nil:
			t.Fatal(err)
		default:
			good = append(good, s.Subject.Value)
		}
	}
	if diff := cmp.Diff([]string{"a:1", "a:3", "a:5"}, good); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"<a:2> oops .", "<a:4> <a:p> "}, bad); diff != "" {
		t.Error(diff)
	}
}

func TestStreamErrors(t *testing.T) {
	broken := errors.New("broken")
	for name, read := range map[string]reader{"nt": NTriples, "nq": NQuads, "ttl": Turtle} {
		n, last := 0, error(nil)
		for _, err := range read(io.MultiReader(strings.NewReader("<a:1> <a:p> <a:o> .\n<a:2> <a:p>"), iotest.ErrReader(broken)), Options{}) {
			n, last = n+1, err
		}
		if n != 2 || !errors.Is(last, broken) {
			t.Errorf("%s: %d yields, last error %v; a cut statement is no statement", name, n, last)
		}
		for range read(strings.NewReader("<a:1> <a:p> <a:o> .\n<a:2> <a:p> <a:o> ."), Options{}) {
			break // must not panic
		}
	}
	for name, read := range map[string]reader{"nt": NTriples, "ttl": Turtle} {
		var last error
		for _, last = range read(io.LimitReader(endless{}, 1<<30), Options{MaxLine: 1 << 20}) {
		}
		if !errors.Is(last, ErrLimit) {
			t.Errorf("%s: a token without end gives %v", name, last)
		}
	}
}

// endless is <aaaa…
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	p[0] = '<'
	if len(p) > 1 {
		p[0] = 'a'
	}
	return len(p), nil
}

func TestWriterRefuses(t *testing.T) {
	iri := Term{Kind: IRI, Value: "a:b"}
	for why, s := range map[string]Statement{
		"relative IRI":            {Subject: Term{Kind: IRI, Value: "b"}, Predicate: iri, Object: iri},
		"space in an IRI":         {Subject: Term{Kind: IRI, Value: "a:b c"}, Predicate: iri, Object: iri},
		"literal subject":         {Subject: Term{Kind: Literal, Value: "b"}, Predicate: iri, Object: iri},
		"blank predicate":         {Subject: iri, Predicate: Term{Kind: Blank, Value: "b"}, Object: iri},
		"no object":               {Subject: iri, Predicate: iri},
		"label with a space":      {Subject: Term{Kind: Blank, Value: "b c"}, Predicate: iri, Object: iri},
		"literal that is no text": {Subject: iri, Predicate: iri, Object: Term{Kind: Literal, Value: "\xff"}},
		"tag with a dot":          {Subject: iri, Predicate: iri, Object: Term{Kind: Literal, Lang: "e.n"}},
	} {
		var buf bytes.Buffer
		w := NewWriter(&buf)
		if err := w.Write(s); !errors.Is(err, ErrTerm) {
			t.Errorf("%s: error %v", why, err)
		}
		if w.Flush(); buf.Len() > 0 {
			t.Errorf("%s: wrote %q", why, buf.String())
		}
	}
}

func TestResolve(t *testing.T) {
	const base = "http://a/b/c/d;p?q" // RFC 3986, section 5.4
	for ref, want := range map[string]string{
		"g:h": "g:h", "g": "http://a/b/c/g", "./g": "http://a/b/c/g", "g/": "http://a/b/c/g/", "/g": "http://a/g", "//g": "http://g",
		"?y": "http://a/b/c/d;p?y", "g?y": "http://a/b/c/g?y", "#s": "http://a/b/c/d;p?q#s", "g#s": "http://a/b/c/g#s", ";x": "http://a/b/c/;x",
		"": "http://a/b/c/d;p?q", ".": "http://a/b/c/", "..": "http://a/b/", "../g": "http://a/b/g", "../..": "http://a/", "../../g": "http://a/g",
		"../../../g": "http://a/g", "/./g": "http://a/g", "/../g": "http://a/g", "g.": "http://a/b/c/g.", "..g": "http://a/b/c/..g",
		"./../g": "http://a/b/g", "g;x=1/../y": "http://a/b/c/y", "g?y/../x": "http://a/b/c/g?y/../x",
	} {
		if got := Resolve(base, ref); got != want {
			t.Errorf("%q: %q, want %q", ref, got, want)
		}
	}
}

func FuzzNTriples(f *testing.F) {
	f.Add([]byte("<a:b> <a:c> \"x\\n\"@en <a:g> . # c\r\n_:b <a:c> \"1\"^^<a:t> .\n"))
	f.Add([]byte("<a:b> <rel> <<( _:x"))
	f.Fuzz(func(t *testing.T, in []byte) { roundTrip(t, NQuads, in) })
}

func FuzzTurtle(f *testing.F) {
	f.Add([]byte("@prefix e: <a:> . @base <b:/c> . e:b a e:c ; e:d 1, 1.5e3, -.5, true, '''x''', \"\\u0041\"^^e:t, 'l'@en .\n[ e:f (1 [] <x>) ] ."))
	f.Add([]byte("PREFIX : <a:> :a.b%41\\~ :p _:b.c , << ."))
	f.Fuzz(func(t *testing.T, in []byte) { roundTrip(t, Turtle, in) })
}

// roundTrip holds for any input: what a reader accepts the writer can write, and it is read as the same statement.
func roundTrip(t *testing.T, read reader, in []byte) {
	for s, err := range read(bytes.NewReader(in), Options{MaxLine: 1 << 16}) {
		if err != nil {
			continue
		}
		var buf bytes.Buffer
		w := NewWriter(&buf)
		if err := errors.Join(w.Write(s), w.Flush()); err != nil {
			if errors.Is(err, ErrTerm) && strings.Contains(err.Error(), "no absolute IRI") {
				continue // a base without a scheme of its own
			}
			t.Fatalf("%v: %v", s, err)
		}
		for got, err := range NQuads(bytes.NewReader(buf.Bytes()), Options{}) {
			got.Line = s.Line
			if err != nil || got != s {
				t.Fatalf("%q was read as %v, %v", buf.String(), got, err)
			}
		}
	}
}

func ExampleNTriples() {
	in := strings.NewReader(`<http://x.org/heat> <http://x.org/director> <http://x.org/mann> .
<http://x.org/heat> <http://x.org/year> "1995"^^<http://www.w3.org/2001/XMLSchema#gYear> .
`)
	w := NewWriter(os.Stdout)
	for s, err := range NTriples(in, Options{}) {
		if err != nil {
			panic(err)
		}
		if err := w.Write(Statement{Subject: s.Object, Predicate: s.Predicate, Object: s.Subject}); err != nil {
			w.Flush()
			os.Stdout.WriteString("a literal cannot be turned around\n")
		}
	}
	w.Flush()
	// Output:
	// <http://x.org/mann> <http://x.org/director> <http://x.org/heat> .
	// a literal cannot be turned around
}
