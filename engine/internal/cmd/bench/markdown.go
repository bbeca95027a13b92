package main

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/kenrec/ken/engine"
)

// markdown is a table of the report as it grows.
type markdown struct{ strings.Builder }

func (d *markdown) line(format string, args ...any) {
	fmt.Fprintf(d, format+"\n", args...)
}

func (d *markdown) remarks(list []string) {
	if len(list) > 0 {
		d.line("")
	}
	for _, r := range list {
		d.line("- %s", r)
	}
}

// training says what the default model was made of and which values it chose.
func (d *markdown) training(r engine.TrainReport) {
	c := r.Config
	d.line("%d users, %d items (%d of them cold), %d interactions, %d contexts with %d links, %d texts. Defaults came out as f = %d, %d sweeps, "+
		"α = %.3g, λ = %.3g, ν = %.3g, context weight %.3g; seed %d. Trained in %.1f s.",
		r.Users, r.Items, r.ColdItems, r.Interactions, r.Contexts, r.Triples, r.Texts, c.Factors, c.Iterations, c.Alpha, c.Reg, c.RegExponent,
		c.ContextWeight, c.Seed, r.Seconds)
}

// tuning says what Tune chose.
func (d *markdown) tuning(r engine.TuneReport) {
	var changed, undone []string
	for _, c := range r.Choices {
		what := fmt.Sprintf("%s %s → %s", c.Name, c.From, c.To)
		switch {
		case c.Undone:
			undone = append(undone, what)
		case c.From != c.To:
			changed = append(changed, what)
		}
	}
	d.line("\nTuned for %s in %d trials on %d splits, confirmed on %d fresh ones (%.0f s, seed %d). It changed: %s. The search wanted, and fresh splits "+
		"did not confirm: %s.", r.Objective, r.Trials, r.Splits, r.Confirmed, r.Seconds, r.Seed, orNothing(changed), orNothing(undone))
	if r.Check != nil && r.Check.Switched != "" {
		d.line("For losing to the same without knowledge it switched off: %s.", r.Check.Switched)
	}
}

func orNothing(list []string) string {
	if list == nil {
		return "nothing"
	}
	return strings.Join(list, "; ")
}

// test prints the rows of one held-out file.
func (d *markdown) test(t test, rep engine.EvaluateReport, peers peerRun) {
	d.line("\n**%s**: %d users, %d held-out pairs, %d candidates (%s).\n", t.name, rep.Users, rep.TestPairs, rep.Ranked, rep.Candidates)
	d.line("| model | recall@20 | 95 %% | NDCG@20 | 95 %% | NDCG − plain MF | seconds |")
	d.line("|---|---|---|---|---|---|---|")
	var added []engine.EvaluateRow
	for _, r := range rep.Rows {
		if strings.HasPrefix(r.Name, "+ ") {
			added = append(added, r)
			continue
		}
		d.line("| %s | %.4f | %s | %.4f | %s | %s | %.1f |", r.Name, r.Recall.Value, interval(r.Recall), r.NDCG.Value, interval(r.NDCG), gain(r), r.Seconds)
	}
	if t.cold {
		d.line("| implicit, irspack, EASE | none: they cannot rank items without training rows | | | | | |")
	} else {
		d.peers(peers)
	}
	d.goal(t.goal, rep, peers)
	d.shareOfTuned(rep)
	d.parts(added, rep)
	d.buckets(rep.Buckets)
}

// parts prints what each source adds to plain MF, and whether knowledge does harm.
func (d *markdown) parts(added []engine.EvaluateRow, rep engine.EvaluateReport) {
	if added == nil {
		return
	}
	d.line("\nWhat each source adds to plain MF, alone; shuffled knowledge belongs to other items and must add nothing:\n")
	d.line("| plain MF and | recall@20 | NDCG@20 | NDCG − plain MF | 95 %% | p |")
	d.line("|---|---|---|---|---|---|")
	for _, r := range added {
		v := against(r, rowPlain)
		d.line("| %s | %.4f | %.4f | %+.4f | %+.4f – %+.4f | %.2g |", strings.TrimPrefix(r.Name, "+ "), r.Recall.Value, r.NDCG.Value, v.Delta, v.Low, v.High, v.P)
	}
	for _, r := range rep.Rows {
		of, to := rowPlain, "all knowledge, on plain MF"
		switch r.Name {
		case rowKnowledge:
		case rowDefault:
			of, to = rowScorers, "all knowledge, on factorisation and scorers"
		default:
			continue
		}
		if v := against(r, of); v != nil {
			verdict := "does no harm beyond noise"
			if v.High < 0 {
				verdict = "**does harm**"
			}
			d.line("\nNDCG of %s: %s: it %s.", to, differenceOf(v), verdict)
		}
	}
}

