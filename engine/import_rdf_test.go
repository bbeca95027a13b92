package engine

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const rdfPrefixes = `@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix s: <http://schema.org/> .
@prefix dct: <http://purl.org/dc/terms/> . @prefix x: <http://x.org/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
`

func TestImportRDF(t *testing.T) {
	const ex = "http://x.org/"
	tests := []struct {
		in   string
		o    RDFOptions
		want string // rows, joined by |, http://x.org/ written as x:
		why  string
	}{
		{"x:a x:by x:b .", RDFOptions{}, `{"id":"x:a"}|{"id":"x:b"}|{"head":"x:a","relation":"x:by","tail":"x:b","weight":1}`, "an IRI makes a triple"},
		{"x:a a x:Film ; rdfs:label 'Heat' ; dct:description 'A film.' .", RDFOptions{}, `{"id":"x:a","type":"Film","name":"Heat","text":"A film."}`, "type, name, text"},
		{"x:a a x:Film, x:Work .", RDFOptions{},
			`{"id":"x:a","type":"Film"}|{"id":"x:Work"}|{"head":"x:a","relation":"http://www.w3.org/1999/02/22-rdf-syntax-ns#type","tail":"x:Work","weight":1}`, "a second class is a triple: nothing is lost"},
		{"x:a x:year 1995 ; x:ok true ; x:at '2000-01-01T00:00:00Z'^^xsd:dateTime ; x:isbn '007' ; x:y '1995'^^xsd:gYear .", RDFOptions{},
			`{"id":"x:a","attrs":{"x:at":{"time":946684800},"x:isbn":"007","x:ok":true,"x:y^^http://www.w3.org/2001/XMLSchema#gYear":"1995","x:year":1995}}`, "literals are typed attributes; other datatypes stand in the key"},
		{"x:a x:tag 'p', 'q', 'p' ; x:tag 'r'@en .", RDFOptions{}, `{"id":"x:a","attrs":{"x:tag":["p","q"],"x:tag@en":"r"}}`, "several values are a list, languages apart"},
		{"x:a rdfs:label 'Hitze'@de, 'Heat'@en .", RDFOptions{}, `{"id":"x:a","name":"Heat","attrs":{"name@de":"Hitze","name@en":"Heat"}}`, "the preferred language becomes the name"},
		{"x:a rdfs:label 'Hitze'@de, 'Heat'@en .", RDFOptions{Language: "de"}, `{"id":"x:a","name":"Hitze","attrs":{"name@de":"Hitze","name@en":"Heat"}}`, "the caller prefers another"},
		{"x:a rdfs:label 'Heat' ; s:name 'Heat (1995)' .", RDFOptions{}, `{"id":"x:a","name":"Heat","attrs":{"http://schema.org/name":"Heat (1995)"}}`, "the first name stays, the second is kept"},
		{"x:a x:called 'Heat' ; rdfs:label 'No' .", RDFOptions{Mapping: map[string]RDFRole{ex + "called": RDFName, "http://www.w3.org/2000/01/rdf-schema#label": RDFSkip}}, `{"id":"x:a","name":"Heat"}`, "the mapping is the caller's"},
		{"_:b x:by [] .", RDFOptions{}, `{"id":"_:f/b"}|{"id":"_:f/genid-1"}|{"head":"_:f/b","relation":"x:by","tail":"_:f/genid-1","weight":1}`, "blank nodes belong to their file"},
		{"<urn:ken:m%2F1> <urn:ken:by> <urn:ken:p> .", RDFOptions{}, `{"id":"m/1"}|{"id":"p"}|{"head":"m/1","relation":"by","tail":"p","weight":1}`, "ids that Export wrapped"},
		{"</en/a> </by> </en/b> .", RDFOptions{LenientIRIs: true}, `{"id":"/en/a"}|{"id":"/en/b"}|{"head":"/en/a","relation":"/by","tail":"/en/b","weight":1}`, "short IRIs as they stand"},
		{"</a> </by> </b> .", RDFOptions{Base: "http://x.org/z"}, `{"id":"x:a"}|{"id":"x:b"}|{"head":"x:a","relation":"x:by","tail":"x:b","weight":1}`, "short IRIs with a base"},
	}
	for _, c := range tests {
		t.Run(c.why, func(t *testing.T) {
			e := memory(t)
			src := Source{Name: "f.ttl", RDF: c.o}
			rep := load(t, e, src, rdfPrefixes+c.in)
			got := strings.ReplaceAll(strings.Join(dump(t, e), "|"), ex, "x:")
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			again := load(t, e, src, rdfPrefixes+c.in)
			if again.Stored != 0 || again.Read != rep.Read || rep.Read != rep.Stored+rep.Unchanged {
				t.Errorf("first %+v\nagain %+v", rep, again)
			}
		})
	}
}

