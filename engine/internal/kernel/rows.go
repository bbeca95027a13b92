package kernel

// piece is how many rows one call of a kernel handles. Go cannot stop a goroutine inside of a kernel, and the garbage collector stops all of
// them: calls stay below about 100 µs.
const piece = 512

// An index list may be longer than what it is used for: it goes on with the rows that the next call wants, which are fetched on the way. Rows
// lie anywhere, and memory answers late.

// Combine writes Σ_j w[j]·x[index[j]] to out, or adds it when add is true. Row r of x is x[r*ld:][:len(out)]; len(out) is a
// multiple of 16; index is at least as long as w.
func Combine(out []float32, index []int32, w, x []float32, ld int, add bool) {
	if len(w) == 0 {
		if !add {
			clear(out)
		}
		return
	}
	if !whole(out) {
		return
	}
	_ = index[len(w)-1]
	for len(w) > piece {
		level.combine(out, index, w[:piece], x, ld, add)
		index, w, add = index[piece:], w[piece:], true
	}
	level.combine(out, index, w, x, ld, add)
}

// GatherCols writes x[index[j]] · scale, elementwise, to row j of dst, for n rows and len(scale) columns, a multiple of 16. ld and dld are
// the distances between rows.
func GatherCols(dst []float32, dld int, index []int32, n int, x []float32, ld int, scale []float32) {
	if n == 0 || !whole(scale) {
		return
	}
	_, _ = dst[(n-1)*dld+len(scale)-1], index[n-1]
	for ; n > piece; n -= piece {
		level.gatherCols(dst, dld, index, piece, x, ld, scale)
		dst, index = dst[piece*dld:], index[piece:]
	}
	level.gatherCols(dst, dld, index, n, x, ld, scale)
}

// GatherRows writes x[index[j]] · scale[j] to row j of dst, for len(scale) rows and k columns, a multiple of 16.
func GatherRows(dst []float32, dld int, index []int32, x []float32, ld int, scale []float32, k int) {
	n := len(scale)
	if n == 0 {
		return
	}
	_, _ = dst[(n-1)*dld+k-1], index[n-1]
	for ; n > piece; n -= piece {
		level.gatherRows(dst, dld, index, x, ld, scale[:piece], k)
		dst, index, scale = dst[piece*dld:], index[piece:], scale[piece:]
	}
	level.gatherRows(dst, dld, index, x, ld, scale, k)
}

// GatherSum is GatherRows of len(out) columns and adds Σ_j w[j]·dst[j] to out. w is as long as scale.
func GatherSum(out, dst []float32, dld int, index []int32, x []float32, ld int, scale, w []float32) {
	n := len(scale)
	if n == 0 || !whole(out) {
		return
	}
	_, _, w = dst[(n-1)*dld+len(out)-1], index[n-1], w[:n]
	for ; n > piece; n -= piece {
		level.gatherSum(out, dst, dld, index, x, ld, scale[:piece], w[:piece])
		dst, index, scale, w = dst[piece*dld:], index[piece:], scale[piece:], w[piece:]
	}
	level.gatherSum(out, dst, dld, index, x, ld, scale, w)
}

// MulVec writes the product of each row of a with q to out: len(out) rows, len(q) columns, a multiple of 16.
func MulVec(out, a []float32, ld int, q []float32) {
	n := len(out)
	if n == 0 || !whole(q) {
		clear(out)
		return
	}
	_ = a[(n-1)*ld+len(q)-1]
	level.mulVec(out, a, ld, q)
}

// MulVecTrans writes Σ_j w[j]·a_j over the rows of a to out, or adds it when add is true: len(w) rows, len(out) columns, a multiple
// of 16.
func MulVecTrans(out, w, a []float32, ld int, add bool) {
	n := len(w)
	if n == 0 {
		if !add {
			clear(out)
		}
		return
	}
	if !whole(out) {
		return
	}
	_ = a[(n-1)*ld+len(out)-1]
	for ; n > piece; n -= piece {
		level.mulVecTrans(out, w[:piece], a, ld, add)
		w, a, add = w[piece:], a[piece*ld:], true
	}
	level.mulVecTrans(out, w, a, ld, add)
}

