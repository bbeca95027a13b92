package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kenrec/ken/engine/internal/metrics"
)

// rankBatch is how many users are ranked in one call: a cancelled context ends the evaluation after a batch.
const rankBatch = 1024

// tableRow is one model of the table with what was measured.
type tableRow struct {
	name    string
	cfg     Config
	variant variant
	folds   []foldResult
	kept    ranker      // of the first fold, with FoldIn only
	columns [][]float64 // metric by user, once summarised
}

// foldResult is one model on one holdout.
type foldResult struct {
	lists     [][]int32 // by place in holdout.users
	values    []metrics.Values
	catalogue Catalogue
	labels    *LabelScores
	took      time.Duration
}

// measure fits the row's model on the holdout's training rows and judges its lists.
func (ev *evaluation) measure(ctx context.Context, row *tableRow, h *holdout) (foldResult, error) {
	start := time.Now()
	r, err := ev.fitOne(ctx, h.train, row.cfg, row.variant)
	if err != nil {
		return foldResult{}, err
	}
	if ev.o.FoldIn && row.kept == nil && row.variant.kind == variantFull {
		row.kept = r
	}
	var result foldResult
	if result.lists, err = ev.rank(ctx, r, h.users, h.candidates, h.history); err != nil {
		return foldResult{}, err
	}
	result.values = make([]metrics.Values, len(h.users))
	for j, list := range result.lists {
		result.values[j] = metrics.Score(list, h.truth[j], ev.o.K)
	}
	result.catalogue = catalogue(result.lists, h)
	if ev.o.Labels {
		if result.labels, err = ev.judgeLabels(ctx, r, h); err != nil {
			return foldResult{}, err
		}
	}
	result.took = time.Since(start)
	return result, nil
}

// rank asks for lists in batches and checks that each is what the protocol assumes: at most k distinct items, none of
// which the user already has. A list that breaks this would flatter its model.
func (ev *evaluation) rank(ctx context.Context, r ranker, users, candidates []int32, seen history) ([][]int32, error) {
	lists := make([][]int32, 0, len(users))
	for batch := range slices.Chunk(users, rankBatch) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		got, _, err := r.TopK(ctx, batch, ev.o.K, candidates, true)
		if err != nil {
			return nil, err
		}
		if len(got) != len(batch) {
			return nil, fmt.Errorf("%d lists for %d users", len(got), len(batch))
		}
		for j, list := range got {
			if err := ev.checkList(batch[j], list, seen); err != nil {
				return nil, err
			}
		}
		lists = append(lists, got...)
	}
	return lists, nil
}

func (ev *evaluation) checkList(user int32, list []int32, seen history) error {
	if len(list) > ev.o.K {
		return fmt.Errorf("list of %d items for user %d, asked for %d", len(list), user, ev.o.K)
	}
	for r, item := range list {
		if item < 0 || int(item) >= len(ev.data.items) || slices.Contains(list[:r], item) || seen.contains(user, item) {
			return fmt.Errorf("item %d in the list of user %d is unknown, listed twice or already theirs", item, user)
		}
	}
	return nil
}

// diversityLists bounds the lists that diversity is measured on: k²/2 set intersections each.
const diversityLists = 200

func catalogue(lists [][]int32, h *holdout) Catalogue {
	popularity := sizes(h.history.fans)
	shown := metrics.Exposure(lists, len(popularity))
	c := Catalogue{
		Coverage:   metrics.Coverage(shown, h.ranked),
		Novelty:    metrics.Novelty(lists, popularity, activeUsers(h.history)),
		Gini:       metrics.Gini(shown, h.ranked),
		Popularity: metrics.MeanPopularity(lists, popularity),
	}
	if !slices.ContainsFunc(h.ranked, func(i int32) bool { return popularity[i] > 0 }) {
		return c // cold items have no users to compare: every pair would count as different
	}
	var sample [][]int32
	for j := range min(diversityLists, len(lists)) { // evenly over the users
		sample = append(sample, lists[j*len(lists)/min(diversityLists, len(lists))])
	}
	c.Diversity = metrics.Diversity(sample, func(i, j int32) float64 { return metrics.SetCosine(h.history.fans[i], h.history.fans[j]) })
	return c
}

func activeUsers(h history) int {
	n := 0
	for _, items := range h.has {
		if len(items) > 0 {
			n++
		}
	}
	return n
}

