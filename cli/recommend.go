package cli

import (
	"context"
	"encoding/csv"
	"fmt"
	"strings"

	ucli "github.com/urfave/cli/v2"

	"github.com/kenrec/ken/engine"
)

func newRecommendCommand(a *app) *ucli.Command {
	var o recommendOptions
	return &ucli.Command{
		Name:      "recommend",
		Usage:     "list the best items for users",
		ArgsUsage: "[USER...]",
		Description: `Users are named as arguments, in a file (--users), all of them (--all), or not at
all: --likes makes a list for somebody known only by a few items. Items that the
user already has are left out. A table says on standard error what a list rests
on; json is one object a user and line; tsv has the columns user, rank, item and
score, and reasons with --explain.

Files hold one id a line; of a line with tabs the column chosen is taken.

Examples:
  ken recommend u1 -k 10 --explain
  ken recommend --likes heat,collateral
  ken recommend --all -k 20 --format tsv > lists.tsv
  ken recommend u1 u2 --candidates test.tsv --candidates-column 2`,
		Flags: o.flags(),
		Action: func(c *ucli.Context) error {
			q, err := o.batch(a, c)
			if err != nil {
				return err
			}
			return a.with(c.Context, false, func(e *engine.Engine) error {
				if err := needTypes(c.Context, e.Graph(), q.Types); err != nil {
					return err
				}
				return a.recommend(c.Context, e, q, o)
			})
		},
	}
}

type recommendOptions struct {
	all, includeSeen, explain      bool
	k                              int
	likes, types                   ucli.StringSlice
	users, candidates, exclude     string
	usersCol, candsCol, excludeCol int
}

func (o *recommendOptions) flags() []ucli.Flag {
	return []ucli.Flag{
		&ucli.IntFlag{Name: "k", Value: 10, Usage: "list `N` items a user", Destination: &o.k},
		boolFlag("all", "every user with an interaction or a triple", &o.all),
		&ucli.StringSliceFlag{Name: "likes", Usage: "items the user is known to like, `A,B,C`; put an id with a comma in double quotes", Destination: &o.likes},
		&ucli.StringFlag{Name: "users", Usage: "the users in `FILE`", Destination: &o.users},
		&ucli.IntFlag{Name: "users-column", Value: 1, Usage: "column `N` of the users file", Destination: &o.usersCol},
		&ucli.StringFlag{Name: "candidates", Usage: "only the items in `FILE`", Destination: &o.candidates},
		&ucli.IntFlag{Name: "candidates-column", Value: 1, Usage: "column `N` of the candidates file", Destination: &o.candsCol},
		&ucli.StringFlag{Name: "exclude", Usage: "never the items in `FILE`", Destination: &o.exclude},
		&ucli.IntFlag{Name: "exclude-column", Value: 1, Usage: "column `N` of the exclude file", Destination: &o.excludeCol},
		&ucli.StringSliceFlag{Name: "type", Usage: "only items of node type `T`; may be repeated", Destination: &o.types},
		boolFlag("include-seen", "also items that the user already has", &o.includeSeen),
		boolFlag("explain", "say why, for each item", &o.explain),
	}
}

// batch makes the engine's query of the flags and reads the files they name.
func (o *recommendOptions) batch(a *app, c *ucli.Context) (engine.BatchQuery, error) {
	likes, err := splitList("--likes", o.likes.Value())
	if err != nil {
		return engine.BatchQuery{}, err
	}
	q := engine.BatchQuery{
		Query: engine.Query{Likes: likes, K: o.k, Types: o.types.Value(), IncludeSeen: o.includeSeen, Explain: o.explain},
		Users: c.Args().Slice(),
	}
	if err := o.validate(len(q.Users), len(likes)); err != nil {
		return engine.BatchQuery{}, err
	}
	for _, file := range []struct {
		flag, path string
		column     int
		to         *[]string
	}{
		{"users", o.users, o.usersCol, &q.Users},
		{"candidates", o.candidates, o.candsCol, &q.Candidates},
		{"exclude", o.exclude, o.excludeCol, &q.Exclude},
	} {
		if file.path == "" {
			continue
		}
		ids, err := a.readIDs(file.path, file.column)
		if err != nil {
			return engine.BatchQuery{}, fmt.Errorf("--%s: %w", file.flag, err)
		}
		*file.to = ids
	}
	return q, nil
}

