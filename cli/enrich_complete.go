package cli

import (
	"context"

	"github.com/kenrec/ken/engine"
)

func (a *app) enrichComplete(ctx context.Context, o *enrichFlags) error {
	switch {
	case !(o.minConfidence > 0 && o.minConfidence <= 1):
		return usagef("--min-confidence is %g: a number above 0, at most 1, is needed", o.minConfidence)
	case o.perItem < 1:
		return usagef("--per-item is %d: at least 1 is needed", o.perItem)
	}
	return a.with(ctx, false, func(e *engine.Engine) error {
		bar := a.newBar("complete")
		rep, err := e.EnrichComplete(ctx, engine.CompleteOptions{
			Relations: given(o.relations), Types: given(o.types), MinConfidence: o.minConfidence, PerItem: o.perItem,
			DryRun: o.dryRun, By: userName(), Progress: bar.report(),
		})
		bar.done()
		if err != nil {
			return err
		}
		if o.dryRun {
			a.say("dry run: nothing was stored")
		}
		return a.emitAll(rep, "", completeGrids(rep)...)
	})
}

func completeGrids(rep engine.CompleteReport) []*grid {
	facts := &grid{header: []string{"what", "value"}}
	facts.fact("source", rep.Source)
	facts.fact("items", rep.Items)
	facts.fact("found", rep.Found)
	facts.fact("proposed", rep.Proposed)
	facts.fact("proposed before", rep.Known)
	facts.fact("seconds", seconds(rep.Seconds))
	g := &grid{header: []string{"relation", "triples", "tails", "found", "mean confidence"}}
	for _, r := range rep.Relations {
		g.add(r.Relation, r.Links, r.Tails, r.Found, r.Confidence)
	}
	return []*grid{facts, g}
}
