package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kenrec/ken/engine"
)

// protocol says in two lines how the figures were measured: no figure without it.
func protocol(rep engine.EvaluateReport) string {
	how := string(rep.Split)
	switch {
	case rep.N > 0:
		how += fmt.Sprintf(" %d", rep.N)
	case rep.Fraction > 0:
		how += fmt.Sprintf(" %g", rep.Fraction)
	}
	if d := rep.Domains; d != nil {
		how += fmt.Sprintf(" of the %d users in both, %s to %s", rep.InBoth, readable(d.Source), readable(d.Target))
		if d.By != "" {
			how += " by " + readable(d.By)
		}
	}
	if len(rep.Types) > 0 {
		how += ", type " + readable(strings.Join(rep.Types, ", "))
	}
	left := "none left out"
	if len(rep.LeftOut) > 0 {
		var parts []string
		for _, l := range rep.LeftOut {
			parts = append(parts, fmt.Sprintf("%d left out (%s)", l.Users, l.Reason))
		}
		left = strings.Join(parts, ", ")
	}
	return fmt.Sprintf("split %s, seed %d, k %d, %d %s items ranked, %d training rows, %d held-out pairs\n%d users counted, %s\n",
		how, rep.Seed, rep.K, rep.Ranked, rep.Candidates, rep.TrainRows, rep.TestPairs, rep.Users, left)
}

// evaluateGrids returns the tables of a report: models, and those that were asked for.
func evaluateGrids(rep engine.EvaluateReport, forPeople bool) []*grid {
	grids := []*grid{accuracyGrid(rep, forPeople)}
	if slices.ContainsFunc(rep.Rows, func(r engine.EvaluateRow) bool { return len(r.Versus) > 1 }) {
		grids = append(grids, differenceGrid(rep))
	}
	grids = append(grids, catalogueGrid(rep))
	if len(rep.Rows) > 0 && rep.Rows[len(rep.Rows)-1].Labels != nil {
		grids = append(grids, labelGrid(rep.Rows))
	}
	if len(rep.Buckets) > 0 {
		grids = append(grids, bucketGrid(rep.Buckets))
	}
	if len(rep.FoldIn) > 0 {
		grids = append(grids, foldInGrid(rep.FoldIn))
	}
	return grids
}

// accuracyGrid has the intervals in full for programs, and as ± for people.
func accuracyGrid(rep engine.EvaluateReport, forPeople bool) *grid {
	at := fmt.Sprintf("@%d", rep.K)
	interval := func(name string, e engine.Estimate) ([]string, []any) {
		if forPeople {
			return []string{name + at, "±"}, []any{e.Value, (e.High - e.Low) / 2}
		}
		return []string{name + at, name + "_low", name + "_high"}, []any{e.Value, e.Low, e.High}
	}
	g := &grid{}
	for _, r := range rep.Rows {
		recallHead, recall := interval("recall", r.Recall)
		ndcgHead, ndcg := interval("ndcg", r.NDCG)
		g.header = slices.Concat([]string{"model"}, recallHead, ndcgHead,
			[]string{"precision" + at, "hr" + at, "mrr" + at, "map" + at, "ndcg_gain", "p", "against", "seconds"})
		versus := []any{"", "", ""}
		if len(r.Versus) > 0 {
			v := r.Versus[0]
			versus = []any{v.NDCG.Delta, v.NDCG.P, v.Against}
		}
		g.rows = append(g.rows, slices.Concat([]any{r.Name}, recall, ndcg,
			[]any{r.Precision.Value, r.HR.Value, r.MRR.Value, r.MAP.Value}, versus, []any{seconds(r.Seconds)}))
	}
	return g
}

// differenceGrid has every comparison of two models, for reports in which a model is compared with several.
func differenceGrid(rep engine.EvaluateReport) *grid {
	g := &grid{header: []string{"model", "against", "recall gain", "low", "high", "p", "ndcg gain", "low", "high", "p"}}
	for _, r := range rep.Rows {
		for _, v := range r.Versus {
			g.add(r.Name, v.Against, v.Recall.Delta, v.Recall.Low, v.Recall.High, v.Recall.P, v.NDCG.Delta, v.NDCG.Low, v.NDCG.High, v.NDCG.P)
		}
	}
	return g
}

func catalogueGrid(rep engine.EvaluateReport) *grid {
	g := &grid{header: []string{"model", "coverage", "novelty", "gini", "popularity", "diversity"}}
	for _, r := range rep.Rows {
		c := r.Catalogue
		g.add(r.Name, c.Coverage, c.Novelty, c.Gini, c.Popularity, c.Diversity)
	}
	return g
}

func labelGrid(rows []engine.EvaluateRow) *grid {
	g := &grid{header: []string{"model", "rows", "positives", "auc", "f1", "threshold", "log-loss", "rmse", "score_auc", "popularity_auc", "with_user_counts"}}
	for _, r := range rows {
		l := r.Labels
		switch {
		case l == nil:
		case l.Separation == nil:
			g.add(r.Name, l.Rows, l.Positives, "", "", "", "", l.RMSE, "", "", "")
		default:
			g.add(r.Name, l.Rows, l.Positives, l.AUC, l.F1, l.Threshold, l.LogLoss, l.RMSE, l.ScoreAUC, l.PopularityAUC, l.CountsAUC)
		}
	}
	return g
}

func bucketGrid(rows []engine.BucketRow) *grid {
	g := &grid{header: []string{"by", "from", "to", "n", "model", "recall", "ndcg"}}
	for _, r := range rows {
		var ndcg any = ""
		if r.NDCG != nil {
			ndcg = *r.NDCG
		}
		g.add(r.Of, r.Low, r.High, r.N, r.Row, r.Recall, ndcg)
	}
	return g
}

func foldInGrid(rows []engine.FoldInRow) *grid {
	g := &grid{header: []string{"folded in", "n", "ndcg trained", "ndcg folded in", "ratio", "low", "high"}}
	for _, r := range rows {
		g.add(r.Of, r.N, r.Trained, r.Folded, r.Ratio, r.Low, r.High)
	}
	return g
}

// seconds is a duration as a cell: nobody needs its last digits.
func seconds(s float64) float32 { return float32(int(s*10+0.5)) / 10 }
