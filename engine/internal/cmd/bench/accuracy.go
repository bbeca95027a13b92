package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/embed/usem3"
	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/engine/internal/cmd/internal/report"
	"github.com/kenrec/ken/graph"
)

// Names of rows.
const (
	rowPlain     = "plain MF" // this and the next as Evaluate calls them
	rowKnowledge = "+ all knowledge"
	rowScorers   = "+ item-to-item scorers"
	rowDefault   = "ken, default"
	rowTuned     = "ken, tuned"
)

// seed is that of every split, interval and test; those of drawn hold-outs count up from it.
const seed = 1

// bench is one run of the accuracy part.
type bench struct {
	data, script string // folders of the shared data sets and scripts
	work         string
	out          string
	python       string
	peers        *peerCache
	done         *done
	trials       int // of tuning instead of the tables' own; 0: no tuned rows, below: the tables' own
	embedder     embed.Embedder
	start        time.Time
	lines        []line // of the overview, from the table under way
	began        report.Run
}

// accuracy runs the tables that the flags ask for and writes each into the report as it is done.
func accuracy(ctx context.Context, args []string) (err error) {
	b := &bench{start: time.Now(), began: report.Begin()}
	flags := flag.NewFlagSet("bench accuracy", flag.ContinueOnError)
	shared := flags.String("shared", cmp.Or(os.Getenv("KEN_SHARED"), "../shared"), "folder with data and bench; default from KEN_SHARED")
	only := flags.String("only", "", "comma-separated tables; empty: all")
	peers := flags.String("peers", "", "file that keeps what the peers reached; default: peers.jsonl in the work folder")
	flags.StringVar(&b.work, "work", "", "folder for vectors, lists and finished tables; default: ken-bench in the user's cache")
	again := flags.Bool("again", false, "measure again what the work folder has finished with this very program")
	flags.StringVar(&b.out, "out", filepath.Join("engine", "BENCHMARKS.md"), "report to update")
	flags.IntVar(&b.trials, "tune", -1, "trials of Tune on each training file, for the tuned rows; 0: no such rows; below: as each table has it")
	flags.StringVar(&b.python, "python", "python3", "interpreter for evaluate.py, and for peers.py when the peers are installed; empty: neither is run")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if b.work == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return fmt.Errorf("work folder: %w", err)
		}
		b.work = filepath.Join(cache, "ken-bench")
	}
	b.data, b.script = filepath.Join(*shared, "data"), filepath.Join(*shared, "bench")
	chosen, err := choose(*only)
	if err != nil {
		return err
	}
	vectors, err := b.openEmbedder(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, vectors.Close()) }()
	if b.peers, err = openPeers(ctx, cmp.Or(*peers, filepath.Join(b.work, "peers.jsonl")), b.python, b.script); err != nil {
		return err
	}
	if b.done, err = openDone(filepath.Join(b.work, "done"), *again); err != nil {
		return err
	}
	return b.run(ctx, chosen)
}

func choose(only string) ([]table, error) {
	if only == "" {
		return tables, nil
	}
	var chosen []table
	for _, name := range strings.Split(only, ",") {
		t, ok := tableNamed(name)
		if !ok {
			return nil, fmt.Errorf("no table %q: there are %s", name, strings.Join(part().Tables, ", "))
		}
		chosen = append(chosen, t)
	}
	return chosen, nil
}

// openEmbedder puts a store of its own before the built-in encoder, so that no text is embedded twice however often the
// tables are run; the engines themselves live in memory and begin empty.
func (b *bench) openEmbedder(ctx context.Context) (*graph.Store, error) {
	builtin, err := usem3.New()
	if err != nil {
		return nil, fmt.Errorf("embedder: %w", err)
	}
	if err := os.MkdirAll(b.work, 0o755); err != nil {
		return nil, fmt.Errorf("work folder: %w", err)
	}
	store, err := graph.Open(ctx, filepath.Join(b.work, "vectors.ken"))
	if err != nil {
		return nil, fmt.Errorf("store of vectors: %w", err)
	}
	b.embedder = embed.NewCached(builtin, store)
	return store, nil
}

