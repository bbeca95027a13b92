package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	ucli "github.com/urfave/cli/v2"

	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/fixtures"
)

func newDemoCommand(a *app) *ucli.Command {
	return &ucli.Command{
		Name:  "demo",
		Usage: "show in a few seconds what ken does, on an example graph of films and books",
		Description: `Imports the example graph, turns its texts into vectors, trains, and shows a user
with a history, one without, a new film, a reason and an evaluation. The store is
temporary unless --db names a directory to keep it in.

Examples:
  ken demo
  ken demo --db demo.db`,
		Action: func(c *ucli.Context) (err error) {
			if err := noArguments(c); err != nil {
				return err
			}
			keep := c.IsSet("db") || c.IsSet("space")
			if !keep {
				dir, err := os.MkdirTemp("", "ken-demo-")
				if err != nil {
					return fmt.Errorf("make a temporary store: %w", err)
				}
				defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
				a.db = dir
			}
			embedder, err := openBuiltin()
			if err != nil {
				return err
			}
			return a.with(c.Context, true, func(e *engine.Engine) error {
				d := demo{app: a, engine: e, start: time.Now()}
				return d.run(c.Context, keep)
			}, engine.WithEmbedder(embedder))
		},
	}
}

// demo is one run of `ken demo`. Its talk is what was asked for: it goes to stdout.
type demo struct {
	*app
	engine *engine.Engine
	start  time.Time
	names  map[string]string // by id, for lists in words
}

func (d *demo) run(ctx context.Context, keep bool) error {
	for _, step := range []func(context.Context) error{
		d.importGraph, d.embedTexts, d.trainModel, d.warmUser, d.coldUser, d.newFilm, d.explanation, d.evaluation,
	} {
		if err := step(ctx); err != nil {
			return err
		}
		if err := d.out.Flush(); err != nil { // each step is worth reading while the next one runs
			return err
		}
	}
	d.next(keep)
	return nil
}

func (d *demo) heading(format string, args ...any) {
	fmt.Fprintf(d.out, "\n== "+format+"\n", args...)
}

func (d *demo) printf(format string, args ...any) {
	fmt.Fprintf(d.out, format+"\n", args...)
}

func (d *demo) importGraph(ctx context.Context) error {
	d.heading("A graph of films and books: who made them, what they are about, and who liked what")
	if err := d.add(ctx, engine.Nodes, fixtures.Nodes()); err != nil {
		return err
	}
	if err := d.add(ctx, engine.Triples, fixtures.Triples()); err != nil {
		return err
	}
	if err := d.add(ctx, engine.Interactions, fixtures.Interactions()); err != nil {
		return err
	}
	d.names = map[string]string{}
	for row, err := range d.engine.Graph().Nodes(ctx) {
		if err != nil {
			return err
		}
		d.names[row.Node.ID] = row.Node.Name
	}
	stats, err := d.engine.Graph().Stats(ctx)
	if err != nil {
		return err
	}
	d.printf("%d nodes, %d triples, %d interactions, in a store in %s.", stats.Nodes, stats.Triples, stats.Interactions, d.db)
	return nil
}

func (d *demo) add(ctx context.Context, kind engine.Kind, rows []byte) error {
	_, err := d.engine.Import(ctx, engine.Source{Kind: kind, Name: kind.String() + ".tsv", Reader: bytes.NewReader(rows)})
	return err
}

func (d *demo) embedTexts(ctx context.Context) error {
	bar := d.newBar("embed")
	rep, err := d.engine.Embed(ctx, engine.EmbedOptions{Progress: bar.report()})
	bar.done()
	if err != nil {
		return err
	}
	d.printf("%d texts are vectors of %d numbers now (%s, in this process, %.1f s).", rep.Texts, rep.Dim, rep.Model, rep.Seconds)
	return nil
}

func (d *demo) trainModel(ctx context.Context) error {
	bar := d.newBar("train")
	rep, err := d.engine.Train(ctx, engine.TrainOptions{Progress: bar.report()})
	bar.done()
	if err != nil {
		return err
	}
	d.printf("Trained on %d users and %d items, %d of them untouched, in %.1f s.", rep.Users, rep.Items, rep.ColdItems, rep.Seconds)
	return nil
}

func (d *demo) warmUser(ctx context.Context) error {
	d.heading("A user with a history: %s", fixtures.WarmUser)
	liked, err := d.likes(ctx, fixtures.WarmUser)
	if err != nil {
		return err
	}
	d.printf("%s chose %s.\n", d.name(fixtures.WarmUser), some(liked, 8))
	return d.show(ctx, fixtures.WarmUser)
}

func (d *demo) coldUser(ctx context.Context) error {
	d.heading("A user who did nothing yet: %s", fixtures.ColdUser)
	var facts []string
	for _, t := range fixtures.ColdUserTriples() {
		facts = append(facts, t[1]+" "+d.name(t[2]))
	}
	d.printf("All that is known about %s: %s.\n", d.name(fixtures.ColdUser), strings.Join(facts, ", "))
	return d.show(ctx, fixtures.ColdUser)
}

// show prints a short list with reasons.
func (d *demo) show(ctx context.Context, user string) error {
	list, err := d.engine.Recommend(ctx, engine.Query{User: user, K: 5, Types: fixtures.ItemTypes(), Explain: true})
	if err != nil {
		return err
	}
	g := &grid{header: []string{"rank", "name", "score", "why"}}
	for _, r := range list.Items {
		why := ""
		if len(r.Reasons) > 0 {
			why = r.Reasons[0]
		}
		g.add(r.Rank, r.Name, r.Score, why)
	}
	return d.emitTable(g)
}

