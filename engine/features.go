package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/enrich"
	"github.com/kenrec/ken/engine/internal/sparse"
	"github.com/kenrec/ken/graph"
)

// Names of the feature blocks that the engine makes; imported modalities make blocks of their own names.
const (
	blockText       = "text"       // the node's own text vector
	blockWords      = "words"      // LSA over the words of name and text
	blockStructure  = "structure"  // SVD of the node's contexts
	blockNeighbours = "neighbours" // mean text vector of the neighbourhood
	blockPopularity = "popularity" // a constant: the mean item
)

const (
	wordsRank     = 256
	structureRank = 128
)

// blockDefaults are the weights of the blocks that a configuration does not name.
var blockDefaults = []Weight{{blockText, 1}, {blockWords, 1}, {blockStructure, 0.5}, {blockNeighbours, 0}, {blockPopularity, 1}}

// features turns nodes of one kind into rows of enriched features. It is fitted once and kept with the model.
type features struct {
	blocks   []block
	cols     int
	contexts *contextIndex // that the structure block is about: also those of relations with weight 0
}

// block is a range of columns with the transform that fills it; exactly one of the transforms is set, none for popularity.
type block struct {
	name     string
	weight   float32
	from, to int
	modality string // of whitener
	whitener *enrich.Whitener
	lsa      *enrich.LSA
	shape    *enrich.Structure
}

// raw is what is known about some nodes, by row.
type raw struct {
	texts    []string
	told     []bool                                 // has a text; a name alone names a thing and says little about it
	bags     *sparse.CSR                            // nodes × contexts, rarity-weighted
	vector   func(modality string, r int) []float32 // nil where missing
	around   func(r int) []float32                  // mean text vector of the neighbourhood, nil where missing
	rows     int
	modality []string // names of modalities, the text's included
	dims     map[string]int
}

// known reports whether anything is known about a row beside its name.
func (r *raw) known(row int) bool { return r.told[row] || r.bags.Len(row) > 0 }

// vectorsOf gathers one modality as a matrix with a mask of present rows.
func (r *raw) vectorsOf(get func(row int) []float32, dim int) (dense.Matrix, []bool, int) {
	m, present, n := dense.New(r.rows, dim), make([]bool, r.rows), 0
	for i := range r.rows {
		if v := get(i); v != nil {
			copy(m.Row(i), v)
			present[i] = true
			n++
		}
	}
	return m, present, n
}

// fitFeatures fits every block that has data and a weight, and returns the transforms with the nodes' features.
func fitFeatures(ctx context.Context, r *raw, cfg Config, workers int) (*features, dense.Matrix, error) {
	f := &features{}
	for _, name := range r.modality {
		dim := r.dims[name]
		if err := f.fitVectors(ctx, r, cfg, name, name, dim, func(i int) []float32 { return r.vector(name, i) }, workers); err != nil {
			return nil, dense.Matrix{}, err
		}
	}
	if r.around != nil && r.dims[modalityText] > 0 {
		if err := f.fitVectors(ctx, r, cfg, blockNeighbours, modalityText, r.dims[modalityText], r.around, workers); err != nil {
			return nil, dense.Matrix{}, err
		}
	}
	if w := f.weightOf(cfg, blockWords); w > 0 && anyText(r.texts) {
		lsa, err := enrich.FitLSA(ctx, r.texts, min(wordsRank, r.rows/4), cfg.seed(), workers)
		if err != nil {
			return nil, dense.Matrix{}, err
		}
		f.add(block{name: blockWords, weight: w, lsa: lsa}, lsa.Map.Cols)
	}
	if w := f.weightOf(cfg, blockStructure); w > 0 && r.bags.NNZ() > 0 {
		shape, err := enrich.FitStructure(ctx, r.bags, min(structureRank, r.rows/4), cfg.seed(), workers)
		if err != nil {
			return nil, dense.Matrix{}, err
		}
		f.add(block{name: blockStructure, weight: w, shape: shape}, shape.Map.Cols)
	}
	if len(f.blocks) == 0 {
		return f, dense.Matrix{}, nil
	}
	if w := f.weightOf(cfg, blockPopularity); w > 0 {
		f.add(block{name: blockPopularity, weight: w}, 1)
	}
	h, err := f.apply(ctx, r, workers)
	return f, h, err
}

