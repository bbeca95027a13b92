// Package report keeps what commands measure in engine/BENCHMARKS.md, a table at a time.
//
//	table ──▶ between its markers ──▶ in the command's part ──▶ the file, all else as it was
package report

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// Part is what one command writes of the report: an introduction and tables, each between markers.
type Part struct {
	Name   string   // of the part, in its markers
	By     string   // the command
	Intro  string   // stands before the tables
	Tables []string // names, in order
}

func (p Part) begin() string { return "<!-- " + p.Name + ": begin, written by " + p.By + " -->" }
func (p Part) end() string   { return "<!-- " + p.Name + ": end -->" }

func (p Part) tableBegin(name string) string { return "<!-- " + p.Name + " " + name + ": begin -->" }
func (p Part) tableEnd(name string) string   { return "<!-- " + p.Name + " " + name + ": end -->" }

// Publish puts a table into the file at path, which is made when it is not there.
func (p Part) Publish(path, table, body string) error {
	old, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		old, err = []byte("# Benchmarks\n"), nil
	}
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if err := os.WriteFile(path, []byte(p.Update(string(old), table, body)), 0o644); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// Update returns doc with the table of that name replaced and everything outside the part as it was. Tables that the part
// no longer has are left out.
func (p Part) Update(doc, table, body string) string {
	before, rest, found := strings.Cut(doc, p.begin())
	part, after, closed := strings.Cut(rest, p.end())
	if !found || !closed {
		before, part, after = strings.TrimRight(doc, "\n")+"\n\n", "", "\n"
	}
	var s strings.Builder
	s.WriteString(before + p.begin() + "\n" + p.Intro)
	for _, name := range p.Tables {
		text := between(part, p.tableBegin(name), p.tableEnd(name))
		if name == table {
			text = "\n" + strings.TrimSpace(body) + "\n"
		}
		if text != "" {
			s.WriteString("\n" + p.tableBegin(name) + text + p.tableEnd(name) + "\n")
		}
	}
	return s.String() + p.end() + after
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

// Run is what a run of a command measures: the source as it was when the run began, whatever happens to it meanwhile.
type Run struct{ revision string }

// Begin notes the revision, with a plus behind it when source files differ from it.
func Begin() Run {
	out, err := exec.Command("git", "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		return Run{"unknown"}
	}
	r := Run{strings.TrimSpace(string(out))}
	changed, err := exec.Command("git", "status", "--porcelain", "--", ":/*.go", ":/*.s", ":/*.py", ":/go.mod").Output()
	if err != nil || len(changed) > 0 {
		r.revision += "+"
	}
	return r
}

// Stamp says when and with what a table was measured.
func (r Run) Stamp() string {
	return fmt.Sprintf("%s · ken %s · %s %s/%s · %s, %d cores, load %s", time.Now().UTC().Format(time.DateOnly), r.revision, runtime.Version(),
		runtime.GOOS, runtime.GOARCH, processor(), runtime.NumCPU(), load())
}

// processor and load are read where Linux tells them.
func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	_, rest, found := strings.Cut(string(text), "model name\t: ")
	if !found {
		return "unknown processor"
	}
	name, _, _ := strings.Cut(rest, "\n")
	return name
}

func load() string {
	text, _ := os.ReadFile("/proc/loadavg")
	if f := strings.Fields(string(text)); len(f) > 0 {
		return f[0]
	}
	return "unknown"
}
