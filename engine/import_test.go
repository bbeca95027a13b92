package engine

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenrec/ken/graph"
)

// memory returns an empty engine that is closed with the test.
func memory(t testing.TB) *Engine {
	t.Helper()
	e, err := OpenInMemory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// load imports text and fails the test unless every row is good.
func load(t testing.TB, e *Engine, src Source, text string) ImportReport {
	t.Helper()
	src.Reader = strings.NewReader(text)
	rep, err := e.Import(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// dump returns the nodes, triples and interactions of a store, one a line.
func dump(t testing.TB, e *Engine) []string {
	t.Helper()
	var out []string
	for _, kind := range []Kind{Nodes, Triples, Interactions} {
		var b bytes.Buffer
		if _, err := e.Export(t.Context(), kind, JSONL, &b, ExportOptions{}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return out
}

func TestImportForms(t *testing.T) {
	const (
		twoTriples = `{"head":"m1","relation":"by","tail":"p1","weight":1}|{"head":"m2","relation":"by","tail":"p1","weight":1}`
		nodes      = `{"id":"m1","type":"item","name":"Heat"}`
	)
	tests := []struct {
		name string
		src  Source
		in   string
		want string // rows of the kind, joined by |
		why  string
	}{
		{"x.tsv", Source{Kind: Nodes}, "m1\titem\tHeat\tA \"text\", with quotes\n", `{"id":"m1","type":"item","name":"Heat","text":"A \"text\", with quotes"}`, "TSV has no quoting"},
		{"x.tsv", Source{Kind: Nodes}, "m1\titem\tHeat", nodes, "text may be missing, and the last line end"},
		{"x.csv", Source{Kind: Nodes}, "m1,item,Heat,\"a, \"\"b\"\"\r\nc\"\r\n", `{"id":"m1","type":"item","name":"Heat","text":"a, \"b\"\r\nc"}`, "RFC 4180, line ends kept"},
		{"x.csv", Source{Kind: Nodes, Type: "film"}, "\ufeffmovieId,title,genres,year\n1,Heat,Crime,1995\n", `{"id":"1","type":"film","name":"Heat","attrs":{"genres":"Crime","year":1995}}`, "known names, others are attributes, a mark is dropped"},
		{"x.csv", Source{Kind: Nodes}, "movieId:ID(Movie),title,year:int,:LABEL\n1,Heat,1995,Film;Crime\n", `{"id":"Movie:1","type":"Film","name":"Heat","attrs":{"labels":["Film","Crime"],"year":1995}}`, "neo4j-admin with an id space"},
		{"x.jsonl", Source{Kind: Nodes}, `{"id":7,"title":"Heat","type":"item","tags":["a","b"],"ok":true,"x":null,"big":12345678901234567890,"attrs":{"at":{"time":5}}}`, `{"id":"7","type":"item","name":"Heat","attrs":{"at":{"time":5},"big":"12345678901234567890","ok":true,"tags":["a","b"]}}`, "JSON types are kept, numbers may be ids"},
		{"x.tsv", Source{Kind: Nodes}, "m1\titem\tNode\tTitle", `{"id":"m1","type":"item","name":"Node","text":"Title"}`, "words that could head columns are no header behind an id"},
		{"x.csv", Source{Kind: Nodes}, "\ufeffISBN;Titel;Preis;Note:string;Text\r\n978-3;Heat;12,5;2,0;\"a, b; c\"\r\n", `{"id":"978-3","text":"a, b; c","attrs":{"Note":"2,0","Preis":12.5,"Titel":"Heat"}}`, "semicolons: a decimal comma makes a number of an attribute unless it is declared as text"},
		{"x.csv", Source{Kind: Interactions, Columns: []string{"user", "item", "weight", "time"}}, "Kunde 0;7;2,5;17.06.2024 03:15\n", `{"user":"Kunde 0","item":"7","weight":2.5,"time":1718594100}`, "semicolons without a header, day before month"},
		{"", Source{Kind: Interactions}, "Kunde 0;7;1\n", `{"user":"Kunde 0","item":"7","weight":1}`, "semicolons without a name: not a list of items separated by spaces"},
		{"x.csv", Source{Kind: Nodes}, "title,movieId,year\nHeat,m1,1995", `{"id":"m1","name":"Heat","attrs":{"year":1995}}`, "the id need not come first"},
		{"x.tsv", Source{Kind: Triples}, "m1\tby\tp1\nm2\tby\tp1\t\n", twoTriples, "an empty weight is 1"},
		{"x.tsv", Source{Kind: Triples}, "subject\tpredicate\tobject\nm1\tby\tp1\nm2\tby\tp1\n", twoTriples, "synonyms"},
		{"x.txt", Source{Kind: Triples}, "m1 by p1\nm2 by p1\n", twoTriples, "spaces"},
		{"x.csv", Source{Kind: Triples}, ":START_ID,role,:END_ID,:TYPE\nm1,x,p1,by\nm2,y,p1,by\n", twoTriples, "neo4j-admin relationships"},
		{"x.jsonl", Source{Kind: Triples}, `{"subject":"m1","predicate":"by","object":"p1"}` + "\n\n" + `{"head":"m2","relation":"by","tail":"p1"}`, twoTriples, "keys differ from line to line"},
		{"x.tsv", Source{Kind: Triples, SourceTag: "imdb"}, "m1\tby\tp1\t0.5\n", `{"head":"m1","relation":"by","tail":"p1","weight":0.5,"source":"imdb"}`, "a tag for all"},
		{"x.tsv", Source{Kind: Interactions}, "u1\ta2\t\nu1\ta3\t5\t2000-01-01 00:00:10\tbuy\n", `{"user":"u1","item":"a2","weight":1}|{"user":"u1","item":"a3","weight":5,"time":946684810,"type":"buy"}`, "empty weight, date"},
		{"x.csv", Source{Kind: Interactions, Type: "rate"}, "userId,movieId,rating,timestamp\n1,2,-1,964982703000\n", `{"user":"1","item":"2","weight":-1,"time":964982703,"type":"rate"}`, "MovieLens header, milliseconds, a dislike"},
		{"x.tsv", Source{Kind: Interactions, Columns: []string{"-", "item", "user"}}, "9\ti\tu\n", `{"user":"u","item":"i","weight":1}`, "columns by name, - skips"},
		{"x.txt", Source{Kind: Interactions}, "u a b\nv\nw c \n", `{"user":"u","item":"a","weight":1}|{"user":"u","item":"b","weight":1}|{"user":"w","item":"c","weight":1}`, "lists; a user without items is no fault"},
		{"x.jsonl", Source{Kind: Interactions, Columns: []string{"user=who"}}, `{"who":"u","user":"x","item":"i","rating":0}`, `{"user":"u","item":"i","weight":0}`, "keys by name; weight 0 is kept"},
		{"x.jsonl", Source{Kind: Interactions}, `{"user":"u","item":"i","time":{"time":7}}`, `{"user":"u","item":"i","weight":1,"time":7}`, "moments as Export writes those of attributes"},
		{"-", Source{Kind: Interactions}, "u,i,3\n", `{"user":"u","item":"i","weight":3}`, "a stream without a name is sniffed"},
		{"x.inter", Source{}, "user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\t1\t3\t881250949\n", `{"user":"user:1","item":"item:1","weight":3,"time":881250949}`, "atomic files keep user 1 and item 1 apart"},
		{"x.inter", Source{UserPrefix: "u", NoPrefix: true}, "user_id:token\titem_id:token\n1\t1\n", `{"user":"u1","item":"1","weight":1}`, "prefixes are the caller's"},
		{"x.item", Source{}, "item_id:token\tmovie_title:token_seq\tclass:token_seq\tyear:float\n1\tToy Story\tA B\t1995\n", `{"id":"item:1","type":"item","name":"Toy Story","attrs":{"class":["A","B"],"year":1995}}`, "typed columns"},
		{"x.user", Source{}, "user_id:token\tage:token\n1\t024\n", `{"id":"user:1","type":"user","attrs":{"age":"024"}}`, "a token stays text"},
		{"x.kg", Source{}, "head_id:token\trelation_id:token\ttail_id:token\nm.1\tr\tm.2\n", `{"head":"m.1","relation":"r","tail":"m.2","weight":1}`, "entities keep their ids"},
		{"x.link", Source{}, "item_id:token\tentity_id:token\n1\tm.1\n", `{"head":"item:1","relation":"same_as","tail":"m.1","weight":1}`, "what is known about the entity reaches the item"},
	}
	for _, c := range tests {
		t.Run(c.why, func(t *testing.T) {
			e := memory(t)
			c.src.Name = c.name
			rep := load(t, e, c.src, c.in)
			kind, err := ParseKind(rep.Kind)
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if _, err := e.Export(t.Context(), kind, JSONL, &b, ExportOptions{}); err != nil {
				t.Fatal(err)
			}
			got := strings.ReplaceAll(strings.TrimSpace(b.String()), "\n", "|")
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if rep.Read != rep.Stored || rep.Skipped != 0 {
				t.Errorf("report %+v", rep)
			}
			again := load(t, e, c.src, c.in)
			if again.Stored != 0 || again.Unchanged != rep.Stored {
				t.Errorf("the second import changed something: %+v", again)
			}
		})
	}
}

func TestImportBadRows(t *testing.T) {
	long := strings.Repeat("x", graph.MaxID+1)
	tests := []struct {
		name   string
		kind   Kind
		in     string // its bad row is line 2
		column int
		reason string
	}{
		{"x.tsv", Triples, "a\tb\tc\na\tb\n", 0, "2 columns but needs 3"},
		{"x.tsv", Triples, "a\tb\tc\na,b,c\n", 0, "try --input-format csv"},
		{"x.tsv", Triples, "a\tb\tc\na\tb\tc\t1\t2\n", 0, "5 columns, more than the 4"},
		{"x.tsv", Triples, "a\tb\tc\na\tb\tc\t0\n", 4, "not above 0"},
		{"x.tsv", Triples, "a\tb\tc\n\tb\tc\n", 0, "head is empty"},
		{"x.tsv", Triples, "a\tb\tc\na\t\tc\n", 0, "relation is empty"},
		{"x.tsv", Triples, "a\tb\tc\na\tb\t" + long + "\n", 0, "more than 1024"},
		{"x.tsv", Triples, "a\tb\tc\na\tb\t\xff\n", 3, "not valid UTF-8"},
		{"x.tsv", Triples, "a\tb\tc\na\tb\t\x00\n", 3, "NUL"},
		{"x.tsv", Triples, "a\tb\tc\na\tb\td\rx\n", 3, "carriage return"},
		{"x.tsv", Nodes, "a\n" + long + "\n", 1, "more than 1024"},
		{"x.csv", Nodes, "id,year:int\na,x\nb,5\n", 2, "not a number"},
		{"x.csv", Nodes, "a,b\na,\"x\n", 2, "never closed"},
		{"x.csv", Nodes, "a,b\na,\"x\"y\n", 2, "followed by something"},
		{"x.csv", Nodes, "a,b\na,x\"y\n", 2, "quote stands inside"},
		{"x.tsv", Interactions, "u\ti\nu\tj\tNaN\n", 3, "not a finite number"},
		{"x.tsv", Interactions, "u\ti\nu\tj\t1e39\n", 3, "too large"},
		{"x.tsv", Interactions, "u\ti\nu\tj\tfive\n", 3, "not a number"},
		{"x.tsv", Interactions, "u\ti\nu\tj\t1\tyesterday\n", 4, "not a time"},
		{"x.tsv", Interactions, "u\ti\nu\tu\n", 0, "--user-prefix"},
		{"x.tsv", Interactions, "u\ti\ni\tj\n", 0, `"i" is an item already`},
		{"x.tsv", Interactions, "u\ti\nv\tu\n", 0, `"u" is a user already`},
		{"x.tsv", Interactions, "u\ti\n\ti\n", 1, "user is empty"},
		{"x.tsv", Vectors, "a\t1\t2\nb\t1\n", 0, "another length"},
		{"x.tsv", Vectors, "a\t1\t2\nb\t1\tInf\n", 3, "not a finite"},
		{"x.jsonl", Nodes, "{\"id\":\"a\"}\n{\"id\":\"a\",\"id\":\"b\"}\n", 0, "different values"},
		{"x.jsonl", Nodes, "{\"id\":\"a\",\"id\":\"a\"}\n{\"id\":\"b\",\"attrs\":{\"x\":1,\"x\":2}}\n", 0, "\"x\" stands there twice"},
		{"x.jsonl", Nodes, "{\"id\":\"a\"}\n[1]\n", 0, "not a JSON object"},
		{"x.jsonl", Nodes, "{\"id\":\"a\"}\n{\"id\":{}}\n", 0, "neither text nor a number"},
		{"x.jsonl", Nodes, "{\"id\":\"a\"}\n{\"name\":\"a\"}\n", 0, "id is empty"},
		{"x.jsonl", Interactions, "{\"user\":\"u\",\"item\":\"i\"}\n{\"user\":\"u\"}\n", 0, "item is empty"},
		{"x.jsonl", Vectors, "{\"id\":\"a\",\"vector\":[1]}\n{\"id\":\"b\",\"vector\":[1,\"x\"]}\n", 0, "element 2"},
		{"x.nt", Triples, "<a:b> <a:c> <a:d> .\n</en/x> <a:c> <a:d> .\n", 0, "--lenient-iris"},
		{"x.nt", Triples, "<a:b> <a:c> <a:d> .\n<a:b> <a:c> \"\\u0000\" .\n", 0, "NUL"},
	}
	for _, c := range tests {
		t.Run(c.reason, func(t *testing.T) {
			e := memory(t)
			var rejects bytes.Buffer
			rep, err := e.Import(t.Context(), Source{Kind: c.kind, Name: c.name, Reader: strings.NewReader(c.in), Rejects: &rejects})
			if !errors.Is(err, ErrBadRecord) {
				t.Fatalf("error %v, want ErrBadRecord", err)
			}
			if rep.Stored != 1 || rep.Skipped != 1 || len(rep.Rejected) != 1 {
				t.Fatalf("one good and one bad row: %+v", rep)
			}
			r := rep.Rejected[0]
			if r.Line != 2 || r.Column != c.column || !strings.Contains(r.Reason, c.reason) {
				t.Errorf("rejected %+v, want line 2, column %d, a reason with %q", r, c.column, c.reason)
			}
			if !strings.HasPrefix(rejects.String(), "# "+c.name+":2: ") {
				t.Errorf("rejects %q", rejects.String())
			}

			e = memory(t)
			rep, err = e.Import(t.Context(), Source{Kind: c.kind, Name: c.name, Reader: strings.NewReader(c.in), Strict: true})
			if !errors.Is(err, ErrBadRecord) || rep.Stored != 0 || len(dump(t, e)) != 0 {
				t.Errorf("strict stores nothing of the batch: %v, %+v", err, rep)
			}
		})
	}
}

func TestImportWholeFiles(t *testing.T) {
	utf16 := "\xff\xfea\x00\t\x00b\x00"
	cut := gz(t, strings.Repeat("u\ti\n", 100))
	tests := []struct {
		src  Source
		in   string
		want error
		text string
		why  string
	}{
		{Source{Kind: Nodes, Name: "x.tsv"}, "", ErrNoData, "holds none", "an empty file is no success"},
		{Source{Kind: Nodes, Name: "x.tsv"}, "id\tname\n", ErrNoData, "holds none", "a header alone neither"},
		{Source{Kind: Triples, Name: "x.tsv"}, "a\nb\n", ErrBadRecord, "all 2 are bad", "all rows bad"},
		{Source{Kind: Nodes, Name: "x.tsv"}, utf16, nil, "iconv", "UTF-16 is told"},
		{Source{Kind: Interactions, Name: "x.tsv.gz"}, cut[:len(cut)-9], nil, "ends too early", "a cut archive"},
		{Source{Name: "x.tsv"}, "a\n", ErrBadOption, "nodes, triples", "no kind"},
		{Source{Kind: Nodes, Name: "x.inter"}, "a\n", ErrBadOption, "holds interactions", "the wrong kind"},
		{Source{Kind: Nodes, Name: "x.parquet"}, "PAR1", ErrBadOption, "Parquet", "another package reads it"},
		{Source{Name: "x.npy"}, "\x93NUMPY", ErrBadOption, "Source.Vectors", "an array has no ids"},
		{Source{Kind: Interactions, Name: "x.tsv", Header: HeaderYes}, "a\tb\nu\ti\n", ErrBadOption, "--columns", "a header that says nothing"},
		{Source{Kind: Interactions, Name: "x.csv"}, "a,b,c,d,e,f\nu,i,1,2,3,4\n", ErrBadOption, "x.csv: engine: bad option: the first line, a,b,c,d,e,f, does not name user, item", "no column known and too many to be a row"},
		{Source{Kind: Interactions, Name: "x.tsv", Columns: []string{"user", "-"}}, "a\tb\n", ErrBadOption, "lack", "columns without an item"},
		{Source{Kind: Vectors, Name: "x.nt"}, "a", ErrBadOption, "holds triples", "RDF has no vectors"},
		{Source{Kind: Triples, Name: "x.nt", RDF: RDFOptions{Base: "x"}}, "a", ErrBadOption, "absolute", "a base that is none"},
		{Source{Name: "x.ttl"}, "<a:b> <a:c> <a:d> .\n<a:b> x <a:d> .\n<a:e> <a:c> <a:d> .\n", nil, "line 2, byte 7", "a Turtle document ends with its first error"},
		{Source{Name: "x.item"}, "1\tToy\n", ErrBadRecord, "no type", "atomic files have typed headers"},
		{Source{Name: "x.item"}, "", ErrNoData, "none", "an empty atomic file"},
	}
	for _, c := range tests {
		t.Run(c.why, func(t *testing.T) {
			c.src.Reader = strings.NewReader(c.in)
			_, err := memory(t).Import(t.Context(), c.src)
			if err == nil || !strings.Contains(err.Error(), c.text) || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v with %q", err, c.want, c.text)
			}
		})
	}
}

func gz(t testing.TB, s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestImportCancel: whole batches are kept, the report says how much, and a second run ends in the same store.
func TestImportCancel(t *testing.T) {
	var in strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&in, "u%d\ti%d\n", i%50, i)
	}
	ctx, cancel := context.WithCancel(t.Context())
	e := memory(t)
	src := Source{Kind: Interactions, Name: "x.tsv", BatchRows: 1000, Reader: strings.NewReader(in.String())}
	src.Progress = func(p Progress) {
		if p.Done == 2000 {
			cancel()
		}
	}
	rep, err := e.Import(ctx, src)
	if !errors.Is(err, context.Canceled) || rep.Stored != 3000 || rep.Batches != 3 { // the third was on its way
		t.Fatalf("error %v, report %+v", err, rep)
	}
	src.Progress = nil
	if rep := load(t, e, src, in.String()); rep.Unchanged != 3000 || rep.Stored != 2000 {
		t.Errorf("second run %+v", rep)
	}
	whole := memory(t)
	load(t, whole, src, in.String())
	if diff := cmp.Diff(dump(t, whole), dump(t, e)); diff != "" {
		t.Error(diff)
	}
}

// TestImportLargeBatch: a batch that is too large for the graph becomes two, and no row is lost.
func TestImportLargeBatch(t *testing.T) {
	var in strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&in, "%x\tr\tt%x\n", i, i)
	}
	e := memory(t)
	rep := load(t, e, Source{Kind: Triples, Name: "x.tsv", BatchRows: 100_000}, in.String())
	if stats, err := e.Graph().Stats(t.Context()); err != nil || stats.Triples != 60_000 || rep.Stored != 60_000 || rep.Batches < 2 {
		t.Errorf("%+v, %+v, %v", rep, stats, err)
	}
}

// TestImportAttributes: declared types of columns.
func TestImportAttributes(t *testing.T) {
	e := memory(t)
	load(t, e, Source{Kind: Nodes, Name: "x.csv"}, "id,a:int,b:boolean,c:date,d:string[],e:string,f,g,h:float_seq,i:long\n"+
		"n,007,yes,1970-01-02,x;y,5,-1.50,-1.5,1 2,9007199254740993\n")
	want := `{"id":"n","attrs":{"a":7,"b":true,"c":{"time":86400},"d":["x","y"],"e":"5","f":"-1.50","g":-1.5,"h":["1","2"],"i":"9007199254740993"}}`
	if diff := cmp.Diff([]string{want}, dump(t, e)); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"id,b:boolean\nn,perhaps\n", "id,c:date\nn,soon\n", "id,a:int\nn,Inf\n"} {
		if _, err := memory(t).Import(t.Context(), Source{Kind: Nodes, Name: "x.csv", Reader: strings.NewReader(bad)}); !errors.Is(err, ErrBadRecord) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// TestImportNames: what the name of a file or format tells.
func TestImportNames(t *testing.T) {
	for name, want := range map[string]Format{"tsv": TSV, "CSV": CSV, "ndjson": JSONL, "nt": NTriples, "turtle": Turtle, "lists": Lists, "auto": FormatAuto, "inter": Atomic} {
		if got, err := ParseFormat(name); err != nil || got != want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := ParseFormat("xlsx"); !errors.Is(err, ErrBadOption) {
		t.Error(err)
	}
	if _, err := ParseKind("things"); !errors.Is(err, ErrBadOption) {
		t.Error(err)
	}
	if Format(99).String() != "format 99" || Kind(0).String() != "no kind" {
		t.Error(Format(99), Kind(0))
	}
	for in, want := range map[string]string{`{"id":"a"}`: "jsonl", "a\tb": "tsv", "a,b": "csv", "a": "tsv"} {
		if rep := load(t, memory(t), Source{Kind: Nodes}, in); rep.Format != want || rep.Name != "stdin" {
			t.Errorf("%q: %+v", in, rep)
		}
	}
}

// TestImportRolesAcrossImports: what an earlier import said about an id counts, and so does a type of one's own.
func TestImportRolesAcrossImports(t *testing.T) {
	e := memory(t)
	load(t, e, Source{Kind: Nodes, Name: "x.tsv"}, "f1\tfilm\nc1\tcustomer\n")
	load(t, e, Source{Kind: Interactions, Name: "x.tsv"}, "c1\tf1\n")
	rep, err := e.Import(t.Context(), Source{Kind: Interactions, Name: "x.tsv", Reader: strings.NewReader("f1\tf2\nc2\tc1\nc2\tf1\n")})
	if !errors.Is(err, ErrBadRecord) || rep.Skipped != 2 || rep.Stored != 1 {
		t.Errorf("error %v, report %+v", err, rep)
	}
}

func TestImportReportIgnored(t *testing.T) {
	rep := load(t, memory(t), Source{Kind: Interactions, Name: "x.csv"}, "user,item,mood,rating\nu,i,good,3\n")
	if diff := cmp.Diff([]string{"mood"}, rep.Ignored); diff != "" {
		t.Error(diff)
	}
}

func TestImportVectors(t *testing.T) {
	for name, in := range map[string]string{
		"x.tsv": "a\t1\t-2.5\nb\t0.1\t3e-5\n", "h.csv": "id,v1,v2\na,1,-2.5\nb,0.1,3e-5\n", "one.csv": "id,vector\na,\"[1, -2.5]\"\nb,0.1 3e-5\n",
		"x.jsonl": `{"id":"a","vector":[1,-2.5]}` + "\n" + `{"id":"b","embedding":[0.1,3e-5]}`,
	} {
		e := memory(t)
		load(t, e, Source{Kind: Vectors, Name: name, Modality: "image", Model: "clip"}, in)
		var b bytes.Buffer
		if n, err := e.Export(t.Context(), Vectors, TSV, &b, ExportOptions{Modality: "image"}); err != nil || n != 2 {
			t.Fatal(n, err)
		}
		if want := "id\tv1\tv2\na\t1\t-2.5\nb\t0.1\t3e-05\n"; b.String() != want {
			t.Errorf("%s: %q", name, b.String())
		}
	}
}

func TestImportBlankSheet(t *testing.T) {
	e := memory(t)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Import(t.Context(), Source{Kind: Nodes, Name: "x.tsv", Reader: strings.NewReader("a\n")}); !errors.Is(err, ErrClosed) {
		t.Errorf("error %v, want ErrClosed", err)
	}
}
