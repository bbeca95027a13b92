package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/kenrec/ken/engine"
)

// errAbsent reports that a data set is not there: its table is skipped.
var errAbsent = errors.New("no such data")

// open imports a set into an engine in memory and embeds its texts. Remarks are rows lost on the way.
func (b *bench) open(ctx context.Context, s set) (e *engine.Engine, remarks []string, err error) {
	folder := filepath.Join(b.data, s.folder)
	if _, err := os.Stat(folder); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errAbsent, err)
	}
	e, err = engine.OpenInMemory(engine.WithEmbedder(b.embedder))
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.Close())
		}
	}()
	sources, err := b.sources(folder, s)
	if err != nil {
		return nil, nil, err
	}
	for _, src := range sources {
		remark, err := b.load(ctx, e, src)
		if err != nil {
			return nil, nil, err
		}
		remarks = append(remarks, remark...)
	}
	if s.texts {
		rep, err := e.Embed(ctx, engine.EmbedOptions{})
		if err != nil {
			return nil, nil, err
		}
		b.logf("embedded %d texts in %.1fs, %d failed", rep.Texts, rep.Seconds, rep.Failed)
	}
	return e, remarks, nil
}

// sources lists the files of a set; the reader is opened by load.
func (b *bench) sources(folder string, s set) ([]engine.Source, error) {
	var all []engine.Source
	for _, f := range s.nodes {
		all = append(all, engine.Source{Kind: engine.Nodes, Name: filepath.Join(folder, f)})
	}
	for _, f := range s.triples {
		all = append(all, engine.Source{Kind: engine.Triples, Name: filepath.Join(folder, f)})
	}
	train := engine.Source{
		Kind: engine.Interactions, Name: filepath.Join(folder, s.train.file), Format: s.train.format, UserPrefix: s.train.user, ItemPrefix: s.train.item,
	}
	if s.train.minWeight > 0 { // the engine imports all ratings; this protocol knows the high ones only
		pairs, err := s.train.read(folder)
		if err != nil {
			return nil, err
		}
		if train.Name, err = b.write(filepath.Join(s.folder, "train.tsv"), pairs); err != nil {
			return nil, err
		}
	}
	return append(all, train), nil
}

// load imports one file. Rows that are skipped are a remark, not an error.
func (b *bench) load(ctx context.Context, e *engine.Engine, src engine.Source) ([]string, error) {
	f, err := os.Open(src.Name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	src.Name, src.Reader = filepath.Base(src.Name), f
	rep, err := e.Import(ctx, src)
	b.logf("imported %d of %d %s from %s (%s) in %.1fs", rep.Stored, rep.Read, rep.Kind, rep.Name, rep.Format, rep.Seconds)
	if errors.Is(err, engine.ErrBadRecord) {
		return []string{err.Error()}, nil
	}
	return nil, err
}
