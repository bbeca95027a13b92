//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/embed/usem3"
	"github.com/kenrec/ken/engine"
)

// job is one step with the whole engine, run in a process of its own so that its peak memory is its own.
type job struct {
	Verb    string          `json:"verb"` // import, embed, train, recommend, serve
	Dir     string          `json:"dir"`
	Kind    string          `json:"kind,omitempty"` // of the file: nodes, triples, interactions
	File    string          `json:"file,omitempty"`
	Factors int             `json:"factors,omitempty"`
	Sweeps  int             `json:"sweeps,omitempty"`
	Scorers []engine.Weight `json:"scorers,omitempty"`
	Workers int             `json:"workers"`
	Users   []string        `json:"users,omitempty"`
	Likes   []string        `json:"likes,omitempty"`
	Types   []string        `json:"types,omitempty"`
}

// outcome is what a step took.
type outcome struct {
	Rows    int64     `json:"rows"`
	Wall    float64   `json:"wall"`
	CPU     float64   `json:"cpu"`
	PeakMiB float64   `json:"peak"`             // of the process: what it took and what of its files was mapped in
	HeapMiB float64   `json:"heap,omitempty"`   // largest Go heap after a batch of an import
	Millis  []float64 `json:"millis,omitempty"` // of each request
	Busy    []float64 `json:"busy,omitempty"`   // the same, CPU time
}

// step runs a job in a process of its own.
func (b *bench) step(ctx context.Context, j job) (outcome, error) {
	var o outcome
	j.Workers = 2 // what the goals are stated for
	self, err := os.Executable()
	if err != nil {
		return o, fmt.Errorf("step: %w", err)
	}
	text, err := json.Marshal(j)
	if err != nil {
		return o, fmt.Errorf("step: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, "-step")
	cmd.Stdin = bytes.NewReader(text)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return o, fmt.Errorf("step %s: %w", j.Verb, err)
	}
	return o, json.Unmarshal(bytes.TrimSpace(out), &o)
}

// runStep is the process of a step.
func runStep(ctx context.Context, text io.Reader) error {
	var j job
	if err := json.NewDecoder(text).Decode(&j); err != nil {
		return fmt.Errorf("step: %w", err)
	}
	opts := []engine.Option{engine.WithWorkers(j.Workers)}
	if j.Verb == "embed" {
		model, err := usem3.New()
		if err != nil {
			return err
		}
		opts = append(opts, engine.WithEmbedder(embed.Embedder(model)))
	}
	start, cpu := time.Now(), cpuSeconds()
	e, err := engine.Open(ctx, j.Dir, opts...)
	if err != nil {
		return err
	}
	o, err := j.run(ctx, e)
	if err := errors.Join(err, e.Close()); err != nil {
		return err
	}
	o.Wall, o.CPU, o.PeakMiB = time.Since(start).Seconds(), cpuSeconds()-cpu, peakMiB()
	return json.NewEncoder(os.Stdout).Encode(o)
}

// sayEvery is how often a step tells on standard error how far it is.
const sayEvery = 15 * time.Second

// telling returns a progress function that tells how far a step is.
func telling() func(engine.Progress) {
	start := time.Now()
	said := start
	return func(p engine.Progress) {
		if now := time.Now(); now.Sub(said) >= sayEvery {
			said = now
			fmt.Fprintf(os.Stderr, "%s: %d %s after %.0f s, %.0f CPU s, at most %.0f MiB\n", p.Stage, p.Done, p.Unit, now.Sub(start).Seconds(), cpuSeconds(), peakMiB())
		}
	}
}

func (j *job) run(ctx context.Context, e *engine.Engine) (o outcome, err error) {
	tell := telling()
	switch j.Verb {
	case "import":
		f, err := os.Open(j.File)
		if err != nil {
			return o, err
		}
		defer f.Close()
		kind := map[string]engine.Kind{"nodes": engine.Nodes, "triples": engine.Triples, "interactions": engine.Interactions}[j.Kind]
		watch := func(p engine.Progress) {
			tell(p)
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			o.HeapMiB = max(o.HeapMiB, float64(m.HeapInuse)/(1<<20))
		}
		rep, err := e.Import(ctx, engine.Source{Kind: kind, Name: j.File, Reader: f, Format: engine.TSV, Header: engine.HeaderNo, Progress: watch})
		o.Rows = rep.Read
		return o, err
	case "embed":
		rep, err := e.Embed(ctx, engine.EmbedOptions{})
		return outcome{Rows: int64(rep.Texts)}, err
	case "train":
		o := engine.TrainOptions{Progress: tell}
		if j.Factors > 0 {
			o.Config = &engine.Config{Factors: j.Factors, Iterations: j.Sweeps, Scorers: j.Scorers}
		}
		rep, err := e.Train(ctx, o)
		return outcome{Rows: int64(rep.Interactions)}, err
	case "recommend":
		for _, err := range e.RecommendAll(ctx, engine.BatchQuery{Query: engine.Query{K: 20}}) {
			if err != nil {
				return o, err
			}
			o.Rows++
		}
		return o, nil
	}
	return j.serve(ctx, e)
}

// serve asks one request after the other: for each user, or for each run of 50 likes.
func (j *job) serve(ctx context.Context, e *engine.Engine) (o outcome, err error) {
	runtime.LockOSThread() // a request runs on one core: its thread's clock is its own
	defer runtime.UnlockOSThread()
	ask := func(q engine.Query) error {
		q.K, q.Types = 20, j.Types
		start, busy := time.Now(), threadSeconds()
		_, err := e.Recommend(ctx, q)
		o.Millis, o.Busy = append(o.Millis, time.Since(start).Seconds()*1e3), append(o.Busy, (threadSeconds()-busy)*1e3)
		return err
	}
	for _, u := range j.Users {
		if err := ask(engine.Query{User: u}); err != nil {
			return o, err
		}
	}
	for likes := range slices.Chunk(j.Likes, 50) {
		if err := ask(engine.Query{Likes: likes}); err != nil {
			return o, err
		}
	}
	o.Millis, o.Busy = o.Millis[1:], o.Busy[1:] // the first prepares the scan
	return o, nil
}

// peakMiB is the largest memory that this process ever had, 0 where the system does not tell.
func peakMiB() float64 {
	text, _ := os.ReadFile("/proc/self/status")
	_, rest, found := strings.Cut(string(text), "VmHWM:")
	if !found {
		return 0
	}
	kib, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	return kib / 1024
}
