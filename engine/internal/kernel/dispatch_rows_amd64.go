//go:build amd64 && !purego

package kernel

func (l Level) combine(out []float32, index []int32, w, x []float32, ld int, add bool) {
	if l == Generic {
		combineGeneric(out, index, w, x, ld, add)
		return
	}
	flag := 0
	if add {
		flag = 1
	}
	n, all, p, q := len(w), len(index), &index[0], &w[0]
	for j := 0; j < len(out); {
		o, r, left := &out[j], &x[j], len(out)-j
		switch {
		case l == AVX512 && left >= 384:
			combine384AVX512(n, all, p, q, r, ld*4, o, flag)
			j += 384
		case l == AVX512 && left >= 256:
			combine256AVX512(n, all, p, q, r, ld*4, o, flag)
			j += 256
		case l == AVX512 && left >= 128:
			combine128AVX512(n, all, p, q, r, ld*4, o, flag)
			j += 128
		case l == AVX512 && left >= 64:
			combine64AVX512(n, all, p, q, r, ld*4, o, flag)
			j += 64
		case l == AVX512:
			combine16AVX512(n, all, p, q, r, ld*4, o, flag)
			j += 16
		case left >= 64:
			combine64AVX2(n, all, p, q, r, ld*4, o, flag)
			j += 64
		default:
			combine16AVX2(n, all, p, q, r, ld*4, o, flag)
			j += 16
		}
	}
}

func (l Level) gatherCols(dst []float32, dld int, index []int32, n int, x []float32, ld int, scale []float32) {
	switch k, all := len(scale), len(index); l {
	case AVX512:
		gatherColsAVX512(n, all, &index[0], &x[0], ld*4, &scale[0], k, &dst[0], dld*4)
	case AVX2:
		gatherColsAVX2(n, all, &index[0], &x[0], ld*4, &scale[0], k, &dst[0], dld*4)
	default:
		gatherColsGeneric(dst, dld, index[:n], x, ld, scale)
	}
}

func (l Level) gatherRows(dst []float32, dld int, index []int32, x []float32, ld int, scale []float32, k int) {
	switch n, all := len(scale), len(index); l {
	case AVX512:
		gatherRowsAVX512(n, all, &index[0], &x[0], ld*4, &scale[0], k, &dst[0], dld*4)
	case AVX2:
		gatherRowsAVX2(n, all, &index[0], &x[0], ld*4, &scale[0], k, &dst[0], dld*4)
	default:
		gatherRowsGeneric(dst, dld, index, x, ld, scale, k)
	}
}

func (l Level) gatherSum(out, dst []float32, dld int, index []int32, x []float32, ld int, scale, w []float32) {
	if l != AVX512 || len(out) < 64 || len(out) > 128 {
		l.gatherThenSum(out, dst, dld, index, x, ld, scale, w)
		return
	}
	n, all, i, r, s, v, d, o := len(scale), len(index), &index[0], &x[0], &scale[0], &w[0], &dst[0], &out[0]
	switch len(out) {
	case 64:
		gatherSum64AVX512(n, all, i, r, ld*4, s, v, d, dld*4, o)
	case 80:
		gatherSum80AVX512(n, all, i, r, ld*4, s, v, d, dld*4, o)
	case 96:
		gatherSum96AVX512(n, all, i, r, ld*4, s, v, d, dld*4, o)
	case 112:
		gatherSum112AVX512(n, all, i, r, ld*4, s, v, d, dld*4, o)
	case 128:
		gatherSum128AVX512(n, all, i, r, ld*4, s, v, d, dld*4, o)
	}
}

func (l Level) mulVec(out, a []float32, ld int, q []float32) {
	if l == Generic {
		mulVecGeneric(out, a, ld, q)
		return
	}
	i := 0
	for ; i+4 <= len(out); i += 4 {
		if l == AVX512 {
			gemv4AVX512(len(q), &a[i*ld], ld*4, &q[0], &out[i])
		} else {
			gemv4AVX2(len(q), &a[i*ld], ld*4, &q[0], &out[i])
		}
	}
	for ; i < len(out); i++ {
		out[i] = l.dot(q, a[i*ld:][:len(q)])
	}
}

