package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// gemm: C[rows × vecs·lanes] = (mode 0), += (1) or −= (2) Σ_p a[p][0:rows]ᵀ · b[p][0:vecs·lanes]. All of C stays in
// registers, and its lines are asked for before the first product: they come from far, and are needed at the end. Strides are
// in bytes, so that packed panels and plain row-major matrices both fit.
func gemm(s isa, rows, vecs int) {
	s.function(fmt.Sprintf("gemm%dx%d", rows, vecs*s.lanes), "(kc int, a *float32, lda int, b *float32, ldb int, c *float32, ldc int, mode int)")
	kc, a, lda, b, ldb := arg("kc"), arg("a"), arg("lda"), arg("b"), arg("ldb")
	c, ldc := arg("c"), arg("ldc")
	acc := s.grid(rows, vecs)
	row := GP64()
	MOVQ(c, row)
	for range acc {
		PREFETCHT0(at(row, 0))
		PREFETCHT0(at(row, vecs*s.bytes()-1))
		ADDQ(ldc, row)
	}
	for _, row := range acc {
		s.zero(row...)
	}
	bv, av := s.vecs(vecs), s.vecs(2)
	step := func() {
		for j := range bv {
			VMOVUPS(at(b, j*s.bytes()), bv[j])
		}
		for i, row := range acc {
			VBROADCASTSS(at(a, 4*i), av[i%2])
			for j := range bv {
				VFMADD231PS(bv[j], av[i%2], row[j])
			}
		}
		ADDQ(lda, a)
		ADDQ(ldb, b)
	}
	fours := GP64()
	MOVQ(kc, fours)
	SHRQ(Imm(2), fours)
	JE(LabelRef("rest"))
	Label("four")
	for range 4 {
		step()
	}
	DECQ(fours)
	JNE(LabelRef("four"))
	Label("rest")
	ANDQ(Imm(3), kc)
	JE(LabelRef("store"))
	Label("one")
	step()
	DECQ(kc)
	JNE(LabelRef("one"))
	Label("store")
	mode := arg("mode")
	CMPQ(mode, Imm(1))
	JE(LabelRef("add"))
	JG(LabelRef("sub"))
	write := func(label string, combine func(i, j int)) {
		if label != "" {
			Label(label)
		}
		for i := range acc {
			for j := range acc[i] {
				combine(i, j)
				VMOVUPS(acc[i][j], at(c, j*s.bytes()))
			}
			ADDQ(ldc, c)
		}
		ret()
	}
	write("", func(_, _ int) {})
	write("add", func(i, j int) { VADDPS(at(c, j*s.bytes()), acc[i][j], acc[i][j]) })
	write("sub", func(i, j int) {
		VMOVUPS(at(c, j*s.bytes()), bv[j])
		VSUBPS(acc[i][j], bv[j], acc[i][j])
	})
}

// pack4: dst[p*width+i] = a[i][p] for four rows and k columns, a multiple of 8: 4×4 blocks turned in registers. width is in bytes.
func pack4(s isa) {
	s.function("pack4", "(dst *float32, width int, a *float32, lda int, k int)")
	dst, width, a, lda, k := arg("dst"), arg("width"), arg("a"), arg("lda"), arg("k")
	width3, lda3 := triple(width), triple(lda)
	row, pair, turned := s.vecs(4), s.vecs(4), s.vecs(4)
	Label("loop")
	for i := range row {
		VMOVUPS(rowOf(a, lda, lda3, i), row[i])
	}
	VUNPCKLPS(row[1], row[0], pair[0])
	VUNPCKHPS(row[1], row[0], pair[1])
	VUNPCKLPS(row[3], row[2], pair[2])
	VUNPCKHPS(row[3], row[2], pair[3])
	VUNPCKLPD(pair[2], pair[0], turned[0])
	VUNPCKHPD(pair[2], pair[0], turned[1])
	VUNPCKLPD(pair[3], pair[1], turned[2])
	VUNPCKHPD(pair[3], pair[1], turned[3])
	for i := range turned { // columns 0 to 3 lie in the lower halves
		VMOVUPS(turned[i].AsX(), rowOf(dst, width, width3, i))
	}
	LEAQ(Mem{Base: dst, Index: width, Scale: 4}, dst)
	for i := range turned { // 4 to 7 in the upper ones
		VEXTRACTF128(U8(1), turned[i], rowOf(dst, width, width3, i))
	}
	LEAQ(Mem{Base: dst, Index: width, Scale: 4}, dst)
	advance(32, a)
	SUBQ(Imm(8), k)
	JG(LabelRef("loop"))
	ret()
}
