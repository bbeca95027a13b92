package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"time"
)

// peerRow is one line of peers.py.
type peerRow struct {
	Model   string    `json:"model"`
	Recall  float64   `json:"recall@20"`
	NDCG    float64   `json:"ndcg@20"`
	Params  []float64 `json:"params"`
	Seconds float64   `json:"fit_s"`
}

// peerRun is one run of peers.py, a line of the file that keeps them.
type peerRun struct {
	Key      string            `json:"key"` // set and test
	Date     string            `json:"date"`
	Versions map[string]string `json:"versions"`
	Threads  int               `json:"threads"`
	Rows     []peerRow         `json:"rows"`
}

// peerCache keeps what the peers reached, so that they need not be there.
type peerCache struct {
	path     string
	script   string
	python   string            // "" when the peers are not installed
	versions map[string]string // of the peers
	runs     map[string]peerRun
}

// versionsScript prints the peers' versions, and fails when one is missing.
const versionsScript = `import importlib.metadata as m, json, platform
print(json.dumps({"python": platform.python_version(), **{p: m.version(p) for p in ("implicit", "irspack", "numpy", "scipy")}}))`

func openPeers(ctx context.Context, path, python, scripts string) (*peerCache, error) {
	c := &peerCache{path: path, script: filepath.Join(scripts, "peers.py"), runs: map[string]peerRun{}}
	if python != "" {
		out, err := exec.CommandContext(ctx, python, "-c", versionsScript).Output()
		if err == nil && json.Unmarshal(out, &c.versions) == nil {
			c.python = python
		}
	}
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("kept peers: %w", err)
	}
	for line := range bytes.Lines(data) {
		var run peerRun
		if err := json.Unmarshal(line, &run); err != nil {
			return nil, fmt.Errorf("kept peers: %w", err)
		}
		c.runs[run.Key] = run
	}
	return c, nil
}

// rows returns the peers' run for a job: the kept one, else a new one; its rows are nil when neither can be had. A run
// that fails is told and costs no more than its rows: ours took long, too.
func (c *peerCache) rows(ctx context.Context, b *bench, j job) (peerRun, error) {
	key := j.set.folder + "/" + j.test.name
	if run, ok := c.runs[key]; ok || c.python == "" {
		return run, nil
	}
	b.logf("%s: running the peers", key)
	threads := runtime.GOMAXPROCS(0)
	cmd := exec.CommandContext(ctx, c.python, c.script, "--tune", "--threads", strconv.Itoa(threads), "--models", "implicit,irspack,ease",
		"--train", j.trainFile, "--test", j.testFile)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return peerRun{}, fmt.Errorf("peers: %w", ctx.Err())
	}
	if err != nil {
		b.logf("%s: the peers failed: %v", key, err)
		return peerRun{}, nil
	}
	run := peerRun{Key: key, Date: time.Now().UTC().Format(time.DateOnly), Versions: c.versions, Threads: threads}
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		var row peerRow
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			return peerRun{}, fmt.Errorf("peers: line %q: %w", lines.Text(), err)
		}
		if row.Model != "" { // the first line describes the data
			run.Rows = append(run.Rows, row)
		}
	}
	c.runs[key] = run
	return run, c.keep(run)
}

// keep adds a run to the file.
func (c *peerCache) keep(run peerRun) error {
	line, err := json.Marshal(run)
	if err != nil {
		return fmt.Errorf("keep peers: %w", err)
	}
	f, err := os.OpenFile(c.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("keep peers: %w", err)
	}
	_, err = f.Write(append(line, '\n'))
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("keep peers: %w", err)
	}
	return nil
}