func (l Level) mulVecTrans(out, w, a []float32, ld int, add bool) {
	if l == Generic {
		mulVecTransGeneric(out, w, a, ld, add)
		return
	}
	flag := 0
	if add {
		flag = 1
	}
	n, q := len(w), &w[0]
	for j := 0; j < len(out); {
		o, r, left := &out[j], &a[j], len(out)-j
		switch {
		case l == AVX512 && left >= 384:
			sum384AVX512(n, q, r, ld*4, o, flag)
			j += 384
		case l == AVX512 && left >= 256:
			sum256AVX512(n, q, r, ld*4, o, flag)
			j += 256
		case l == AVX512 && left >= 128:
			sum128AVX512(n, q, r, ld*4, o, flag)
			j += 128
		case l == AVX512 && left >= 64:
			sum64AVX512(n, q, r, ld*4, o, flag)
			j += 64
		case l == AVX512:
			sum16AVX512(n, q, r, ld*4, o, flag)
			j += 16
		case left >= 64:
			sum64AVX2(n, q, r, ld*4, o, flag)
			j += 64
		default:
			sum16AVX2(n, q, r, ld*4, o, flag)
			j += 16
		}
	}
}

func (l Level) mulNormal(out, dots, a []float32, ld int, q []float32, next Ahead) {
	n := 0 // rows that a kernel of both products takes
	switch k := len(out); {
	case l == AVX512 && k >= 64 && k <= 128:
		n = len(dots)
	case l == AVX512 && k == 256:
		n = len(dots) &^ 3
	}
	for lo := 0; lo < n; lo += piece {
		normalAVX512(out, dots[lo:min(lo+piece, n)], a[lo*ld:], ld, q, next)
		next.Index = next.Index[min(piece, len(next.Index)):]
	}
	if n < len(dots) {
		l.mulNormalTwice(out, dots[n:], a[n*ld:], ld, q)
	}
}

// first is the index of the first row.
var first [1]int32

// normalAVX512 is mulNormal for 64 to 128 columns, and for 256 and a multiple of four rows.
func normalAVX512(out, dots, a []float32, ld int, q []float32, next Ahead) {
	if len(next.Index) == 0 {
		next = Ahead{first[:], a, ld}
	}
	n, lda, x, o, d := len(dots), ld*4, &a[0], &out[0], &dots[0]
	index, all, w, ldx := &next.Index[0], len(next.Index), &next.X[0], next.Ld*4
	switch len(out) {
	case 64:
		normal64AVX512(n, x, lda, &q[0], d, o, index, all, w, ldx)
	case 80:
		normal80AVX512(n, x, lda, &q[0], d, o, index, all, w, ldx)
	case 96:
		normal96AVX512(n, x, lda, &q[0], d, o, index, all, w, ldx)
	case 112:
		normal112AVX512(n, x, lda, &q[0], d, o, index, all, w, ldx)
	case 128:
		normal128AVX512(n, x, lda, &q[0], d, o, index, all, w, ldx)
	case 256:
		normalFour256AVX512(n, x, lda, &q[0], d, o, index, all, w, ldx)
	}
}

func (l Level) pairProducts(c []float32, ldc int, a []float32, ld, n, k int) {
	switch l {
	case AVX512:
		for i := 0; i < n; i += 4 {
			for j := i; j < n; j += 4 {
				dotBlock4x4AVX512(k, &a[i*ld], ld*4, &a[j*ld], ld*4, &c[i*ldc+j], ldc*4)
			}
		}
	case AVX2:
		for i := 0; i < n; i += 2 {
			for j := i &^ 3; j < n; j += 4 {
				dotBlock2x4AVX2(k, &a[i*ld], ld*4, &a[j*ld], ld*4, &c[i*ldc+j], ldc*4)
			}
		}
	default:
		pairProductsGeneric(c, ldc, a, ld, n, k)
	}
}

