package graph

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"
)

// The node types that PutInteraction gives to nodes without one.
const (
	TypeUser = "user"
	TypeItem = "item"
)

// PutNode stores a node. An empty Type, Name or Text leaves what is stored, and so do attributes that n does not name.
// Errors: ErrBadID, ErrBadRecord, ErrBatchFull.
func (b *Batch) PutNode(n Node) (Change, error) {
	return b.putNode(n, func(old *nodeRec, typ Sym) nodeRec {
		merged := *old
		if typ != 0 {
			merged.typ = typ
		}
		if n.Name != "" {
			merged.Name = n.Name
		}
		if n.Text != "" {
			merged.Text = n.Text
		}
		merged.Attrs = mergeAttrs(old.Attrs, n.Attrs)
		return merged
	})
}

// ReplaceNode stores a node as it is given: what it leaves empty becomes empty. Its triples, interactions and vectors
// stay. Errors: ErrBadID, ErrBadRecord, ErrBatchFull.
func (b *Batch) ReplaceNode(n Node) (Change, error) {
	return b.putNode(n, func(_ *nodeRec, typ Sym) nodeRec {
		return nodeRec{typ: typ, Node: Node{ID: n.ID, Name: n.Name, Text: n.Text, Attrs: mergeAttrs(nil, n.Attrs)}}
	})
}

func (b *Batch) putNode(n Node, merge func(old *nodeRec, typ Sym) nodeRec) (Change, error) {
	if err := checkNode(n); err != nil {
		return 0, err
	}
	if err := b.enter(nodeCost + idCost + 2*nodeSize(n)); err != nil {
		return 0, err
	}
	defer b.leave()
	i, err := b.find(n.ID)
	if err != nil {
		return 0, err
	}
	e := &edit[nodeRec]{cur: nodeRec{Node: Node{ID: n.ID}}}
	if i != noIdx {
		if e, err = b.node(i); err != nil {
			return 0, err
		}
	}
	next := merge(&e.cur, b.intern(n.Type))
	if size := nodeSize(next.Node); size > MaxRecord {
		return 0, fmt.Errorf("%w: node %s has %d bytes, more than %d", ErrBadRecord, quoted(n.ID), size, MaxRecord)
	}
	if i == noIdx {
		i = b.create(n.ID, 0)
		b.set(i, b.nodes[i], next)
		return Added, nil
	}
	if e.cur.equal(&next) {
		return Unchanged, nil
	}
	b.set(i, e, next)
	return Replaced, nil
}

func checkNode(n Node) error {
	if err := checkID(n.ID); err != nil {
		return err
	}
	if err := checkName("type", n.Type); err != nil {
		return err
	}
	if !utf8.ValidString(n.Name) || !utf8.ValidString(n.Text) {
		return fmt.Errorf("%w: name or text of node %s is not valid UTF-8", ErrBadRecord, quoted(n.ID))
	}
	for _, a := range n.Attrs {
		if a.Key == "" {
			return fmt.Errorf("%w: node %s has an attribute without a key", ErrBadRecord, quoted(n.ID))
		}
		if err := checkName("attribute", a.Key); err != nil {
			return err
		}
		if !a.Value.valid() {
			return fmt.Errorf("%w: attribute %s of node %s is not finite or not valid UTF-8", ErrBadRecord, quoted(a.Key), quoted(n.ID))
		}
	}
	return nil
}

// valid reports whether a store takes the value.
func (v Value) valid() bool {
	for _, s := range v.list {
		if !utf8.ValidString(s) {
			return false
		}
	}
	return v.num-v.num == 0 && utf8.ValidString(v.str)
}

// nodeSize is a little more than the bytes of the encoded node.
func nodeSize(n Node) int {
	size := len(n.ID) + len(n.Name) + len(n.Text) + 32
	for _, a := range n.Attrs {
		size += len(a.Key) + len(a.Value.str) + 24
		for _, s := range a.Value.list {
			size += len(s) + 5
		}
	}
	return size
}

// mergeAttrs returns old with the attributes of put set, sorted by key; of equal keys in put the last one counts.
func mergeAttrs(old, put []Attr) []Attr {
	if len(put) == 0 {
		return old
	}
	all := append(slices.Clone(old), put...)
	slices.SortStableFunc(all, func(a, b Attr) int { return strings.Compare(a.Key, b.Key) })
	out := all[:0]
	for i, a := range all {
		if i+1 == len(all) || all[i+1].Key != a.Key {
			out = append(out, a)
		}
	}
	return out
}

// find returns the number of a node as the batch sees it, or noIdx.
func (b *Batch) find(id string) (Idx, error) {
	if i, ok := b.lately.find(id); ok {
		return i, nil
	}
	i, err := b.findAnew(id)
	if err == nil && i != noIdx {
		b.lately.add(id, i)
	}
	return i, err
}

func (b *Batch) findAnew(id string) (Idx, error) {
	if e, ok := b.ids[id]; ok {
		if e.has {
			return e.cur, nil
		}
		return noIdx, nil
	}
	i, known, whole := b.s.dict.byID.look(id)
	if known {
		return i, nil
	}
	if b.prev != nil { // asked after the dictionary: the commit moves ids from here to there
		if e, ok := b.prev.ids[id]; ok && e.has {
			return e.cur, nil
		}
	}
	if whole {
		return noIdx, nil // a new store is filled without looking for what cannot be there
	}
	return b.s.dict.lookup(b.sn, id)
}

