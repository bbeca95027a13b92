package cli

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"regexp"
	"runtime/debug"
	"strings"

	ucli "github.com/urfave/cli/v2"

	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/graph"
)

// Main runs one command line and returns the exit code, see the Exit constants. args[0] is the program. Data goes to
// stdout, talk and errors to stderr; stdin is read where a file is called "-". When ctx is done the command ends within
// a second or two, the store stays usable, and the code is ExitInterrupted.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := newApp(stdin, stdout, stderr)
	err := a.run(ctx, args)
	// Unflushed data is lost data: a full disk behind a redirection must not look like success.
	if flushErr := a.out.Flush(); err == nil && flushErr != nil {
		err = fmt.Errorf("write standard output: %w", flushErr)
	}
	if err != nil {
		a.say("ken: %s", sentence(err, a.db))
	}
	return exitCode(err)
}

// app is one run of one command line.
type app struct {
	in  io.Reader
	out *bufio.Writer // data; flushed by Main
	err io.Writer     // talk

	outTerm, errTerm terminal

	// Global flags.
	db       string // directory of the store; with --space that of the space
	space    string
	format   string
	logLevel string
	verbose  bool
	workers  int
}

func newApp(stdin io.Reader, stdout, stderr io.Writer) *app {
	return &app{
		in: stdin, out: bufio.NewWriterSize(stdout, 1<<16), err: stderr,
		outTerm: terminalOf(stdout), errTerm: terminalOf(stderr),
		db: defaultDB(),
	}
}

func defaultDB() string { return cmp.Or(os.Getenv("KEN_DB"), "ken.db") }

func (a *app) run(ctx context.Context, args []string) error {
	a.in = newInput(ctx, a.in)
	u := a.urfave()
	ordered, err := arrange(u, args)
	if err != nil {
		return err
	}
	return u.RunContext(ctx, ordered)
}

// commands lists every command in the order of the help.
func (a *app) commands() []*ucli.Command {
	return []*ucli.Command{
		newDemoCommand(a),
		newImportCommand(a),
		newEmbedCommand(a),
		newEnrichCommand(a),
		newReviewCommand(a),
		newTrainCommand(a),
		newTuneCommand(a),
		newRecommendCommand(a),
		newSimilarCommand(a),
		newExplainCommand(a),
		newEvaluateCommand(a),
		newInfoCommand(a),
		newQueryCommand(a),
		newExportCommand(a),
		newCheckCommand(a),
		newRepairCommand(a),
		newBackupCommand(a),
		newRestoreCommand(a),
		newEraseCommand(a),
	}
}

// urfave builds the parser. Its habits of exiting inside Run and of printing help on stdout for every mistake are
// switched off: ExitErrHandler does nothing, every command has an OnUsageError, and no command has a help subcommand
// (else `ken similar help` could not ask for a node called help).
func (a *app) urfave() *ucli.App {
	u := &ucli.App{
		Name:                      "ken",
		HelpName:                  "ken",
		Usage:                     "recommend with what is known and what was done, and say why",
		UsageText:                 "ken [global options] command [options] [arguments]",
		Description:               appHelp,
		Flags:                     a.globalFlags(),
		Commands:                  a.commands(),
		Writer:                    a.out,
		ErrWriter:                 a.err,
		Reader:                    a.in,
		HideHelpCommand:           true,
		HideVersion:               true,
		DisableSliceFlagSeparator: true,
		ExitErrHandler:            func(*ucli.Context, error) {},
		OnUsageError:              onUsageError,
		Before:                    a.checkGlobals,
		Action:                    a.noCommand,
	}
	for _, c := range u.Commands {
		c.HideHelpCommand = true
		c.OnUsageError = onUsageError
	}
	return u
}

const appHelp = `Start with ` + "`ken demo`" + `, or with data of your own:

  ken import nodes items.tsv
  ken import triples graph.tsv
  ken import interactions ratings.tsv
  ken embed && ken train
  ken recommend u1 -k 10 --explain

Flags may stand before or after the arguments; "--" ends them, and a file called
"-" is standard input. Data goes to standard output, everything else to standard
error. ` + "`ken COMMAND --help`" + ` has examples for each command.

` + exitHelp

func (a *app) globalFlags() []ucli.Flag {
	return []ucli.Flag{
		&ucli.StringFlag{Name: "db", Usage: "the store is in `DIR` (env KEN_DB)", Value: a.db, DefaultText: "ken.db", Destination: &a.db},
		&ucli.StringFlag{Name: "space", Usage: "use the space `NAME` of the store, apart from all others", DefaultText: "none", Destination: &a.space},
		&ucli.StringFlag{Name: "format", Usage: "print data as table, json or tsv", Value: formatTable, Destination: &a.format},
		&ucli.StringFlag{Name: "log-level", Usage: "log to standard error: off, error, warn, info or debug", Value: "off", Destination: &a.logLevel},
		boolFlag("verbose", "the same as --log-level info", &a.verbose),
		&ucli.IntFlag{Name: "workers", Usage: "use `N` goroutines for numeric work; results do not depend on it", DefaultText: "all cores", Destination: &a.workers},
		boolFlag("version", "print the version", new(bool)),
	}
}

