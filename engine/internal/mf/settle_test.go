package mf

import (
	"slices"
	"testing"

	"github.com/kenrec/ken/engine/internal/dense"
)

// settled is testConfig with sweeps at the end that weigh blanks more.
func settled() Config {
	c := testConfig()
	c.WarmAlpha, c.WarmReg = 0.6, 0.012
	return c
}

// withFeatures is planted with features that tell the groups.
func withFeatures() *Data {
	d := planted(60, 40, 4, 8)
	d.H = dense.New(40, 4)
	for i := range 40 {
		d.H.Row(i)[i%4] = 1
	}
	return d
}

func TestSettlingLeavesWhatColdItemsRestOn(t *testing.T) {
	d := withFeatures()
	want, err := Fit(t.Context(), d, testConfig(), 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Fit(t.Context(), d, settled(), 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, pair := range map[string][2]dense.Matrix{"Z": {want.Z, got.Z}, "Q": {want.Q, got.Q}, "W": {want.W, got.W}} {
		if !slices.Equal(pair[0].Data, pair[1].Data) {
			t.Errorf("%s has moved", name)
		}
	}
	for i, warm := range got.Warm {
		if slices.Equal(want.V.Row(i), got.V.Row(i)) == warm {
			t.Errorf("item %d, warm %v: moved is %v", i, warm, !warm)
		}
	}
	if got.WarmW.Rows != 4 {
		t.Errorf("the map of warm items has %d rows, want one a feature", got.WarmW.Rows)
	}
}

func TestFoldInEqualsSettledTraining(t *testing.T) {
	d := withFeatures()
	m, err := Fit(t.Context(), d, settled(), 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Update(t.Context(), d, m, Change{}, 2)
	if err != nil {
		t.Fatal(err)
	}
	near := func(what string, u int, got, want []float32) {
		t.Helper()
		for j := range got {
			if diff := got[j] - want[j]; diff > 1e-4 || diff < -1e-4 {
				t.Fatalf("%s of user %d, factor %d: %g, trained %g", what, u, j, got[j], want[j])
			}
		}
	}
	for u := range d.X.Rows {
		idx, val := d.X.Row(u)
		user, head, err := m.FoldInUser(t.Context(), History{Items: idx, Conf: val}, nil)
		if err != nil {
			t.Fatal(err)
		}
		near("folded in factors", u, user, m.U.Row(u))
		near("folded in head", u, head, m.Head.Row(u))
		near("updated factors", u, again.U.Row(u), m.U.Row(u))
		near("updated head", u, again.Head.Row(u), m.Head.Row(u))
	}
}

// The parts of x·v for a warm item add up to what solving its row again gives.
func TestSplitOfSettledItemAddsUp(t *testing.T) {
	d := withFeatures()
	m, err := Fit(t.Context(), d, settled(), 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	const item = 6
	users := Fans{}
	rows, weights := d.X.Transpose().Row(item)
	for n, u := range rows {
		users.Users, users.Conf = append(users.Users, m.U.Row(int(u))), append(users.Conf, weights[n])
	}
	contexts, conf := d.C.Transpose().Row(item)
	prior := m.ItemPrior(d.H.Row(item), true)
	v, err := m.FoldInWarmItem(t.Context(), users, contexts, conf, prior)
	if err != nil {
		t.Fatal(err)
	}
	user := m.U.Row(2)
	s, err := m.SplitItem(t.Context(), ItemTerms{Users: users.Users, UserConf: users.Conf, Contexts: contexts, ContextConf: conf,
		Prior: prior, PriorParts: [][]float32{prior}, Warm: true}, user)
	if err != nil {
		t.Fatal(err)
	}
	known := s.Blocks[0]
	for _, c := range s.Contexts {
		known += c
	}
	if want := dot(user, s.Known); known-want > 1e-4 || want-known > 1e-4 {
		t.Errorf("contexts and features carry %g, the known part of the row %g", known, want)
	}
	people := 0.0
	for j, y := range v {
		people += float64(user[j]) * float64(y-s.Known[j])
	}
	if total := dot(user, v); known+people-total > 1e-4 || total-known-people > 1e-4 {
		t.Errorf("parts add up to %g, the score is %g", known+people, total)
	}
}
