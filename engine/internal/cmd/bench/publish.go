package main

import (
	"github.com/kenrec/ken/engine/internal/cmd/internal/report"
)

// intro stands before the tables.
const intro = `## Accuracy

Every item that has a training row (warm), or every item of the held-out file (cold), is ranked; what the user already has is left out.
recall@20 = hits/|T|, NDCG@20 with the ideal over min(20, |T|), means over the users with a non-empty T; intervals are 95 % bootstrap over users,
p is of a paired permutation test over users. This command chooses nothing on held-out files. Texts are embedded by the built-in encoder.

- *plain MF*: ken's factorisation alone, without knowledge and without the item-to-item scorers that defaults blend with it. *ken, default*: ` + "`ken train`" + ` without a flag.
  *ken, tuned*: ` + "`ken tune`" + ` on parts of the training rows, with as many trials as the table says (` + "`--tune TRIALS`" + ` for others).
- *implicit, irspack, EASE*: ` + "`../shared/bench/peers.py --tune`" + `, f = 128, parameters chosen by the script on a tenth of the training rows; its seconds
  are of the final fit alone, ours of fitting, ranking and judging. Set up with ` + "`python3 -m venv .venv-peers && .venv-peers/bin/pip install " +
	"implicit==0.7.3 irspack==0.5.2 numpy scipy`" + `, then ` + "`bench accuracy --python .venv-peers/bin/python`" + `.
- All tables: ` + "`go run ./engine/internal/cmd/bench accuracy --python .venv-peers/bin/python`" + `, ` + "`--only NAME,…`" + ` for some. What is finished is kept in the
  ` + "`--work`" + ` folder and taken from there when the same program is run again; peers run once. A difference within the intervals is no difference.
`

// part is the accuracy part of the report.
func part() report.Part {
	p := report.Part{Name: "accuracy", By: "bench accuracy", Intro: intro}
	for _, t := range tables {
		p.Tables = append(p.Tables, t.name)
	}
	return p
}

// publish puts a table into the report.
func (b *bench) publish(t table, body string) error {
	if err := part().Publish(b.out, t.name, heading(t, b.trials, b.began.Stamp(), 0)+body); err != nil {
		return err
	}
	b.logf("%s: written to %s", t.name, b.out)
	return nil
}
