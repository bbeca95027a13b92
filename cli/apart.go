package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// crashError is a child process that ended without saying why: what it read killed it.
type crashError struct{ how string }

func (e *crashError) Error() string { return "reading the store ended the process: " + e.how }

// apart runs a command of ken in a process of its own and reads its data, JSON, into report: there is damage that kills the
// process that reads it, and nothing in Go can catch that. What the child says goes to stderr; its last sentence becomes
// the error. A child that dies is a *crashError.
func (a *app) apart(ctx context.Context, report any, args ...string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the program to start: %w", err)
	}
	var out, talk bytes.Buffer
	child := exec.CommandContext(ctx, self, append([]string{"--db", a.db, "--log-level", a.logLevel}, args...)...)
	child.Stdout, child.Stderr = &out, &talk
	child.Cancel = func() error { return child.Process.Signal(os.Interrupt) }
	child.WaitDelay = 5 * time.Second
	err = child.Run()
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", args[0], ctx.Err())
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("start a process: %w", err)
	}
	said := strings.TrimSuffix(talk.String(), "\n")
	last := said[strings.LastIndexByte(said, '\n')+1:]
	why, told := strings.CutPrefix(last, "ken: ")
	switch {
	case err == nil:
		if said != "" {
			a.say("%s", said)
		}
		if err := json.Unmarshal(out.Bytes(), report); err != nil {
			return fmt.Errorf("%s gave no report: %w", args[0], err)
		}
		return nil
	case told && exit.ExitCode() == ExitFailed:
		return errors.New(why)
	}
	return &crashError{exit.String()}
}
