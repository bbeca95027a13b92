package engine

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/kenrec/ken/graph"
	"github.com/kenrec/ken/graph/rdf"
	"github.com/kenrec/ken/graph/tabular"
)

// fact is what one statement says about one node.
type fact struct {
	role  RDFRole
	key   string // attribute key, with language and datatype
	lang  string
	value graph.Value
}

// newFact makes a fact of a statement whose object is a literal.
func newFact(role RDFRole, s *rdf.Statement) (*fact, error) {
	o := s.Object
	if strings.IndexByte(o.Value, 0) >= 0 {
		return nil, errors.New("the literal holds a NUL character")
	}
	if len(o.Value) > tabular.MaxField {
		return nil, errors.New("the literal is longer than 1 MiB")
	}
	f := &fact{role: role, lang: strings.ToLower(o.Lang), key: s.Predicate.Value}
	if role == RDFType {
		f.role = RDFDefault // a class that is a literal is no class
	}
	native := false
	f.value, native = literalValue(o)
	switch {
	case f.lang != "":
		f.key += "@" + f.lang
	case !native:
		f.key += "^^" + o.Datatype
	}
	if (role == RDFName || role == RDFText) && f.lang != "" {
		f.key = map[RDFRole]string{RDFName: "name@", RDFText: "text@"}[role] + f.lang
	}
	return f, checkName("predicate", f.key)
}

// literalValue makes a value of a literal. native is false when the value alone does not tell the datatype.
func literalValue(o rdf.Term) (v graph.Value, native bool) {
	local, ok := strings.CutPrefix(o.Datatype, rdf.NamespaceXSD)
	switch {
	case o.Datatype == "":
		return graph.String(o.Value), true
	case !ok:
		return graph.String(o.Value), false
	}
	switch local {
	case "integer", "int", "long", "short", "byte", "decimal", "double", "float", "nonNegativeInteger", "positiveInteger":
		if f, err := tabular.ParseNumber(o.Value); err == nil && math.Abs(f) < 1<<53 {
			return graph.Number(f), true
		}
	case "boolean":
		switch o.Value {
		case "true", "1":
			return graph.Bool(true), true
		case "false", "0":
			return graph.Bool(false), true
		}
	case "dateTime":
		if t, err := time.Parse(time.RFC3339, o.Value); err == nil && t.Nanosecond() == 0 {
			return graph.Time(t.Unix()), true
		}
	}
	return graph.String(o.Value), false
}

// pendingNode is a node that facts of the open batch change.
type pendingNode struct {
	node  graph.Node
	size  int
	dirty bool
}

// putFact works one statement into its node, which is written at the end of the batch.
func (w *batchWriter) putFact(rec *record) error {
	p, err := w.pending(rec.node.ID)
	if err != nil {
		return err
	}
	f := rec.fact
	if f.role == RDFType && p.node.Type != "" && p.node.Type != f.value.Text() {
		plain := *rec
		plain.fact = nil
		return w.put(&plain) // a further class: a triple
	}
	grown := len(f.key) + len(f.value.Text()) + 64
	if f.lang != "" && (f.role == RDFName || f.role == RDFText) {
		grown += len(f.value.Text()) // it may be both name and attribute
	}
	if p.size+grown > graph.MaxRecord {
		return &badRow{line: rec.line, raw: rec.raw,
			reason: fmt.Sprintf("node %s would have more than %d bytes of text and attributes", briefID(p.node.ID), graph.MaxRecord)}
	}
	changed := false
	switch f.role {
	case RDFType:
		changed = p.node.Type == ""
		p.node.Type = f.value.Text()
	case RDFName:
		changed = p.take(&p.node.Name, "name@", f, w.im.src.RDF.Language)
	case RDFText:
		changed = p.take(&p.node.Text, "text@", f, w.im.src.RDF.Language)
	default:
		changed = p.add(f.key, f.value)
	}
	if !changed {
		w.unchanged++
		return nil
	}
	p.dirty = true
	p.size += grown
	w.stored++
	return nil
}

// pending returns the node as the store has it with the facts so far; the batch is open by then, so that nobody else
// writes the node before it is written back.
func (w *batchWriter) pending(id string) (*pendingNode, error) {
	if p, ok := w.nodes[id]; ok {
		return p, nil
	}
	if err := errors.Join(w.open(), w.im.landed()); err != nil {
		return nil, err
	}
	node, err := w.store.Node(w.ctx, id)
	isNew := errors.Is(err, graph.ErrNotFound)
	if err != nil && !isNew {
		return nil, err
	}
	node.ID = id
	if isNew { // it gets its number now, in the order of the file, however long the batches are
		if _, err := w.try(func(b *graph.Batch) (graph.Change, error) { return b.PutNode(node) }); err != nil {
			return nil, err
		}
	}
	p := &pendingNode{node: node, size: nodeSize(&node)}
	if w.nodes == nil {
		w.nodes = map[string]*pendingNode{}
	}
	w.nodes[id] = p
	w.order = append(w.order, id)
	return p, nil
}

// flushNodes writes the changed nodes into the open batch.
func (w *batchWriter) flushNodes() error {
	order, nodes := w.order, w.nodes
	w.order, w.nodes = nil, nil
	for _, id := range order {
		p := nodes[id]
		if !p.dirty {
			continue
		}
		if _, err := w.try(func(b *graph.Batch) (graph.Change, error) { return b.ReplaceNode(p.node) }); err != nil {
			return err
		}
	}
	return nil
}

// take sets name or text if f is better than what is there, by language: none, then the preferred one, then any; of
// equals the first stays. A literal with a language is an attribute besides; one without that comes too late is one only.
func (p *pendingNode) take(dst *string, prefix string, f *fact, preferred string) bool {
	changed := false
	if f.lang != "" {
		changed = p.add(f.key, f.value)
	}
	rank := func(lang string) int {
		switch lang {
		case "":
			return 0
		case preferred:
			return 1
		}
		return 2
	}
	text := f.value.Text()
	switch {
	case *dst == text:
		return changed
	case *dst == "" || rank(f.lang) < rank(p.language(*dst, prefix)):
		*dst = text
		return true
	case f.lang == "":
		return p.add(f.key, f.value)
	}
	return changed
}

// language tells in which language the name or text is: the attribute that holds the same says.
func (p *pendingNode) language(text, prefix string) string {
	for _, a := range p.node.Attrs {
		if lang, ok := strings.CutPrefix(a.Key, prefix); ok && (a.Value.Text() == text || slices.Contains(a.Value.Strings(), text)) {
			return lang
		}
	}
	return ""
}

// add gives the node an attribute; several values of one key become a list. It reports whether anything changed.
func (p *pendingNode) add(key string, v graph.Value) bool {
	i, found := slices.BinarySearchFunc(p.node.Attrs, key, func(a graph.Attr, k string) int { return strings.Compare(a.Key, k) })
	if !found {
		p.node.Attrs = slices.Insert(p.node.Attrs, i, graph.Attr{Key: key, Value: v})
		return true
	}
	old := p.node.Attrs[i].Value
	if old.Equal(v) {
		return false
	}
	list := old.Strings()
	if old.Kind() != graph.KindList {
		list = []string{textOf(old)}
	}
	text := textOf(v)
	if slices.Contains(list, text) {
		return false
	}
	p.node.Attrs[i].Value = graph.List(append(list, text)...)
	return true
}

// textOf is a value as an element of a list.
func textOf(v graph.Value) string {
	if v.Kind() == graph.KindString {
		return v.Text()
	}
	return v.String()
}
