package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/kenrec/ken/graph"
)

// CheckReport is what Check found.
type CheckReport struct {
	graph.CheckReport
	Model bool // there is a model, and it is whole
}

// Check reads all that is in the directory of a store: the store itself, see graph.Check; the model, that its parts fit
// together and belong to the store; and that what the engine keeps in the store can be understood: the configuration and
// the trials of Tune, proposals, answers of language models, the log. Findings of its own have the kinds "model",
// "settings", "proposal", "answer", "made", "log" and "unknown". Errors: those of graph.Check. Damage that the checks do not foresee can end
// the process: run it in one of its own.
func Check(ctx context.Context, dir string, opts ...Option) (r CheckReport, err error) {
	defer border(&err)
	s := newSettings(opts)
	if r.CheckReport, err = graph.Check(ctx, dir, graph.WithLogger(s.log)); err != nil {
		return r, fmt.Errorf("engine: check: %w", err)
	}
	if !r.OK() { // then the store may not open, and the model file is all that can be read
		if _, err := readModel(filepath.Join(dir, modelFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			r.Add("model", "%v", err)
		}
		return r, nil
	}
	e, err := Open(ctx, dir, opts...)
	if err != nil {
		return r, err
	}
	if err := e.ModelError(); err != nil {
		r.Add("model", "%v", err)
	}
	_, r.Model = e.Model()
	err = errors.Join(e.checkSettings(ctx, &r), e.checkRecords(ctx, &r), e.Close())
	return r, err
}

// checkSettings reads what Tune and Embed keep.
func (e *Engine) checkSettings(ctx context.Context, r *CheckReport) error {
	if _, err := e.trainConfig(ctx, nil); err != nil {
		r.Add("settings", "%v", err)
	}
	if _, err := embedModels(ctx, e.store); err != nil {
		r.Add("settings", "%v", err)
	}
	raw, err := e.store.Meta(ctx, metaJournal)
	if errors.Is(err, graph.ErrNotFound) {
		return nil
	}
	var h journalHeader
	if err == nil {
		err = json.Unmarshal(raw, &h)
	}
	for n := 0; err == nil && n < h.N; n++ {
		var ok bool
		if raw, err = e.store.Meta(ctx, trialName(n)); err == nil {
			if _, ok = decodeTrial(raw); !ok {
				err = fmt.Errorf("trial %d cannot be read", n)
			}
		}
	}
	if err != nil && ctx.Err() == nil {
		r.Add("settings", "the journal of tuning: %v", err)
	}
	return ctx.Err()
}

// checkRecords reads proposals, answers and the log.
func (e *Engine) checkRecords(ctx context.Context, r *CheckReport) error {
	for rec, err := range e.store.Records(ctx, "", "") {
		if err != nil {
			return fmt.Errorf("engine: check: %w", err)
		}
		if kind, what := checkRecord(rec); what != "" {
			r.Add(kind, "%s", what)
		}
	}
	_, err := e.ReviewLog(ctx)
	if errors.Is(err, ErrVersion) {
		r.Add("log", "%v", err)
		return nil
	}
	return err
}

// checkRecord says what is wrong with a record, "" for nothing. Ids are not named: a report may be shown around.
func checkRecord(rec graph.Record) (kind, what string) {
	if _, ok := recordSpeaksOf(rec.Space, rec.Key, rec.Value); !ok {
		return "unknown", fmt.Sprintf("a record of space %q is of no kind that this version knows", rec.Space)
	}
	switch rec.Space {
	case spaceProposal:
		var p Proposal
		if json.Unmarshal(rec.Value, &p) != nil || proposalKey(p) != rec.Key {
			return "proposal", "a proposal cannot be read, or is another than its key says"
		}
	case spaceAnswer, spaceMade:
		if !json.Valid(rec.Value) {
			return rec.Space, "it cannot be read"
		}
	}
	return "", ""
}
