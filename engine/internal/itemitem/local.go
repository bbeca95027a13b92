package itemitem

import (
	"context"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/sparse"
)

// LocalConfig is the hyper-parameters of Local.
type LocalConfig struct {
	UserPower  float64 // q, 0 to 1: how far a user's activity is divided out of what she counts
	Ridge      float64 // λ above 0, in units of such counts
	ItemPower  float64 // t, 0 to 1: how far the popularity of the item foretold is divided out
	Neighbours int     // items that foretell each item, and items that each item foretells
}

// Local returns B, items × items: the linear model that predicts each item from its nearest neighbours. With the counts
// G = Rᵀ D_u^-2q R and N the neighbours of item i, the strongest of its row in the graph filter with p = ½,
//
//	B_Ni = (G_NN + λI)⁻¹ G_Ni · d_i^-t
//
// and each row (an item that a user has) keeps its Neighbours entries of largest size. What EASE solves for all items at
// once is solved here among the few that matter, and so costs items · Neighbours³/3 and memory that grows with the number
// of items: two items that foretell the same, since they come together, share the credit that a graph filter gives to both.
// Counts of pairs that are among each other's strongest in neither direction are taken as 0. Values of x are ignored.
func Local(ctx context.Context, x *sparse.CSR, cfg LocalConfig, workers int) (*sparse.CSR, error) {
	s, err := Filter(ctx, x, FilterConfig{ItemPower: 0.5, UserPower: cfg.UserPower, Keep: cfg.Neighbours}, workers)
	if err != nil {
		return nil, err
	}
	l := newLocal(x, s, cfg)
	scratch := make([]*localScratch, max(workers, 1))
	columns, err := buildRows(ctx, x.Cols, workers, func(worker, i int) ([]int32, []float32) {
		if scratch[worker] == nil {
			scratch[worker] = newLocalScratch(x.Cols, cfg.Neighbours)
		}
		return l.column(scratch[worker], i)
	})
	if err != nil {
		return nil, err
	}
	return strongestRows(ctx, columns.Transpose(), cfg.Neighbours, workers)
}

// local is what all items share. Everything is in the filter's units, S = D_i^-½ G D_i^-½, in which the system reads
// (S_NN + λ D_i⁻¹) y = S_Ni with B_ji = d_j^-½ y_j d_i^½-t.
type local struct {
	s        *sparse.CSR // the filter's rows
	diagonal []float32   // S_ii + λ/d_i
	ridge    []float32   // λ/d_i
	from, to []float32   // d_j^-½, d_i^½-t
}

func newLocal(x, s *sparse.CSR, cfg LocalConfig) *local {
	xt := x.Transpose()
	user := powers(x, -2*cfg.UserPower)
	l := &local{s: s, diagonal: make([]float32, x.Cols), ridge: powers(xt, -1), from: powers(xt, -0.5), to: powers(xt, 0.5-cfg.ItemPower)}
	for i := range l.diagonal {
		users, _ := xt.Row(i)
		sum := 0.0
		for _, u := range users {
			sum += float64(user[u])
		}
		inverse := l.ridge[i]
		l.ridge[i] = float32(cfg.Ridge) * inverse
		l.diagonal[i] = float32(sum)*inverse + l.ridge[i]
	}
	return l
}

// localScratch is a worker's memory: a padded system with its right side beside it.
type localScratch struct {
	place   []int32   // by item: its place among the neighbours, -1 for the others
	system  []float32 // n rows of ld numbers, column n the right side
	inverse []float32
	y       []float32
	ld      int
}

func newLocalScratch(items, neighbours int) *localScratch {
	n := (neighbours + 7) &^ 7
	c := &localScratch{place: make([]int32, items), ld: (n + 16) &^ 15, inverse: make([]float32, n), y: make([]float32, n)}
	c.system = make([]float32, n*c.ld)
	for i := range c.place {
		c.place[i] = -1
	}
	return c
}

// stiffer is by how much λ grows when counts left out made a system indefinite; after some steps the diagonal rules.
const stiffer = 4

// column solves for what foretells item i: its neighbours, ascending, with their weights. The result holds until the next call.
func (l *local) column(c *localScratch, i int) ([]int32, []float32) {
	near, value := l.s.Row(i)
	if len(near) == 0 {
		return nil, nil
	}
	n := (len(near) + 7) &^ 7
	for extra := float32(0); ; extra = stiffer*extra + 1 {
		l.fill(c, near, value, n, extra)
		if dense.FactorUpper(c.system, n, c.ld, (n+16)&^15, c.inverse) {
			break
		}
	}
	dense.BackUpper(c.y, c.system, n, c.ld, n, c.inverse)
	for a, j := range near {
		c.y[a] *= l.from[j] * l.to[i]
	}
	return near, c.y[:len(near)]
}

// fill writes the upper triangle of the system with n rows, of which those beyond the neighbours are the identity, and
// the right side in column n. The ridge is 1+extra times its value.
func (l *local) fill(c *localScratch, near []int32, value []float32, n int, extra float32) {
	clear(c.system[:n*c.ld])
	for a, j := range near {
		c.place[j] = int32(a)
		c.system[a*c.ld+a] = l.diagonal[j] + extra*l.ridge[j]
		c.system[a*c.ld+n] = value[a]
	}
	for a := len(near); a < n; a++ {
		c.system[a*c.ld+a] = 1
	}
	for a, j := range near {
		others, counts := l.s.Row(int(j))
		for p, k := range others {
			if b := int(c.place[k]); b >= 0 {
				c.system[min(a, b)*c.ld+max(a, b)] = counts[p]
			}
		}
	}
	for _, j := range near {
		c.place[j] = -1
	}
}

// strongestRows keeps the entries of largest size of each row.
func strongestRows(ctx context.Context, m *sparse.CSR, keep, workers int) (*sparse.CSR, error) {
	scratch := make([]*accumulator, max(workers, 1))
	return buildRows(ctx, m.Rows, workers, func(worker, i int) ([]int32, []float32) {
		idx, val := m.Row(i)
		if len(idx) <= keep {
			return idx, val
		}
		if scratch[worker] == nil {
			scratch[worker] = &accumulator{sum: make([]float32, m.Cols)}
		}
		for p, j := range idx {
			scratch[worker].add(j, val[p])
		}
		return scratch[worker].strongest(-1, keep)
	})
}