// boolFlag is a switch; that it is off without being given need not be said.
func boolFlag(name, usage string, to *bool) ucli.Flag {
	return &ucli.BoolFlag{Name: name, Usage: usage, Destination: to, DisableDefaultText: true}
}

// badValue is how package flag, under urfave, complains about a value.
var badValue = regexp.MustCompile(`^invalid (?:boolean )?value (".*") for (?:flag )?-+([^:]+): `)

// onUsageError turns urfave's complaint about a value into a usage error of ours. arrange found all other mistakes.
func onUsageError(_ *ucli.Context, err error, _ bool) error {
	if m := badValue.FindStringSubmatch(err.Error()); m != nil {
		dashes := "--"
		if len(m[2]) == 1 {
			dashes = "-"
		}
		return usagef("%s%s cannot be %s", dashes, m[2], m[1])
	}
	return usagef("%s", err)
}

func (a *app) checkGlobals(c *ucli.Context) error {
	if a.db == "" {
		return usagef("--db is empty: name a directory")
	}
	if err := a.enterSpace(c.IsSet("space")); err != nil {
		return err
	}
	if err := oneOf("--format", a.format, formatTable, formatJSON, formatTSV); err != nil {
		return err
	}
	if c.IsSet("workers") && a.workers < 1 {
		return usagef("--workers is %d: at least 1 is needed", a.workers)
	}
	return oneOf("--log-level", a.logLevel, "off", "error", "warn", "info", "debug")
}

// enterSpace makes a.db the directory of the space that was asked for, so that no command can forget it.
func (a *app) enterSpace(given bool) error {
	if !given {
		return nil
	}
	dir, err := graph.SpaceDir(a.db, a.space)
	if err != nil {
		return usagef("--space: %s", plain(err))
	}
	a.db = dir
	return nil
}

// noCommand runs when the command line names no command.
func (a *app) noCommand(c *ucli.Context) error {
	if !c.Bool("version") {
		return usagef("no command: try `ken demo`, or `ken --help` for the list")
	}
	version := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
	}
	_, err := fmt.Fprintf(a.out, "ken %s\n", version)
	return err
}

// oneOf returns a usage error unless value is one of choices.
func oneOf(what, value string, choices ...string) error {
	for _, c := range choices {
		if value == c {
			return nil
		}
	}
	return usagef("%s is %q%s", what, value, suggestion(value, choices, "use one of "+strings.Join(choices, ", ")))
}

// logger writes to stderr what the flags ask for.
func (a *app) logger() *slog.Logger {
	var level slog.Level
	switch {
	case a.logLevel == "off" && !a.verbose:
		return slog.New(slog.DiscardHandler)
	case a.logLevel == "off":
		level = slog.LevelInfo
	default:
		// checkGlobals let only names through that slog knows.
		_ = level.UnmarshalText([]byte(a.logLevel))
	}
	return slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: level}))
}

// with opens the store, runs f on it and closes it again. Only a command that fills a store may create one. Texts of
// new nodes are embedded as those of the store were, unless an option gives another embedder.
func (a *app) with(ctx context.Context, create bool, f func(e *engine.Engine) error, opts ...engine.Option) (err error) {
	if !create {
		if err := a.needStore(); err != nil {
			return err
		}
	}
	stored := &storedEmbedder{log: a.logger()}
	all := append([]engine.Option{engine.WithLogger(a.logger()), engine.WithEmbedder(stored)}, opts...)
	if a.workers > 0 {
		all = append(all, engine.WithWorkers(a.workers))
	}
	e, err := engine.Open(ctx, a.db, all...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	stored.bind(e.Graph())
	err = f(e)
	if modelErr := e.ModelError(); modelErr != nil && errors.Is(err, engine.ErrNotTrained) {
		return modelErr // there is a model, but it is damaged
	}
	return err
}

// needStore reports a directory that is not there or empty: opening it would create a store, and a mistyped --db or
// --space would look like a store without data.
func (a *app) needStore() error {
	there, err := graph.Exists(a.db)
	var path *fs.PathError
	switch {
	case errors.As(err, &path):
		return fmt.Errorf("no store in %s: %w", a.db, path.Err)
	case err == nil && !there:
		return fmt.Errorf("no store in %s: run `ken import ...` first, or name another directory with --db", a.db)
	}
	return err
}

// say writes one line of talk. A stderr that cannot be written to is nothing to fail for.
func (a *app) say(format string, args ...any) {
	_, _ = fmt.Fprintf(a.err, format+"\n", args...)
}
