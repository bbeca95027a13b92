package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/kenrec/ken/graph"
)

// put writes the vectors of nodes in one batch, in halves if they are too large for one.
func (j *embedJob) put(ctx context.Context, nodes []embedNode, vecs [][]float32) error {
	if len(nodes) == 0 || j.hold {
		return nil
	}
	err := j.putBatch(ctx, nodes, vecs)
	if mid := len(nodes) / 2; mid > 0 && errors.Is(err, graph.ErrBatchFull) {
		if err := j.put(ctx, nodes[:mid], vecs[:mid]); err != nil {
			return err
		}
		return j.put(ctx, nodes[mid:], vecs[mid:])
	}
	if errors.Is(err, graph.ErrDimension) {
		return fmt.Errorf("%w: %w", ErrDimension, err)
	}
	return err
}

func (j *embedJob) putBatch(ctx context.Context, nodes []embedNode, vecs [][]float32) error {
	b, err := j.e.store.NewBatch(ctx)
	if err != nil {
		return err
	}
	defer b.Cancel()
	for i, n := range nodes {
		// While the batch is open nobody else writes. A node deleted in the meantime must not come back by its vector,
		// and one that was erased and came back has another text.
		if j.seen.erased(n.id) {
			continue
		}
		if _, err := j.e.store.Node(ctx, n.id); errors.Is(err, graph.ErrNotFound) {
			continue
		} else if err != nil {
			return err
		}
		if _, err := b.PutVector(n.id, j.opts.Modality, j.model.Name, vecs[i]); err != nil {
			return err
		}
	}
	_, err = b.Commit(ctx)
	return err
}

// exchange deletes all vectors of the modality and puts the ones that fill left in the cache. It takes several batches: a kill in
// the middle leaves a part of one model's vectors, never a mixture, and the next call completes it from the cache.
func (j *embedJob) exchange(ctx context.Context, ids []string) error {
	if err := j.drop(ctx); err != nil {
		return err
	}
	j.hold = false
	for chunk := range slices.Chunk(ids, embedChunk) {
		nodes, texts, err := j.read(ctx, chunk)
		if err != nil {
			return err
		}
		vecs, err := j.cached.Lookup(ctx, texts)
		if err != nil {
			return err
		}
		var hits []embedNode
		var found [][]float32
		for i, v := range vecs {
			if v != nil { // nil: the text failed
				hits, found = append(hits, nodes[i]), append(found, v)
			}
		}
		if err := j.put(ctx, hits, found); err != nil {
			return err
		}
	}
	return nil
}

// drop deletes all vectors of the modality.
func (j *embedJob) drop(ctx context.Context) error {
	var all []graph.Idx
	for row, err := range j.e.store.Vectors(ctx, j.opts.Modality) {
		if err != nil {
			return err
		}
		all = append(all, row.Idx)
	}
	for chunk := range slices.Chunk(all, embedChunk) {
		if err := j.dropBatch(ctx, chunk); err != nil {
			return err
		}
	}
	return nil
}

func (j *embedJob) dropBatch(ctx context.Context, nodes []graph.Idx) error {
	b, err := j.e.store.NewBatch(ctx)
	if err != nil {
		return err
	}
	defer b.Cancel()
	for _, idx := range nodes {
		id, err := j.e.store.ID(idx)
		if err == nil {
			err = b.DeleteVector(id, j.opts.Modality)
		}
		if err != nil && !errors.Is(err, graph.ErrNotFound) {
			return err
		}
	}
	_, err = b.Commit(ctx)
	return err
}
