package graph

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSealNoticesEveryBit(t *testing.T) {
	key, payload := []byte("key"), []byte("payload")
	val := seal(key, bytes.Clone(payload))
	if p, ok := unseal(key, val); !ok || !bytes.Equal(p, payload) {
		t.Fatalf("whole value: %q, %v", p, ok)
	}
	for i := range len(val) * 8 {
		bad := bytes.Clone(val)
		bad[i/8] ^= 1 << (i % 8)
		if _, ok := unseal(key, bad); ok {
			t.Errorf("bit %d flipped in the value: not noticed", i)
		}
	}
	for n := range len(val) {
		if _, ok := unseal(key, val[:n]); ok {
			t.Errorf("value cut to %d bytes: not noticed", n)
		}
	}
	if _, ok := unseal([]byte("kez"), val); ok {
		t.Error("value under another key: not noticed")
	}
}

// FuzzDecode checks that no bytes make a decoder fail, and that what one takes it gives back byte for byte: records have
// one form only.
func FuzzDecode(f *testing.F) {
	n := nodeRec{typ: 300, Node: Node{ID: "a", Name: "n", Text: "t", Attrs: []Attr{
		{"b", Bool(true)}, {"l", List("x", "")}, {"n", Number(-1.5)}, {"s", String("é")}, {"t", Time(-1)},
	}}}
	f.Add(n.encode())
	f.Add(tripleVal{2, 0.5, 700}.encode())
	f.Add(encodeWeight(3))
	f.Add(state{1, 2, 3}.encode())
	f.Add(modalityRec{"m", 3}.encode())
	f.Add(journalRec{1, 2, true}.encode())
	f.Fuzz(func(t *testing.T, p []byte) {
		check := func(what string, ok bool, again func() []byte) {
			if ok && !bytes.Equal(p, again()) {
				t.Errorf("%s %x comes back as %x", what, p, again())
			}
		}
		n, ok := decodeNode(p)
		check("node", ok && finiteAttrs(n), func() []byte { return n.encode() })
		x, ok := decodeTriple(p)
		check("triple", ok && shortTriple(p, x), x.encode)
		w, ok := decodeWeight(p)
		check("weight", ok && (w != 1 || len(p) == 1), func() []byte { return encodeWeight(w) })
		st, ok := decodeState(p)
		check("state", ok, st.encode)
		m, ok := decodeModality(p)
		check("modality", ok, m.encode)
		j, ok := decodeJournal(p)
		check("journal", ok, j.encode)
		c, ok := decodeCount(p)
		check("count", ok, func() []byte { return encodeCount(c) })
		v, ok := decodeVector(p)
		check("vector", ok && finiteVector(v), func() []byte { return encodeVector(v) })
		decodeNodeID(p)
	})
}

// finiteAttrs, finiteVector and shortTriple leave out what no encoder writes: numbers that are not finite or negative
// zero, and defaults that are spelt out.
func finiteAttrs(n nodeRec) bool {
	for _, a := range n.Attrs {
		if f := a.Value.num; f-f != 0 || (f == 0 && a.Value.kind == KindNumber) {
			return false
		}
	}
	return true
}

func finiteVector(v []float32) bool {
	for _, f := range v {
		if !finite(f) {
			return false
		}
	}
	return true
}

func shortTriple(p []byte, x tripleVal) bool {
	return (p[0]&hasWeight == 0 || x.weight != 1) && (p[0]&hasConf == 0 || x.conf != 1) && (p[0]&hasSource == 0 || x.source != 0)
}

func TestValueText(t *testing.T) {
	tests := []struct {
		text string
		want Value
		why  string
	}{
		{"", Value{}, "the zero value is the empty string"},
		{"Heat", String("Heat"), "what is nothing else is a string"},
		{"1995", Number(1995), "digits are a number"},
		{"-1.5e-3", Number(-0.0015), ""},
		{`"1995"`, String("1995"), "quotes make a string of it"},
		{"1995-12-15", String("1995-12-15"), "a date is no moment"},
		{"1995-12-15T00:00:00Z", Time(818985600), "RFC 3339 is a moment"},
		{"@-99999999999999", Time(-99999999999999), "moments outside the years of RFC 3339"},
		{"@home", String("@home"), ""},
		{"true", Bool(true), ""},
		{"True", String("True"), "truth is in lower case"},
		{`["a","b"]`, List("a", "b"), ""},
		{"[]", List(), ""},
		{"Inf", String("Inf"), "only finite numbers"},
		{"NaN", String("NaN"), "only finite numbers"},
		{"0x10", String("0x10"), "only decimal numbers"},
		{"1-800-FLOWERS", String("1-800-FLOWERS"), ""},
	}
	for _, tt := range tests {
		got, err := ParseValue(tt.text)
		if err != nil || !got.Equal(tt.want) || got.Kind() != tt.want.Kind() {
			t.Errorf("%q: %v %v, %v, want %v (%s)", tt.text, got.Kind(), got, err, tt.want, tt.why)
		}
	}
	for _, bad := range []string{`"open`, "[1]", "[", "1e999"} {
		if v, err := ParseValue(bad); err == nil {
			t.Errorf("%q is %v", bad, v)
		}
	}
}

// FuzzValue checks that each value comes back from its text, and that what ParseValue takes it takes again.
func FuzzValue(f *testing.F) {
	f.Add("Heat", 1995.0, int64(0))
	f.Add(`"`, math.MaxFloat64, int64(-1<<63))
	f.Add("[1", 5e-324, int64(1<<62))
	f.Add("2020-02-30T00:00:00Z", 0.1, int64(253402300800))
	f.Fuzz(func(t *testing.T, s string, n float64, unix int64) {
		if !utf8.ValidString(s) || n-n != 0 {
			t.Skip("not storable")
		}
		for _, v := range []Value{String(s), Number(n), Bool(unix > 0), Time(unix), List(s, "", s)} {
			got, err := ParseValue(v.String())
			if err != nil || !got.Equal(v) {
				t.Errorf("%v %q comes back as %v %q, %v", v.Kind(), v, got.Kind(), got, err)
			}
			d := decoder{b: v.append(nil)}
			if got := d.value(); !d.done() || !got.Equal(v) {
				t.Errorf("%v %q comes out of its record as %v %q", v.Kind(), v, got.Kind(), got)
			}
		}
		if v, err := ParseValue(s); err == nil {
			if w, err := ParseValue(v.String()); err != nil || !w.Equal(v) {
				t.Errorf("%q is %v %q, then %v %q, %v", s, v.Kind(), v, w.Kind(), w, err)
			}
		}
	})
}

func TestQuotedIsShort(t *testing.T) {
	for _, s := range []string{"short", strings.Repeat("é", 500), strings.Repeat("x", 24)} {
		if q := quoted(s); len(q) > 40 || !utf8.ValidString(q) {
			t.Errorf("quoted %d bytes: %q", len(s), q)
		}
	}
}
