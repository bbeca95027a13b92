package embed_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/embed/embedtest"
)

func TestCachedAsksForEachTextOnce(t *testing.T) {
	fake, cache := embedtest.NewEmbedder(8), &embedtest.Cache{}
	c := embed.NewCached(fake, cache)
	texts := []string{"a", "b", "a", " a\n", "e\u0301", "\u00e9"}
	got, err := c.Embed(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	a, b, e := hashOf(t, 8, "a")[0], hashOf(t, 8, "b")[0], hashOf(t, 8, "\u00e9")[0]
	checkVectors(t, got, [][]float32{a, b, a, a, e, e})
	if seen := fake.Seen(); !slices.Equal(seen, []string{"a", "b", "\u00e9"}) {
		t.Errorf("asked for %q, want each distinct normalised text once", seen)
	}
	if again, err := c.Embed(t.Context(), texts); err != nil || len(fake.Seen()) != 3 {
		t.Errorf("the second call asked again (%v)", err)
	} else {
		checkVectors(t, again, got)
	}
	if c.Model() != fake.Model() {
		t.Errorf("model %+v, want the embedder's", c.Model())
	}
}

func TestCachedKeepsModelsApart(t *testing.T) {
	cache := &embedtest.Cache{}
	one, two := embedtest.NewEmbedder(8), embedtest.NewEmbedder(16)
	two.Name = "another"
	for _, e := range []*embedtest.Embedder{one, two} {
		got, err := embed.NewCached(e, cache).Embed(t.Context(), []string{"a"})
		if err != nil || len(got[0]) != e.Model().Dim {
			t.Fatalf("%s: vector of %d numbers, %v", e.Name, len(got[0]), err)
		}
	}
	two.Name = "fake" // the same name with another dimension: what the cache has does not fit
	got, err := embed.NewCached(two, cache).Embed(t.Context(), []string{"a"})
	if err != nil || len(got[0]) != 16 {
		t.Errorf("a cached vector of another length was returned: %d numbers, %v", len(got[0]), err)
	}
}

func TestCachedStoresWhatCameBeforeAFailure(t *testing.T) {
	stop := errors.New("stop")
	fake, cache := embedtest.NewEmbedder(8), &embedtest.Cache{}
	fake.Before = func(done int) error {
		if done >= 256 {
			return stop
		}
		return nil
	}
	texts := make([]string, 600)
	for i := range texts {
		texts[i] = string(rune('一' + i))
	}
	c := embed.NewCached(fake, cache)
	got, err := c.Embed(t.Context(), texts)
	if !errors.Is(err, stop) {
		t.Fatalf("error %v", err)
	}
	if cache.Len() != 256 || got[255] == nil || got[256] != nil {
		t.Errorf("%d vectors kept of the first batch of 256", cache.Len())
	}
	fake.Before = nil
	if _, err := c.Embed(t.Context(), texts); err != nil || len(fake.Seen()) != 600 {
		t.Errorf("%d texts computed in all (%v), want each once", len(fake.Seen()), err)
	}
}

func TestCachedStoresPaidVectorsOfACancelledCall(t *testing.T) {
	s := embedtest.NewServer(t, 8)
	cache := &embedtest.Cache{}
	ctx, cancel := context.WithCancel(t.Context())
	o, _ := client(t, s, func(c *embed.Config) { c.BatchTexts = 2 })
	c := embed.NewCached(cancelAfter{o, cancel}, cache)
	_, err := c.Embed(ctx, []string{"a", "b", "c", "d"})
	if !errors.Is(err, context.Canceled) || cache.Len() != 2 || s.Texts() != 2 {
		t.Errorf("%d vectors kept of %d paid for, error %v", cache.Len(), s.Texts(), err)
	}
}

// cancelAfter cancels the call when the embedder is done, and reports it.
type cancelAfter struct {
	*embed.OpenAI
	cancel context.CancelFunc
}

func (c cancelAfter) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	v, err := c.OpenAI.Embed(ctx, texts)
	c.cancel()
	return v, errors.Join(err, ctx.Err())
}

