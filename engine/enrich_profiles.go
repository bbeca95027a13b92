package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kenrec/ken/embed/chat"
)

// SplitTune, for EnrichProfiles alone, keeps back what Tune validates on with its defaults.
const SplitTune SplitKind = "tune"

// ProfileOptions of EnrichProfiles. Split, Fraction, N, Test and Seed are as in EvaluateOptions: profiles are then written
// from what such an evaluation trains on, and it can use them.
type ProfileOptions struct {
	Split     SplitKind // "": keep nothing back, or given when Test is not nil; SplitTune; not k-fold
	Fraction  float64
	N         int
	Test      []TestPair
	Seed      uint64
	History   int  // interactions in a prompt, 1 to 1,000; 0: 40
	Limit     int  // the first so many users; 0: all
	DryRun    bool // only count: nothing is sent or stored
	Parallel  int  // requests at once; 0: 4
	MaxAnswer int  // tokens of an answer, 1 to 65,536; 0: 256
	Price     chat.Price
	By        string         // who asked, for the log
	Progress  func(Progress) // called from one goroutine at a time; may be nil
}

// ProfileReport says what EnrichProfiles did. Users = Cached + Sent after a whole run, Failed ones among them.
type ProfileReport struct {
	Model   string `json:"model"`
	Source  string `json:"source"`  // of the proposals
	Users   int    `json:"users"`   // with something to write from
	Told    int    `json:"told"`    // left out: have a text of their own
	Unknown int    `json:"unknown"` // left out: neither interactions nor preferences
	Held    int    `json:"held"`    // interactions kept back
	AskReport
	Seconds float64 `json:"seconds"`
}

// EnrichProfiles asks a language model for a short text about the taste of each user, one prompt a user, and proposes it
// as the user's text; see Proposal: nothing counts before it is accepted. The prompt holds what the user's own triples
// point to, and the names, facts and weights of the items of the user's interactions, the strongest first and of those
// the latest; no id and no name of the user. Users with a text of their own are left out.
//
// A profile remembers the interactions that it was written from. Evaluate and Tune leave out profiles that saw what they
// hold out, and say so; Split writes profiles that one kind of evaluation can use.
//
// Answers are kept in the store as soon as they arrive: a call that is cut short, or repeated, asks for none twice. When
// the history has changed, the user is asked about anew, and the new text takes the place of a pending one.
//
// Errors: as EnrichAttributes; ErrNoData when there is no user to write about.
func (e *Engine) EnrichProfiles(ctx context.Context, model chat.Completer, o ProfileOptions) (rep ProfileReport, err error) {
	defer border(&err)
	start := time.Now()
	j := &profileJob{e: e, model: model, o: o, rep: ProfileReport{Model: model.Model(), Source: sourceOf(model, promptProfiles)}}
	if e.closed.Load() {
		return j.rep, ErrClosed
	}
	if err = j.run(ctx); err != nil {
		err = fmt.Errorf("engine: profiles: %w", err)
	}
	j.rep.Cost = o.Price.Cost(j.rep.Usage)
	j.rep.Seconds = time.Since(start).Seconds()
	return j.rep, err
}

// profileJob is one call of EnrichProfiles.
type profileJob struct {
	e     *Engine
	model chat.Completer
	o     ProfileOptions
	rep   ProfileReport
	seen  *watch
	asking
}

func (j *profileJob) run(ctx context.Context) error {
	if err := j.fill(); err != nil {
		return err
	}
	j.seen = j.e.watchErasures()
	defer j.seen.end()
	d, err := loadDataset(ctx, j.e.store)
	if err != nil {
		return err
	}
	keep, err := j.training(ctx, d)
	if err != nil {
		return err
	}
	w := newProfileWriter(d, keep, j.o)
	users := j.users(w)
	if len(users) == 0 {
		return fmt.Errorf("%w: no user without a text has interactions or preferences to write a profile from", ErrNoData)
	}
	j.rep.Users = len(users)
	for chunk := range slices.Chunk(users, enrichChunk) {
		if err := j.chunk(ctx, w, chunk); err != nil {
			return err
		}
	}
	return nil
}

func (j *profileJob) fill() error {
	o := &j.o
	switch {
	case o.Parallel < 0 || o.Parallel > 256 || o.Limit < 0:
		return fmt.Errorf("%w: parallel %d (0 to 256) and limit %d (0 or more)", ErrBadOption, o.Parallel, o.Limit)
	case o.MaxAnswer < 0 || o.MaxAnswer > maxAnswerTokens:
		return fmt.Errorf("%w: answers of at most %d tokens (1 to %d)", ErrBadOption, o.MaxAnswer, maxAnswerTokens)
	case o.History < 0 || o.History > 1000:
		return fmt.Errorf("%w: %d interactions in a prompt (1 to 1000)", ErrBadOption, o.History)
	case o.Split == SplitKFold:
		return fmt.Errorf("%w: in k-fold every interaction is held out once: nothing is left to write profiles from", ErrBadOption)
	}
	if o.Parallel == 0 {
		o.Parallel = 4
	}
	if o.MaxAnswer == 0 {
		o.MaxAnswer = profileTokens
	}
	if o.History == 0 {
		o.History = profileHistory
	}
	return nil
}

