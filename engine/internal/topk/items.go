package topk

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/kernel"
	"github.com/kenrec/ken/engine/internal/page"
)

const panelItems = kernel.ScoreCols

// Items is a set of item vectors prepared for scanning. It never changes and is safe for concurrent use.
//
// Items are scanned by falling norm, in panels of 32: once |u|·|v| is below a user's k-th score, no later panel can matter
// (Cauchy and Schwarz). Panels hold float32, or where the machine multiplies bytes, 8-bit codes with proven error bounds; items
// that the bounds leave in doubt are scored in float32 at the end.
type Items struct {
	v      dense.Matrix
	ids    []int32   // item at each place of the scan
	place  []int32   // place of each item
	norms  []float32 // upper bound of the norms in each panel and in later ones
	slack  float32   // bound of the rounding error of a score, relative to |u|·|v|
	valid  []uint32  // places of each panel that hold an item
	panels []float32 // packed float32, or nil
	codes  *codes    // packed bytes, or nil
	pool   sync.Pool // of *scan

	noBonus *bonuses  // of requests without any
	bonuses sync.Pool // of *bonuses that are all 0
}

// NewItems prepares v, one item a row, all finite; v must not change afterwards. Cost O(n log n + n·f).
func NewItems(v dense.Matrix) *Items { return newItems(v, kernel.HasInt8()) }

func newItems(v dense.Matrix, bytes bool) *Items {
	it := &Items{v: v, ids: make([]int32, v.Rows), slack: float32(v.Cols+32) * 0x1p-23}
	norms := make([]float32, v.Rows)
	for i := range norms {
		norms[i] = norm(v.Row(i))
		it.ids[i] = int32(i)
	}
	slices.SortStableFunc(it.ids, func(a, b int32) int { return cmp.Compare(norms[b], norms[a]) })
	bytes = bytes && v.Cols <= 4*kernel.MaxInt8Steps
	if bytes {
		it.alike()
	}
	it.place = make([]int32, v.Rows)
	for at, id := range it.ids {
		it.place[id] = int32(at)
	}
	n := (v.Rows + panelItems - 1) / panelItems
	it.norms, it.valid = make([]float32, n), make([]uint32, n)
	rest := float32(0)
	for p := n - 1; p >= 0; p-- {
		here := it.ids[p*panelItems : min((p+1)*panelItems, v.Rows)]
		for _, id := range here {
			rest = max(rest, norms[id])
		}
		it.norms[p], it.valid[p] = rest*(1+2*it.slack), 1<<len(here)-1
	}
	if bytes {
		it.codes = newCodes(v, it.ids, norms)
	} else {
		it.pack()
	}
	it.pool.New = func() any { return new(scan) }
	it.noBonus = &bonuses{scores: make([]float32, panelItems)}
	it.bonuses.New = func() any {
		return &bonuses{scores: make([]float32, n*panelItems), own: make([]float32, n), most: make([]float32, n)}
	}
	return it
}

// alikeItems is among how many items of about the same norm alike chooses: panels enough to differ, too few for norms to.
const alikeItems = 16 * panelItems

// alike brings together items whose largest elements are about the same: those of a panel share the scale of their codes.
func (it *Items) alike() {
	most := make([]float32, it.v.Rows)
	for i := range most {
		most[i] = largest(it.v.Row(i))
	}
	for group := range slices.Chunk(it.ids, alikeItems) {
		slices.SortStableFunc(group, func(a, b int32) int { return cmp.Compare(most[b], most[a]) })
	}
}

// norm returns |v|, computed in float64: an underestimate would break the bounds.
func norm(v []float32) float32 {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	return float32(math.Sqrt(sum))
}

// pack lays the items out for kernel.Score: 32 items side by side, one factor after the other.
func (it *Items) pack() {
	f := it.v.Cols
	it.panels = dense.New(1, len(it.norms)*panelItems*f).Data
	page.Huge(it.panels)
	for at, id := range it.ids {
		panel := it.panels[at/panelItems*panelItems*f:]
		for x, v := range it.v.Row(int(id)) {
			panel[x*panelItems+at%panelItems] = v
		}
	}
}

// Len returns the number of items.
func (it *Items) Len() int { return it.v.Rows }