func TestCachedNeverPaysTwiceAcrossAKill(t *testing.T) {
	// The server dies after two requests. A new client over the same cache sends only the rest.
	s := embedtest.NewServer(t, 8)
	cache := &embedtest.Cache{}
	texts := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	s.Poison("e", embedtest.Answer{Status: 401})
	o, _ := client(t, s, func(c *embed.Config) { c.BatchTexts = 2 })
	if _, err := embed.NewCached(o, cache).Embed(t.Context(), texts); !errors.Is(err, embed.ErrAuth) {
		t.Fatalf("error %v", err)
	}
	if cache.Len() != 4 {
		t.Errorf("%d vectors kept, want those of two requests", cache.Len())
	}
	s.Poison("e", embedtest.Answer{Body: data(item(0, "[1,1,1,1,1,1,1,1]"), item(1, "[1,1,1,1,1,1,1,1]"))})
	o, _ = client(t, s, func(c *embed.Config) { c.BatchTexts = 2 })
	before := s.Texts()
	if _, err := embed.NewCached(o, cache).Embed(t.Context(), texts); err != nil {
		t.Fatal(err)
	}
	if sent := s.Texts() - before; sent != 4 {
		t.Errorf("%d texts sent after the restart, want the 4 that are missing", sent)
	}
}

func TestCachedPassesFailuresOnWithTheirPlaces(t *testing.T) {
	fake := embedtest.NewEmbedder(8)
	fake.Fail = "bad"
	got, err := embed.NewCached(fake, &embedtest.Cache{}).Embed(t.Context(), []string{"x", "bad", "y", "bad ", "bad 2"})
	var partial *embed.PartialError
	if !errors.As(err, &partial) {
		t.Fatalf("error %v", err)
	}
	var at []int
	for _, f := range partial.Failed {
		at = append(at, f.Index)
	}
	if !slices.Equal(at, []int{1, 3, 4}) {
		t.Errorf("failures at %v, want 1, 3, 4", at)
	}
	x := hashOf(t, 8, "x", "y")
	checkVectors(t, got, [][]float32{x[0], nil, x[1], nil, nil})
}

// badCache answers as told.
type badCache struct {
	vecs [][]float32
	err  error
}

func (c badCache) CacheLookup(context.Context, [][32]byte) ([][]float32, error) { return c.vecs, c.err }
func (c badCache) CacheStore(context.Context, [][32]byte, [][]float32) error    { return c.err }

func TestCachedReportsABadCache(t *testing.T) {
	disk := errors.New("disk full")
	cases := []struct {
		cache badCache
		why   string
	}{
		{badCache{nil, disk}, "look-up fails"},
		{badCache{make([][]float32, 3), nil}, "another count"},
	}
	for _, c := range cases {
		if _, err := embed.NewCached(embedtest.NewEmbedder(8), c.cache).Embed(t.Context(), []string{"a"}); err == nil {
			t.Errorf("%s: no error", c.why)
		}
	}
}

func TestKeyDependsOnModelAndText(t *testing.T) {
	m := embed.Model{Name: "m"}
	base := embed.Key(m, "text")
	cases := []struct {
		key  [32]byte
		same bool
		why  string
	}{
		{embed.Key(m, " text\n"), true, "white space at the ends"},
		{embed.Key(embed.Model{Name: "m", Dim: 8}, "text"), true, "the dimension may become known later"},
		{embed.Key(embed.Model{Name: "n"}, "text"), false, "another model"},
		{embed.Key(m, "Text"), false, "case matters to models"},
		{embed.Key(embed.Model{Name: "mt"}, "ext"), false, "parts are told apart"},
	}
	for _, c := range cases {
		if (c.key == base) != c.same {
			t.Errorf("%s: same = %v, want %v", c.why, c.key == base, c.same)
		}
	}
}
