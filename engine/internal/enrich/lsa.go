package enrich

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/sparse"
)

const (
	maxTerms  = 1 << 14 // terms kept, the most frequent: bounds the model file to maxTerms × rank numbers
	minDocs   = 2       // a term of one document ties nothing together
	maxShared = 0.5     // nor does one that every other document has
)

// LSA maps texts to the directions along which the words of a corpus vary together (Deerwester et al. 1990): weights
// 1 + ln tf, rows of length 1, truncated SVD. Rare words get no extra weight: with it, cold items rank no better.
type LSA struct {
	Terms []string     // ascending
	Map   dense.Matrix // terms × rank: the right singular vectors
}

// FitLSA fits to a corpus, one text a row; empty texts do not count. rank is an upper bound.
func FitLSA(ctx context.Context, texts []string, rank int, seed uint64, workers int) (*LSA, error) {
	terms, err := chooseTerms(ctx, texts)
	if err != nil {
		return nil, err
	}
	l := &LSA{Terms: terms}
	bags, err := l.bags(ctx, texts)
	if err != nil {
		return nil, err
	}
	l.Map, err = rightSingular(ctx, bags, rank, seed, workers)
	return l, err
}

// checkEvery is how many texts are split into words between two looks at the context.
const checkEvery = 1 << 10

// stopped returns an error wrapping that of ctx, which it looks at once in checkEvery rows.
func stopped(ctx context.Context, row int) error {
	if row%checkEvery == 0 && ctx.Err() != nil {
		return fmt.Errorf("enrich: words: %w", ctx.Err())
	}
	return nil
}

// chooseTerms returns the words of a corpus that tie texts together, ascending.
func chooseTerms(ctx context.Context, texts []string) ([]string, error) {
	df := map[string]int{}
	n := 0
	for i, t := range texts {
		if err := stopped(ctx, i); err != nil {
			return nil, err
		}
		seen := map[string]bool{}
		for w := range Words(t) {
			if !seen[w] {
				seen[w] = true
				df[w]++
			}
		}
		if len(seen) > 0 {
			n++
		}
	}
	var terms []string
	for w, c := range df {
		if c >= minDocs && float64(c) <= maxShared*float64(n) {
			terms = append(terms, w)
		}
	}
	slices.SortFunc(terms, func(a, b string) int {
		if df[a] != df[b] {
			return df[b] - df[a]
		}
		return strings.Compare(a, b)
	})
	terms = slices.Clone(terms[:min(len(terms), maxTerms)])
	slices.Sort(terms)
	return terms, nil
}

// bags returns texts × terms, rows of length 1.
func (l *LSA) bags(ctx context.Context, texts []string) (*sparse.CSR, error) {
	m := &sparse.CSR{Rows: len(texts), Cols: len(l.Terms), Ptr: make([]int64, len(texts)+1)}
	tf := map[int32]int{}
	var cols []int32
	for i, t := range texts {
		if err := stopped(ctx, i); err != nil {
			return nil, err
		}
		clear(tf)
		cols = cols[:0]
		for w := range Words(t) {
			at, ok := slices.BinarySearch(l.Terms, w)
			if !ok {
				continue
			}
			if tf[int32(at)]++; tf[int32(at)] == 1 {
				cols = append(cols, int32(at))
			}
		}
		slices.Sort(cols)
		square := 0.0
		first := len(m.Val)
		for _, c := range cols {
			v := 1 + math.Log(float64(tf[c]))
			square += v * v
			m.Idx, m.Val = append(m.Idx, c), append(m.Val, float32(v))
		}
		for p := first; p < len(m.Val); p++ {
			m.Val[p] /= float32(math.Sqrt(square))
		}
		m.Ptr[i+1] = int64(len(m.Idx))
	}
	return m, nil
}

// Apply returns one row a text, of length 1; texts without known words become zero.
func (l *LSA) Apply(ctx context.Context, texts []string, workers int) (dense.Matrix, error) {
	bags, err := l.bags(ctx, texts)
	if err != nil {
		return dense.Matrix{}, err
	}
	return project(ctx, bags, l.Map, workers)
}

// project returns the rows x·m, each scaled to length 1.
func project(ctx context.Context, x *sparse.CSR, m dense.Matrix, workers int) (dense.Matrix, error) {
	y := dense.New(x.Rows, m.Cols)
	if m.Cols == 0 {
		return y, nil
	}
	if err := sparse.MulDenseInto(ctx, y, x, m, workers); err != nil {
		return y, err
	}
	unitRows(y)
	return y, nil
}

// unitRows scales every row to length 1: a long text or a node with many links is no more of a thing than another. Rows
// that are zero or not finite become zero.
func unitRows(m dense.Matrix) {
	for i := range m.Rows {
		row := m.Row(i)
		square := 0.0
		for _, v := range row {
			square += float64(v) * float64(v)
		}
		if square == 0 {
			continue
		}
		if square-square != 0 { // vectors near the largest float: no direction is better than a wrong one
			clear(row)
			continue
		}
		scale := float32(1 / math.Sqrt(square))
		for j := range row {
			row[j] *= scale
		}
	}
}