// run measures the tables, or takes what was finished before, and writes the report. A table that fails does not stop the
// others.
func (b *bench) run(ctx context.Context, chosen []table) error {
	var failed error
	for _, t := range chosen {
		if t.name == tableOverview {
			continue
		}
		if err := b.table(ctx, t); err != nil {
			if ctx.Err() != nil {
				return err
			}
			b.logf("%s: %v", t.name, err)
			failed = errors.Join(failed, fmt.Errorf("%s: %w", t.name, err))
		}
	}
	overview, _ := tableNamed(tableOverview)
	if err := b.publish(overview, b.overview()); err != nil {
		return errors.Join(failed, err)
	}
	b.logf("all done")
	return failed
}

// table measures and publishes one table.
func (b *bench) table(ctx context.Context, t table) error {
	key := b.key(t)
	if old, ok := b.done.get(t.name, key); ok {
		b.logf("%s: finished before", t.name)
		return part().Publish(b.out, t.name, old.Text)
	}
	b.logf("%s", t.name)
	start := time.Now()
	b.lines = nil
	var body string
	var err error
	switch {
	case len(t.folds) > 0:
		body, err = b.foldIn(ctx, t)
	case t.drawn != nil:
		body, err = b.drawn(ctx, t)
	default:
		body, err = b.lists(ctx, t)
	}
	if errors.Is(err, errAbsent) {
		b.logf("%s: skipped: %v", t.name, err)
		return b.publish(t, fmt.Sprintf("Not measured: the data in `%s` is absent.\n", t.set.folder))
	}
	if err != nil {
		return err
	}
	body = heading(t, b.trials, b.began.Stamp(), time.Since(start)) + body
	if err := b.done.put(t.name, result{Key: key, Text: body, Seconds: time.Since(start).Seconds(), Lines: b.lines}); err != nil {
		return err
	}
	if err := part().Publish(b.out, t.name, body); err != nil {
		return err
	}
	b.logf("%s: written to %s", t.name, b.out)
	return nil
}

func (b *bench) logf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%7.1fs  %s\n", time.Since(b.start).Seconds(), fmt.Sprintf(format, args...))
}

// lists runs a table of lists judged against held-out files.
func (b *bench) lists(ctx context.Context, t table) (string, error) {
	e, remarks, err := b.open(ctx, t.set)
	if err != nil {
		return "", err
	}
	defer e.Close()
	folder := filepath.Join(b.data, t.set.folder)
	train, err := t.set.train.read(folder)
	if err != nil {
		return "", err
	}
	trainFile, err := b.write(filepath.Join(t.set.folder, "train.tsv"), train)
	if err != nil {
		return "", err
	}
	model, err := e.Train(ctx, engine.TrainOptions{})
	if err != nil {
		return "", err
	}
	b.logf("trained in %.1fs", model.Seconds)
	doc := &markdown{}
	doc.training(model)
	compare, unchanged, err := b.tune(ctx, e, t, doc)
	if err != nil {
		return "", err
	}
	for _, held := range t.tests {
		pairs, err := held.rows.chosen(folder)
		if err != nil {
			return "", err
		}
		j := job{test: held, set: t.set, train: train, trainFile: trainFile, pairs: pairs, candidates: distinct(train, itemOf), compare: compare,
			unchanged: unchanged}
		if held.cold {
			j.candidates = distinct(pairs, itemOf)
		}
		if j.testFile, err = b.write(filepath.Join(t.set.folder, held.name+".tsv"), pairs); err != nil {
			return "", err
		}
		if err := b.judgeTest(ctx, e, j, doc); err != nil {
			return "", fmt.Errorf("%s: %w", held.name, err)
		}
	}
	doc.remarks(remarks)
	return doc.String(), nil
}

