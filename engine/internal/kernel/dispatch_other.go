//go:build !amd64 || purego

package kernel

// vnni says whether the machine multiplies bytes.
const vnni = false

func supported() Level { return Generic }

func (Level) dot(a, b []float32) float32                   { return dotGeneric(a, b) }
func (Level) axpy(alpha float32, x, y []float32)           { axpyGeneric(alpha, x, y) }
func (Level) scale(dst []float32, al float32, x []float32) { scaleGeneric(dst, al, x) }
func (Level) mul(dst, a, b []float32)                      { mulGeneric(dst, a, b) }
func (Level) mulAdd(dst, a, b []float32)                   { mulAddGeneric(dst, a, b) }
func (Level) mulDot(dst, a, b []float32) float32           { return mulDotGeneric(dst, a, b) }
func (Level) shift(inv, root, d []float32, lam float32)    { shiftGeneric(inv, root, d, lam) }
func (Level) dot64(a, b []float64) float64                 { return dot64Generic(a, b) }
func (Level) axpy64(alpha float64, x, y []float64)         { axpy64Generic(alpha, x, y) }
func (Level) rotate64(c, s float64, x, y []float64)        { rotate64Generic(c, s, x, y) }

func (Level) descend(x, residual, dir, step, inv, diag []float32, rho float32) float32 {
	return descendGeneric(x, residual, dir, step, inv, diag, rho)
}

func (Level) combine(out []float32, index []int32, w, x []float32, ld int, add bool) {
	combineGeneric(out, index, w, x, ld, add)
}

func (Level) gatherCols(dst []float32, dld int, index []int32, n int, x []float32, ld int, scale []float32) {
	gatherColsGeneric(dst, dld, index[:n], x, ld, scale)
}

func (Level) gatherRows(dst []float32, dld int, index []int32, x []float32, ld int, scale []float32, k int) {
	gatherRowsGeneric(dst, dld, index, x, ld, scale, k)
}

func (l Level) gatherSum(out, dst []float32, dld int, index []int32, x []float32, ld int, scale, w []float32) {
	l.gatherThenSum(out, dst, dld, index, x, ld, scale, w)
}

func (Level) mulVec(out, a []float32, ld int, q []float32) { mulVecGeneric(out, a, ld, q) }

func (Level) mulVecTrans(out, w, a []float32, ld int, add bool) {
	mulVecTransGeneric(out, w, a, ld, add)
}

func (l Level) mulNormal(out, dots, a []float32, ld int, q []float32, _ Ahead) {
	l.mulNormalTwice(out, dots, a, ld, q)
}

func (Level) pairProducts(c []float32, ldc int, a []float32, ld, n, k int) {
	pairProductsGeneric(c, ldc, a, ld, n, k)
}

func (Level) mul8(c []float32, ldc int, a []float32, lda int, b []float32, ldb, kc, n int, mode Mode) {
	mulGenericInto(c, ldc, a, lda, b, ldb, kc, 8, n, mode)
}

func (Level) forward8(u *[64]float32, inv, r []float32, ld, n int) { forward8Generic(u, inv, r, ld, n) }

func (Level) packFour(dst []float32, width int, a []float32, ld, k int) {
	packFourGeneric(dst, width, a, ld, k)
}

func prefetch(*float32, int) {}

func (Level) tile() (rows, cols int) { return genericTileRows, genericTileCols }

func (Level) mulTile(c []float32, ldc int, a, b []float32, kc int, mode Mode) {
	mulGenericInto(c, ldc, a, genericTileRows, b, genericTileCols, kc, genericTileRows, genericTileCols, mode)
}

func (Level) scoreRows() int { return genericScoreRows }

func (Level) score(rows, k int, users, panel, bias, thr, c []float32, masks []uint32) bool {
	return scoreGeneric(rows, k, users, panel, bias, thr, c, masks)
}

func scoreInt8(int, int, int, Int8Users, Int8Panels, []float32, []int32, []uint32) int {
	panic("kernel: no byte products here")
}
