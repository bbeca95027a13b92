package kernel

// Plain Go versions of the kernels on rows of matrices.

func combineGeneric(out []float32, index []int32, w, x []float32, ld int, add bool) {
	if !add {
		clear(out)
	}
	for j, v := range w {
		axpyGeneric(v, x[int(index[j])*ld:][:len(out)], out)
	}
}

func gatherColsGeneric(dst []float32, dld int, index []int32, x []float32, ld int, scale []float32) {
	for j, r := range index {
		mulGeneric(dst[j*dld:][:len(scale)], x[int(r)*ld:][:len(scale)], scale)
	}
}

func gatherRowsGeneric(dst []float32, dld int, index []int32, x []float32, ld int, scale []float32, k int) {
	for j, v := range scale {
		scaleGeneric(dst[j*dld:][:k], v, x[int(index[j])*ld:][:k])
	}
}

// gatherThenSum is gatherSum where the registers do not hold the output beside what it needs.
func (l Level) gatherThenSum(out, dst []float32, dld int, index []int32, x []float32, ld int, scale, w []float32) {
	l.gatherRows(dst, dld, index, x, ld, scale, len(out))
	l.mulVecTrans(out, w, dst, dld, true)
}

func mulVecGeneric(out, a []float32, ld int, q []float32) {
	for i := range out {
		out[i] = dotGeneric(q, a[i*ld:])
	}
}

func mulVecTransGeneric(out, w, a []float32, ld int, add bool) {
	if !add {
		clear(out)
	}
	for j, v := range w {
		axpyGeneric(v, a[j*ld:][:len(out)], out)
	}
}

// normalFloats is how many numbers of a matrix mulNormalTwice handles at once: half of a first-level cache.
const normalFloats = 4096

// mulNormalTwice is mulNormal where the registers do not hold all that it needs: it reads a twice, the second time from the cache.
func (l Level) mulNormalTwice(out, dots, a []float32, ld int, q []float32) {
	size := max(normalFloats/len(out), 8)
	for lo := 0; lo < len(dots); lo += size {
		part, rows := dots[lo:min(lo+size, len(dots))], a[lo*ld:]
		l.mulVec(part, rows, ld, q)
		l.mulVecTrans(out, part, rows, ld, true)
	}
}

func pairProductsGeneric(c []float32, ldc int, a []float32, ld, n, k int) {
	for i := range n {
		row := a[i*ld:][:k]
		for j := i; j < n; j++ {
			c[i*ldc+j] = dotGeneric(row, a[j*ld:])
		}
	}
}

// mulGenericInto is Mul8 and MulTile for any number of rows and columns.
func mulGenericInto(c []float32, ldc int, a []float32, lda int, b []float32, ldb, kc, rows, cols int, mode Mode) {
	for i := range rows {
		out := c[i*ldc:][:cols]
		if mode == Set {
			clear(out)
		}
		for p := range kc {
			v := a[p*lda+i]
			if mode == Sub {
				v = -v
			}
			axpyGeneric(v, b[p*ldb:][:cols], out)
		}
	}
}

func packFourGeneric(dst []float32, width int, a []float32, ld, k int) {
	r0, r1, r2, r3 := a[:k], a[ld:][:k], a[2*ld:][:k], a[3*ld:][:k]
	at := 0
	for p, v := range r0 {
		d := dst[at : at+4 : at+4]
		d[0], d[1], d[2], d[3] = v, r1[p], r2[p], r3[p]
		at += width
	}
}

func forward8Generic(u *[64]float32, inv, r []float32, ld, n int) {
	for i := range 8 {
		row := r[i*ld:][:n]
		for p := range i {
			axpyGeneric(-u[p*8+i], r[p*ld:][:n], row)
		}
		scaleGeneric(row, inv[i], row)
	}
}

func scoreGeneric(rows, k int, users, panel, bias, thr, c []float32, masks []uint32) bool {
	var any uint32
	for i := range rows {
		out := c[i*ScoreCols:][:ScoreCols]
		copy(out, bias)
		for p := range k {
			axpyGeneric(users[p*rows+i], panel[p*ScoreCols:][:ScoreCols], out)
		}
		var mask uint32
		for j, v := range out {
			if v >= thr[i] {
				mask |= 1 << j
			}
		}
		masks[i] = mask
		any |= mask
	}
	return any != 0
}

// Tile shapes of the plain Go versions: large enough that packing pays.
const (
	genericTileRows  = 4
	genericTileCols  = 32
	genericScoreRows = 4
)