func (l Level) mul8(c []float32, ldc int, a []float32, lda int, b []float32, ldb, kc, n int, mode Mode) {
	if kc == 0 || l == Generic {
		mulGenericInto(c, ldc, a, lda, b, ldb, kc, 8, n, mode)
		return
	}
	j := 0
	for l == AVX512 && j+32 <= n {
		gemm8x32AVX512(kc, &a[0], lda*4, &b[j], ldb*4, &c[j], ldc*4, int(mode))
		j += 32
	}
	for ; j < n; j += 16 {
		if l == AVX512 {
			gemm8x16AVX512(kc, &a[0], lda*4, &b[j], ldb*4, &c[j], ldc*4, int(mode))
			continue
		}
		gemm4x16AVX2(kc, &a[0], lda*4, &b[j], ldb*4, &c[j], ldc*4, int(mode))
		gemm4x16AVX2(kc, &a[4], lda*4, &b[j], ldb*4, &c[4*ldc+j], ldc*4, int(mode))
	}
}

func (l Level) forward8(u *[64]float32, inv, r []float32, ld, n int) {
	switch l {
	case AVX512:
		trsm8AVX512(&u[0], &inv[0], &r[0], ld*4, n)
	case AVX2:
		trsm8AVX2(&u[0], &inv[0], &r[0], ld*4, n)
	default:
		forward8Generic(u, inv, r, ld, n)
	}
}

func (l Level) tile() (rows, cols int) {
	switch l {
	case AVX512:
		return 12, 32
	case AVX2:
		return 6, 16
	}
	return genericTileRows, genericTileCols
}

func (l Level) mulTile(c []float32, ldc int, a, b []float32, kc int, mode Mode) {
	switch l {
	case AVX512:
		gemm12x32AVX512(kc, &a[0], 12*4, &b[0], 32*4, &c[0], ldc*4, int(mode))
	case AVX2:
		gemm6x16AVX2(kc, &a[0], 6*4, &b[0], 16*4, &c[0], ldc*4, int(mode))
	default:
		mulGenericInto(c, ldc, a, genericTileRows, b, genericTileCols, kc, genericTileRows, genericTileCols, mode)
	}
}

func (l Level) packFour(dst []float32, width int, a []float32, ld, k int) {
	whole := 0
	if l != Generic {
		whole = k &^ 7
	}
	if whole > 0 {
		pack4AVX2(&dst[0], width*4, &a[0], ld*4, whole)
	}
	if whole < k {
		packFourGeneric(dst[whole*width:], width, a[whole:], ld, k-whole)
	}
}

func (l Level) scoreRows() int {
	switch l {
	case AVX512:
		return 14
	case AVX2:
		return 6
	}
	return genericScoreRows
}

func (l Level) score(rows, k int, users, panel, bias, thr, c []float32, masks []uint32) bool {
	switch {
	case l == AVX512 && rows == 1:
		return score1AVX512(k, &users[0], &panel[0], &bias[0], &thr[0], &c[0], &masks[0]) != 0
	case l == AVX512:
		return score14AVX512(k, &users[0], &panel[0], &bias[0], &thr[0], &c[0], &masks[0]) != 0
	case l == AVX2 && rows == 1:
		return score1AVX2(k, &users[0], &panel[0], &bias[0], &thr[0], &c[0], &masks[0]) != 0
	case l == AVX2:
		return score6AVX2(k, &users[0], &panel[0], &bias[0], &thr[0], &c[0], &masks[0]) != 0
	}
	return scoreGeneric(rows, k, users, panel, bias, thr, c, masks)
}

func scoreInt8(rows, steps, panels int, u Int8Users, p Int8Panels, thr []float32, products []int32, masks []uint32) int {
	if rows > 1 {
		return scoreInt8x14VNNI(steps, panels, &u.Codes[0], &p.Codes[0], &p.Terms[0], &u.Init[0], &u.Norm[0], &u.Err[0], &thr[0], &products[0], &masks[0])
	}
	next := 0
	if len(p.Bonus) > ScoreCols {
		_, next = p.Bonus[ScoreCols*panels-1], 4*ScoreCols
	}
	_ = p.Bonus[ScoreCols-1]
	return scoreInt8x1VNNI(steps, panels, &u.Codes[0], &p.Codes[0], &p.Terms[0], &p.Bonus[0], next, u.Unit, &u.Init[0], &u.Norm[0], &u.Err[0], &thr[0], &products[0], &masks[0])
}
