package cli

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"syscall"

	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/graph"
)

// Exit codes of ken. They are promises to scripts: a code never changes its meaning.
const (
	ExitDone        = 0   // everything that was asked for is done
	ExitFailed      = 1   // it could not be done: no store, no model, disk full, server down…
	ExitUsage       = 2   // the command line is wrong; nothing was read or written
	ExitNotFound    = 3   // an id, a type or a relation on the command line, or an id in a list file, is not in the graph
	ExitSkipped     = 4   // the import is stored, but rows were skipped
	ExitInterrupted = 130 // Ctrl-C or SIGTERM; the store is as after the last batch
)

// exitHelp is the text of the constants above for `ken --help`.
const exitHelp = `Exit codes:
  0    done
  1    failed: no store, no model, disk full, server down
  2    wrong command line; nothing was read or written
  3    an id, a type or a relation is not in the graph
  4    imported, but rows were skipped
  130  interrupted`

// usageError is a wrong command line: exit code 2. The text is a whole sentence without the final stop.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

// usagef returns a usageError.
func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// notFoundError is an id that the graph does not hold: exit code 3.
type notFoundError struct{ text string }

func (e *notFoundError) Error() string { return e.text }

// Is makes errors.Is(err, engine.ErrNotFound) true.
func (e *notFoundError) Is(target error) bool { return target == engine.ErrNotFound }

// skippedError reports rows that an import left out: exit code 4. The good rows are stored.
type skippedError struct {
	rows int64
	of   []string // the files they stood in
}

func (e *skippedError) Error() string {
	return fmt.Sprintf("%s of %s skipped; the others are stored", plural(e.rows, "bad row"), readable(strings.Join(e.of, ", ")))
}

// exitCode returns the exit code that stands for err.
func exitCode(err error) int {
	var usage *usageError
	var skipped *skippedError
	switch {
	case err == nil:
		return ExitDone
	// A cancelled call may carry other errors with it (rows skipped until then): the interruption is what happened.
	case errors.Is(err, context.Canceled):
		return ExitInterrupted
	case errors.As(err, &usage), errors.Is(err, engine.ErrBadOption):
		return ExitUsage
	case errors.As(err, &skipped):
		return ExitSkipped
	case errors.Is(err, engine.ErrNotFound), errors.Is(err, graph.ErrNotFound):
		return ExitNotFound
	}
	return ExitFailed
}

// sentence says in one line what went wrong and what to do about it. dir is the store of the command.
func sentence(err error, dir string) string {
	text := plain(err)
	switch {
	case errors.Is(err, context.Canceled):
		return "interrupted; what was stored until then is kept"
	case errors.Is(err, engine.ErrNotFound):
		if m := missing.FindStringSubmatch(text); m != nil {
			return m[1] + " is not in the graph"
		}
		return strings.TrimPrefix(text, "not found: ")
	case errors.Is(err, engine.ErrNotTrained):
		return fmt.Sprintf("no model yet in %s: run `ken train`", dir)
	case errors.Is(err, graph.ErrLocked):
		return fmt.Sprintf("another process has %s open: wait for it to end, or use another --db", dir)
	case errors.Is(err, graph.ErrNotStore):
		return fmt.Sprintf("%s is not a store of ken: name another directory with --db", dir)
	case errors.Is(err, graph.ErrVersion), errors.Is(err, engine.ErrVersion):
		return text + ": use the version of ken that wrote it, or a newer one"
	case errors.Is(err, engine.ErrNoEmbedder):
		return text + ": choose one with `ken embed --embedder builtin|openai|hash`"
	case errors.Is(err, syscall.ENOSPC):
		return text + ": free some space and run the command again"
	case errors.Is(err, syscall.EPIPE):
		return "nobody reads the output any more: stopped"
	}
	return text
}

// prefixes are what errors carry for Go programs, package names and the texts of sentinels that say less than what
// follows them; they mean nothing on a command line.
var prefixes = regexp.MustCompile(`(^|: |; )(?:engine|graph|embed|chat|usem3|tabular|parquet|npy|rdf|snapshot|metrics|split|mf|solve|dense|enrich|itemitem|bad option|bad record|bad configuration|not enough data): `)

// missing is how the engine says that it does not know an id.
var missing = regexp.MustCompile(`^not found: ([a-z ]+ ".*")$`)

// plain is the text of err on one line, without such prefixes.
func plain(err error) string { return plainText(err.Error()) }

func plainText(text string) string {
	text = strings.NewReplacer("\r", " ", "\n", "; ").Replace(text)
	for {
		next := prefixes.ReplaceAllString(text, "$1")
		if next == text {
			return text
		}
		text = next
	}
}

// plural returns "1 file" or "3 files".
func plural(n int64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
