package cli

import (
	"fmt"

	ucli "github.com/urfave/cli/v2"

	"github.com/kenrec/ken/engine"
)

// What --task takes.
const (
	taskLists   = "lists"
	taskTriples = "triples"
)

// triples makes the engine's options of the flags for --task triples; flags about lists are refused.
func (o *evaluateFlags) triples(a *app, c *ucli.Context) (engine.TriplesOptions, error) {
	out := engine.TriplesOptions{Relations: given(o.relations), Fraction: o.fraction, Seed: o.seed}
	for _, f := range o.flags() {
		switch name := f.Names()[0]; name {
		case "task", "fraction", "seed", "config", "relation":
		default:
			if c.IsSet(name) {
				return out, usagef("--%s is about lists: leave it out with --task %s", name, taskTriples)
			}
		}
	}
	if err := o.validate(); err != nil || o.config == "" {
		return out, err
	}
	out.Config = new(engine.Config)
	return out, a.readConfig("--config", o.config, out.Config)
}

func (a *app) evaluateTriples(c *ucli.Context, e *engine.Engine, o engine.TriplesOptions) error {
	bar := a.newBar("evaluate")
	o.Progress = bar.report()
	rep, err := e.EvaluateTriples(c.Context, o)
	bar.done()
	if err != nil {
		return err
	}
	head := fmt.Sprintf("triples %g held out, seed %d, %d trained on, %d ranked among all tails of their relation\n"+
		"%d of them have a tail unseen in training, %d more were not held out because a text tells them\n",
		rep.Fraction, rep.Seed, rep.Links, rep.HeldOut, rep.Unseen, rep.Told)
	return a.emitAll(rep, head, triplesGrid(rep, a.format == formatTable), relationGrid(rep), trustGrid(rep))
}

func triplesGrid(rep engine.TriplesReport, forPeople bool) *grid {
	g := &grid{header: []string{"by", "hits@1", "hits@3"}}
	interval := func(name string, e engine.Estimate) []any {
		if forPeople {
			g.header = append(g.header, name, "±")
			return []any{e.Value, (e.High - e.Low) / 2}
		}
		g.header = append(g.header, name, name+"_low", name+"_high")
		return []any{e.Value, e.Low, e.High}
	}
	for _, r := range rep.Rows {
		g.header = g.header[:3]
		row := []any{r.Name, r.Hits1.Value, r.Hits3.Value}
		row = append(append(row, interval("hits@10", r.Hits10)...), interval("mrr", r.MRR)...)
		g.header = append(g.header, "mrr_gain", "p")
		if r.Versus == nil {
			row = append(row, "", "")
		} else {
			row = append(row, r.Versus.Delta, r.Versus.P)
		}
		g.rows = append(g.rows, row)
	}
	return g
}

// relationGrid has for each relation frequency and ken side by side.
func relationGrid(rep engine.TriplesReport) *grid {
	g := &grid{header: []string{"relation", "tails", "ranked", "unseen", "told", "frequency hits@10", "ken hits@10", "frequency mrr", "ken mrr"}}
	for _, r := range rep.Relations {
		base, ken := r.Rows[0], r.Rows[1]
		g.add(r.Relation, r.Tails, r.HeldOut, r.Unseen, r.Told, base.Hits10.Value, ken.Hits10.Value, base.MRR.Value, ken.MRR.Value)
	}
	return g
}

func trustGrid(rep engine.TriplesReport) *grid {
	g := &grid{header: []string{"confidence from", "proposed", "mean confidence", "right"}}
	for _, r := range rep.Trust {
		g.add(r.From, r.Proposed, r.Confidence, r.Right)
	}
	return g
}
