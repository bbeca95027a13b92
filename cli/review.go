package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	ucli "github.com/urfave/cli/v2"

	"github.com/kenrec/ken/engine"
)

func newReviewCommand(a *app) *ucli.Command {
	var o reviewFlags
	return &ucli.Command{
		Name:      "review",
		Usage:     "accept, reject or take back what machines proposed",
		ArgsUsage: "list|measure|accept|reject|remove|log",
		Description: `Triples that ` + "`ken enrich`" + ` proposes wait apart from the graph. accept puts the
selected ones into it, with their source and confidence; train again to make them
count. Profiles, of relation profile, become the texts of their users: embed and
train. reject refuses for good. remove takes back all that came from a source: the
graph is then what it would be without it. log tells who did what and when; it only
grows.

measure compares proposals with the triples in a file that are known to be true, and
prints by relation how many are right (precision) and how many of the known ones about
these items were found (recall): keep the facts of a sample out of the store, ask a
model for them, and see what it is worth.

list, measure, accept and reject select by --source, --relation, --head, --min-confidence and
--sample; the same --seed draws the same sample. accept and reject without any of
them need --all.

Examples:
  ken review list --sample 20
  ken review measure --truth held-back.tsv
  ken review accept --relation directed_by --min-confidence 0.8
  ken review reject --source llm:qwen3:8b:attributes-1
  ken review remove --source llm:qwen3:8b:attributes-1 && ken train
  ken review log`,
		Flags: o.flags(),
		Action: func(c *ucli.Context) error {
			what, err := oneWord(c, "list", "measure", "accept", "reject", "remove", "log")
			if err != nil {
				return err
			}
			if err := o.check(what); err != nil {
				return err
			}
			return a.with(c.Context, false, func(e *engine.Engine) error { return a.review(c.Context, e, what, &o) })
		},
	}
}

type reviewFlags struct {
	source, relation, head, state string
	truth                         string
	confidence                    float64
	sample                        int
	seed                          uint64
	all                           bool
}

func (o *reviewFlags) flags() []ucli.Flag {
	return []ucli.Flag{
		&ucli.StringFlag{Name: "source", Usage: "only proposals of source `S`", Destination: &o.source},
		&ucli.StringFlag{Name: "relation", Usage: "only of relation `R`", Destination: &o.relation},
		&ucli.StringFlag{Name: "head", Usage: "only about node `ID`", Destination: &o.head},
		&ucli.Float64Flag{Name: "min-confidence", Usage: "only from confidence `C` on, 0 to 1", Destination: &o.confidence},
		&ucli.IntFlag{Name: "sample", Usage: "only `N` of them, drawn by --seed", Destination: &o.sample},
		&ucli.Uint64Flag{Name: "seed", Usage: "seed of the sample", DefaultText: "0", Destination: &o.seed},
		&ucli.StringFlag{Name: "state", Usage: "pending, accepted, rejected or removed", DefaultText: "pending", Destination: &o.state},
		&ucli.StringFlag{Name: "truth", Usage: "measure: triples known to be true are in `FILE`", Destination: &o.truth},
		boolFlag("all", "accept or reject all that are selected, without a filter too", &o.all),
	}
}

// check keeps a hasty word from deciding everything.
func (o *reviewFlags) check(what string) error {
	filtered := o.source != "" || o.relation != "" || o.head != "" || o.confidence > 0 || o.sample > 0
	switch {
	case (what == "measure") != (o.truth != ""):
		return usagef("`ken review measure` and --truth FILE go together")
	case what == "remove" && o.source == "":
		return usagef("`ken review remove` needs --source: `ken review log` names them")
	case what == "remove" && (o.relation != "" || o.head != "" || o.confidence > 0 || o.sample > 0 || o.state != ""):
		return usagef("`ken review remove` takes back a whole source: leave out the other filters")
	case (what == "accept" || what == "reject") && !filtered && !o.all:
		return usagef("`ken review %s` without a filter decides all proposals: say --all if that is meant", what)
	}
	return nil
}

func (o *reviewFlags) filter() engine.ReviewFilter {
	return engine.ReviewFilter{Source: o.source, Relation: o.relation, Head: o.head, MinConfidence: float32(o.confidence),
		State: engine.ProposalState(o.state), Sample: o.sample, Seed: o.seed}
}

func (a *app) review(ctx context.Context, e *engine.Engine, what string, o *reviewFlags) error {
	var rep engine.ReviewReport
	var err error
	switch what {
	case "list":
		list, err := e.ReviewList(ctx, o.filter())
		if err != nil {
			return err
		}
		return a.emit(list, proposalGrid(list))
	case "measure":
		return a.measure(ctx, e, o)
	case "log":
		log, err := e.ReviewLog(ctx)
		if err != nil {
			return err
		}
		return a.emit(log, logGrid(log))
	case "accept":
		rep, err = e.ReviewAccept(ctx, o.filter(), userName())
	case "reject":
		rep, err = e.ReviewReject(ctx, o.filter(), userName())
	default:
		if rep, err = e.ReviewRemove(ctx, o.source, userName()); errors.Is(err, engine.ErrNotFound) {
			return &notFoundError{fmt.Sprintf("nothing was ever proposed by source %q", o.source)}
		}
	}
	if err != nil {
		return err
	}
	switch {
	case rep.Texts > 0:
		a.say("texts of users have changed: run `ken embed` and `ken train` to make that count")
	case rep.Triples > 0:
		a.say("the graph has changed: run `ken train` to make it count")
	}
	return a.emit(rep, reviewGrid(rep))
}

func proposalGrid(list []engine.Proposal) *grid {
	g := &grid{header: []string{"head", "relation", "tail", "value", "match", "confidence", "state", "source"}}
	for _, p := range list {
		value := p.Value
		if p.Text != "" {
			value = p.Text
		}
		g.add(p.Head, p.Relation, p.Tail, value, p.Match, p.Confidence, string(p.State), p.Source)
	}
	return g
}

func logGrid(log []engine.AuditEntry) *grid {
	g := &grid{header: []string{"seq", "time", "who", "action", "proposals", "filter", "what"}}
	for _, l := range log {
		var parts []string
		for _, c := range l.Changes {
			parts = append(parts, fmt.Sprintf("%s %s: %d", c.Source, c.Relation, c.Count))
		}
		g.add(int(l.Seq), time.Unix(l.Time, 0).UTC().Format(time.RFC3339), l.Who, l.Action, l.Count, l.Filter, strings.Join(parts, "; "))
	}
	return g
}

func reviewGrid(rep engine.ReviewReport) *grid {
	g := &grid{header: []string{"what", "value"}}
	g.fact("proposals", rep.Proposals)
	g.fact("triples", rep.Triples)
	g.fact("texts", rep.Texts)
	g.fact("nodes", rep.Nodes)
	g.fact("present before", rep.Present)
	g.fact("ends gone", rep.Gone)
	return g
}

// list is words with commas between them.
func list(words []string) string { return strings.Join(words, ", ") }
