package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// The report is parted by markers, so that each part and each table is written again without touching the others.
const (
	partBegin = "<!-- accuracy: begin, written by bench accuracy -->"
	partEnd   = "<!-- accuracy: end -->"
)

func tableBegin(name string) string { return "<!-- accuracy " + name + ": begin -->" }
func tableEnd(name string) string   { return "<!-- accuracy " + name + ": end -->" }

// intro stands before the tables.
const intro = `## Accuracy

Every item that has a training row (warm), or every item of the held-out file (cold), is ranked; what the user already has is left out.
recall@20 = hits/|T|, NDCG@20 with the ideal over min(20, |T|), means over the users with a non-empty T; intervals are 95 % bootstrap over users,
p is of a paired permutation test over users. This command chooses nothing on held-out files. Texts are embedded by the built-in encoder.

- *plain MF*: ken's factorisation alone, without knowledge and without the item-to-item scorers that defaults blend with it. *ken, default*: ` + "`ken train`" + ` without a flag.
  *ken, tuned*: ` + "`ken tune`" + ` on a part of the training rows (` + "`bench accuracy --tune TRIALS`" + `).
- *implicit, irspack, EASE*: ` + "`../shared/bench/peers.py --tune`" + `, f = 128, parameters chosen by the script on a tenth of the training rows; its seconds
  are of the final fit alone, ours of fitting, ranking and judging. Set up with ` + "`python3 -m venv .venv-peers && .venv-peers/bin/pip install " +
	"implicit==0.7.3 irspack==0.5.2 numpy scipy`" + `, then ` + "`bench accuracy --python .venv-peers/bin/python`" + `.
- All tables: ` + "`go run ./engine/internal/cmd/bench accuracy`" + `. A difference within the intervals is no difference.
`

// publish puts a table into the report.
func (b *bench) publish(t table, body string) error {
	old, err := os.ReadFile(b.out)
	if errors.Is(err, os.ErrNotExist) {
		old, err = []byte("# Benchmarks\n\nWritten by `go run ./engine/internal/cmd/bench`: no figure stands here that it does not print.\n"), nil
	}
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	body = heading(t, b.trials, stamp()) + strings.TrimSpace(body) + "\n"
	if err := os.WriteFile(b.out, []byte(update(string(old), t.name, body)), 0o644); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	b.logf("%s: written to %s", t.name, b.out)
	return nil
}

// update returns doc with the table of that name replaced, in the order of tables, and everything outside the accuracy
// part as it was.
func update(doc, name, body string) string {
	before, rest, found := strings.Cut(doc, partBegin)
	part, after, closed := strings.Cut(rest, partEnd)
	if !found || !closed {
		before, part, after = strings.TrimRight(doc, "\n")+"\n\n", "", "\n"
	}
	var s strings.Builder
	s.WriteString(before + partBegin + "\n" + intro)
	for _, t := range tables {
		text := between(part, tableBegin(t.name), tableEnd(t.name))
		if t.name == name {
			text = "\n" + body
		}
		if text != "" {
			s.WriteString("\n" + tableBegin(t.name) + text + tableEnd(t.name) + "\n")
		}
	}
	return s.String() + partEnd + after
}

// between returns what stands between two markers, "" when they are not there.
func between(s, begin, end string) string {
	_, rest, found := strings.Cut(s, begin)
	text, _, closed := strings.Cut(rest, end)
	if !found || !closed {
		return ""
	}
	return text
}

// stamp says when and with what a table was measured.
func stamp() string {
	revision := "unknown"
	if out, err := exec.Command("git", "rev-parse", "--short", "HEAD").Output(); err == nil {
		revision = strings.TrimSpace(string(out))
	}
	return fmt.Sprintf("%s · ken %s · %s %s/%s, %d cores", time.Now().UTC().Format(time.DateOnly), revision, runtime.Version(), runtime.GOOS,
		runtime.GOARCH, runtime.GOMAXPROCS(0))
}
