package engine

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/kenrec/ken/graph"
	"github.com/kenrec/ken/graph/tabular"
)

// record is one row, ready to be stored. kind tells which of the parts is meant.
type record struct {
	kind   Kind
	line   int64
	raw    string
	node   graph.Node // Nodes, and the id of Vectors
	triple graph.Triple
	inter  graph.Interaction
	vector []float32
	fact   *fact // a statement of RDF about one node; then node.ID is the node
	size   int   // bytes that raw does not show
	tidied int   // fields that Normalize changed
}

// begin fills in what a row need not say.
func (r *record) begin(src *Source) {
	switch r.kind {
	case Nodes:
		r.node.Type = src.Type
	case Triples:
		r.triple.Weight, r.triple.Source = 1, src.SourceTag
	case Interactions:
		r.inter.Weight, r.inter.Type = 1, src.Type
	}
}

// set puts the text of one column into the record. Empty optional columns leave what begin filled in.
func (r *record) set(src *Source, c *tableColumn, s string) error {
	before := r.tidied
	if c.field.isText() {
		s = r.tidy(src, s)
	}
	if s == "" && c.field != fieldID && c.field != fieldUser && c.field != fieldItem {
		return nil // empty heads, relations and tails are found by finish
	}
	switch c.field {
	case fieldID:
		r.node.ID = c.prefix + s
		return checkID("id", s, r.node.ID)
	case fieldName:
		r.node.Name = s
	case fieldText:
		r.node.Text = s
	case fieldHead:
		r.triple.Head = c.prefix + s
	case fieldRelation:
		r.triple.Relation = s
	case fieldTail:
		r.triple.Tail = c.prefix + s
	case fieldSource:
		r.triple.Source = s
	case fieldUser:
		r.inter.User = src.UserPrefix + c.prefix + s
		return checkID("user", s, r.inter.User)
	case fieldItem:
		r.inter.Item = src.ItemPrefix + c.prefix + s
		return checkID("item", s, r.inter.Item)
	case fieldType:
		return r.setType(c, s)
	case fieldAttr:
		v, ok, err := attributeOf(c.typ, s)
		if err != nil {
			return fmt.Errorf("%s is %w", briefID(c.name), err)
		}
		if ok {
			r.node.Attrs = append(r.node.Attrs, graph.Attr{Key: c.name, Value: r.tidyValue(src, v)})
			r.tidied = min(r.tidied, before+1) // the text and a list in it are one field
		}
	default:
		return r.setNumber(c, s)
	}
	return nil
}

// setType takes the type of a node or interaction; neo4j-admin gives nodes several, "Movie;Comedy".
func (r *record) setType(c *tableColumn, s string) error {
	if r.kind == Interactions {
		r.inter.Type = s
		return nil
	}
	r.node.Type = s
	if c.name == "" && strings.Contains(s, ";") {
		all := strings.Split(s, ";")
		r.node.Type = all[0]
		r.node.Attrs = append(r.node.Attrs, graph.Attr{Key: "labels", Value: graph.List(all...)})
	}
	return nil
}

func (r *record) setNumber(c *tableColumn, s string) error {
	if c.field == fieldTime {
		t, err := tabular.ParseTime(s)
		if err != nil {
			return fmt.Errorf("the time is %w", err)
		}
		r.inter.Time = t
		return nil
	}
	x, err := number32(s)
	if err != nil {
		return fmt.Errorf("the weight is %w", err)
	}
	switch {
	case c.field == fieldConfidence:
		if x <= 0 || x > 1 {
			return errors.New("the confidence is not above 0 and at most 1")
		}
		r.triple.Confidence = x
	case r.kind == Interactions:
		r.inter.Weight = x
	case x <= 0:
		return errors.New("the weight of a triple is not above 0")
	default:
		r.triple.Weight = x
	}
	return nil
}

// setVector reads numbers that stand in one column: [0.1, 0.2] or 0.1 0.2.
func (r *record) setVector(s string) error {
	s = strings.Trim(s, "[]() ")
	for i, w := range strings.FieldsFunc(s, func(c rune) bool { return c == ',' || c == ' ' || c == ';' }) {
		x, err := number32(w)
		if err != nil {
			return fmt.Errorf("element %d is %w", i+1, err)
		}
		r.vector = append(r.vector, x)
	}
	return nil
}

