package cli

import (
	"bufio"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	ucli "github.com/urfave/cli/v2"

	"github.com/kenrec/ken/engine"
)

func newEvaluateCommand(a *app) *ucli.Command {
	var o evaluateFlags
	return &ucli.Command{
		Name:  "evaluate",
		Usage: "hold out a part of the data, train on the rest, and measure the lists",
		Description: `Prints recall, NDCG and others at k with 95 % intervals, beside popularity and
plain matrix factorisation, and how likely chance alone gives the difference. The
store and its model stay as they are.

Splits: random, per-user, leave-last-out, by-time, cold-items, cold-users, k-fold.
Or --test FILE: lines of user, item and perhaps weight, separated by tabs; then
training takes the whole store, which must not hold them. Or --cross-domain
SOURCE:TARGET: all that a share of the users did in the target domain is held out,
and ranked by what they did in the source domain alone. Domains are node types;
with --domain-by, tails of a relation or values of an attribute.

--task triples measures what ` + "`ken enrich complete`" + ` proposes: a share of the triples
between items and other nodes is held out, and its tails are ranked among all tails
of their relation, beside the most frequent ones. Equal scores share a mean rank.

Examples:
  ken evaluate
  ken evaluate --split leave-last-out -k 10
  ken evaluate --split cold-items --ablation
  ken evaluate --cross-domain film:book
  ken evaluate --cross-domain TV:Movie --domain-by has_type
  ken evaluate --task triples --relation author
  ken evaluate --compare small.json,large.json --format json
  ken evaluate --test test.tsv --candidates all`,
		Flags: o.flags(),
		Action: func(c *ucli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			if err := oneOf("--task", o.task, taskLists, taskTriples); err != nil {
				return err
			}
			if o.task == taskTriples {
				options, err := o.triples(a, c)
				if err != nil {
					return err
				}
				return a.with(c.Context, false, func(e *engine.Engine) error { return a.evaluateTriples(c, e, options) })
			}
			o.fractionSet = c.IsSet("fraction")
			options, err := o.options(a)
			if err != nil {
				return err
			}
			return a.with(c.Context, false, func(e *engine.Engine) error {
				return a.evaluate(c.Context, e, options)
			})
		},
	}
}

type evaluateFlags struct {
	split, test, candidates, config, compare         string
	crossDomain, domainBy, task                      string
	types, relations                                 ucli.StringSlice
	fraction, minWeight, foldInShare                 float64
	fractionSet                                      bool // 0 is no share, but nothing given is the engine's
	n, k                                             int
	seed                                             uint64
	noBaselines, ablation, buckets, foldIn, labelled bool
}

