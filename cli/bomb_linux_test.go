package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestBombs imports files of a megabyte that unpack to a gibibyte of one line: each is refused in less than 2 seconds of
// processor time and 128 MiB of memory, with a sentence, and the store stays as it was.
func TestBombs(t *testing.T) {
	if testing.Short() {
		t.Skip("short tests run under the race detector, whose memory is not the program's")
	}
	bombs, err := filepath.Glob(filepath.Join(filepath.Dir(filepath.Dir(naughtyFile(t))), "bombs", "*"))
	if err != nil || len(bombs) == 0 {
		t.Skip("no conformance/bombs in the shared folder")
	}
	workDir(t, films)
	must(t, "import nodes nodes.tsv")
	want := must(t, "export nodes")
	for _, bomb := range bombs {
		cmd := exec.Command(os.Args[0], "--db", "ken.db", "import", "interactions", bomb)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		_ = cmd.Run()
		name, took := filepath.Base(bomb), cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()
		peak := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss >> 10 // MiB
		if cmd.ProcessState.ExitCode() != ExitFailed || !strings.HasPrefix(lastLine(stderr.String()), "ken: ") {
			t.Errorf("%s: %v\n%s", name, cmd.ProcessState, stderr.String())
		}
		if took > 2*time.Second || peak > 128 {
			t.Errorf("%s: %v and %d MiB", name, took, peak)
		}
		t.Logf("%s: %v, %d MiB, %s", name, took, peak, lastLine(stderr.String()))
	}
	if got := must(t, "export nodes"); got != want {
		t.Error("the store has changed")
	}
}
