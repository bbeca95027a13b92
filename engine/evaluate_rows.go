package engine

import (
	"context"
	"math"

	"github.com/kenrec/ken/engine/internal/kernel"
	"github.com/kenrec/ken/engine/internal/par"
	"github.com/kenrec/ken/engine/internal/sparse"
)

// rowRanker is a ranker that can say more about a row than one score: what each of its parts makes of it. Every row has
// the same number of features, all finite. Which of them counts how much is for a calibration to find out.
type rowRanker interface {
	ranker
	RowFeatures(ctx context.Context, rows []labelRow) ([][]float64, error)
}

// RowFeatures is the contract of rowRanker. The features of user u and item i, over the items j that u liked at training:
//
//	u·v, the factorisation; head·q, the knowledge head
//	mean of S_ji for each scorer; for co-choice, whose sizes span decades, its logarithm
//	logarithm of the mean cosine of j's and i's contexts, and of how many contexts i has
//
// Means, not sums: a sum would tell how much the user did, and in files whose negatives were drawn, one for each positive,
// that gives the label away.
func (r *modelRanker) RowFeatures(ctx context.Context, rows []labelRow) ([][]float64, error) {
	of := make([][]int32, len(r.m.users)) // rows by user
	for at, row := range rows {
		of[row.user] = append(of[row.user], int32(at))
	}
	var links *sparse.CSR
	if r.k != nil {
		links = unitLinks(r.k.itemLinks)
	}
	out := make([][]float64, len(rows))
	err := par.Chunks(ctx, len(of), chunkUsers, r.workers, func(_, lo, hi int) error {
		b := newRowBoard(len(r.m.items), links)
		for u := lo; u < hi; u++ {
			if len(of[u]) == 0 {
				continue
			}
			b.listen(r.m, u)
			for _, at := range of[u] {
				out[at] = b.features(r.m, u, int(rows[at].item))
			}
			b.forget()
		}
		return nil
	})
	return out, err
}

// rowBoard is what one user's history says about items and contexts; scratch memory that is used again.
type rowBoard struct {
	links    *sparse.CSR // items × contexts, unit rows; nil: none
	liked    []int32
	heard    [][]float32 // by scorer and item: Σ_j S_ji
	touched  []int32     // items with a sum, some of them twice
	contexts []float32   // sum of the contexts of what she likes
}

func newRowBoard(items int, links *sparse.CSR) *rowBoard {
	b := &rowBoard{links: links}
	if links != nil {
		b.contexts = make([]float32, links.Cols)
	}
	return b
}

// listen sums what user row u liked.
func (b *rowBoard) listen(m *model, u int) {
	b.liked = m.likedBy(u)
	for len(b.heard) < len(m.scorers) {
		b.heard = append(b.heard, make([]float32, len(m.items)))
	}
	for _, j := range b.liked {
		for n := range m.scorers {
			idx, val := m.scorers[n].next.Row(int(j))
			for p, i := range idx {
				b.heard[n][i] += val[p]
			}
			b.touched = append(b.touched, idx...)
		}
		if b.links != nil {
			idx, val := b.links.Row(int(j))
			for p, z := range idx {
				b.contexts[z] += val[p]
			}
		}
	}
}

// forget clears what listen summed.
func (b *rowBoard) forget() {
	for _, sums := range b.heard {
		for _, i := range b.touched {
			sums[i] = 0
		}
	}
	b.touched = b.touched[:0]
	for _, j := range b.liked {
		if b.links != nil {
			idx, _ := b.links.Row(int(j))
			for _, z := range idx {
				b.contexts[z] = 0
			}
		}
	}
}

// Floors of the logarithms, below which two features are as good as none.
const (
	coChoiceFloor = 1e-4
	kinFloor      = 1e-3
)

// features are those of the user listened to and item i.
func (b *rowBoard) features(m *model, u, i int) []float64 {
	k, n := m.factors, float64(max(len(b.liked), 1))
	f := []float64{float64(kernel.Dot(k.U.Row(u), k.V.Row(i)))}
	if k.Q.Rows > 0 {
		f = append(f, float64(kernel.Dot(k.Head.Row(u), k.Q.Row(i))))
	}
	for s := range m.scorers {
		x := float64(b.heard[s][i]) / n
		if m.scorers[s].name == scorerCoChoice {
			x = math.Log(max(x, 0) + coChoiceFloor)
		}
		f = append(f, x)
	}
	if b.links != nil {
		idx, val := b.links.Row(i)
		kin := 0.0
		for p, z := range idx {
			kin += float64(val[p] * b.contexts[z])
		}
		f = append(f, math.Log(max(kin, 0)/n+kinFloor), math.Log1p(float64(len(idx))))
	}
	return f
}

// unitLinks returns items × contexts with each context divided by the root of its mass and each row by its length.
func unitLinks(links *sparse.CSR) *sparse.CSR {
	mass := links.ColSums()
	out := &sparse.CSR{Rows: links.Rows, Cols: links.Cols, Ptr: links.Ptr, Idx: links.Idx, Val: make([]float32, len(links.Val))}
	for i := range links.Rows {
		idx, val := links.Row(i)
		_, to := out.Row(i)
		square := 0.0
		for p, z := range idx {
			x := float64(val[p]) / math.Sqrt(max(mass[z], math.SmallestNonzeroFloat32))
			to[p] = float32(x)
			square += x * x
		}
		for p := range to {
			to[p] /= float32(math.Sqrt(max(square, math.SmallestNonzeroFloat32)))
		}
	}
	return out
}