// Columns of tableRow.columns.
const (
	columnRecall = iota
	columnPrecision
	columnHR
	columnMRR
	columnMAP
	columnNDCG
	columnCount
)

// summarise turns what was measured into the rows of the report.
func (ev *evaluation) summarise(rows []tableRow, folds []holdout) {
	for r := range rows {
		row := &rows[r]
		row.columns = userColumns(row.folds, folds)
		ev.report.Rows = append(ev.report.Rows, row.summary(ev.o.Seed))
		if len(ev.o.Compare) > 0 && row.variant.kind == variantFull {
			ev.report.Rows[r].Config = &row.cfg
		}
	}
	plain := slices.IndexFunc(rows, func(r tableRow) bool { return r.variant.kind == variantPlain })
	first := slices.IndexFunc(rows, func(r tableRow) bool { return r.variant.kind == variantFull })
	for r := range rows {
		if plain >= 0 && r != plain {
			ev.versus(rows, r, plain)
		}
		if scorers := rowAt(rows, rowScorers); scorers >= 0 && rows[r].variant.kind == variantFull {
			ev.versus(rows, r, scorers)
		}
		if r > first && rows[r].variant.kind == variantFull {
			ev.versus(rows, r, first)
		}
	}
}

// rowAt finds a row by name, -1 when there is none.
func rowAt(rows []tableRow, name string) int {
	return slices.IndexFunc(rows, func(r tableRow) bool { return r.name == name })
}

// versus tests row r against another.
func (ev *evaluation) versus(rows []tableRow, r, other int) {
	test := func(c int) Difference { return difference(rows[r].columns[c], rows[other].columns[c], ev.o.Seed) }
	to := &ev.report.Rows[r].Versus
	*to = append(*to, Comparison{Against: rows[other].name, Recall: test(columnRecall), NDCG: test(columnNDCG)})
}

// difference compares two columns of values of the same users.
func difference(mine, theirs []float64, seed uint64) Difference {
	diff := make([]float64, len(mine))
	for j, v := range mine {
		diff[j] = v - theirs[j]
	}
	iv, found := metrics.Intervals([][]float64{diff}, seed)[0], metrics.PairedTest(mine, theirs, seed)
	return Difference{Delta: found.Delta, Low: iv.Low, High: iv.High, P: found.P}
}

// userColumns returns each metric by user, users ascending; with folds, a user's value is the mean over the folds that
// test them, so that everybody counts once.
func userColumns(results []foldResult, folds []holdout) [][]float64 {
	n := 0
	for _, h := range folds {
		n = max(n, int(slices.Max(h.users))+1)
	}
	sums, times := make([][columnCount]float64, n), make([]int, n)
	for f, h := range folds {
		for j, u := range h.users {
			v := results[f].values[j]
			for c, x := range [columnCount]float64{v.Recall, v.Precision, v.HR, v.MRR, v.MAP, v.NDCG} {
				sums[u][c] += x
			}
			times[u]++
		}
	}
	columns := make([][]float64, columnCount)
	for u, s := range sums {
		if times[u] == 0 {
			continue
		}
		for c := range columns {
			columns[c] = append(columns[c], s[c]/float64(times[u]))
		}
	}
	return columns
}

func (row *tableRow) summary(seed uint64) EvaluateRow {
	iv := metrics.Intervals(row.columns, seed)
	estimate := func(c int) Estimate { return Estimate{Value: iv[c].Mean, Low: iv[c].Low, High: iv[c].High} }
	out := EvaluateRow{
		Name:      row.name,
		Recall:    estimate(columnRecall),
		Precision: estimate(columnPrecision),
		HR:        estimate(columnHR),
		MRR:       estimate(columnMRR),
		MAP:       estimate(columnMAP),
		NDCG:      estimate(columnNDCG),
		Labels:    row.folds[0].labels,
	}
	n := float64(len(row.folds))
	for _, f := range row.folds {
		out.Seconds += f.took.Seconds()
		out.Catalogue.Coverage += f.catalogue.Coverage / n
		out.Catalogue.Novelty += f.catalogue.Novelty / n
		out.Catalogue.Gini += f.catalogue.Gini / n
		out.Catalogue.Popularity += f.catalogue.Popularity / n
		out.Catalogue.Diversity += f.catalogue.Diversity / n
	}
	return out
}