// validate checks what can be known wrong before any file is opened.
func (o *recommendOptions) validate(users, likes int) error {
	sources := 0
	for _, given := range []bool{users > 0, o.users != "", o.all} {
		if given {
			sources++
		}
	}
	switch {
	case o.k < 1:
		return usagef("-k is %d: a list has at least 1 item", o.k)
	case sources == 0 && likes == 0:
		return usagef("for whom? name users, or use --all, --users FILE or --likes A,B,C")
	case sources > 1:
		return usagef("name users as arguments, by --users or by --all, not several of them")
	case likes > 0 && (users > 1 || o.users != "" || o.all):
		return usagef("--likes is about one user: name at most one")
	case min(o.usersCol, o.candsCol, o.excludeCol) < 1:
		return usagef("columns are counted from 1")
	}
	return nil
}

// recommend prints a list for each user of q.
func (a *app) recommend(ctx context.Context, e *engine.Engine, q engine.BatchQuery, o recommendOptions) error {
	p := listPrinter{a: a, explain: q.Explain, many: o.all || len(q.Users) > 1}
	if err := p.begin(); err != nil {
		return err
	}
	if !p.many {
		one := q.Query
		if len(q.Users) == 1 {
			one.User = q.Users[0]
		}
		list, err := e.Recommend(ctx, one)
		if err != nil {
			return err
		}
		return p.print(list)
	}
	if o.all {
		q.Users = nil
	}
	bar := a.newBar("recommend")
	defer bar.done()
	q.Progress = bar.report()
	for list, err := range e.RecommendAll(ctx, q) {
		if err != nil {
			return err
		}
		if err := p.print(list); err != nil {
			return err
		}
	}
	return nil
}

// splitList splits each value at commas; double quotes protect commas inside an id.
func splitList(flag string, values []string) ([]string, error) {
	var out []string
	for _, v := range values {
		r := csv.NewReader(strings.NewReader(v))
		fields, err := r.Read()
		if err != nil {
			return nil, usagef("%s %q is no list: separate ids by commas, quote ids that hold one", flag, v)
		}
		for _, f := range fields {
			if f == "" {
				return nil, usagef("%s %q holds an empty id", flag, v)
			}
			out = append(out, f)
		}
	}
	return out, nil
}

// listPrinter prints recommendation lists one after the other, so that a batch of any size needs no memory.
type listPrinter struct {
	a       *app
	explain bool
	many    bool // several users: tables need a heading
	printed int
}

// begin prints the header of TSV.
func (p *listPrinter) begin() error {
	if p.a.format != formatTSV {
		return nil
	}
	header := []string{"user", "rank", "item", "score"}
	if p.explain {
		header = append(header, "reasons")
	}
	return p.a.tsvLine(header)
}

func (p *listPrinter) print(list engine.Recommendations) error {
	switch p.a.format {
	case formatJSON:
		return p.a.emitJSON(list, "")
	case formatTSV:
		return p.tsv(list)
	}
	return p.table(list)
}

func (p *listPrinter) tsv(list engine.Recommendations) error {
	for _, r := range list.Items {
		cells := []string{list.User, exact(r.Rank), r.Item, exact(r.Score)}
		if p.explain {
			cells = append(cells, strings.Join(r.Reasons, " | "))
		}
		if err := p.a.tsvLine(cells); err != nil {
			return err
		}
	}
	return nil
}

func (p *listPrinter) table(list engine.Recommendations) error {
	g := &grid{header: []string{"rank", "item", "name", "type", "score"}}
	if p.explain {
		g.header = append(g.header, "why")
	}
	for _, r := range list.Items {
		g.add(r.Rank, r.Item, r.Name, r.Type, r.Score)
		if p.explain {
			last := len(g.rows) - 1
			g.rows[last] = append(g.rows[last], strings.Join(r.Reasons, "\n"))
		}
	}
	if p.many {
		if p.printed > 0 {
			p.a.out.WriteByte('\n')
		}
		fmt.Fprintf(p.a.out, "%s (%s)\n", readable(list.User), list.Basis)
	} else {
		p.a.say("%s", restsOn(list))
	}
	p.printed++
	if len(list.Items) == 0 {
		p.a.say("no item is left to recommend: every one is seen, excluded or of another type")
		return nil
	}
	return p.a.emitTable(g)
}

// restsOn says what a list rests on.
func restsOn(list engine.Recommendations) string {
	who := list.User
	if who == "" {
		who = "this user"
	}
	who = readable(who)
	switch list.Basis {
	case engine.BasisTrained:
		return "by what " + who + " did and what is known"
	case engine.BasisFoldedIn:
		return "by what " + who + " did since the training"
	case engine.BasisKnowledge:
		return "by what is known about " + who + ", who did nothing yet"
	case engine.BasisPopularity:
		return "nothing is known about " + who + ": showing what is popular"
	}
	return "by " + string(list.Basis)
}
