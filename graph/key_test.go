package graph

import (
	"bytes"
	"cmp"
	"testing"
)

// FuzzKeys checks that keys come back from their bytes and sort as their parts do.
func FuzzKeys(f *testing.F) {
	f.Add(uint32(0), uint32(1), uint32(2), int64(0), uint32(0), uint32(1), uint32(3), int64(-1))
	f.Add(uint32(1<<31), uint32(255), uint32(256), int64(-1<<63), ^uint32(0), uint32(0), uint32(1), int64(1<<62))
	f.Fuzz(func(t *testing.T, a, r, b uint32, when int64, a2, r2, b2 uint32, when2 int64) {
		x, y := tripleKey{Idx(a), Sym(r), Idx(b)}, tripleKey{Idx(a2), Sym(r2), Idx(b2)}
		for _, k := range [][]byte{x.outKey(), x.inKey()} {
			if got, ok := parseTripleKey(k); !ok || got != x {
				t.Errorf("triple %v comes back as %v, %v", x, got, ok)
			}
		}
		want := cmp.Or(cmp.Compare(a, a2), cmp.Compare(r, r2), cmp.Compare(b, b2))
		if got := bytes.Compare(x.outKey(), y.outKey()); got != want {
			t.Errorf("out keys of %v and %v: order %d, want %d", x, y, got, want)
		}
		want = cmp.Or(cmp.Compare(b, b2), cmp.Compare(r, r2), cmp.Compare(a, a2))
		if got := bytes.Compare(x.inKey(), y.inKey()); got != want {
			t.Errorf("in keys of %v and %v: order %d, want %d", x, y, got, want)
		}

		i, j := interKey{Idx(a), Idx(b), Sym(r), when}, interKey{Idx(a2), Idx(b2), Sym(r2), when2}
		for _, k := range [][]byte{i.userKey(), i.itemKey()} {
			if got, ok := parseInterKey(k); !ok || got != i {
				t.Errorf("interaction %v comes back as %v, %v", i, got, ok)
			}
		}
		want = cmp.Or(cmp.Compare(a, a2), cmp.Compare(b, b2), cmp.Compare(r, r2), cmp.Compare(when, when2))
		if got := bytes.Compare(i.userKey(), j.userKey()); got != want {
			t.Errorf("user keys of %v and %v: order %d, want %d", i, j, got, want)
		}

		v := vectorKey{Sym(r), Idx(a)}
		if got, ok := parseVectorKey(v.key()); !ok || got != v {
			t.Errorf("vector %v comes back as %v, %v", v, got, ok)
		}
		c := counter{counted(a), Sym(r)}
		if got, ok := parseCountKey(countKey(c)); !ok || got != c {
			t.Errorf("counter %v comes back as %v, %v", c, got, ok)
		}
		if got, ok := parseU32Key(kindNode, nodeKey(Idx(a))); !ok || got != a {
			t.Errorf("node %v comes back as %v, %v", a, got, ok)
		}
		slot, part, ok := parseJournalKey(journalKey(uint16(a), uint16(b)))
		if !ok || slot != uint16(a) || part != uint16(b) {
			t.Errorf("journal %d, %d comes back as %d, %d, %v", uint16(a), uint16(b), slot, part, ok)
		}
	})
}

// FuzzParseKeys checks that no bytes make a parser of keys fail, and that each key has one parser.
func FuzzParseKeys(f *testing.F) {
	f.Add(tripleKey{1, 2, 3}.outKey())
	f.Add(interKey{1, 2, 3, 4}.itemKey())
	f.Add(vectorKey{1, 2}.key())
	f.Add(recordKey("space", "key"))
	f.Add(logKey(1, 2))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, k []byte) {
		parsers := 0
		if x, ok := parseTripleKey(k); ok {
			parsers++
			if !bytes.Equal(k, x.outKey()) && !bytes.Equal(k, x.inKey()) {
				t.Errorf("%x is no key of %v", k, x)
			}
		}
		if x, ok := parseInterKey(k); ok {
			parsers++
			if !bytes.Equal(k, x.userKey()) && !bytes.Equal(k, x.itemKey()) {
				t.Errorf("%x is no key of %v", k, x)
			}
		}
		if x, ok := parseVectorKey(k); ok {
			parsers++
			if !bytes.Equal(k, x.key()) {
				t.Errorf("%x is no key of %v", k, x)
			}
		}
		if space, key, ok := parseRecordKey(k); ok {
			parsers++
			if !bytes.Equal(k, recordKey(space, key)) {
				t.Errorf("%x is no key of %q, %q", k, space, key)
			}
		}
		if seq, n, ok := parseLogKey(k); ok {
			parsers++
			if !bytes.Equal(k, logKey(seq, n)) {
				t.Errorf("%x is no key of %d, %d", k, seq, n)
			}
		}
		if parsers > 1 {
			t.Errorf("%x has %d parsers", k, parsers)
		}
	})
}
