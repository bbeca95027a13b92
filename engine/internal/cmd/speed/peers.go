//go:build unix

package main

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

//go:embed peers.py
var peersScript []byte

// peers is a running peers.py, which answers one request a line.
type peers struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func startPeers(ctx context.Context, python, dir string, workers int) (*peers, error) {
	script := filepath.Join(dir, "peers.py")
	if err := os.WriteFile(script, peersScript, 0o600); err != nil {
		return nil, fmt.Errorf("write script: %w", err)
	}
	threads := strconv.Itoa(workers)
	cmd := exec.CommandContext(ctx, python, script, dir, threads)
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), "OPENBLAS_NUM_THREADS="+threads, "OMP_NUM_THREADS="+threads)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start peers: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start peers: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start peers: %w", err)
	}
	return &peers{cmd, in, bufio.NewScanner(out)}, nil
}

// close ends the script.
func (p *peers) close() {
	p.in.Close()
	p.cmd.Wait()
}

// contestant asks the script for an operation; arguments must be encodable as JSON.
func (p *peers) contestant(name, op string, args map[string]any) contestant {
	request := map[string]any{"op": op}
	for k, v := range args {
		request[k] = v
	}
	return contestant{name: name, run: func() (sample, error) {
		line, err := json.Marshal(request)
		if err != nil {
			return sample{}, err
		}
		if _, err := fmt.Fprintf(p.in, "%s\n", line); err != nil {
			return sample{}, fmt.Errorf("ask: %w", err)
		}
		if !p.out.Scan() {
			return sample{}, errors.Join(errors.New("the script ended"), p.out.Err())
		}
		var s sample
		if err := json.Unmarshal(p.out.Bytes(), &s); err != nil {
			return sample{}, fmt.Errorf("answer %q: %w", p.out.Text(), err)
		}
		if s.Error != "" {
			return sample{}, errors.New(s.Error)
		}
		return s, nil
	}}
}

// against returns the peers' contestants after ours; none without an interpreter.
func (b *bench) against(own []contestant, list ...func(*peers) contestant) []contestant {
	if b.peers != nil {
		b.compared = true
		for _, f := range list {
			own = append(own, f(b.peers))
		}
	}
	return own
}

// save writes numbers of a fixed size for the script, little-endian.
func (b *bench) save(name string, data any) error {
	f, err := os.Create(filepath.Join(b.dir, name))
	if err != nil {
		return fmt.Errorf("save %s: %w", name, err)
	}
	w := bufio.NewWriter(f)
	if err := errors.Join(binary.Write(w, binary.LittleEndian, data), w.Flush(), f.Close()); err != nil {
		return fmt.Errorf("save %s: %w", name, err)
	}
	return nil
}
