package graph

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// maxFindings is how many findings a CheckReport lists; the rest is counted.
const maxFindings = 100

// CheckReport is what Check found.
type CheckReport struct {
	Findings []Finding // the first 100
	Damages  int       // all findings
	Stats    Stats     // what was counted, not what the counters say
}

// OK reports whether nothing was found.
func (r *CheckReport) OK() bool { return r.Damages == 0 }

// Finding is one thing that is wrong with a store.
type Finding struct {
	Kind string // "files", "loss", "node", "dictionary", "triple", "interaction", "vector", "counter", "record"
	Text string
}

// Add adds a finding.
func (r *CheckReport) Add(kind, format string, args ...any) {
	r.Damages++
	if len(r.Findings) < maxFindings {
		r.Findings = append(r.Findings, Finding{kind, fmt.Sprintf(format, args...)})
	}
}

// Check reads the whole store in dir: files against STORE and SEQ, every block of every table, and that the records agree
// with each other. What is damaged is in the report; the error is for what keeps from looking: ErrLocked, ErrNotStore,
// ErrVersion, ErrNoSpace, a cancelled ctx. A store whose files are whole is opened, which completes or takes back what a
// crash left. Damage that the checks do not foresee can end the process from inside Badger: run it in one of its own.
func Check(ctx context.Context, dir string, opts ...Option) (CheckReport, error) {
	var r CheckReport
	o := newOptions(opts)
	f, err := lockStore(dir, o)
	if err == nil {
		f.full = true
		var s *Store
		if s, err = openPrepared(ctx, f, o); err == nil {
			r, err = s.Check(ctx)
			return r, errors.Join(err, s.Close())
		}
	}
	switch {
	case errors.Is(err, ErrLoss):
		r.Add("loss", "%v", err)
	case errors.Is(err, ErrCorrupt):
		r.Add("files", "%v", err)
	default:
		return r, err
	}
	return r, nil
}

// Check reads all records of the store as of the last commit and reports those that are damaged or contradict each other:
// both directions of triples and interactions, the dictionary both ways, lengths of vectors, counters.
func (s *Store) Check(ctx context.Context) (CheckReport, error) {
	s.commits.Lock() // the counters in memory have to be those of the view
	sn, end, err := s.begin()
	kept := s.counts.clone()
	s.commits.Unlock()
	if err != nil {
		return CheckReport{}, err
	}
	defer end()
	c := checker{ctx: ctx, s: s, sn: sn, kept: kept, seen: map[counter]int64{}, modalities: map[Sym]modalityRec{}}
	for _, pass := range []func() error{
		c.nodes, c.dictionary, c.triples, c.interactions, c.vectors, c.rest, c.counters,
	} {
		switch err := pass(); {
		case errors.Is(err, ErrCorrupt): // the scan ended at a damaged record
			c.Add("record", "%v", err)
		case err != nil:
			return c.CheckReport, err
		}
	}
	c.Stats.Seq = s.Seq()
	c.Stats.Bytes, err = s.bytes()
	return c.CheckReport, err
}

// checker is one run of Check. Its passes return an error for what ends the pass.
type checker struct {
	CheckReport
	ctx context.Context
	s   *Store
	sn  *snap

	present    bitset // nodes that are there
	kept, seen map[counter]int64
	modalities map[Sym]modalityRec
}

// scan is snap.scan with records that do not parse as findings.
func (c *checker) scan(kind byte, what string, fn func(key, val []byte) bool) error {
	return c.sn.scan(c.ctx, []byte{kind}, func(key, val []byte) bool {
		if !fn(key, val) {
			c.Add(what, "a record of kind %q cannot be read", kind)
		}
		return true
	})
}

func (c *checker) sym(what string, y Sym) {
	if int(y) >= c.s.syms.len() {
		c.Add(what, "name number %d is not in the dictionary", y)
	}
}

func (c *checker) node(what string, i Idx) {
	if !c.present.has(i) {
		c.Add(what, "node number %d does not exist", i)
	}
}

func (c *checker) nodes() error {
	return c.scan(kindNode, "node", func(key, val []byte) bool {
		i, ok1 := parseU32Key(kindNode, key)
		n, ok2 := decodeNode(val)
		if !ok1 || !ok2 {
			return false
		}
		c.Stats.Nodes++
		c.present.set(Idx(i), true)
		c.seen[counter{countNodes, n.typ}]++
		c.sym("node", n.typ)
		if Idx(i) >= c.s.NodeCap() {
			c.Add("node", "node number %d was never given", i)
		}
		if checkID(n.ID) != nil || !slices.IsSortedFunc(n.Attrs, func(a, b Attr) int { return slices.Compare([]byte(a.Key), []byte(b.Key)) }) {
			c.Add("node", "node number %d has a bad id or attributes out of order", i)
		}
		p, err := c.sn.get(dictKey(n.ID))
		if back, ok := decodeIdx(p); err != nil || !ok || back != Idx(i) {
			c.Add("dictionary", "node number %d is not in the dictionary", i)
		}
		return true
	})
}

