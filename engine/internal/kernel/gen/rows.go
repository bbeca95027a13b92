package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// grid allocates rows × cols registers.
func (s isa) grid(rows, cols int) [][]VecVirtual {
	g := make([][]VecVirtual, rows)
	for i := range g {
		g[i] = s.vecs(cols)
	}
	return g
}

// aheadRows is how many rows before their use rows that lie anywhere are asked for. Measured.
const aheadRows = 16

// ahead loads into row the address of the row that the index list names aheadRows entries ahead of at, or of its last entry: indices are
// never read beyond their end.
func ahead(row, at, last, x, ldx Register) {
	LEAQ(Mem{Base: at, Disp: 4 * aheadRows}, row)
	CMPQ(row, last)
	CMOVQGT(last, row)
	address(row, row, x, ldx)
}

// address loads into row the address of the row whose number lies at the index pointer.
func address(row, at, x, ldx Register) {
	MOVLQSX(Mem{Base: at}, row)
	IMULQ(ldx, row)
	ADDQ(x, row)
}

// lastIndex returns the address of the n-th index.
func lastIndex(index, n Register) Register {
	last := GP64()
	LEAQ(Mem{Base: index, Index: n, Scale: 4, Disp: -4}, last)
	return last
}

// combine: out[0:vecs·lanes] = or += Σ_j w[j]·x[index[j]]. The whole output stays in registers; rows ahead are prefetched, up to the last of
// all indices, of which the first n count.
func combine(s isa, vecs int) {
	s.function(fmt.Sprintf("combine%d", vecs*s.lanes), "(n, all int, index *int32, w *float32, x *float32, ldx int, out *float32, add int)")
	n, index, w, x, ldx, out, add := arg("n"), arg("index"), arg("w"), arg("x"), arg("ldx"), arg("out"), arg("add")
	acc := s.vecs(vecs)
	s.zero(acc...)
	CMPQ(add, Imm(0))
	JE(LabelRef("start"))
	for i := range acc {
		VMOVUPS(at(out, i*s.bytes()), acc[i])
	}
	Label("start")
	last := lastIndex(index, arg("all"))
	row, next, weight := GP64(), GP64(), s.vec()
	Label("loop")
	address(row, index, x, ldx)
	ahead(next, index, last, x, ldx)
	VBROADCASTSS(at(w, 0), weight)
	for i := range acc {
		if i*s.bytes()%64 == 0 {
			PREFETCHT1(at(next, i*s.bytes()))
		}
		VFMADD231PS(at(row, i*s.bytes()), weight, acc[i])
	}
	advance(4, index, w)
	DECQ(n)
	JNE(LabelRef("loop"))
	for i := range acc {
		VMOVUPS(acc[i], at(out, i*s.bytes()))
	}
	ret()
}

// sum: out[0:vecs·lanes] = or += Σ_j w[j]·a[j], for the n rows of a.
func sum(s isa, vecs int) {
	s.function(fmt.Sprintf("sum%d", vecs*s.lanes), "(n int, w *float32, a *float32, lda int, out *float32, add int)")
	n, w, a, lda, out, add := arg("n"), arg("w"), arg("a"), arg("lda"), arg("out"), arg("add")
	acc, weight := s.vecs(vecs), s.vec()
	s.zero(acc...)
	CMPQ(add, Imm(0))
	JE(LabelRef("loop"))
	for i := range acc {
		VMOVUPS(at(out, i*s.bytes()), acc[i])
	}
	Label("loop")
	VBROADCASTSS(at(w, 0), weight)
	for i := range acc {
		VFMADD231PS(at(a, i*s.bytes()), weight, acc[i])
	}
	ADDQ(lda, a)
	advance(4, w)
	DECQ(n)
	JNE(LabelRef("loop"))
	for i := range acc {
		VMOVUPS(acc[i], at(out, i*s.bytes()))
	}
	ret()
}

