package cli

import (
	"context"
	"errors"
	"fmt"

	ucli "github.com/urfave/cli/v2"

	"github.com/kenrec/ken/engine"
)

func newCheckCommand(a *app) *ucli.Command {
	var here bool
	return &ucli.Command{
		Name:  "check",
		Usage: "read the whole store and report all that is damaged",
		Description: `Compares files with their checksums, and records with each other: the store, the model
beside it, and what tuning, embedding and language models keep. Says for each finding
what to do. The exit code is 1 when anything is wrong. The work is done in a process of its own, because there is
damage that kills the process that reads it.

Examples:
  ken check
  ken check --format json | jq .findings`,
		Flags: []ucli.Flag{
			&ucli.BoolFlag{Name: "here", Usage: "in this process", Hidden: true, Destination: &here},
		},
		Action: func(c *ucli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			if err := a.needStore(); err != nil {
				return err
			}
			if here {
				return a.checkHere(c.Context)
			}
			return a.checkApart(c.Context)
		},
	}
}

// checkView is what `ken check --format json` prints.
type checkView struct {
	OK           bool          `json:"ok"`
	Damages      int           `json:"damages"`  // all that were found
	Findings     []findingView `json:"findings"` // the first hundred
	Nodes        int           `json:"nodes"`    // counted, not what the counters say
	Triples      int           `json:"triples"`
	Interactions int           `json:"interactions"`
	Vectors      int           `json:"vectors"`
	CacheEntries int           `json:"cache_entries"`
	Seq          uint64        `json:"seq"`
	Bytes        int64         `json:"bytes"`
	Model        bool          `json:"model"` // there is one, and it is whole
}

type findingView struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
	Do   string `json:"do"` // what helps
}

// remedy says what helps against a finding of a kind.
func remedy(kind string) string {
	switch kind {
	case "model":
		return "ken train"
	case "settings":
		return "ken tune --fresh"
	case "proposal", "answer", "made", "log", "unknown":
		return "use the version of ken that wrote it, or ken restore FILE --replace"
	}
	return "ken repair; if it refuses, ken restore FILE --replace"
}

// checkHere checks in this process and prints the report as JSON, for checkApart.
func (a *app) checkHere(ctx context.Context) error {
	rep, err := engine.Check(ctx, a.db, engine.WithLogger(a.logger()))
	if err != nil {
		return err
	}
	s := rep.Stats
	v := checkView{
		OK: rep.OK(), Damages: rep.Damages, Findings: []findingView{}, Nodes: s.Nodes, Triples: s.Triples, Interactions: s.Interactions,
		Vectors: s.Vectors, CacheEntries: s.CacheEntries, Seq: s.Seq, Bytes: s.Bytes, Model: rep.Model,
	}
	for _, f := range rep.Findings {
		v.Findings = append(v.Findings, findingView{f.Kind, plainText(f.Text), remedy(f.Kind)})
	}
	return a.emitJSON(v, "")
}

// checkApart checks in a child process. That the child dies of what it reads is a finding, too.
func (a *app) checkApart(ctx context.Context) error {
	var v checkView
	err := a.apart(ctx, &v, "check", "--here")
	var crash *crashError
	switch {
	case errors.As(err, &crash):
		return a.printCheck(checkView{Damages: 1, Findings: []findingView{{"crash", crash.Error(), remedy("crash")}}})
	case err != nil:
		return err
	}
	return a.printCheck(v)
}

func (a *app) printCheck(v checkView) error {
	g := &grid{header: []string{"what", "found"}}
	if !v.OK {
		g.header = append(g.header, "do")
	}
	for _, f := range v.Findings {
		g.add(f.Kind, f.Text, f.Do)
	}
	if more := v.Damages - len(v.Findings); more > 0 {
		g.add("more", plural(int64(more), "further finding"), "")
	}
	if v.OK {
		g.fact("nodes", v.Nodes)
		g.fact("triples", v.Triples)
		g.fact("interactions", v.Interactions)
		g.fact("vectors", v.Vectors)
		g.fact("cached embeddings", v.CacheEntries)
		g.fact("batches", v.Seq)
		g.fact("bytes", v.Bytes)
		model := "none"
		if v.Model {
			model = "whole"
		}
		g.fact("model", model)
	}
	if err := a.emit(v, g); err != nil {
		return err
	}
	if !v.OK {
		return fmt.Errorf("%s is damaged: %s", a.db, plural(int64(v.Damages), "finding"))
	}
	a.say("%s is whole", a.db)
	return nil
}