// finish checks the record as a whole.
func (r *record) finish(src *Source) error {
	switch r.kind {
	case Nodes:
		return r.finishNode()
	case Triples:
		if err := checkID("head", r.triple.Head, r.triple.Head); err != nil {
			return err
		}
		if err := checkName("relation", r.triple.Relation); err != nil {
			return err
		}
		return checkID("tail", r.triple.Tail, r.triple.Tail)
	case Interactions:
		if err := errors.Join(checkID("user", r.inter.User, r.inter.User), checkID("item", r.inter.Item, r.inter.Item)); err != nil {
			return err
		}
		if err := checkEnds(r.inter); err != nil {
			return fmt.Errorf("%w: give the two kinds ids of their own with --user-prefix or --item-prefix", err)
		}
	case Vectors:
		if err := checkID("id", r.node.ID, r.node.ID); err != nil {
			return err
		}
		if len(r.vector) == 0 {
			return errors.New("the vector has no numbers")
		}
		if len(r.vector) > graph.MaxDim {
			return fmt.Errorf("the vector has %d numbers, more than %d", len(r.vector), graph.MaxDim)
		}
	}
	return nil
}

// finishNode sorts the attributes by key, as the graph wants them; of equal keys the first stays.
func (r *record) finishNode() error {
	if err := checkID("id", r.node.ID, r.node.ID); err != nil {
		return err
	}
	slices.SortStableFunc(r.node.Attrs, func(a, b graph.Attr) int { return strings.Compare(a.Key, b.Key) })
	r.node.Attrs = slices.CompactFunc(r.node.Attrs, func(a, b graph.Attr) bool { return a.Key == b.Key })
	if n := nodeSize(&r.node); n > graph.MaxRecord {
		return fmt.Errorf("the node has %d bytes of text and attributes, more than %d", n, graph.MaxRecord)
	}
	return nil
}

// nodeSize bounds from above the encoded size of a node.
func nodeSize(n *graph.Node) int {
	size := len(n.ID) + len(n.Type) + len(n.Name) + len(n.Text) + 64
	for _, a := range n.Attrs {
		size += len(a.Key) + len(a.Value.Text()) + 32
		for _, s := range a.Value.Strings() {
			size += len(s) + 8
		}
	}
	return size
}

// checkID refuses an empty or overlong id; given is what stood in the row, id what it became with its prefix.
func checkID(what, given, id string) error {
	switch {
	case given == "":
		return fmt.Errorf("the %s is empty", what)
	case len(id) > graph.MaxID:
		return fmt.Errorf("the %s has %d bytes, more than %d", what, len(id), graph.MaxID)
	}
	return nil
}

// checkEnds refuses an interaction of a node with itself: where users and items share ids, two things would become one.
func checkEnds(x graph.Interaction) error {
	if x.User == x.Item {
		return fmt.Errorf("user and item are both %s", briefID(x.User))
	}
	return nil
}

func checkName(what, s string) error {
	switch {
	case s == "":
		return fmt.Errorf("the %s is empty", what)
	case len(s) > graph.MaxName:
		return fmt.Errorf("the %s has %d bytes, more than %d", what, len(s), graph.MaxName)
	}
	return nil
}

// number32 reads a finite float32.
func number32(s string) (float32, error) {
	f, err := tabular.ParseNumber(s)
	if err != nil {
		return 0, err
	}
	x := float32(f)
	if f != math.Trunc(f) { // round once, from the text: twice may end in the neighbour
		if y, err := strconv.ParseFloat(s, 32); err == nil {
			x = float32(y)
		}
	}
	if math.IsInf(float64(x), 0) {
		return 0, errors.New("too large a number")
	}
	return x, nil
}

// briefID quotes the start of an id for a message.
func briefID(id string) string {
	if len(id) > 60 {
		id = strings.ToValidUTF8(id[:60], "") + "…"
	}
	return strconv.Quote(id)
}
