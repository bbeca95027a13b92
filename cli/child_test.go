package cli

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"testing"
)

// child runs ken on a store in a process of its own, as a shell would, and returns what it did. Death by a signal has
// the code -1.
func child(t *testing.T, db, line string) result {
	t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{"--db", db}, words(line)...)...)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), stderr.String()}
}