// Ahead names rows of X, Ld numbers apart, that are wanted soon and may lie anywhere. The zero value names none.
type Ahead struct {
	Index []int32
	X     []float32
	Ld    int
}

// Half is how many columns of k MulNormal asks for.
func Half(k int) int { return (k/2 + Lane - 1) / Lane * Lane }

// MulNormal writes the product of each row of a with q to dots and adds Σ_j dots[j]·a_j to out, which is aᵀ·a·q: len(dots) rows, len(out)
// columns, a multiple of 16. On the way it may ask for the first Half(len(out)) columns of as many rows ahead.
func MulNormal(out, dots, a []float32, ld int, q []float32, next Ahead) {
	n := len(dots)
	if n == 0 || !whole(out) {
		clear(dots)
		return
	}
	_ = a[(n-1)*ld+len(out)-1]
	level.mulNormal(out, dots, a, ld, q[:len(out)], next)
}

// PairProducts writes the products of all pairs of n rows of a to the upper triangle of c: c[i*ldc+j] = a_i·a_j for j ≥ i. n
// is a multiple of 4, k a multiple of 16. Parts of the lower triangle are overwritten.
func PairProducts(c []float32, ldc int, a []float32, ld, n, k int) {
	if n == 0 {
		return
	}
	if n%4 != 0 || k%Lane != 0 || k == 0 {
		panic("kernel: PairProducts wants multiples of 4 rows and 16 columns")
	}
	_, _ = a[(n-1)*ld+k-1], c[(n-1)*ldc+n-1]
	level.pairProducts(c, ldc, a, ld, n, k)
}

// Mode says what a product does to its destination.
type Mode int

// Modes of Mul8 and MulTile.
const (
	Set Mode = iota
	Add
	Sub
)

// Mul8 computes eight rows of c from Σ_p a[p][0:8]ᵀ·b[p][0:n], for kc rows of a and b. n is a multiple of 16.
func Mul8(c []float32, ldc int, a []float32, lda int, b []float32, ldb, kc, n int, mode Mode) {
	if n%Lane != 0 {
		panic("kernel: Mul8 wants a multiple of 16 columns")
	}
	if n == 0 {
		return
	}
	_ = c[7*ldc+n-1]
	if kc > 0 {
		_, _ = a[(kc-1)*lda+7], b[(kc-1)*ldb+n-1]
	}
	level.mul8(c, ldc, a, lda, b, ldb, kc, n, mode)
}

// Forward8 overwrites the eight rows of r, n columns, a multiple of 16, with U⁻ᵀ·r. u is the upper 8×8 triangle of U, u[p*8+i], and
// inv the inverses of its diagonal.
func Forward8(u *[64]float32, inv, r []float32, ld, n int) {
	if n%Lane != 0 {
		panic("kernel: Forward8 wants a multiple of 16 columns")
	}
	if n != 0 {
		_ = r[7*ld+n-1]
		level.forward8(u, inv[:8], r, ld, n)
	}
}

// PackFour turns four rows of a into columns: dst[p*width+i] = a[i*ld+p] for p below k.
func PackFour(dst []float32, width int, a []float32, ld, k int) {
	if k == 0 {
		return
	}
	_, _ = dst[(k-1)*width+3], a[3*ld+k-1]
	level.packFour(dst, width, a, ld, k)
}

// Tile is the shape of MulTile's output: rows × 32 or 16 columns.
func Tile() (rows, cols int) { return level.tile() }

// MulTile computes a tile of c from packed panels: a holds the tile's rows and b its columns for each of kc steps.
func MulTile(c []float32, ldc int, a, b []float32, kc int, mode Mode) {
	rows, cols := level.tile()
	_, _, _ = c[(rows-1)*ldc+cols-1], a[kc*rows-1], b[kc*cols-1]
	level.mulTile(c, ldc, a, b, kc, mode)
}