// lastTwo are the ids that were looked up last. A row asks for its two ids more than once, and the next row often names one of
// them again, while each look-up in the dictionary of a large store waits for memory. The zero
// value holds none: no id is empty.
type lastTwo struct {
	ids  [2]string
	at   [2]Idx
	last int // the one used last; the other is replaced
}

func (l *lastTwo) find(id string) (Idx, bool) {
	for n, known := range l.ids {
		if known == id {
			l.last = n
			return l.at[n], true
		}
	}
	return noIdx, false
}

func (l *lastTwo) add(id string, i Idx) {
	l.last = 1 - l.last
	l.ids[l.last], l.at[l.last] = id, i
}

// node returns the edit of a node that exists.
func (b *Batch) node(i Idx) (*edit[nodeRec], error) {
	if e, ok := b.nodes[i]; ok {
		return e, nil
	}
	if b.prev != nil {
		if e, ok := b.prev.nodes[i]; ok && e.has {
			return &edit[nodeRec]{old: e.cur, cur: e.cur, had: true, has: true}, nil
		}
	}
	key := nodeKey(i)
	p, err := b.sn.get(key)
	if errors.Is(err, errNoKey) {
		return nil, fmt.Errorf("%w: the dictionary names node %d, which is missing", ErrCorrupt, i)
	}
	if err != nil {
		return nil, err
	}
	n, ok := decodeNode(p)
	if !ok {
		return nil, damaged(key)
	}
	return &edit[nodeRec]{old: n, cur: n, had: true, has: true}, nil
}

// set makes n the content of node i, whose edit is e.
func (b *Batch) set(i Idx, e *edit[nodeRec], n nodeRec) {
	e.cur = n
	b.nodes[i] = e
	b.size += nodeCost + 2*nodeSize(n.Node)
}

// create gives id a number and stores an empty node of type typ.
func (b *Batch) create(id string, typ Sym) Idx {
	i := b.next
	b.next++
	e, ok := b.ids[id]
	if !ok {
		e = &edit[Idx]{}
		b.ids[id] = e
	}
	e.cur, e.has = i, true
	b.nodes[i] = &edit[nodeRec]{cur: nodeRec{typ: typ, Node: Node{ID: id}}, has: true}
	b.size += nodeCost + idCost + 2*len(id)
	b.lately.add(id, i)
	return i
}

// ensure returns the number of id, creating the node if there is none.
func (b *Batch) ensure(id string, typ Sym) (Idx, error) {
	i, err := b.find(id)
	if err == nil && i == noIdx {
		i = b.create(id, typ)
	}
	return i, err
}

// fresh reports whether node i was created by this batch, so that the store holds nothing of it.
func (b *Batch) fresh(i Idx) bool { return i >= b.first }

// never reports whether an edge of node i with a hash is known not to be stored: all edges of a node that is newer than Open
// went through the sieve.
func (b *Batch) never(i Idx, edge uint64) bool { return i >= b.s.opened && !b.s.edges.has(edge) }

// DeleteNode deletes a node with its triples and interactions in both directions and its vectors. Its number is not given
// again. It returns ErrNotFound when there is no such node. Deletions may take a batch beyond its size, since they have to
// be atomic.
func (b *Batch) DeleteNode(id string) error {
	if err := checkID(id); err != nil {
		return err
	}
	if err := b.enter(0); err != nil {
		return err
	}
	defer b.leave()
	i, err := b.find(id)
	if err != nil {
		return err
	}
	if i == noIdx {
		return fmt.Errorf("%w: node %s", ErrNotFound, quoted(id))
	}
	e, err := b.node(i)
	if err != nil {
		return err
	}
	if err := b.deleteEdges(i); err != nil {
		return err
	}
	b.lately = lastTwo{}
	b.nodes[i] = e
	e.cur, e.has = nodeRec{}, false
	if d, ok := b.ids[id]; ok {
		d.has = false
	} else {
		b.ids[id] = &edit[Idx]{old: i, had: true}
	}
	b.size += idCost + len(id)
	return nil
}

// Node returns a node, ErrNotFound, ErrBadID or ErrClosed.
func (s *Store) Node(ctx context.Context, id string) (Node, error) {
	if err := checkID(id); err != nil {
		return Node{}, err
	}
	if err := s.check(ctx); err != nil {
		return Node{}, err
	}
	sn, end, err := s.begin()
	if err != nil {
		return Node{}, err
	}
	defer end()
	i, err := s.dict.lookup(sn, id)
	if err != nil {
		return Node{}, err
	}
	p, err := sn.get(nodeKey(i)) // noIdx is the key of no node
	if errors.Is(err, errNoKey) {
		return Node{}, fmt.Errorf("%w: node %s", ErrNotFound, quoted(id))
	}
	if err != nil {
		return Node{}, err
	}
	n, ok := decodeNode(p)
	if !ok {
		return Node{}, damaged(nodeKey(i))
	}
	n.Type = s.syms.name(n.typ)
	return n.Node, nil
}

// Nodes yields all nodes in the order of their numbers.
func (s *Store) Nodes(ctx context.Context) iter.Seq2[NodeRow, error] {
	return scanRows(ctx, s, []byte{kindNode}, func(key, val []byte) (NodeRow, bool) {
		i, ok1 := parseU32Key(kindNode, key)
		n, ok2 := decodeNode(val)
		n.Type = s.syms.name(n.typ)
		return NodeRow{Idx: Idx(i), Type: n.typ, Node: n.Node}, ok1 && ok2
	})
}
