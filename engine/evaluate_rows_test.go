package engine

import (
	"math"
	"testing"
)

// Ratings are all above 0: their size can be foretold, and a least weight parts them into labels.
func TestEvaluateWeights(t *testing.T) {
	d := planted(1)
	for n := range d.events {
		e := &d.events[n]
		e.weight = 2
		if e.user%4 == e.item%4 {
			e.weight = 5
		}
	}
	for _, c := range []struct {
		name  string
		least float32
		told  bool
		why   string
	}{
		{"all count", 0, false, "every weight is above 0"},
		{"from 4 on", 4, true, "some are below"},
	} {
		rep := mustEvaluate(t, d, EvaluateOptions{Labels: true, Fraction: .4, MinWeight: c.least}, fitPlanted(d))
		ken, plain := rowNamed(t, rep, "ken").Labels, rowNamed(t, rep, "plain MF").Labels
		if ken == nil || ken.RMSE > .5 || plain.RMSE < 2*ken.RMSE || plain.RMSE > 1.6 {
			t.Fatalf("%s: %+v, noise %+v", c.name, ken, plain)
		}
		if (ken.Separation != nil) != c.told || c.told && ken.AUC < .95 {
			t.Errorf("%s: %+v: %s", c.name, ken.Separation, c.why)
		}
	}
}

// What a model says about a row: the same features everywhere, none of which grows with how much a user did.
func TestRowFeatures(t *testing.T) {
	d := planted(3)
	for n := range d.triples {
		d.triples[n].Confidence = 1
	}
	train := make([]int32, len(d.events))
	for n := range train {
		train[n] = int32(n)
	}
	tr := &trainer{d: d, workers: 2, known: map[string]*knowledge{}}
	for _, v := range []variantKind{variantFull, variantPlain} {
		r, err := tr.fit(t.Context(), train, *quick(), variant{kind: v})
		if err != nil {
			t.Fatal(err)
		}
		var rows []labelRow
		for u := range int32(len(d.users)) {
			for i := range int32(len(d.items)) {
				rows = append(rows, labelRow{user: u, item: i})
			}
		}
		got, err := r.(rowRanker).RowFeatures(t.Context(), rows)
		if err != nil {
			t.Fatal(err)
		}
		width, own, others := len(got[0]), 0.0, 0.0
		for n, f := range got {
			if len(f) != width {
				t.Fatalf("row %d has %d features, the first %d", n, len(f), width)
			}
			for _, x := range f {
				if math.IsNaN(x) || math.IsInf(x, 0) {
					t.Fatalf("row %d: %v", n, f)
				}
			}
			if rows[n].user%4 == rows[n].item%4 {
				own += f[width-2] / 600
			} else {
				others += f[width-2] / 1800
			}
		}
		if v == variantFull && own < others+1 {
			t.Errorf("log of shared contexts: %g in the own group, %g outside", own, others)
		}
	}
}