// tune returns the configurations to compare: the default, and what Tune chooses on a part of the training
// rows when that is another. The stored configuration stays the default one.
func (b *bench) tune(ctx context.Context, e *engine.Engine, t table, doc *markdown) (compare []engine.NamedConfig, unchanged bool, err error) {
	compare = append([]engine.NamedConfig{{Name: rowDefault}}, t.also...)
	trials := b.trialsOf(t)
	if trials == 0 {
		return compare, false, nil
	}
	rep, err := e.Tune(ctx, engine.TuneOptions{Objective: t.tune, Trials: trials, MinWeight: t.liked, Seed: seed, DryRun: true, Progress: b.trial})
	if err != nil {
		return nil, false, err
	}
	b.logf("tuned in %.1fs", rep.Seconds)
	doc.tuning(rep)
	if reflect.DeepEqual(rep.Config, engine.DefaultConfig()) {
		return compare, true, nil
	}
	return append(compare, engine.NamedConfig{Name: rowTuned, Config: rep.Config}), false, nil
}

// trialsOf is how many trials the tuned row of a table has.
func (b *bench) trialsOf(t table) int {
	if b.trials >= 0 {
		return b.trials
	}
	return t.trial
}

func (b *bench) trial(p engine.Progress) { b.logf("tuning: %d of %d %s", p.Done, p.Total, p.Unit) }

// job is one held-out file of one set.
type job struct {
	test                test
	set                 set
	train, pairs        []engine.TestPair
	trainFile, testFile string
	candidates          []string
	compare             []engine.NamedConfig
	unchanged           bool // Tune left the defaults as they are
}

// judgeTest measures everybody on one held-out file: baselines and ken by Evaluate, the peers by their script; then the
// lists of Recommend are judged by evaluate.py, which must find what Evaluate found.
func (b *bench) judgeTest(ctx context.Context, e *engine.Engine, j job, doc *markdown) error {
	o := engine.EvaluateOptions{
		Test: j.pairs, K: 20, Seed: seed, Candidates: engine.CandidatesWarm, Buckets: j.test.links,
		Compare: j.compare, Ablation: j.test.parts,
	}
	if j.test.cold {
		o.Candidates = engine.CandidatesTest
	}
	rep, err := e.Evaluate(ctx, o)
	if err != nil {
		return err
	}
	b.logf("%s: evaluated %d models in %.1fs", j.test.name, len(rep.Rows), rep.Seconds)
	for _, r := range rep.Rows {
		b.logf("%s: %s: recall %.4f, NDCG %.4f", j.test.name, r.Name, r.Recall.Value, r.NDCG.Value)
	}
	var peers peerRun
	if !j.test.cold {
		if peers, err = b.peers.rows(ctx, b, j); err != nil {
			return err
		}
	}
	doc.test(j.test, rep, peers)
	b.lines = append(b.lines, lineOf(j, rep, peers))
	verdict, err := b.referee(ctx, e, j)
	if err != nil {
		return err
	}
	if verdict != nil {
		doc.referee(verdict, rep)
	}
	doc.remarks(rep.Warnings)
	return nil
}

// drawn runs a table whose hold-outs the engine draws: means over the seeds.
func (b *bench) drawn(ctx context.Context, t table) (string, error) {
	e, remarks, err := b.open(ctx, t.set)
	if err != nil {
		return "", err
	}
	defer e.Close()
	var reports []engine.EvaluateReport
	for s := range t.drawn.seeds {
		o := t.drawn.options
		o.Seed = seed + uint64(s)
		o.Compare = []engine.NamedConfig{{Name: rowDefault}}
		rep, err := e.Evaluate(ctx, o)
		if err != nil {
			return "", fmt.Errorf("seed %d: %w", o.Seed, err)
		}
		b.logf("seed %d: evaluated in %.1fs", o.Seed, rep.Seconds)
		reports = append(reports, rep)
		for _, w := range rep.Warnings {
			remarks = append(remarks, fmt.Sprintf("seed %d: %s", o.Seed, w))
		}
	}
	doc := &markdown{}
	doc.drawn(*t.drawn, reports)
	doc.remarks(remarks)
	return doc.String(), nil
}

// meanSD is mean and standard deviation of a sample.
func meanSD(v []float64) (mean, sd float64) {
	for _, x := range v {
		mean += x / float64(len(v))
	}
	for _, x := range v {
		sd += (x - mean) * (x - mean) / float64(max(len(v)-1, 1))
	}
	return mean, math.Sqrt(sd)
}
