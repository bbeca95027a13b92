package gemm

import "fmt"

const (
	panelCols = 16  // columns of a packed panel, two AVX2 registers
	tileRows  = 6   // rows of the largest micro-kernel: 6×2 accumulators + 2 panel + 1 broadcast of 16 registers
	depth     = 256 // terms summed before the result is touched: a panel of 256×16 floats fills half of a 32 KiB L1
)

// Matrix is the right operand of Mul, packed once. It is not changed afterwards and may be used concurrently.
type Matrix struct {
	rows, cols int
	panels     []float32 // ceil(cols/16) panels of rows×16, the last one filled up with zeros
}

// Pack copies the row-major rows×cols matrix b into the layout Mul reads.
// It panics when b has another length: shapes are the caller's invariant.
func Pack(b []float32, rows, cols int) *Matrix {
	if rows < 1 || cols < 1 || len(b) != rows*cols {
		panic(fmt.Sprintf("gemm: pack %d×%d from %d floats", rows, cols, len(b)))
	}
	m := &Matrix{rows: rows, cols: cols, panels: make([]float32, (cols+panelCols-1)/panelCols*panelCols*rows)}
	for j := 0; j < cols; j += panelCols {
		panel := m.panels[j*rows:]
		for p := range rows {
			copy(panel[p*panelCols:][:panelCols], b[p*cols+j:p*cols+min(j+panelCols, cols)])
		}
	}
	return m
}

// Mul computes c = a·b, or c += a·b when add is set. Shapes: a is n×rows of b, c is n×cols of b, both row-major and
// without gaps; c must not overlap a. Cost n·rows·cols. It panics on slices that are too short.
func Mul(c, a []float32, n int, b *Matrix, add bool) {
	mul(best, c, a, n, b, add)
}

// kernel computes one tile: c[i][0:16] (=, or += when add is set) the sum over p < k of a[i][p]·panel[p][0:16] for
// rows i < rows ≤ tileRows. lda and ldc are the distances of rows in floats.
type kernel func(rows, k int, a []float32, lda int, panel []float32, c []float32, ldc int, add bool)

// mul walks the depth in blocks, so that one panel block stays in the first-level cache while all rows pass by it.
func mul(tile kernel, c, a []float32, n int, b *Matrix, add bool) {
	if n == 0 {
		return
	}
	k, cols := b.rows, b.cols
	a, c = a[:n*k], c[:n*cols]
	for p := 0; p < k; p += depth {
		kc := min(depth, k-p)
		for j := 0; j < cols; j += panelCols {
			panel := b.panels[j*k+p*panelCols:][:kc*panelCols]
			for i := 0; i < n; i += tileRows {
				rows := min(tileRows, n-i)
				if j+panelCols <= cols {
					tile(rows, kc, a[i*k+p:], k, panel, c[i*cols+j:], cols, add || p > 0)
				} else {
					edge(tile, rows, kc, a[i*k+p:], k, panel, c[i*cols+j:], cols, cols-j, add || p > 0)
				}
			}
		}
	}
}

// edge computes a tile of fewer than 16 columns through a full one, by the same additions in the same order.
func edge(tile kernel, rows, k int, a []float32, lda int, panel, c []float32, ldc, cols int, add bool) {
	var full [tileRows * panelCols]float32
	tile(rows, k, a, lda, panel, full[:], panelCols, false)
	for i := range rows {
		dst, src := c[i*ldc:][:cols], full[i*panelCols:][:cols]
		if !add {
			copy(dst, src)
			continue
		}
		for j, v := range src {
			dst[j] += v
		}
	}
}
