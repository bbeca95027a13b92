package graph

import (
	"context"
	"fmt"
	"sync/atomic"
)

// Commit is the writing of a batch.
type Commit struct {
	done  chan struct{} // closed at the end; seq and err are set by then
	seq   uint64
	err   error
	batch atomic.Pointer[Batch] // what a batch that begins before the end looks up in; nil: none may, or it has ended
}

// Wait waits for the end of the writing, and returns what Batch.Commit does. It can be called more than once.
func (c *Commit) Wait() (seq uint64, err error) {
	<-c.done
	return c.seq, c.err
}

func (c *Commit) end(seq uint64, err error) *Commit {
	c.seq, c.err = seq, err
	c.batch.Store(nil)
	close(c.done)
	return c
}

// Commit writes the batch, makes it durable and visible, and returns the store's sequence number. A batch that changes
// nothing writes nothing and leaves the number as it is. On an error nothing of the batch is stored. Either way the batch
// is done. Cancelling ctx has no effect once writing has begun.
func (b *Batch) Commit(ctx context.Context) (seq uint64, err error) {
	return b.commit(ctx, func(write func()) { write() }).Wait()
}

// CommitBehind is Commit that does not wait for the disk: the batch is durable, and readers see it, when Wait has returned.
// NewBatchBehind starts the next one meanwhile. A batch that was started behind one that could not be written is not written
// either.
func (b *Batch) CommitBehind(ctx context.Context) *Commit {
	return b.commit(ctx, func(write func()) { go write() })
}

// commit makes the records of the batch here, and has them written by run.
func (b *Batch) commit(ctx context.Context, run func(write func())) *Commit {
	c := &Commit{done: make(chan struct{})}
	if b.done {
		return c.end(0, ErrBatchDone)
	}
	defer b.Cancel()
	if err := b.s.kv.enter(); err != nil {
		return c.end(0, err)
	}
	if err := ctx.Err(); err != nil {
		b.leave()
		return c.end(0, fmt.Errorf("graph: commit: %w", err))
	}
	delta := map[counter]int64{}
	writes := b.writes(delta)
	if err := b.settle(); err != nil {
		b.leave()
		return c.end(0, err)
	}
	if len(writes) == 0 {
		b.leave()
		return c.end(b.s.Seq(), nil)
	}
	b.s.syms.add(b.newSyms) // before the commit shows: no reader may meet a number without its name
	b.note()
	if b.onlyAdds() {
		c.batch.Store(b)
	}
	b.s.writing = c
	run(func() {
		defer b.leave()
		c.end(b.s.commitBatch(b, writes, delta))
	})
	return c
}

// NewBatchBehind is NewBatch, but does not wait for the end of c, a commit of this store, if no batch was committed since:
// what that one put is seen by the new batch, though not by readers. A commit that did more than add nodes, triples and
// interactions is waited for, and if it failed its error is returned. nil stands for no commit.
func (s *Store) NewBatchBehind(ctx context.Context, c *Commit) (*Batch, error) {
	if err := s.check(ctx); err != nil {
		return nil, err
	}
	select {
	case <-s.writer:
	case <-ctx.Done():
		return nil, fmt.Errorf("graph: wait for the batch before: %w", ctx.Err())
	}
	if err := s.kv.enter(); err != nil {
		s.writer <- struct{}{}
		return nil, err
	}
	defer s.kv.leave()
	if c != nil && c == s.writing {
		if prev := c.batch.Load(); prev != nil {
			return s.newBatch(c, prev), nil
		}
	}
	s.settle()
	if c != nil {
		if _, err := c.Wait(); err != nil {
			s.writer <- struct{}{}
			return nil, err
		}
	}
	return s.newBatch(nil, nil), nil
}

// settle waits for the end of the last commit. It needs the writer token.
func (s *Store) settle() {
	if s.writing == nil {
		return
	}
	if _, err := s.writing.Wait(); err != nil { // whoever began it hears of it
		s.types = nil // some may be of nodes that are not there; edges that are not there only cost look-ups
	}
	s.writing = nil
}

// settle waits for the end of the commit that the batch was started behind, and returns its error.
func (b *Batch) settle() error {
	b.s.settle()
	if b.behind == nil {
		return nil
	}
	if _, err := b.behind.Wait(); err != nil {
		return err
	}
	b.behind, b.prev = nil, nil
	return nil
}

// catchUp makes the batch see what was written before it in the store itself, for what reads ranges of it.
func (b *Batch) catchUp() error {
	if b.behind == nil {
		return nil
	}
	if err := b.settle(); err != nil {
		return err
	}
	b.sn.close()
	b.sn = b.s.kv.pin()
	return nil
}

// note tells the writers to come of the batch's edges, and of the types of its nodes.
func (b *Batch) note() {
	for i, e := range b.nodes {
		b.s.types.set(i, e.cur.typ) // a deleted node has none
	}
	for k := range b.triples {
		b.s.edges.add(b.s.edges.triple(k))
	}
	for k := range b.inters {
		b.s.edges.add(b.s.edges.inter(k))
	}
}

// onlyAdds reports whether the maps of ids, nodes and edges tell all that the batch does, and whether no id is taken from a node.
func (b *Batch) onlyAdds() bool {
	if len(b.vectors)+len(b.modality)+len(b.extra)+len(b.records) > 0 {
		return false
	}
	for _, e := range b.ids {
		if e.had {
			return false
		}
	}
	return true
}

// commitBatch writes the batch and brings names, counters and the dictionary up to date.
func (s *Store) commitBatch(b *Batch, writes []write, delta map[counter]int64) (uint64, error) {
	s.commits.Lock()
	defer s.commits.Unlock()
	st := state{seq: s.last.seq + 1, next: b.next}
	if err := s.commitLocked(append(writes, s.counts.writes(delta)...), st); err != nil {
		s.syms.drop(b.newSyms)
		return 0, err
	}
	s.counts.add(delta)
	b.publish(s.last.ts)
	return st.seq, nil
}

// publish brings the dictionary in memory up to date.
func (b *Batch) publish(ts uint64) {
	var goneIDs []string
	var goneIdx []Idx
	for id, e := range b.ids {
		if e.had {
			goneIDs, goneIdx = append(goneIDs, id), append(goneIdx, e.old)
		}
	}
	b.s.dict.byID.remove(goneIDs, ts)
	b.s.dict.byIdx.remove(goneIdx, ts)
	for id, e := range b.ids {
		if e.has {
			b.s.dict.byID.add(id, e.cur, ts)
		}
	}
}
