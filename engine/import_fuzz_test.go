package engine

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/kenrec/ken/graph"
)

func addImportSeeds(f *testing.F) {
	f.Add(byte(0), byte(1), "id\tname:string\tx:int[]\na\tb\t1;2\n")
	f.Add(byte(2), byte(2), "user,item,rating,timestamp\n\"u\"\"\",i,1e3,2020-01-01\n")
	f.Add(byte(0), byte(3), `{"id":"a","attrs":{"t":{"time":5},"l":["x",1]},"z":-0.5}`)
	f.Add(byte(1), byte(6), "@prefix e: <a:> . e:b a e:c ; <http://www.w3.org/2000/01/rdf-schema#label> 'x'@en, 'y', 'z'@de ; e:n 5, 6, 'q'^^e:t .")
	f.Add(byte(2), byte(8), "u a b c\n")
	f.Add(byte(2), byte(7), "user_id:token\titem_id:token\n1\t1\n")
	f.Add(byte(3), byte(0), "a 1 2\n")
}

// FuzzImport reads records of any bytes: no panic, no hang, and each record that is handed on is fit to be stored.
func FuzzImport(f *testing.F) {
	addImportSeeds(f)
	f.Fuzz(func(t *testing.T, kind, format byte, in string) {
		src := Source{Kind: Kind(kind%4 + 1), Format: Format(format % 10), Name: "x.item", Reader: strings.NewReader(in)}
		im := &importer{src: src}
		r, done, err := im.open()
		if err != nil {
			return
		}
		defer done()
		for {
			var rec record
			err := r.next(&rec)
			var bad *badRow
			if errors.As(err, &bad) {
				if bad.reason == "" || bad.line < 1 {
					t.Fatalf("a bad row without a reason: %+v", bad)
				}
				continue
			}
			if err != nil {
				return
			}
			for _, x := range []float32{rec.triple.Weight, rec.triple.Confidence, rec.inter.Weight} {
				if x-x != 0 {
					t.Fatalf("not finite: %+v", rec)
				}
			}
			ids := rec.node.ID + rec.triple.Head + rec.triple.Tail + rec.inter.User + rec.inter.Item
			if ids == "" || !utf8.ValidString(ids) || len(rec.node.ID) > graph.MaxID {
				t.Fatalf("bad id: %+v", rec)
			}
		}
	})
}

// FuzzImportExport: what went in comes out and goes in again.
func FuzzImportExport(f *testing.F) {
	addImportSeeds(f)
	f.Fuzz(func(t *testing.T, kind, format byte, in string) {
		e := memory(t)
		src := Source{Kind: Kind(kind%4 + 1), Format: Format(format % 10), Name: "x", Reader: strings.NewReader(in)}
		rep, err := e.Import(t.Context(), src)
		if err == nil && rep.Stored == 0 {
			t.Fatalf("nothing stored and no error: %+v", rep)
		}
		if rep.Stored == 0 {
			return
		}
		rows, other := dump(t, e), memory(t)
		if strings.Contains(strings.Join(rows, ""), `\u0000`) {
			return // an array of JSON may bring it in, but no text
		}
		for _, k := range []Kind{Nodes, Triples, Interactions} {
			if out := exported(t, e, k, JSONL, false); len(out) > 0 {
				load(t, other, Source{Kind: k, Name: "x.jsonl"}, string(out))
			}
		}
		if diff := cmp.Diff(rows, dump(t, other)); diff != "" {
			t.Fatal(diff)
		}
	})
}