// training returns which events may be written from, nil for all.
func (j *profileJob) training(ctx context.Context, d *dataset) ([]bool, error) {
	o := j.o
	if o.Split == "" && o.Test == nil {
		return nil, nil
	}
	var train []int32
	var held []labelRow
	if o.Split == SplitTune {
		plan := TuneOptions{Seed: o.Seed, Fraction: o.Fraction}
		if err := plan.fill(); err != nil {
			return nil, err
		}
		t, err := j.e.newTuning(ctx, plan)
		if err != nil {
			return nil, err
		}
		train = t.search[0].train
		for _, f := range t.folds()[1:] {
			train = slices.DeleteFunc(slices.Clone(train), func(r int32) bool {
				_, kept := slices.BinarySearch(f.train, r)
				return !kept
			})
		}
	} else {
		ev := &evaluation{o: EvaluateOptions{Split: o.Split, Fraction: o.Fraction, N: o.N, Test: o.Test, Seed: o.Seed}, data: d, workers: j.e.workers}
		if err := ev.o.fill(); err != nil {
			return nil, err
		}
		folds, err := ev.holdouts()
		if err != nil {
			return nil, err
		}
		train, held = folds[0].train, folds[0].rows
	}
	keep := make([]bool, len(d.events))
	for _, r := range train {
		keep[r] = true
	}
	pairs := make(map[[2]int32]bool, len(held)) // a test file may name what the store holds
	for _, r := range held {
		pairs[[2]int32{r.user, r.item}] = true
	}
	for r, e := range d.events {
		if keep[r] = keep[r] && !pairs[[2]int32{e.user, e.item}]; !keep[r] {
			j.rep.Held++
		}
	}
	return keep, nil
}

// profiled is one user and what came of asking about her.
type profiled struct {
	id      string
	request chat.Request
	from    []string
	sure    float32
	text    string
	reply
}

// users returns the users to ask about.
func (j *profileJob) users(w *profileWriter) []int32 {
	var out []int32
	for u, n := range w.d.users {
		switch {
		case j.o.Limit > 0 && len(out) == j.o.Limit:
			return out
		case w.d.nodes[n].text != "" && !w.d.written[n].current:
			j.rep.Told++
		case !w.knows(int32(u)):
			j.rep.Unknown++
		default:
			out = append(out, int32(u))
		}
	}
	return out
}

// chunk asks about some users, several at a time, and proposes what came back in the order of the users.
func (j *profileJob) chunk(ctx context.Context, w *profileWriter, rows []int32) error {
	users := make([]profiled, len(rows))
	for i, u := range rows {
		users[i] = w.write(u)
	}
	err := askEach(ctx, len(users), j.o.Parallel, func(ctx context.Context, i int) error {
		p := &users[i]
		if p.err = ctx.Err(); p.err == nil {
			j.ask(ctx, p)
			j.tell(j.o.Progress, Progress{Stage: "profiles", Total: int64(j.rep.Users), Unit: "users"})
		}
		return p.err
	})
	var all []Proposal
	for i := range users {
		if p := &users[i]; p.err == nil || ctx.Err() == nil && !errors.Is(p.err, context.Canceled) {
			all = append(all, j.take(p)...)
		}
	}
	stored := j.propose(ctx, all) // also what came before an error
	return cmp.Or(err, stored, j.hopeless(&j.rep.AskReport))
}

// ask gets the profile of one user, from the store or from the model, with one more try when the answer cannot be read.
func (j *profileJob) ask(ctx context.Context, p *profiled) {
	c := chat.NewCached(j.model, answerCache{j.seen, p.id, p.from}, promptProfiles)
	p.reply.ask(ctx, c, question{p.request, profileShape, func(answer string) (err error) {
		p.text, err = parseProfile(answer)
		return err
	}}, j.o.DryRun, j.o.MaxAnswer)
}

// take counts what came of a user and returns the proposal.
func (j *profileJob) take(p *profiled) []Proposal {
	if !j.count(&j.rep.AskReport, p.id, &p.reply) {
		return nil
	}
	return []Proposal{{Head: p.id, Relation: relationProfile, Tail: profileTail(p.text), Text: p.text, From: p.from,
		Source: j.rep.Source, Confidence: p.sure}}
}

func (j *profileJob) propose(ctx context.Context, all []Proposal) error {
	all = slices.DeleteFunc(all, func(p Proposal) bool { return j.seen.erased(p.Head) || slices.ContainsFunc(p.From, j.seen.erased) })
	if len(all) == 0 || j.o.DryRun {
		return nil
	}
	rep, err := j.e.Propose(context.WithoutCancel(ctx), j.o.By, all...)
	j.rep.Proposed += rep.Added
	j.rep.Known += rep.Known
	return err
}
