package main

import (
	"cmp"
	"fmt"

	"github.com/kenrec/ken/engine"
)

// line is what the overview says about one held-out file.
type line struct {
	Split   string `json:"split"` // set and file
	Goal    figure `json:"goal"`  // the larger of what is asked for and of the multiple of the best peer
	Peer    figure `json:"peer"`  // the best of the peers in each measure; zero: none was run
	Plain   figure `json:"plain"`
	Default figure `json:"default"`
	Tuned   figure `json:"tuned"` // zero: no tuned row
	// What knowledge adds to the NDCG of the same scorers, and to plain MF; nil: the table has no ablation.
	Knowledge *engine.Difference `json:"knowledge,omitempty"`
	OnPlain   *engine.Difference `json:"on_plain,omitempty"`
}

// figure is recall@20 and NDCG@20.
type figure struct {
	Recall float64 `json:"recall"`
	NDCG   float64 `json:"ndcg"`
}

func (f figure) String() string {
	if f == (figure{}) {
		return ""
	}
	return fmt.Sprintf("%.4f / %.4f", f.Recall, f.NDCG)
}

// lineOf picks what the overview has from a report.
func lineOf(j job, rep engine.EvaluateReport, peers peerRun) line {
	l := line{Split: j.set.folder + " " + j.test.name, Peer: bestOf(peers)}
	g := j.test.goal
	l.Goal = figure{max(g.recall, g.peers*l.Peer.Recall), max(g.ndcg, g.peers*l.Peer.NDCG)}
	for _, r := range rep.Rows {
		f := figure{r.Recall.Value, r.NDCG.Value}
		switch r.Name {
		case rowPlain:
			l.Plain = f
		case rowDefault:
			l.Default, l.Knowledge = f, against(r, rowScorers)
		case rowTuned:
			l.Tuned = f
		case rowKnowledge:
			l.OnPlain = against(r, rowPlain)
		}
	}
	if j.unchanged {
		l.Tuned = l.Default
	}
	return l
}

// bestOf is the best recall and the best NDCG of the peers, which may be two peers'.
func bestOf(peers peerRun) (best figure) {
	for _, r := range peers.Rows {
		best.Recall, best.NDCG = max(best.Recall, r.Recall), max(best.NDCG, r.NDCG)
	}
	return best
}

// against returns the difference in NDCG from another row, nil when there is none.
func against(r engine.EvaluateRow, other string) *engine.Difference {
	for _, v := range r.Versus {
		if v.Against == other {
			return &v.NDCG
		}
	}
	return nil
}

// overview has a line for every held-out file of the finished tables.
func (b *bench) overview() string {
	doc := &markdown{}
	doc.line("recall@20 / NDCG@20. *Share*: NDCG of the defaults by that of the tuned model (goal: at least 97 %%). *Knowledge on plain MF*: " +
		"what all of it adds to the NDCG of the factorisation; *in the blend*: what it adds to that of factorisation and scorers; each with the 95 %% " +
		"bootstrap interval of the paired difference, which may not lie below 0.\n")
	doc.line("| split | goal | best peer | plain MF | ken, default | ken, tuned | goal reached | share | knowledge on plain MF | in the blend |")
	doc.line("|---|---|---|---|---|---|---|---|---|---|")
	seconds := 0.0
	for _, t := range tables {
		r, err := b.done.read(t.name)
		if err != nil {
			continue
		}
		seconds += r.Seconds
		for _, l := range r.Lines {
			doc.overviewLine(l)
		}
	}
	doc.line("\nAll tables together took %.0f min, the peers' runs left out when they were kept.", seconds/60)
	return doc.String()
}

func (d *markdown) overviewLine(l line) {
	verdict, share := "", ""
	if want := l.Goal; want != (figure{}) {
		verdict = "default: " + l.Default.reaches(want)
		if l.Tuned != (figure{}) {
			verdict += "; tuned: " + l.Tuned.reaches(want)
		}
	}
	if l.Tuned.NDCG > 0 {
		share = fmt.Sprintf("%.1f %%", 100*l.Default.NDCG/l.Tuned.NDCG)
	}
	d.line("| %s | %s | %s | %s | **%s** | %s | %s | %s | %s | %s |", l.Split, cmp.Or(l.Goal.String(), "none"), cmp.Or(l.Peer.String(), "none"),
		l.Plain, l.Default, l.Tuned, verdict, share, differenceOf(l.OnPlain), differenceOf(l.Knowledge))
}

// reaches says whether a figure gets to the goal in both measures.
func (f figure) reaches(want figure) string {
	recall, ndcg := reached(f.Recall, want.Recall), reached(f.NDCG, want.NDCG)
	if recall == "reached" && ndcg == "reached" {
		return "yes"
	}
	return fmt.Sprintf("recall %s, NDCG %s", recall, ndcg)
}

// differenceOf is a difference with its interval.
func differenceOf(d *engine.Difference) string {
	if d == nil {
		return ""
	}
	return fmt.Sprintf("%+.4f (%+.4f – %+.4f)", d.Delta, d.Low, d.High)
}