// peers prints what others reach; they give no intervals.
func (d *markdown) peers(run peerRun) {
	if run.Rows == nil {
		d.line("| implicit, irspack, EASE | not run | | | | | |")
	}
	for _, r := range run.Rows {
		d.line("| %s, tuned: %v | %.4f | | %.4f | | | %.1f |", r.Model, r.Params, r.Recall, r.NDCG, r.Seconds)
	}
	if run.Rows != nil {
		d.line("\nPeers of %s: implicit %s, irspack %s, numpy %s, %d threads.", run.Date, run.Versions["implicit"], run.Versions["irspack"],
			run.Versions["numpy"], run.Threads)
	}
}

func interval(e engine.Estimate) string { return fmt.Sprintf("%.4f–%.4f", e.Low, e.High) }

// gain is the difference in NDCG from plain MF with its p.
func gain(r engine.EvaluateRow) string {
	v := against(r, rowPlain)
	if v == nil {
		return ""
	}
	return fmt.Sprintf("%+.4f (p = %.2g)", v.Delta, v.P)
}

// goal says for each of ken's rows whether it gets there.
func (d *markdown) goal(g goal, rep engine.EvaluateReport, peers peerRun) {
	if g.recall > 0 {
		d.verdict("Goal", g.recall, g.ndcg, rep)
	}
	if g.peers == 0 {
		return
	}
	what := fmt.Sprintf("Goal, %.2f × the best peer", g.peers)
	if peers.Rows == nil {
		d.line("\n%s: not run here.", what)
		return
	}
	best := bestOf(peers)
	d.verdict(what, g.peers*best.Recall, g.peers*best.NDCG, rep)
}

func (d *markdown) verdict(what string, recall, ndcg float64, rep engine.EvaluateReport) {
	d.line("\n%s: recall ≥ %.4f, NDCG ≥ %.4f.", what, recall, ndcg)
	for _, r := range rep.Rows {
		if strings.HasPrefix(r.Name, "ken") {
			d.line("%s: recall %s, NDCG %s.", r.Name, reached(r.Recall.Value, recall), reached(r.NDCG.Value, ndcg))
		}
	}
}

// reached compares at the precision that is printed.
func reached(got, want float64) string {
	if math.Round(got*1e4) >= math.Round(want*1e4) {
		return "reached"
	}
	return fmt.Sprintf("missed by %.4f", want-got)
}

// shareOfTuned says how near the defaults come to the tuned model, where there is one of its own.
func (d *markdown) shareOfTuned(rep engine.EvaluateReport) {
	ndcg := map[string]float64{}
	for _, r := range rep.Rows {
		ndcg[r.Name] = r.NDCG.Value
	}
	if ndcg[rowTuned] > 0 {
		d.line("The defaults have %.1f %% of the tuned NDCG (goal: 97 %%).", 100*ndcg[rowDefault]/ndcg[rowTuned])
	}
}

// buckets prints the share of held-out pairs found by number of triples of the item, a column for each row of the table.
func (d *markdown) buckets(rows []engine.BucketRow) {
	var names, ranges, pairs []string
	found := map[string][]string{} // by row, a value for each range
	for _, r := range rows {
		if r.Of != engine.BucketLinks || strings.HasPrefix(r.Row, "+ ") {
			continue
		}
		if found[r.Row] == nil {
			names = append(names, r.Row)
		}
		if len(names) == 1 {
			bounds := fmt.Sprint(r.Low)
			if r.High > r.Low {
				bounds = fmt.Sprintf("%d–%d", r.Low, r.High)
			}
			ranges, pairs = append(ranges, bounds), append(pairs, fmt.Sprint(r.N))
		}
		found[r.Row] = append(found[r.Row], fmt.Sprintf("%.4f", r.Recall))
	}
	if names == nil {
		return
	}
	d.line("\nShare of held-out pairs found, by triples of the item:\n")
	d.line("| triples | %s |", strings.Join(ranges, " | "))
	d.line("|---|%s", strings.Repeat("---|", len(ranges)))
	d.line("| held-out pairs | %s |", strings.Join(pairs, " | "))
	for _, n := range names {
		d.line("| %s | %s |", n, strings.Join(found[n], " | "))
	}
}