func (o *evaluateFlags) flags() []ucli.Flag {
	return []ucli.Flag{
		&ucli.StringFlag{Name: "task", Value: taskLists, Usage: "what to measure: lists, or the prediction of triples", Destination: &o.task},
		&ucli.StringSliceFlag{Name: "relation", Usage: "triples: only relation `R`; may be repeated", DefaultText: "all with 50 triples of items", Destination: &o.relations},
		&ucli.StringFlag{Name: "split", Usage: "how to part the data, see above", DefaultText: "random", Destination: &o.split},
		&ucli.Float64Flag{Name: "fraction", Usage: "hold out this share", DefaultText: "0.2", Destination: &o.fraction},
		&ucli.IntFlag{Name: "n", Usage: "items a user for leave-last-out, folds for k-fold", DefaultText: "1 and 5", Destination: &o.n},
		&ucli.StringFlag{Name: "test", Usage: "measure on the pairs in `FILE`", Destination: &o.test},
		&ucli.StringFlag{Name: "cross-domain", Usage: "rank one domain by behaviour in another, `SOURCE:TARGET`", Destination: &o.crossDomain},
		&ucli.StringFlag{Name: "domain-by", Usage: "domains are tails of relation `R`, or values of such an attribute", DefaultText: "node types", Destination: &o.domainBy},
		&ucli.StringSliceFlag{Name: "type", Usage: "rank and look for items of node type `T` only; may be repeated", Destination: &o.types},
		&ucli.IntFlag{Name: "k", Value: 20, Usage: "length of the lists", Destination: &o.k},
		&ucli.Uint64Flag{Name: "seed", Value: 1, Usage: "seed of split and intervals", Destination: &o.seed},
		&ucli.StringFlag{Name: "candidates", Usage: "rank warm items, the items of the test part, or all", DefaultText: "test when all of them are cold, else warm", Destination: &o.candidates},
		&ucli.Float64Flag{Name: "min-weight", Usage: "only held-out rows of at least this weight count as chosen", Destination: &o.minWeight},
		&ucli.StringFlag{Name: "config", Usage: "train with the configuration in `FILE`", DefaultText: "the store's", Destination: &o.config},
		&ucli.StringFlag{Name: "compare", Usage: "a row for each configuration in `A.json,B.json`", Destination: &o.compare},
		boolFlag("no-baselines", "leave out popularity and plain matrix factorisation", &o.noBaselines),
		boolFlag("ablation", "rows for each source of knowledge alone, all, all shuffled, and the scorers", &o.ablation),
		boolFlag("buckets", "also by activity of users and items", &o.buckets),
		boolFlag("fold-in", "users and items folded in, against the same trained", &o.foldIn),
		&ucli.Float64Flag{Name: "fold-in-share", Usage: "take this share of the users, and of the items, out of one training", DefaultText: "0.02 of users, 0.05 of items", Destination: &o.foldInShare},
		boolFlag("labels", "AUC, F1, log-loss and RMSE: rows of weights above 0, and of at least --min-weight, are positive, the others negative", &o.labelled),
	}
}

// options makes the engine's options of the flags and reads the files they name.
func (o *evaluateFlags) options(a *app) (engine.EvaluateOptions, error) {
	out := engine.EvaluateOptions{
		Split: engine.SplitKind(o.split), Fraction: o.fraction, N: o.n, K: o.k, Seed: o.seed,
		Candidates: engine.Candidates(o.candidates), MinWeight: float32(o.minWeight),
		Types: given(o.types), NoBaselines: o.noBaselines, Ablation: o.ablation, Buckets: o.buckets, FoldIn: o.foldIn, FoldInShare: o.foldInShare, Labels: o.labelled,
	}
	if err := o.validate(); err != nil {
		return out, err
	}
	if o.crossDomain != "" {
		var err error
		if out.Domains, err = parseDomains(o.crossDomain); err != nil {
			return out, err
		}
		out.Domains.By = o.domainBy
	}
	if o.test != "" {
		pairs, err := a.readPairs(o.test)
		if err != nil {
			return out, fmt.Errorf("--test: %w", err)
		}
		out.Test = pairs
	}
	if o.config != "" {
		out.Config = new(engine.Config)
		if err := a.readConfig("--config", o.config, out.Config); err != nil {
			return out, err
		}
	}
	files, err := splitList("--compare", nonEmpty(o.compare))
	if err != nil {
		return out, err
	}
	for _, path := range files {
		named := engine.NamedConfig{Name: strings.TrimSuffix(filepath.Base(path), ".json")}
		if slices.ContainsFunc(out.Compare, func(c engine.NamedConfig) bool { return c.Name == named.Name }) {
			named.Name = path // files of one name in two folders
		}
		if err := a.readConfig("--compare", path, &named.Config); err != nil {
			return out, err
		}
		out.Compare = append(out.Compare, named)
	}
	return out, nil
}

// splits lists what --split takes.
func splits() []string {
	var out []string
	for _, s := range []engine.SplitKind{engine.SplitRandom, engine.SplitPerUser, engine.SplitLeaveLastOut,
		engine.SplitByTime, engine.SplitColdItems, engine.SplitColdUsers, engine.SplitKFold} {
		out = append(out, string(s))
	}
	return out
}