// TestImportRDFBatches: facts about a node in several batches end in the same node as in one.
func TestImportRDFBatches(t *testing.T) {
	var in strings.Builder
	in.WriteString(rdfPrefixes)
	for range 3 {
		in.WriteString("x:a rdfs:label 'Hitze'@de . x:a x:tag 'p' . x:b x:by x:a . x:a rdfs:label 'Heat'@en . x:a x:tag 'q' . x:a a x:Film, x:Work . x:b rdfs:label 'B' .\n")
	}
	whole, parts := memory(t), memory(t)
	load(t, whole, Source{Name: "f.ttl"}, in.String())
	rep := load(t, parts, Source{Name: "f.ttl", BatchRows: 2}, in.String())
	if diff := cmp.Diff(dump(t, whole), dump(t, parts)); diff != "" || rep.Batches < 10 {
		t.Error(rep.Batches, diff)
	}
}

func TestImportQuadsSource(t *testing.T) {
	e := memory(t)
	load(t, e, Source{Name: "f.nq"}, "<a:b> <a:c> <a:d> <a:g> .\n")
	var b bytes.Buffer
	if _, err := e.Export(t.Context(), Triples, NQuads, &b, ExportOptions{}); err != nil || b.String() != "<a:b> <a:c> <a:d> <a:g> .\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
	b.Reset()
	if _, err := e.Export(t.Context(), Triples, NTriples, &b, ExportOptions{}); !errors.Is(err, ErrBadRecord) {
		t.Errorf("a source that N-Triples cannot hold: %v", err)
	}
	if _, err := e.Export(t.Context(), Triples, NTriples, &b, ExportOptions{Lossy: true}); err != nil || b.String() != "<a:b> <a:c> <a:d> .\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
}

// TestImportRDFTooMuchText: a node takes a megabyte; the literal that goes beyond costs itself.
func TestImportRDFTooMuchText(t *testing.T) {
	e := memory(t)
	half := strings.Repeat("x", 600<<10)
	rep, err := e.Import(t.Context(), Source{Name: "f.nt", Reader: strings.NewReader("<a:b> <a:c> \"" + half + "\" .\n<a:b> <a:d> \"" + half + "\" .\n<a:b> <a:e> \"y\" .\n")})
	if !errors.Is(err, ErrBadRecord) || rep.Stored != 2 || rep.Skipped != 1 || rep.Rejected[0].Line != 2 {
		t.Errorf("%v, %+v", err, rep)
	}
}

func TestImportFilms(t *testing.T) {
	if testing.Short() {
		t.Skip("half a million statements take seconds")
	}
	f, err := os.Open(importData(t, "films-quads/30kmoviedata.nq.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	recs, bad := 0, 0
	im := &importer{src: Source{Name: "30kmoviedata.nq.gz", Reader: f, RDF: RDFOptions{LenientIRIs: true}}}
	r, done, err := im.open()
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	for {
		var rec record
		err := r.next(&rec)
		var b *badRow
		if errors.As(err, &b) {
			bad++
			continue
		}
		if err != nil {
			break
		}
		recs++
	}
	if recs != 471705 || bad != 0 {
		t.Errorf("%d good, %d bad", recs, bad)
	}
}