// newFilm adds a film after training and looks for those to whom it is recommended.
func (d *demo) newFilm(ctx context.Context) error {
	film := fixtures.NewFilm()
	d.heading("A new film, %s, comes in: nobody has seen it, and nothing is trained again", film.Name)
	if err := d.addFilm(ctx, film); err != nil {
		return err
	}
	type reader struct {
		id    string
		score float64
		rank  int
	}
	var readers []reader
	users := 0
	for list, err := range d.engine.RecommendAll(ctx, engine.BatchQuery{Query: engine.Query{K: 10, Types: fixtures.ItemTypes()}}) {
		if err != nil {
			return err
		}
		users++
		if i := slices.IndexFunc(list.Items, func(r engine.Recommendation) bool { return r.Item == film.ID }); i >= 0 {
			readers = append(readers, reader{list.User, list.Items[i].Score, i + 1})
		}
	}
	slices.SortStableFunc(readers, func(a, b reader) int { return a.rank - b.rank })
	d.printf("It is among the first ten of %d of %d users at once. The first of them, and what they chose before:\n", len(readers), users)
	g := &grid{header: []string{"user", "rank", "score", "chose before"}}
	for _, r := range readers[:min(4, len(readers))] {
		liked, err := d.likes(ctx, r.id)
		if err != nil {
			return err
		}
		before := some(liked, 3)
		if before == "" {
			before = "nothing: known by facts only"
		}
		g.add(r.id, r.rank, r.score, before)
	}
	return d.emitTable(g)
}

func (d *demo) addFilm(ctx context.Context, film fixtures.Newcomer) error {
	var triples strings.Builder
	for _, t := range film.Triples {
		fmt.Fprintln(&triples, strings.Join(t[:], "\t"))
	}
	node := strings.Join([]string{film.ID, film.Type, film.Name, film.Text}, "\t") + "\n"
	if err := d.add(ctx, engine.Nodes, []byte(node)); err != nil {
		return err
	}
	if err := d.add(ctx, engine.Triples, []byte(triples.String())); err != nil {
		return err
	}
	_, err := d.engine.Embed(ctx, engine.EmbedOptions{})
	return err
}

func (d *demo) explanation(ctx context.Context) error {
	list, err := d.engine.Recommend(ctx, engine.Query{User: fixtures.WarmUser, K: 1, Types: fixtures.ItemTypes()})
	if err != nil || len(list.Items) == 0 {
		return err
	}
	best := list.Items[0]
	d.heading("Why %s for %s? The parts add up to the score", best.Name, d.name(fixtures.WarmUser))
	why, err := d.engine.Explain(ctx, fixtures.WarmUser, best.Item)
	if err != nil {
		return err
	}
	why.Parts = largest(why.Parts, 8)
	why.Paths = why.Paths[:min(3, len(why.Paths))]
	return d.explanationTable(why)
}

// largest keeps the n parts of largest size and adds the others up, so that the sum stays the score.
func largest(parts []engine.Part, n int) []engine.Part {
	if len(parts) <= n {
		return parts
	}
	sorted := slices.Clone(parts)
	slices.SortStableFunc(sorted, func(a, b engine.Part) int {
		switch x, y := max(a.Value, -a.Value), max(b.Value, -b.Value); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	rest := engine.Part{Kind: "others", Name: plural(int64(len(parts)-n), "smaller part")}
	for _, p := range sorted[n:] {
		rest.Value += p.Value
	}
	return append(sorted[:n:n], rest)
}

func (d *demo) evaluation(ctx context.Context) error {
	d.heading("Is it any good? A fifth of the items is hidden from training and looked for")
	rep, err := d.engine.Evaluate(ctx, engine.EvaluateOptions{Split: engine.SplitColdItems, K: 10, Seed: 1})
	if err != nil {
		return err
	}
	d.out.WriteString(protocol(rep) + "\n")
	g := &grid{header: []string{"model", "recall@10", "ndcg@10", "hr@10", "coverage"}}
	for _, r := range rep.Rows {
		g.add(r.Name, r.Recall.Value, r.NDCG.Value, r.HR.Value, r.Catalogue.Coverage)
	}
	return d.emitTable(g)
}

// next says what to type now.
func (d *demo) next(keep bool) {
	d.heading("That took %.1f s. Next", time.Since(d.start).Seconds())
	at := d.db
	if !keep {
		at = "demo.db"
		d.printf("ken demo --db %-27s keep the example", at)
	}
	d.printf(`export KEN_DB=%-27s look around in it
ken recommend %s --explain
ken similar film:heat
ken query film:heat
ken evaluate

ken import --help                         start with data of your own`, at, fixtures.ColdUser)
}

// likes returns the names of what a user chose, in the order of the store.
func (d *demo) likes(ctx context.Context, user string) ([]string, error) {
	var out []string
	for it, err := range d.engine.Graph().UserInteractions(ctx, user) {
		if err != nil {
			return nil, err
		}
		if it.Weight > 0 {
			out = append(out, d.name(it.Item))
		}
	}
	return out, nil
}

// some joins the first n of names and counts the others.
func some(names []string, n int) string {
	if len(names) <= n {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:n], ", "), len(names)-n)
}

func (d *demo) name(id string) string {
	if n := d.names[id]; n != "" {
		return n
	}
	return id
}
