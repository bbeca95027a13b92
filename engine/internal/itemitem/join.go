package itemitem

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/sparse"
)

// Newcomer is an item that somebody chose after a scorer was fitted: who chose it, by what else they have. Items without
// entries at fitting have no part in it.
type Newcomer struct {
	Fans [][]int32 // by user: the items that were there at fitting, ascending
}

// Joins solves what Local would say of newcomers. It never changes and is safe for concurrent use.
type Joins struct {
	people, next *sparse.CSR // items × users, and what Local fitted
	user         []float32   // D_u^-2q
	cfg          LocalConfig
}

// NewJoins prepares columns for newcomers to next, which Local fitted to x with cfg.
func NewJoins(x, next *sparse.CSR, cfg LocalConfig) *Joins {
	return &Joins{people: x.Transpose(), next: next, user: powers(x, -2*cfg.UserPower), cfg: cfg}
}

// Of returns the column that Local would have for a newcomer had it been there: entry n is what having item at[n] says
// about it. What is too weak to be among the strongest of its row is left out, as Local does; everything else stays as it
// was fitted. Pairs of neighbours are counted whether or not the filter's rows hold them.
// Cost: the fans' items, the neighbours' users, and Neighbours³/3.
func (l *Joins) Of(ctx context.Context, c Newcomer) (at []int32, val []float32, err error) {
	a := accumulator{sum: make([]float32, l.next.Cols)}
	for _, items := range c.Fans {
		by := float32(math.Pow(float64(len(items)+1), -2*l.cfg.UserPower))
		for _, j := range items {
			a.add(j, by)
		}
	}
	root := func(j int32) float32 { return float32(math.Sqrt(float64(max(l.people.Len(int(j)), 1)))) }
	for _, j := range a.touched {
		a.sum[j] /= root(j)
	}
	near, count := a.strongest(-1, l.cfg.Neighbours)
	if len(near) == 0 {
		return nil, nil, nil
	}
	y := make([]float64, len(near))
	for n, j := range near {
		y[n] = float64(count[n] * root(j))
	}
	solver, err := dense.NewCholesky(ctx, l.counts(near), len(near))
	if err != nil {
		return nil, nil, fmt.Errorf("itemitem: column of a newcomer: %w", err)
	}
	solver.SolveInto(y, y)
	own := math.Pow(float64(max(len(c.Fans), 1)), -l.cfg.ItemPower)
	for n, j := range near {
		v := float32(own * y[n])
		if _, row := l.next.Row(int(j)); len(row) < l.cfg.Neighbours || size(v) > weakest(row) {
			at, val = append(at, j), append(val, v)
		}
	}
	return at, val, nil
}

// counts returns G_NN + λI of some items, row-major.
func (l *Joins) counts(near []int32) []float64 {
	type seen struct{ user, place int32 }
	var all []seen
	for place, j := range near {
		users, _ := l.people.Row(int(j))
		for _, u := range users {
			all = append(all, seen{u, int32(place)})
		}
	}
	slices.SortFunc(all, func(a, b seen) int { return cmp.Or(cmp.Compare(a.user, b.user), cmp.Compare(a.place, b.place)) })
	n := len(near)
	g := make([]float64, n*n)
	for i := range n {
		g[i*n+i] = l.cfg.Ridge
	}
	for from := 0; from < len(all); {
		to := from
		for to < len(all) && all[to].user == all[from].user {
			to++
		}
		by := float64(l.user[all[from].user])
		for _, a := range all[from:to] {
			for _, b := range all[from:to] {
				g[int(a.place)*n+int(b.place)] += by
			}
		}
		from = to
	}
	return g
}

// weakest is the least size of a row's entries.
func weakest(row []float32) float32 {
	least := float32(math.Inf(1))
	for _, v := range row {
		least = min(least, size(v))
	}
	return least
}
