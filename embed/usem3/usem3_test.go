package usem3

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kenrec/ken/embed"
)

// shared is one decoded embedder for all tests of the package.
var shared = sync.OnceValues(New)

func builtin(t testing.TB) *embed.Builtin {
	t.Helper()
	b, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestWeightsAreThePublishedOnes(t *testing.T) {
	cases := []struct {
		name string
		data []byte
		want string
	}{
		{"sp.model", tokenizer, "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9"},
		{"weights.npz", weights, "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9"},
	}
	for _, c := range cases {
		sum := sha256.Sum256(c.data)
		if got := hex.EncodeToString(sum[:]); got != c.want {
			t.Errorf("%s has sha256 %s, want %s", c.name, got, c.want)
		}
	}
}

// pythonRow is one text with the vector of the Python package; testdata/generate.py writes them.
type pythonRow struct {
	Lang, Text, Vector string
}

func (r pythonRow) vector(t testing.TB) []float32 {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(r.Vector)
	if err != nil || len(raw) != 4*512 {
		t.Fatalf("vector of %q: %d bytes, %v", r.Text, len(raw), err)
	}
	v := make([]float32, 512)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return v
}

func pythonRows(t testing.TB) []pythonRow {
	t.Helper()
	data, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []pythonRow
	if err := json.Unmarshal(data, &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

func cosine(a, b []float32) float64 {
	var ab, aa, bb float64
	for i := range a {
		ab += float64(a[i]) * float64(b[i])
		aa += float64(a[i]) * float64(a[i])
		bb += float64(b[i]) * float64(b[i])
	}
	return ab / math.Sqrt(aa*bb)
}

func TestVectorsEqualThePythonPackage(t *testing.T) {
	rows := pythonRows(t)
	texts := make([]string, len(rows))
	for i, r := range rows {
		texts[i] = r.Text
	}
	got, err := builtin(t).Embed(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	lowest := 1.0
	for i, r := range rows {
		c := cosine(got[i], r.vector(t))
		lowest = min(lowest, c)
		if !(c >= 0.99999) {
			t.Errorf("%s %.40q: cosine %.7f to the Python package's vector", r.Lang, r.Text, c)
		}
	}
	t.Logf("%d texts, lowest cosine %.8f", len(rows), lowest)
}

func TestVectorOfATextDoesNotDependOnTheOthers(t *testing.T) {
	b := builtin(t)
	var texts []string
	for _, r := range pythonRows(t) {
		texts = append(texts, r.Text)
	}
	together, err := b.Embed(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(texts)
	backwards, err := b.Embed(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range texts {
		alone, err := b.Embed(t.Context(), []string{text})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(alone[0], backwards[i]) || !slices.Equal(alone[0], together[len(texts)-1-i]) {
			t.Errorf("%.40q: the vector depends on the batch", text)
		}
	}
}

func TestVectorsDoNotDependOnWorkersOrOtherCalls(t *testing.T) {
	b := builtin(t)
	var texts []string
	for range 2 {
		for _, r := range pythonRows(t) {
			texts = append(texts, r.Text)
		}
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	want, err := b.Embed(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	runtime.GOMAXPROCS(8)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			got, err := b.Embed(t.Context(), texts)
			if err != nil || !slices.EqualFunc(got, want, slices.Equal) {
				t.Errorf("eight workers give other vectors than one (%v)", err)
			}
		})
	}
	wg.Wait()
}

func TestCancelledCallSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if v, err := builtin(t).Embed(ctx, []string{"a"}); !errors.Is(err, context.Canceled) || len(v) != 1 {
		t.Errorf("error %v, %d places", err, len(v))
	}
}

func TestLongTextIsCutAtTheDocumentedLimit(t *testing.T) {
	// "the" is one piece, so 510 of them fill the limit exactly.
	at, past := strings.Repeat("the ", 510), strings.Repeat("the ", 509)
	v, err := builtin(t).Embed(t.Context(), []string{at, at + "and much more about something else", past})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(v[0], v[1]) {
		t.Error("text after the 510th piece changes the vector")
	}
	if slices.Equal(v[0], v[2]) {
		t.Error("the 510th piece does not count")
	}
}

func TestHugeTextIsEmbeddedQuickly(t *testing.T) {
	v, err := builtin(t).Embed(t.Context(), []string{strings.Repeat("数据", 4<<20), strings.Repeat("\xff", 1<<20)})
	if err != nil || len(v[0]) != 512 || len(v[1]) != 512 {
		t.Fatal(err)
	}
}

func TestTranslationsAreNear(t *testing.T) {
	// The first sentence of each language says the same; the second is about something else.
	rows := pythonRows(t)
	var same, other []string
	seen := map[string]int{}
	for _, r := range rows {
		switch seen[r.Lang]++; {
		case r.Lang == "edge":
		case seen[r.Lang] == 1:
			same = append(same, r.Text)
		case seen[r.Lang] == 2:
			other = append(other, r.Text)
		}
	}
	a, err := builtin(t).Embed(t.Context(), same)
	if err != nil {
		t.Fatal(err)
	}
	b, err := builtin(t).Embed(t.Context(), other)
	if err != nil {
		t.Fatal(err)
	}
	for i := range a {
		for j := range a {
			for k := range b {
				if cosine(a[i], a[j]) <= cosine(a[i], b[k]) {
					t.Errorf("%q is nearer to %q than to its translation %q", same[i], other[k], same[j])
				}
			}
		}
	}
}

func TestModel(t *testing.T) {
	if m := builtin(t).Model(); m != (embed.Model{Name: "builtin:usem3-v1", Dim: 512}) {
		t.Errorf("Model() = %+v", m)
	}
}

func BenchmarkEmbed(b *testing.B) {
	// Sentences of about 28 pieces, the length the project's measurements use.
	texts := make([]string, 256)
	for i := range texts {
		texts[i] = "A retired detective returns to the harbour town where his last case went unsolved, and finds the number " + string(rune('a'+i%26)) + " on every door."
	}
	e := builtin(b)
	if _, err := e.Embed(b.Context(), texts[:1]); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Embed(b.Context(), texts); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(texts)*b.N)/b.Elapsed().Seconds(), "texts/s")
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		e, err := New()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := e.Embed(b.Context(), []string{"x"}); err != nil {
			b.Fatal(err)
		}
	}
}