// gather: dst[j] = x[index[j]] times s[j] (byRow) or times s elementwise; k columns, a multiple of 16. all is as in
// combine.
func gather(s isa, byRow bool) {
	name := "gatherCols"
	if byRow {
		name = "gatherRows"
	}
	s.function(name, "(n, all int, index *int32, x *float32, ldx int, s *float32, k int, dst *float32, ldd int)")
	n, index, x, ldx := arg("n"), arg("index"), arg("x"), arg("ldx")
	sc, k, dst, ldd := arg("s"), arg("k"), arg("dst"), arg("ldd")
	last := lastIndex(index, arg("all"))
	SHLQ(Imm(2), k)
	row, next, off, weight, t := GP64(), GP64(), GP64(), s.vec(), s.vec()
	Label("row")
	if byRow {
		VBROADCASTSS(at(sc, 0), weight)
		advance(4, sc)
	}
	address(row, index, x, ldx)
	ahead(next, index, last, x, ldx)
	XORQ(off, off)
	Label("col")
	PREFETCHT1(idx(next, off))
	for i := range 64 / s.bytes() {
		shifted := func(base Register) Mem { return Mem{Base: base, Index: off, Scale: 1, Disp: i * s.bytes()} }
		VMOVUPS(shifted(row), t)
		if byRow {
			VMULPS(weight, t, t)
		} else {
			VMULPS(shifted(sc), t, t)
		}
		VMOVUPS(t, shifted(dst))
	}
	ADDQ(Imm(64), off)
	CMPQ(off, k)
	JL(LabelRef("col"))
	ADDQ(ldd, dst)
	advance(4, index)
	DECQ(n)
	JNE(LabelRef("row"))
	ret()
}

// gatherSum: dst[j] = s[j]·x[index[j]] and out += Σ_j w[j]·dst[j], for n rows. The whole output stays in registers. all is as in combine.
func gatherSum(s isa, vecs int) {
	s.function(fmt.Sprintf("gatherSum%d", vecs*s.lanes), "(n, all int, index *int32, x *float32, ldx int, s, w, dst *float32, ldd int, out *float32)")
	n, index, x, ldx := arg("n"), arg("index"), arg("x"), arg("ldx")
	sc, w, dst, ldd, out := arg("s"), arg("w"), arg("dst"), arg("ldd"), arg("out")
	last := lastIndex(index, arg("all"))
	acc, t := s.vecs(vecs), s.vecs(2)
	for i := range acc {
		VMOVUPS(at(out, i*s.bytes()), acc[i])
	}
	row, next, scale, weight := GP64(), GP64(), s.vec(), s.vec()
	Label("loop")
	VBROADCASTSS(at(sc, 0), scale)
	VBROADCASTSS(at(w, 0), weight)
	address(row, index, x, ldx)
	ahead(next, index, last, x, ldx)
	for i := range acc {
		PREFETCHT1(at(next, i*s.bytes()))
		VMULPS(at(row, i*s.bytes()), scale, t[i%2])
		VMOVUPS(t[i%2], at(dst, i*s.bytes()))
		VFMADD231PS(t[i%2], weight, acc[i])
	}
	ADDQ(ldd, dst)
	advance(4, index, sc, w)
	DECQ(n)
	JNE(LabelRef("loop"))
	for i := range acc {
		VMOVUPS(acc[i], at(out, i*s.bytes()))
	}
	ret()
}

// gemv4: out[i] = a[i]·q for four rows, k a multiple of the lanes.
func gemv4(s isa) {
	s.function("gemv4", "(k int, a *float32, lda int, q *float32, out *float32)")
	k, a, lda, q := arg("k"), arg("a"), arg("lda"), arg("q")
	lda3 := triple(lda)
	acc, t := pinned(s, 1)[0], s.vec()
	s.clear(acc)
	Label("loop")
	VMOVUPS(at(q, 0), t)
	for i := range acc {
		VFMADD231PS(rowOf(a, lda, lda3, i), t, acc[i])
	}
	advance(s.bytes(), a, q)
	SUBQ(U32(uint32(s.lanes)), k)
	JG(LabelRef("loop"))
	s.storeSums(acc, at(arg("out"), 0))
	ret()
}

