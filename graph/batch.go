package graph

import (
	"bytes"
	"context"
	"errors"
	"slices"
)

// maxBatchBytes bounds the memory of a batch, as batchCost estimates it.
const maxBatchBytes = 64 << 20

// What one record of a batch takes in memory until it is committed, in bytes beside its strings.
const (
	nodeCost = 400
	edgeCost = 200
	idCost   = 120
)

// edit is what a batch does to one record: what is stored, and what will be.
type edit[T any] struct {
	old, cur T
	had, has bool
}

// Batch is one atomic group of writes. Each Put sees what the batch did before it; readers see all of it after Commit,
// or nothing. A Batch is not safe for concurrent use, and must end with Commit or Cancel.
type Batch struct {
	s      *Store
	sn     *snap
	behind *Commit // nil, or the one that was being written when this batch began, so that sn does not show it
	prev   *Batch  // what behind writes; nil as behind is
	done   bool

	ids      map[string]*edit[Idx]
	nodes    map[Idx]*edit[nodeRec]
	triples  map[tripleKey]edit[tripleVal]
	inters   map[interKey]edit[float32]
	vectors  map[vectorKey]edit[[]float32]
	modality map[Sym]*modalityEdit
	newSyms  []string
	extra    []write // the journal of erased ids, the log
	logged   int     // entries of the log in it
	records  map[string]write
	symOf    map[string]Sym
	lately   lastTwo

	first, next Idx // numbers given by this batch: first <= i < next
	puts        int // edges and vectors put so far: without any, deleting a node need not look for them here
	size        int // bytes, estimated
}

// NewBatch starts a batch. One batch is open at a time: it waits for the one before to be committed or cancelled, or for
// ctx to end.
func (s *Store) NewBatch(ctx context.Context) (*Batch, error) { return s.NewBatchBehind(ctx, nil) }

// newBatch makes a batch behind c, which writes prev, or behind none. It needs the writer token.
func (s *Store) newBatch(c *Commit, prev *Batch) *Batch {
	next := Idx(s.next.Load())
	if prev != nil {
		next = prev.next
	}
	return &Batch{
		s: s, sn: s.kv.pin(), behind: c, prev: prev, first: next, next: next,
		ids:      map[string]*edit[Idx]{},
		nodes:    map[Idx]*edit[nodeRec]{},
		triples:  map[tripleKey]edit[tripleVal]{},
		inters:   map[interKey]edit[float32]{},
		vectors:  map[vectorKey]edit[[]float32]{},
		modality: map[Sym]*modalityEdit{},
		symOf:    map[string]Sym{},
	}
}

// enter starts a call that adds up to cost bytes to the batch.
func (b *Batch) enter(cost int) error {
	if b.done {
		return ErrBatchDone
	}
	if b.size+cost > maxBatchBytes && b.size > 0 {
		return ErrBatchFull
	}
	return b.s.kv.enter()
}

func (b *Batch) leave() { b.s.kv.leave() }

// Cancel drops the batch. After Commit, or a second time, it does nothing, so that it can be deferred.
func (b *Batch) Cancel() {
	if b.done {
		return
	}
	b.done = true
	b.sn.close()
	b.s.writer <- struct{}{}
}

// writes turns the edits into records in the order of their keys, and adds up what they change in the counters.
func (b *Batch) writes(delta map[counter]int64) []write {
	out := make([]write, 0, 2*(len(b.triples)+len(b.inters)+len(b.nodes))+len(b.vectors)+len(b.newSyms))
	first := Sym(b.s.syms.len())
	for i, name := range b.newSyms {
		out = append(out, put(symKey(first+Sym(i)), []byte(name)))
	}
	out = b.nodeWrites(out, delta)
	out = b.edgeWrites(out, delta)
	out = b.vectorWrites(out, delta)
	out = append(out, b.extra...)
	for _, w := range b.records {
		out = append(out, w)
	}
	changed := len(out) > len(b.newSyms)
	if !changed {
		return nil // names that nothing uses are not worth a commit
	}
	return sorted(out)
}

// sorted returns writes in the order of their keys: by kind first, since most kinds come sorted already.
func sorted(writes []write) []write {
	var end [256]int
	for _, w := range writes {
		end[w.key[0]]++
	}
	at := 0
	for kind, n := range end {
		end[kind] = at
		at += n
	}
	out := make([]write, len(writes))
	for _, w := range writes {
		out[end[w.key[0]]] = w
		end[w.key[0]]++
	}
	start := 0
	for _, to := range end {
		slices.SortFunc(out[start:to], func(x, y write) int { return bytes.Compare(x.key, y.key) })
		start = to
	}
	return out
}

func (b *Batch) nodeWrites(out []write, delta map[counter]int64) []write {
	for id, e := range b.ids {
		switch {
		case e.has && (!e.had || e.old != e.cur):
			out = append(out, put(dictKey(id), encodeIdx(e.cur)))
		case e.had && !e.has:
			out = append(out, write{key: dictKey(id)})
		}
	}
	for i, e := range b.nodes {
		if e.had == e.has && (!e.has || e.old.equal(&e.cur)) {
			continue
		}
		if e.had {
			delta[counter{countNodes, e.old.typ}]--
		}
		if !e.has {
			out = append(out, write{key: nodeKey(i)})
			continue
		}
		delta[counter{countNodes, e.cur.typ}]++
		out = append(out, put(nodeKey(i), e.cur.encode()))
	}
	return out
}

// intern returns the number of a name, a new one if it has none.
func (b *Batch) intern(name string) Sym {
	if y, ok := b.symOf[name]; ok {
		return y
	}
	y, ok := b.s.syms.lookup(name)
	if !ok {
		y = Sym(b.s.syms.len() + len(b.newSyms))
		b.newSyms = append(b.newSyms, name)
		b.size += len(name) + idCost
	}
	b.symOf[name] = y
	return y
}

// stored reads a record, telling whether it is there.
func (b *Batch) stored(key []byte) ([]byte, bool, error) {
	p, err := b.sn.get(key)
	if errors.Is(err, errNoKey) {
		return nil, false, nil
	}
	return p, err == nil, err
}

// change says what replacing old by cur is, had telling whether old is there.
func change(had, same bool) Change {
	switch {
	case !had:
		return Added
	case same:
		return Unchanged
	}
	return Replaced
}
