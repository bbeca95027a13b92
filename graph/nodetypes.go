package graph

// nodeTypes remembers the types of nodes, four bytes each: what an interaction asks of its ends. It is not safe for concurrent
// use.
type nodeTypes []Sym

// of returns the type of node i, 0 when it has none or was not met.
func (t nodeTypes) of(i Idx) Sym {
	if int(i) >= len(t) {
		return 0
	}
	return t[i]
}

// set notes the type of node i.
func (t *nodeTypes) set(i Idx, typ Sym) {
	if n := int(i) + 1; n > len(*t) {
		if typ == 0 {
			return
		}
		*t = append(*t, make([]Sym, n-len(*t))...)
	}
	(*t)[i] = typ
}

// NodeType returns the type of a node as the batch sees it, "" when it has none, and whether there is such a node. It is
// cheaper than Store.Node. Errors: ErrBadID, ErrBatchDone, ErrClosed.
func (b *Batch) NodeType(id string) (typ string, found bool, err error) {
	if err := checkID(id); err != nil {
		return "", false, err
	}
	if b.done {
		return "", false, ErrBatchDone
	}
	if err := b.s.kv.enter(); err != nil {
		return "", false, err
	}
	defer b.leave()
	i, err := b.find(id)
	if err != nil || i == noIdx {
		return "", false, err
	}
	if y := b.s.types.of(i); y != 0 && b.nodes[i] == nil {
		return b.s.syms.name(y), true, nil
	}
	e, err := b.node(i)
	if err != nil {
		return "", false, err
	}
	if b.nodes[i] == nil {
		b.s.types.set(i, e.cur.typ)
	}
	return b.symName(e.cur.typ), true, nil
}

// symName returns the name of a symbol that may be the batch's own.
func (b *Batch) symName(y Sym) string {
	if n := int(y) - b.s.syms.len(); n >= 0 && n < len(b.newSyms) {
		return b.newSyms[n]
	}
	return b.s.syms.name(y) // "" for one of a batch that could not be written: then this one cannot, either
}