// dotBlock: c[i][j] = a[i]·b[j] for 4×4 (AVX-512) or 2×4 (AVX2) pairs of rows, k a multiple of the lanes.
func dotBlock(s isa) {
	rows := 2
	if s.wide {
		rows = 4
	}
	s.function(fmt.Sprintf("dotBlock%dx4", rows), "(k int, a *float32, lda int, b *float32, ldb int, c *float32, ldc int)")
	k, a, lda, b, ldb := arg("k"), arg("a"), arg("lda"), arg("b"), arg("ldb")
	lda3, ldb3 := lda, triple(ldb)
	if rows == 4 {
		lda3 = triple(lda)
	}
	acc := pinned(s, rows)
	for _, row := range acc {
		s.clear(row)
	}
	bv, t := s.vecs(4), s.vec()
	Label("loop")
	for j := range bv {
		VMOVUPS(rowOf(b, ldb, ldb3, j), bv[j])
	}
	for i := range acc {
		VMOVUPS(rowOf(a, lda, lda3, i), t)
		for j := range bv {
			VFMADD231PS(bv[j], t, acc[i][j])
		}
	}
	advance(s.bytes(), a, b)
	SUBQ(U32(uint32(s.lanes)), k)
	JG(LabelRef("loop"))
	c, ldc := arg("c"), arg("ldc")
	for i := range acc {
		s.storeSums(acc[i], at(c, 0))
		ADDQ(ldc, c)
	}
	ret()
}

// clear zeroes pinned registers.
func (s isa) clear(v []VecPhysical) {
	for _, r := range v {
		if s.wide {
			VPXORQ(r, r, r)
		} else {
			VXORPS(r, r, r)
		}
	}
}

// storeSums adds up the lanes of each of four pinned registers and stores the four sums.
func (s isa) storeSums(v []VecPhysical, to Mem) {
	y := v
	if s.wide {
		y = []VecPhysical{Y8, Y9, Y10, Y11}
		for j := range y {
			VEXTRACTF64X4(U8(1), v[j], y[j])
			VADDPS(v[j].AsY(), y[j], y[j])
		}
	}
	VHADDPS(y[1], y[0], y[0])
	VHADDPS(y[3], y[2], y[2])
	VHADDPS(y[2], y[0], y[0])
	VEXTRACTF128(U8(1), y[0], X12)
	VADDPS(y[0].AsX(), X12, X12)
	VMOVUPS(X12, to)
}

// pinned returns sums in fixed registers: horizontal adds have a VEX form only, which cannot name registers above 15, and the
// allocator does not know that.
func pinned(s isa, rows int) [][]VecPhysical {
	if !s.wide {
		return [][]VecPhysical{{Y4, Y5, Y6, Y7}, {Y8, Y9, Y10, Y11}}[:rows]
	}
	return [][]VecPhysical{{Z16, Z17, Z18, Z19}, {Z20, Z21, Z22, Z23}, {Z24, Z25, Z26, Z27}, {Z28, Z29, Z30, Z31}}[:rows]
}

// trsm8: eight rows of r become U⁻ᵀ·r, for the upper 8×8 triangle u[p*8+i] and its inverse diagonal; n columns, a multiple of the
// lanes.
func trsm8(s isa) {
	s.function("trsm8", "(u *float32, inv *float32, r *float32, ldr int, n int)")
	u, inv, r, ldr, n := arg("u"), arg("inv"), arg("r"), arg("ldr"), arg("n")
	p, z, t := GP64(), s.vecs(8), s.vec()
	Label("loop")
	MOVQ(r, p)
	for i := range z {
		VMOVUPS(at(p, 0), z[i])
		for q := range i {
			if s.wide {
				VFNMADD231PS_BCST(at(u, (q*8+i)*4), z[q], z[i])
				continue
			}
			VBROADCASTSS(at(u, (q*8+i)*4), t)
			VFNMADD231PS(t, z[q], z[i])
		}
		VBROADCASTSS(at(inv, 4*i), t)
		VMULPS(t, z[i], z[i])
		VMOVUPS(z[i], at(p, 0))
		ADDQ(ldr, p)
	}
	advance(s.bytes(), r)
	SUBQ(U32(uint32(s.lanes)), n)
	JG(LabelRef("loop"))
	ret()
}

// prefetch asks for the cache lines of n bytes, without waiting for them.
func prefetch() {
	TEXT("prefetch", NOSPLIT, "func(p *float32, n int)")
	Pragma("noescape")
	p, n := arg("p"), arg("n")
	Label("loop")
	PREFETCHT0(at(p, 0))
	advance(64, p)
	SUBQ(Imm(64), n)
	JG(LabelRef("loop"))
	RET()
}
