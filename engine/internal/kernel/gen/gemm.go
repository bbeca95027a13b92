package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// gemm: C[rows × vecs·lanes] = (mode 0), += (1) or −= (2) Σ_p a[p][0:rows]ᵀ · b[p][0:vecs·lanes]. All of C stays in
// registers. Strides are in bytes, so that packed panels and plain row-major matrices both fit.
func gemm(s isa, rows, vecs int) {
	s.function(fmt.Sprintf("gemm%dx%d", rows, vecs*s.lanes), "(kc int, a *float32, lda int, b *float32, ldb int, c *float32, ldc int, mode int)")
	kc, a, lda, b, ldb := arg("kc"), arg("a"), arg("lda"), arg("b"), arg("ldb")
	acc := s.grid(rows, vecs)
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
	c, ldc, mode := arg("c"), arg("ldc"), arg("mode")
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
