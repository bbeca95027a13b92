package link

import (
	"math"
	"slices"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/kernel"
	"github.com/kenrec/ken/engine/internal/sparse"
)

// View is one idea of which items are alike.
type View struct {
	Name string
	Near *sparse.CSR // items × items: row i holds the neighbours of item i, itself left out, with weights above 0
}

// Evidence is what all relations are predicted from. It never changes and is safe for concurrent use.
type Evidence struct {
	Views []View
	Items dense.Matrix // items × f factors
	total []float32    // by view: mean weight of an item's neighbours
}

// NewEvidence prepares views over the items whose factors are given.
func NewEvidence(views []View, items dense.Matrix) *Evidence {
	e := &Evidence{Views: views, Items: items, total: make([]float32, len(views))}
	for k, v := range views {
		sum := 0.0
		for _, w := range v.Near.Val {
			sum += float64(w)
		}
		e.total[k] = float32(sum / float64(max(v.Near.Rows, 1)))
	}
	return e
}

// Features returns the names of the features, in their order.
func (e *Evidence) Features() []string {
	names := []string{"frequency", "factors"}
	for _, v := range e.Views {
		names = append(names, v.Name)
	}
	return append(names, "links")
}

// Relation is the links of items in one relation.
type Relation struct {
	Links *sparse.CSR  // items × ends, values ignored
	Ends  dense.Matrix // ends × f factors; a row of zeros: none
	count []int32      // by end: items that have it
	share []float32    // by end: share of them among the items with links
}

// NewRelation prepares a relation.
func NewRelation(links *sparse.CSR, ends dense.Matrix) *Relation {
	r := &Relation{Links: links, Ends: ends, count: links.ColCounts(), share: make([]float32, links.Cols)}
	items := 0
	for i := range links.Rows {
		if links.Len(i) > 0 {
			items++
		}
	}
	for z, n := range r.count {
		r.share[z] = (float32(n) + 0.5) / (float32(items) + 1)
	}
	return r
}

// smoothing is how much the share of an end among all items counts beside that among the neighbours, against the weight
// of an item's neighbours in the mean.
const smoothing = 0.05

// scratch is what the features of one item are gathered in.
type scratch struct {
	sum     [][]float32 // view × ends: weight of the neighbours that have the end
	all     []float32   // by view: weight of the neighbours that have any
	touched []int32     // ends that some neighbour has, ascending
	mark    []bool      // by end: touched
	row     []float64   // features of one pair
}

func newScratch(e *Evidence, r *Relation) *scratch {
	s := &scratch{sum: make([][]float32, len(e.Views)), all: make([]float32, len(e.Views)),
		mark: make([]bool, r.Links.Cols), row: make([]float64, len(e.Features()))}
	for k := range s.sum {
		s.sum[k] = make([]float32, r.Links.Cols)
	}
	return s
}

// gather asks the neighbours of an item.
func (s *scratch) gather(e *Evidence, r *Relation, item int) {
	for _, z := range s.touched {
		s.mark[z] = false
		for k := range s.sum {
			s.sum[k][z] = 0
		}
	}
	s.touched = s.touched[:0]
	for k, v := range e.Views {
		s.all[k] = 0
		near, weight := v.Near.Row(item)
		for n, j := range near {
			ends, _ := r.Links.Row(int(j))
			if len(ends) > 0 {
				s.all[k] += weight[n]
			}
			for _, z := range ends {
				s.sum[k][z] += weight[n]
				if !s.mark[z] {
					s.mark[z] = true
					s.touched = append(s.touched, z)
				}
			}
		}
	}
	slices.Sort(s.touched)
}

// features writes the features of an item and an end to dst: the logarithm of the end's share among all items; the
// product of the factors; by view, how much larger the logarithm of its share among the neighbours is; and how many links
// the item has already, which orders no ends and says whether there is room for another.
func (s *scratch) features(e *Evidence, r *Relation, item, end int, dst []float64) {
	p := r.share[end]
	dst[0] = math.Log(float64(p))
	dst[1] = float64(kernel.Dot(e.Items.Row(item), r.Ends.Row(end)))
	for k := range e.Views {
		c := smoothing * e.total[k]
		if dst[2+k] = 0; c == 0 {
			continue // a view of nothing
		}
		dst[2+k] = math.Log(float64((s.sum[k][end]+c*p)/(s.all[k]+c))) - dst[0]
	}
	dst[2+len(e.Views)] = math.Log1p(float64(r.Links.Len(item)))
}
