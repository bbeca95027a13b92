package mf

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/par"
	"github.com/kenrec/ken/engine/internal/sparse"
)

// planted returns behaviour of users in groups that each like the items of their group, with a context for each group and
// the last items of every group cold.
func planted(users, items, groups, cold int) *Data {
	var r, c, zr, zc []int32
	for u := range users {
		rng := par.Stream(7, uint64(u))
		for i := range items {
			isCold := i >= items-cold
			if i%groups == u%groups && !isCold && rng.Float64() < 0.6 {
				r, c = append(r, int32(u)), append(c, int32(i))
			}
		}
	}
	for i := range items {
		zr, zc = append(zr, int32(i%groups)), append(zc, int32(i))
	}
	return &Data{X: sparse.FromTriplets(users, items, r, c, nil, nil), C: sparse.FromTriplets(groups, items, zr, zc, nil, nil)}
}

func testConfig() Config {
	return Config{Factors: 6, Iterations: 6, Alpha: 0.3, Reg: 0.02, RegExponent: 1, ContextAlpha: 0.03, Ridge: 10, HeadReg: 0.05, Seed: 3}
}

func TestColdItemsRankByTheirContexts(t *testing.T) {
	const users, items, groups, cold = 60, 40, 4, 8
	m, err := Fit(t.Context(), planted(users, items, groups, cold), testConfig(), 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	right, cells := 0, 0
	for u := range users {
		own, other := math.Inf(1), math.Inf(-1) // the worst cold item of her group, the best of the others
		for i := items - cold; i < items; i++ {
			score := dot(m.Head.Row(u), m.Q.Row(i))
			if i%groups == u%groups {
				own = min(own, score)
			} else {
				other = max(other, score)
			}
		}
		if own > other {
			right++
		}
		cells++
	}
	if right < cells*95/100 {
		t.Errorf("cold items of the own group rank first for %d of %d users, want 95 %%", right, cells)
	}
}

func TestFitSameBytesForAnyWorkers(t *testing.T) {
	d := planted(80, 60, 5, 7)
	d.H = dense.New(60, 3)
	for i := range 60 {
		d.H.Row(i)[0], d.H.Row(i)[i%3] = 1, float32(i)
	}
	want, err := Fit(t.Context(), d, testConfig(), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, workers := range []int{2, 8} {
		got, err := Fit(t.Context(), d, testConfig(), workers, nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, pair := range map[string][2]dense.Matrix{"U": {want.U, got.U}, "V": {want.V, got.V}, "Z": {want.Z, got.Z}, "Q": {want.Q, got.Q}, "Head": {want.Head, got.Head}, "WarmW": {want.WarmW, got.WarmW}} {
			if !slices.Equal(pair[0].Data, pair[1].Data) {
				t.Errorf("%d workers: %s differs from 1 worker", workers, name)
			}
		}
	}
}

func TestFoldInEqualsTraining(t *testing.T) {
	d := planted(60, 40, 4, 8)
	m, err := Fit(t.Context(), d, testConfig(), 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	for u := range d.X.Rows {
		idx, val := d.X.Row(u)
		user, head, err := m.FoldInUser(t.Context(), History{Items: idx, Conf: val}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for j := range user {
			if diff := user[j] - m.U.Row(u)[j]; diff > 1e-4 || diff < -1e-4 {
				t.Fatalf("user %d factor %d: folded in %g, trained %g", u, j, user[j], m.U.Row(u)[j])
			}
			if diff := head[j] - m.Head.Row(u)[j]; diff > 1e-4 || diff < -1e-4 {
				t.Fatalf("head of user %d factor %d: folded in %g, trained %g", u, j, head[j], m.Head.Row(u)[j])
			}
		}
	}
	links := d.C.Transpose()
	for i := range d.X.Cols {
		idx, val := links.Row(i)
		item, err := m.FoldInItem(t.Context(), idx, val, nil)
		if err != nil {
			t.Fatal(err)
		}
		for j := range item {
			if diff := item[j] - m.Q.Row(i)[j]; diff > 1e-4 || diff < -1e-4 {
				t.Fatalf("item %d factor %d: folded in %g, trained %g", i, j, item[j], m.Q.Row(i)[j])
			}
		}
	}
}

func TestInfluenceAddsUpToScore(t *testing.T) {
	d := planted(60, 40, 4, 8)
	m, err := Fit(t.Context(), d, testConfig(), 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	for u := range d.X.Rows {
		idx, val := d.X.Row(u)
		h := History{Items: idx, Conf: val}
		for _, i := range []int{0, 5, 39} {
			a, err := m.UserInfluence(t.Context(), h, m.V.Row(i))
			if err != nil {
				t.Fatal(err)
			}
			sum := 0.0
			for p, j := range idx {
				sum += float64(val[p]) * dot(a, m.V.Row(int(j)))
			}
			if score := dot(m.U.Row(u), m.V.Row(i)); sum-score > 1e-4 || score-sum > 1e-4 {
				t.Errorf("user %d item %d: parts add up to %g, score is %g", u, i, sum, score)
			}
		}
	}
}

func TestFitCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Fit(ctx, planted(60, 40, 4, 8), testConfig(), 2, func(int) { cancel() })
	if err == nil || ctx.Err() == nil {
		t.Fatalf("Fit after cancel: %v, want an error", err)
	}
}

func TestConfigValidate(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Config)
		ok     bool
		why    string
	}{
		{"as is", func(*Config) {}, true, "the configuration of these tests"},
		{"no factors", func(c *Config) { c.Factors = 0 }, false, "nothing to fit"},
		{"alpha 0", func(c *Config) { c.Alpha = 0 }, true, "no background is allowed"},
		{"reg 0", func(c *Config) { c.Reg = 0 }, false, "rows without terms would be singular"},
		{"warm alpha without warm reg", func(c *Config) { c.WarmAlpha = 1 }, false, "the sweeps at the end have a λ of their own"},
		{"reg NaN", func(c *Config) { c.Reg = math.NaN() }, false, "NaN would spread to every factor"},
	} {
		cfg := testConfig()
		c.change(&cfg)
		if err := cfg.Validate(); (err == nil) != c.ok {
			t.Errorf("%s: %v, want ok %v: %s", c.name, err, c.ok, c.why)
		}
	}
}

func TestContinueEqualsOneFit(t *testing.T) {
	d := planted(80, 60, 5, 7)
	d.H, d.UH = dense.New(60, 3), dense.New(80, 2)
	for i := range 60 {
		d.H.Row(i)[0], d.H.Row(i)[i%3] = 1, float32(i)
	}
	for u := range 80 {
		d.UH.Row(u)[u%2] = 1
	}
	cfg := testConfig()
	cfg.Iterations = 6
	want, err := Fit(t.Context(), d, cfg, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	var at State
	for _, sweeps := range []int{2, 3, 6, 6} {
		cfg.Iterations = sweeps
		got, err := Continue(t.Context(), d, cfg, 2, &at, nil)
		if err != nil {
			t.Fatal(err)
		}
		if sweeps < 6 {
			continue
		}
		for name, pair := range map[string][2]dense.Matrix{"U": {want.U, got.U}, "V": {want.V, got.V}, "Z": {want.Z, got.Z}, "Q": {want.Q, got.Q}, "Head": {want.Head, got.Head}, "WarmW": {want.WarmW, got.WarmW}} {
			if !slices.Equal(pair[0].Data, pair[1].Data) {
				t.Errorf("%s differs from one fit", name)
			}
		}
	}
	cfg.Iterations = 2
	back, err := Continue(t.Context(), d, cfg, 2, &at, nil)
	if err != nil {
		t.Fatal(err)
	}
	short, err := Fit(t.Context(), d, cfg, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(back.V.Data, short.V.Data) {
		t.Error("a state beyond the sweeps asked for was used")
	}
}
