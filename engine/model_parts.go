package engine

import (
	"fmt"

	"github.com/kenrec/ken/engine/internal/enrich"
	"github.com/kenrec/ken/engine/internal/snapshot"
	"github.com/kenrec/ken/graph"
)

// savedAttr is a context made by an attribute, at its place among the contexts.
type savedAttr struct {
	At    int32  `json:"at"`
	Key   string `json:"key"`
	Value string `json:"value"`
}

// savedBlock is a block of features without the arrays of its transform.
type savedBlock struct {
	Name     string  `json:"name"`
	Weight   float32 `json:"weight"`
	Cols     int     `json:"cols"`
	Modality string  `json:"modality,omitempty"`
	Kind     string  `json:"kind"` // "vectors", "words", "structure", "constant"
}

// addContexts writes an index as columns and returns its attributes.
func addContexts(f *snapshot.File, name string, x *contextIndex) []savedAttr {
	n := len(x.all)
	relation, in, end, count := make([]int32, n), make([]int32, n), make([]int32, n), make([]int32, n)
	var attrs []savedAttr
	for z, c := range x.all {
		if c.attr.key != "" {
			attrs = append(attrs, savedAttr{int32(z), c.attr.key, c.attr.value})
		}
		relation[z], end[z], count[z] = int32(c.link.relation), int32(c.link.end), int32(c.count)
		if c.link.in {
			in[z] = 1
		}
	}
	f.AddInt32s(name+".relation", relation)
	f.AddInt32s(name+".in", in)
	f.AddInt32s(name+".end", end)
	f.AddInt32s(name+".count", count)
	f.AddFloat32s(name+".rarity", x.rarity)
	return attrs
}

// readContexts is the inverse of addContexts.
func readContexts(f *snapshot.File, name string, attrs []savedAttr) (*contextIndex, error) {
	var columns [4][]int32
	for i, column := range []string{".relation", ".in", ".end", ".count"} {
		var err error
		if columns[i], err = f.Int32s(name + column); err != nil {
			return nil, err
		}
	}
	rare, err := f.Float32s(name + ".rarity")
	if err != nil {
		return nil, err
	}
	for _, c := range columns {
		if len(c) != len(rare) {
			return nil, fmt.Errorf("%w: columns of %s differ in length", snapshot.ErrDamaged, name)
		}
	}
	x := newContextIndex()
	for z := range rare {
		c := contextInfo{count: int(columns[3][z])}
		if len(attrs) > 0 && int(attrs[0].At) == z {
			c.attr = attrKey{attrs[0].Key, attrs[0].Value}
			attrs = attrs[1:]
		} else {
			c.link = linkKey{graph.Sym(columns[0][z]), columns[1][z] == 1, graph.Idx(columns[2][z])}
		}
		x.add(c, rare[z])
	}
	if len(attrs) > 0 || len(x.byLink)+len(x.byAttr) != len(x.all) {
		return nil, fmt.Errorf("%w: %s names a context twice or out of place", snapshot.ErrDamaged, name)
	}
	return x, nil
}

// blockSection names the sections of a block by its number: an imported modality may have the name of one of our blocks.
func blockSection(name string, i int) string { return fmt.Sprintf("%s.%d", name, i) }

// addFeatures writes the transforms of the blocks and returns what names them.
func addFeatures(f *snapshot.File, name string, x *features) ([]savedBlock, error) {
	if x == nil {
		return nil, nil
	}
	var blocks []savedBlock
	for i, b := range x.blocks {
		s := savedBlock{Name: b.name, Weight: b.weight, Cols: b.to - b.from, Modality: b.modality, Kind: "constant"}
		at := blockSection(name, i)
		switch {
		case b.whitener != nil:
			s.Kind = "vectors"
			f.AddFloat32s(at+".mean", b.whitener.Mean)
			f.AddMatrix(at+".map", b.whitener.Map)
		case b.lsa != nil:
			s.Kind = "words"
			f.AddMatrix(at+".map", b.lsa.Map)
			if err := f.AddJSON(at+".terms", b.lsa.Terms); err != nil {
				return nil, err
			}
		case b.shape != nil:
			s.Kind = "structure"
			f.AddMatrix(at+".map", b.shape.Map)
		}
		blocks = append(blocks, s)
	}
	return blocks, nil
}

// readFeatures is the inverse of addFeatures.
func readFeatures(f *snapshot.File, name string, blocks []savedBlock) (*features, error) {
	if len(blocks) == 0 {
		return nil, nil
	}
	x := &features{}
	for i, s := range blocks {
		b, cols, err := readBlock(f, blockSection(name, i), s)
		if err != nil {
			return nil, err
		}
		if s.Cols != cols || cols < 1 {
			return nil, fmt.Errorf("%w: block %q has %d columns, its transform %d", snapshot.ErrDamaged, s.Name, s.Cols, cols)
		}
		x.add(b, cols)
	}
	return x, nil
}

// readBlock reads the transform of a block and returns how many columns it makes.
func readBlock(f *snapshot.File, at string, s savedBlock) (b block, cols int, err error) {
	b = block{name: s.Name, weight: s.Weight, modality: s.Modality}
	if s.Kind == "constant" {
		return b, 1, nil
	}
	m, err := f.Matrix(at + ".map")
	if err != nil {
		return b, 0, err
	}
	rows := m.Rows // that the transform's other part says
	switch s.Kind {
	case "vectors":
		b.whitener = &enrich.Whitener{Map: m}
		b.whitener.Mean, err = f.Float32s(at + ".mean")
		rows = len(b.whitener.Mean)
	case "words":
		b.lsa = &enrich.LSA{Map: m}
		err = f.JSON(at+".terms", &b.lsa.Terms)
		rows = len(b.lsa.Terms)
	case "structure":
		b.shape = &enrich.Structure{Map: m}
	default:
		err = fmt.Errorf("%w: block %q is of the unknown kind %q", snapshot.ErrDamaged, s.Name, s.Kind)
	}
	if err == nil && rows != m.Rows {
		err = fmt.Errorf("%w: block %q has %d rows, its map %d", snapshot.ErrDamaged, s.Name, rows, m.Rows)
	}
	return b, m.Cols, err
}