// dictionary counts: each node is in it, so if there are as many entries as nodes each entry has its node.
func (c *checker) dictionary() error {
	entries := 0
	err := c.scan(kindDict, "dictionary", func(_, val []byte) bool {
		entries++
		i, ok := decodeIdx(val)
		if ok {
			c.node("dictionary", i)
		}
		return ok
	})
	if err == nil && entries != c.Stats.Nodes {
		c.Add("dictionary", "%d entries for %d nodes", entries, c.Stats.Nodes)
	}
	return err
}

// triples looks up each triple in the other direction and counts those.
func (c *checker) triples() error {
	err := c.scan(kindOut, "triple", func(key, val []byte) bool {
		row, ok := tripleRow(key, val)
		if !ok {
			return false
		}
		c.Stats.Triples++
		c.seen[counter{countTriples, row.Relation}]++
		c.sym("triple", row.Relation)
		c.sym("triple", row.Source)
		c.node("triple", row.Head)
		c.node("triple", row.Tail)
		c.mirror("triple", tripleKey{row.Head, row.Relation, row.Tail}.inKey(), val)
		return true
	})
	if err != nil {
		return err
	}
	return c.mirrors("triple", kindIn, c.Stats.Triples)
}

func (c *checker) interactions() error {
	err := c.scan(kindUser, "interaction", func(key, val []byte) bool {
		row, ok := interactionRow(key, val)
		if !ok {
			return false
		}
		c.Stats.Interactions++
		c.seen[counter{countInteractions, row.Type}]++
		c.sym("interaction", row.Type)
		c.node("interaction", row.User)
		c.node("interaction", row.Item)
		c.mirror("interaction", interKey{row.User, row.Item, row.Type, row.Time}.itemKey(), val)
		return true
	})
	if err != nil {
		return err
	}
	return c.mirrors("interaction", kindItem, c.Stats.Interactions)
}

// mirror checks that the other direction is under key with the same content.
func (c *checker) mirror(what string, key, val []byte) {
	if p, err := c.sn.get(key); err != nil || !slices.Equal(p, val) {
		c.Add(what, "the other direction of a %s is missing or differs", what)
	}
}

// mirrors checks that there are as many records of the other direction as of the first.
func (c *checker) mirrors(what string, kind byte, want int) error {
	n := 0
	err := c.scan(kind, what, func(_, _ []byte) bool {
		n++
		return true
	})
	if err == nil && n != want {
		c.Add(what, "%d in one direction, %d in the other", want, n)
	}
	return err
}

func (c *checker) vectors() error {
	err := c.scan(kindModality, "vector", func(key, val []byte) bool {
		y, ok1 := parseU32Key(kindModality, key)
		m, ok2 := decodeModality(val)
		c.sym("vector", Sym(y))
		c.modalities[Sym(y)] = m
		return ok1 && ok2
	})
	if err != nil {
		return err
	}
	return c.scan(kindVector, "vector", func(key, val []byte) bool {
		k, ok1 := parseVectorKey(key)
		v, ok2 := decodeVector(val)
		if !ok1 || !ok2 {
			return false
		}
		c.Stats.Vectors++
		c.seen[counter{countVectors, k.modality}]++
		c.node("vector", k.idx)
		if m := c.modalities[k.modality]; m.dim != len(v) {
			c.Add("vector", "vector of node number %d has %d numbers, its modality %d", k.idx, len(v), m.dim)
		}
		for _, f := range v {
			if !finite(f) {
				c.Add("vector", "vector of node number %d is not finite", k.idx)
				break
			}
		}
		return true
	})
}

// rest reads the cache, the settings, the journal of erased ids, the records and the log, and looks for records of no kind.
func (c *checker) rest() error {
	err := c.scan(kindCache, "record", func(_, val []byte) bool {
		c.Stats.CacheEntries++
		c.seen[counter{what: countCache}]++
		_, ok := decodeVector(val)
		return ok
	})
	if err != nil {
		return err
	}
	const known = "smjycdnoiutwvexrl"
	for kind := range 256 {
		switch b := byte(kind); {
		case b == kindMeta || b == kindErased:
			err = c.scan(b, "record", func(_, _ []byte) bool { return true })
		case b == kindRecord:
			err = c.scan(b, "record", func(key, _ []byte) bool {
				_, _, ok := parseRecordKey(key)
				return ok
			})
		case b == kindLog:
			err = c.scan(b, "record", func(key, _ []byte) bool {
				_, _, ok := parseLogKey(key)
				return ok
			})
		case !slices.Contains([]byte(known), b) && b != '!': // Badger's own keys begin with '!'
			err = c.scan(b, "record", func(_, _ []byte) bool { return false })
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) counters() error {
	kept := c.kept
	for k, n := range c.seen {
		if kept[k] != n {
			c.Add("counter", "counter %q of %q says %d, there are %d", string(rune(k.what)), c.s.syms.name(k.sym), kept[k], n)
		}
		delete(kept, k)
	}
	for k, n := range kept {
		c.Add("counter", "counter %q of %q says %d, there are none", string(rune(k.what)), c.s.syms.name(k.sym), n)
	}
	return nil
}
