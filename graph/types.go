package graph

// Idx is the dense number of a node, given by first sight, never reused.
type Idx uint32

// Sym is the dense number of a relation, node type, interaction type, source or modality name. Sym 0 is the empty name.
type Sym uint32

// Limits of what a store takes.
const (
	// MaxID is the longest id of a node in bytes.
	MaxID = 1024
	// MaxName is the longest relation, type, source, modality, model or attribute key in bytes.
	MaxName = 1024
	// MaxRecord is the largest encoded node (id, name, text and attributes) or setting in bytes. It keeps every value
	// below Badger's value threshold: a bad read from the value log returns an empty value and no error.
	MaxRecord = 1<<20 - 1<<12
	// MaxDim is the longest vector.
	MaxDim = 1 << 16
)

// Node is a thing of the graph. Everything but ID may be empty.
type Node struct {
	ID   string
	Type string // "user", "item", "director", anything
	Name string
	Text string
	// Attrs are sorted by key; each key stands once.
	Attrs []Attr
}

// Attr is one attribute of a node.
type Attr struct {
	Key   string
	Value Value
}

// Triple says that Head stands in Relation to Tail.
type Triple struct {
	Head, Relation, Tail string
	// Weight is finite; 0 is written as 1, the default.
	Weight float32
	// Confidence is in [0, 1]; 0 is written as 1, certain.
	Confidence float32
	// Source names where the triple came from: a file, "llm:model:prompt". It may be empty.
	Source string
}

// Interaction is something a user did with an item.
type Interaction struct {
	User, Item string
	// Type is "view", "buy", "rate", anything; it may be empty.
	Type string
	// Weight is finite and kept as it is; negative weights are dislikes.
	Weight float32
	// Time is in Unix seconds; 0 is unknown.
	Time int64
}

// NodeRow is a node in a scan.
type NodeRow struct {
	Idx  Idx
	Type Sym
	Node Node
}

// TripleRow is a triple in a bulk scan: numbers only.
type TripleRow struct {
	Head, Tail         Idx
	Relation, Source   Sym
	Weight, Confidence float32
}

// InteractionRow is an interaction in a bulk scan: numbers only.
type InteractionRow struct {
	User, Item Idx
	Type       Sym
	Weight     float32
	Time       int64 // Unix seconds, 0 unknown
}

// VectorRow is a vector in a scan. The caller may keep Vec.
type VectorRow struct {
	Idx Idx
	Vec []float32
}

// Modality is a kind of vector. All vectors of one modality have the same length and come from the same model.
type Modality struct {
	Name  string
	Model string
	Dim   int
	Count int // vectors stored
}

// Count is how often a name occurs.
type Count struct {
	Name string
	N    int
}

// Stats are the sizes of a store.
type Stats struct {
	Nodes, Triples, Interactions, Vectors, CacheEntries int

	Seq   uint64 // committed batches
	Bytes int64  // on disk, 0 in memory
}

// Change says what a Put did.
type Change int

// The outcomes of a Put.
const (
	Unchanged Change = iota // the very same record was there
	Added                   // nothing of this identity was there
	Replaced                // another record of this identity was there
)

// String returns the change in lower case.
func (c Change) String() string {
	switch c {
	case Unchanged:
		return "unchanged"
	case Added:
		return "added"
	case Replaced:
		return "replaced"
	}
	return "unknown change"
}

// Direction tells which triples of a node are meant.
type Direction int

// The directions. The zero value is Both.
const (
	Both Direction = iota // Out, then In; a loop stands once
	Out                   // the node is the head
	In                    // the node is the tail
)

// NeighbourOptions choose among the triples of a node. The zero value takes all.
type NeighbourOptions struct {
	// Relation keeps the triples of this relation only, if not empty.
	Relation  string
	Direction Direction
}
