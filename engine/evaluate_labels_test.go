package engine

import (
	"math"
	"testing"
)

func TestEvaluateLabels(t *testing.T) {
	d := blank(40, 40, 0)
	for u := range int32(40) {
		for i := range int32(10) {
			item := (u*7 + i) % 40
			w := float32(0)
			if u%4 == item%4 || item == u {
				w = 1
			}
			d.events = append(d.events, event{user: u, item: item, weight: w})
		}
	}
	rep := mustEvaluate(t, d, EvaluateOptions{Labels: true, Fraction: .4, Seed: 2}, fitPlanted(d))
	ken, plain := rowNamed(t, rep, "ken").Labels, rowNamed(t, rep, "plain MF").Labels
	if ken.AUC < .9 || ken.F1 < .9 || ken.ScoreAUC < .9 || ken.ScoreF1 < .9 || ken.CountsAUC < .9 || ken.Rows != 80 {
		t.Errorf("the planted labels: %+v", ken)
	}
	if math.Abs(plain.ScoreAUC-.5) > .15 || plain.AUC > .75 || ken.LogLoss >= plain.LogLoss || ken.RMSE >= plain.RMSE {
		t.Errorf("noise %+v, planted %+v", plain, ken)
	}
}

// TestEvaluateLabelsOfOneClass: data without dislikes loses the columns that need them, and nothing else.
func TestEvaluateLabelsOfOneClass(t *testing.T) {
	d := planted(1)
	rep := mustEvaluate(t, d, EvaluateOptions{Labels: true}, fitPlanted(d))
	without := mustEvaluate(t, d, EvaluateOptions{}, fitPlanted(d))
	if len(rep.Warnings) != 1 || !hasWarning(rep, "no labels to tell apart: ") {
		t.Errorf("warnings: %q", rep.Warnings)
	}
	for i, row := range rep.Rows {
		if row.Labels != nil || row.NDCG != without.Rows[i].NDCG {
			t.Errorf("%s: %+v, want no labels and the figures of a run without", row.Name, row)
		}
	}
}