// referee compares evaluate.py's verdict with Evaluate's. The script counts users that training does not know as misses.
func (d *markdown) referee(v *verdict, rep engine.EvaluateReport) {
	d.line("\n`evaluate.py` on the lists of `Recommend` (%s): recall %.4f, NDCG %.4f over %d users, %d of whom are unknown to the store and have no "+
		"list; %d items shown, %d of them seen.", rowDefault, v.Recall, v.NDCG, v.Users, v.Missing, v.Items, v.Seen)
	for _, r := range rep.Rows {
		share := float64(rep.Users) / float64(v.Users)
		if r.Name == rowDefault && (math.Abs(r.Recall.Value*share-v.Recall) > 1e-4 || math.Abs(r.NDCG.Value*share-v.NDCG) > 1e-4) {
			d.line("**That is not what Evaluate found.**")
		}
	}
}

// drawn prints means over the seeds.
func (d *markdown) drawn(o drawn, reports []engine.EvaluateReport) {
	k := reports[0].K
	columns := []column{
		{fmt.Sprintf("recall@%d", k), "%.4f", func(r engine.EvaluateRow) float64 { return r.Recall.Value }},
		{fmt.Sprintf("NDCG@%d", k), "%.4f", func(r engine.EvaluateRow) float64 { return r.NDCG.Value }},
	}
	if o.options.Labels {
		columns = []column{
			{"AUC", "%.4f", func(r engine.EvaluateRow) float64 { return r.Labels.AUC }},
			{"F1", "%.4f", func(r engine.EvaluateRow) float64 { return r.Labels.F1 }},
			{"log-loss", "%.4f", func(r engine.EvaluateRow) float64 { return r.Labels.LogLoss }},
			{"AUC, score alone", "%.4f", func(r engine.EvaluateRow) float64 { return r.Labels.ScoreAUC }},
			{"AUC, popularity alone", "%.4f", func(r engine.EvaluateRow) float64 { return r.Labels.PopularityAUC }},
			{"AUC, with user counts", "%.4f", func(r engine.EvaluateRow) float64 { return r.Labels.CountsAUC }},
			{"F1, with user counts", "%.4f", func(r engine.EvaluateRow) float64 { return r.Labels.CountsF1 }},
		}
	}
	columns = append(columns, column{"seconds", "%.1f", func(r engine.EvaluateRow) float64 { return r.Seconds }})
	users, pairs := 0, 0
	for _, r := range reports {
		users, pairs = users+r.Users, pairs+r.TestPairs
	}
	d.line("Mean and standard deviation over %d seeds, from %d on; about %d users and %d held-out pairs each, %d candidates (%s).\n",
		len(reports), seed, users/len(reports), pairs/len(reports), reports[0].Ranked, reports[0].Candidates)
	d.means(columns, reports)
	if o.auc > 0 {
		d.line("\nGoal: AUC ≥ %.4f.", o.auc)
		for _, row := range reports[0].Rows {
			auc, _ := meanSD(values(reports, row.Name, columns[0].of))
			d.line("%s: %s.", row.Name, reached(auc, o.auc))
		}
	}
}

// column is a figure of a row.
type column struct {
	name, format string
	of           func(engine.EvaluateRow) float64
}

func (d *markdown) means(columns []column, reports []engine.EvaluateReport) {
	d.WriteString("| model |")
	for _, c := range columns {
		fmt.Fprintf(d, " %s |", c.name)
	}
	d.line("\n|---|%s", strings.Repeat("---|", len(columns)))
	for _, row := range reports[0].Rows {
		fmt.Fprintf(d, "| %s |", row.Name)
		for _, c := range columns {
			mean, sd := meanSD(values(reports, row.Name, c.of))
			fmt.Fprintf(d, " "+c.format+" ± "+c.format+" |", mean, sd)
		}
		d.line("")
	}
}

// values returns a figure of the row of that name in each report.
func values(reports []engine.EvaluateReport, name string, of func(engine.EvaluateRow) float64) []float64 {
	var v []float64
	for _, rep := range reports {
		for _, r := range rep.Rows {
			if r.Name == name {
				v = append(v, of(r))
			}
		}
	}
	return v
}

// heading names a table and says how to run it again. A table that was drawn from others took no time.
func heading(t table, trials int, stamp string, took time.Duration) string {
	command := "go run ./engine/internal/cmd/bench accuracy --only " + t.name
	if trials >= 0 {
		command += fmt.Sprintf(" --tune %d", trials)
	}
	if took > 0 {
		stamp += fmt.Sprintf(" · %.0f s", took.Seconds())
	}
	return fmt.Sprintf("### %s\n\n%s\n\n`%s` · %s\n\n", t.name, t.about, command, stamp)
}
