package embed_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/kenrec/ken/embed"
)

func TestHashVectorsAreUnitAndRepeatable(t *testing.T) {
	texts := []string{"", "...", "x", "Heat (1995)", "千与千寻", "雨の日のバス停", "ё", "a\xffb", strings.Repeat("long ", 5000)}
	for _, dim := range []int{1, 8, 100, 512} {
		one, two := hashOf(t, dim, texts...), hashOf(t, dim, texts...)
		for i, v := range one {
			if n := norm(v); math.Abs(n-1) > 1e-5 || len(v) != dim {
				t.Errorf("dim %d, %.20q: length %d, norm %g", dim, texts[i], len(v), n)
			}
			if !slices.Equal(v, two[i]) {
				t.Errorf("dim %d, %.20q: differs from call to call", dim, texts[i])
			}
		}
	}
}

func TestHashNearness(t *testing.T) {
	cases := []struct{ text, near, far, why string }{
		{"a crime film by Michael Mann", "crime films of Michael Mann", "cooking with rice and beans", "shared words"},
		{"detective", "detectives", "lighthouse", "shared parts of words"},
		{"The Matrix", "THE MATRIX", "The Godfather", "case does not matter"},
		{"Ｈｅａｔ", "heat", "cold", "full-width letters"},
		{"宫崎骏的动画电影", "动画电影", "战争历史", "shared characters without spaces"},
		{"引退した刑事", "刑事の物語", "猫と本屋", "kanji among kana"},
	}
	for _, c := range cases {
		v := hashOf(t, 512, c.text, c.near, c.far)
		if near, far := dot(v[0], v[1]), dot(v[0], v[2]); near <= far+0.1 {
			t.Errorf("%q: %.2f to %q, %.2f to %q: %s", c.text, near, c.near, far, c.far, c.why)
		}
	}
}

func TestHashVectorsNeverChange(t *testing.T) {
	// Stores hold vectors of this embedder under this name: when this test fails, the version must rise.
	e := embed.NewHash(8)
	v, err := e.Embed(t.Context(), []string{"Heat, 1995. 千与千寻"})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%s %.4f", e.Model().Name, v[0]); got != wantHash {
		t.Errorf("got  %s\nwant %s", got, wantHash)
	}
}

const wantHash = "builtin:hash-v1-8 [0.2454 0.3792 0.2007 -0.3123 0.6022 0.1115 0.4461 -0.2900]"

func TestHashStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := embed.NewHash(8).Embed(ctx, []string{"a"}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func BenchmarkHash(b *testing.B) {
	texts := []string{"A retired detective returns to the harbour town where his last case went unsolved, and finds a number on every door."}
	e := embed.NewHash(512)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Embed(b.Context(), texts); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "texts/s")
}