func (f *features) fitVectors(ctx context.Context, r *raw, cfg Config, name, modality string, dim int, get func(int) []float32, workers int) error {
	w := f.weightOf(cfg, name)
	if w == 0 {
		return nil
	}
	m, present, n := r.vectorsOf(get, dim)
	if n < 2 {
		return nil
	}
	whitener, err := enrich.FitWhitener(ctx, m, present, workers)
	if err != nil {
		return fmt.Errorf("%s vectors: %w", modality, err)
	}
	f.add(block{name: name, weight: w, modality: modality, whitener: whitener}, dim)
	return nil
}

// width is the number of columns, 0 without features.
func (f *features) width() int {
	if f == nil {
		return 0
	}
	return f.cols
}

// shaped reports whether the features have a structure block, with its contexts.
func (f *features) shaped() (contexts int, yes bool) {
	if f == nil {
		return 0, false
	}
	for _, b := range f.blocks {
		if b.shape != nil {
			return b.shape.Map.Rows, true
		}
	}
	return 0, false
}

func (f *features) weightOf(cfg Config, name string) float32 {
	return float32(weightOf(cfg.Blocks, name, weightOf(blockDefaults, name, 1)))
}

func (f *features) add(b block, cols int) {
	if cols == 0 {
		return
	}
	b.from, b.to = f.cols, f.cols+cols
	f.cols = b.to
	f.blocks = append(f.blocks, b)
}

// apply returns the features of the nodes of r, rows × cols.
func (f *features) apply(ctx context.Context, r *raw, workers int) (dense.Matrix, error) {
	h := dense.New(r.rows, f.cols)
	for i := range f.blocks {
		b := &f.blocks[i]
		part, err := b.apply(ctx, r, workers)
		if err != nil {
			return h, err
		}
		for row := range r.rows {
			dst, src := h.Row(row)[b.from:b.to], part.Row(row)
			for j, v := range src {
				dst[j] = b.weight * v
			}
		}
	}
	return h, nil
}

func (b *block) apply(ctx context.Context, r *raw, workers int) (dense.Matrix, error) {
	switch {
	case b.whitener != nil:
		get := func(i int) []float32 { return r.vector(b.modality, i) }
		if b.name == blockNeighbours {
			get = r.around
		}
		m, present, _ := r.vectorsOf(get, len(b.whitener.Mean))
		return b.whitener.Apply(ctx, m, present, workers)
	case b.lsa != nil:
		return b.lsa.Apply(ctx, r.texts, workers)
	case b.shape != nil:
		return b.shape.Apply(ctx, r.bags, workers)
	}
	ones := dense.New(r.rows, 1)
	for i := range r.rows {
		ones.Row(i)[0] = 1
	}
	return ones, nil
}

func anyText(texts []string) bool {
	return slices.ContainsFunc(texts, func(t string) bool { return t != "" })
}

// words is the text that the words block sees: name and text, each once.
func (n *nodeInfo) words() string {
	if strings.HasPrefix(n.text, n.name) {
		return n.text
	}
	return strings.TrimSpace(n.name + ". " + n.text)
}

// meanVector returns the mean of the vectors of the given nodes, nil when none has one.
func meanVector(m *vectorSet, nodes []graph.Idx) []float32 {
	vs := make([][]float32, len(nodes))
	for i, n := range nodes {
		vs[i] = m.row(n)
	}
	return meanOf(vs)
}

// meanOf returns the mean of the vectors that are there, nil when none is.
func meanOf(vs [][]float32) []float32 {
	var sum []float32
	n := float32(0)
	for _, v := range vs {
		if v == nil {
			continue
		}
		if sum == nil {
			sum = make([]float32, len(v))
		}
		for j, x := range v {
			sum[j] += x
		}
		n++
	}
	for j := range sum {
		sum[j] /= n
	}
	return sum
}