// parseDomains reads SOURCE:TARGET. The names may hold no colon.
func parseDomains(s string) (engine.Domains, error) {
	source, target, ok := strings.Cut(s, ":")
	if !ok || source == "" || target == "" || strings.Contains(target, ":") || source == target {
		return engine.Domains{}, usagef("--cross-domain %s: want SOURCE:TARGET, two names without a colon", s)
	}
	return engine.Domains{Source: source, Target: target}, nil
}

// validate checks what can be known wrong before any file is opened.
func (o *evaluateFlags) validate() error {
	switch {
	case o.k < 1:
		return usagef("-k is %d: a list has at least 1 item", o.k)
	case o.fractionSet && !(o.fraction > 0 && o.fraction < 1):
		return usagef("--fraction is %g: a share between 0 and 1 is needed", o.fraction)
	case !(o.foldInShare >= 0 && o.foldInShare < 1):
		return usagef("--fold-in-share is %g: a share between 0 and 1 is needed", o.foldInShare)
	case o.foldInShare > 0 && !o.foldIn:
		return usagef("--fold-in-share goes with --fold-in")
	case o.n < 0:
		return usagef("-n is %d: at least 1 is needed", o.n)
	case o.test != "" && o.split != "":
		return usagef("--test gives the held-out rows: leave out --split")
	case o.crossDomain != "" && (o.split != "" || o.test != ""):
		return usagef("--cross-domain says what is held out: leave out --split and --test")
	case o.crossDomain != "" && len(o.types.Value()) > 0:
		return usagef("--cross-domain says what is ranked: leave out --type")
	case o.task == taskLists && len(o.relations.Value()) > 0:
		return usagef("--relation goes with --task %s", taskTriples)
	case o.domainBy != "" && o.crossDomain == "":
		return usagef("--domain-by goes with --cross-domain")
	case o.config != "" && o.compare != "":
		return usagef("name the configurations either by --config or by --compare")
	}
	if o.split != "" {
		if err := oneOf("--split", o.split, splits()...); err != nil {
			return err
		}
	}
	if o.candidates == "" {
		return nil
	}
	return oneOf("--candidates", o.candidates, string(engine.CandidatesWarm), string(engine.CandidatesTest), string(engine.CandidatesAll))
}

func (a *app) evaluate(ctx context.Context, e *engine.Engine, o engine.EvaluateOptions) error {
	bar := a.newBar("evaluate")
	o.Progress = bar.report()
	if err := needTypes(ctx, e.Graph(), o.Types); err != nil {
		return err
	}
	rep, err := e.Evaluate(ctx, o)
	bar.done()
	if err != nil {
		return err
	}
	for _, w := range rep.Warnings {
		a.say("warning: %s", readable(w))
	}
	return a.emitAll(rep, protocol(rep), evaluateGrids(rep, a.format == formatTable)...)
}

// readPairs reads held-out pairs: user, item and perhaps weight, separated by tabs; a header line "user, item" is
// passed over.
func (a *app) readPairs(path string) ([]engine.TestPair, error) {
	f, err := a.openInput(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var pairs []engine.TestPair
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		cells := strings.Split(strings.TrimSuffix(lines.Text(), "\r"), "\t")
		if len(cells) == 1 && cells[0] == "" || n == 1 && strings.EqualFold(cells[0], "user") {
			continue
		}
		if len(cells) < 2 || cells[0] == "" || cells[1] == "" {
			return nil, fmt.Errorf("%s:%d: want user and item, separated by a tab", path, n)
		}
		p := engine.TestPair{User: cells[0], Item: cells[1]}
		if len(cells) > 2 && cells[2] != "" {
			w, err := strconv.ParseFloat(cells[2], 32)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: weight %q is no number", path, n, cells[2])
			}
			p.Weight = float32(w)
		}
		pairs = append(pairs, p)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(pairs) == 0 {
		return nil, fmt.Errorf("%s holds no pair of user and item", path)
	}
	return pairs, nil
}
