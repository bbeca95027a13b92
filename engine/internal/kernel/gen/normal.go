package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// normal: dots[j] = a[j]·q and out[0:vecs·lanes] += Σ_j dots[j]·a[j], for the n rows of a. Each row is read once: q, the row and the whole
// output stay in registers, which only AVX-512 has enough of. On the way it asks for half of the columns of the rows of x in next, one a row of
// a, the last one again when there are fewer: memory that is asked for in one go would keep what follows waiting.
func normal(s isa, vecs int) {
	s.function(fmt.Sprintf("normal%d", vecs*s.lanes), "(n int, a *float32, lda int, q *float32, dots *float32, out *float32, next *int32, all int, x *float32, ldx int)")
	next, x, ldx, wanted := arg("next"), arg("x"), arg("ldx"), GP64()
	last := lastIndex(next, arg("all"))
	n, a, lda, from, dots, out := arg("n"), arg("a"), arg("lda"), arg("q"), arg("dots"), arg("out")
	q, row, acc := s.vecs(vecs), s.vecs(vecs), s.vecs(vecs)
	for i := range acc {
		VMOVUPS(at(from, i*s.bytes()), q[i])
		VMOVUPS(at(out, i*s.bytes()), acc[i])
	}
	part, weight := s.vecs(2), s.vec()
	Label("loop")
	CMPQ(next, last)
	CMOVQGT(last, next)
	address(wanted, next, x, ldx)
	for i := range (vecs + 1) / 2 {
		PREFETCHT1(at(wanted, i*s.bytes()))
	}
	for i := range row {
		VMOVUPS(at(a, i*s.bytes()), row[i])
		if i < len(part) {
			VMULPS(row[i], q[i], part[i])
		} else {
			VFMADD231PS(row[i], q[i], part[i%len(part)])
		}
	}
	VADDPS(part[1], part[0], part[0])
	dot := s.sum(part[0])
	VMOVSS(dot, at(dots, 0))
	VBROADCASTSS(dot, weight)
	for i := range acc {
		VFMADD231PS(row[i], weight, acc[i])
	}
	ADDQ(lda, a)
	advance(4, dots, next)
	DECQ(n)
	JNE(LabelRef("loop"))
	for i := range acc {
		VMOVUPS(acc[i], at(out, i*s.bytes()))
	}
	ret()
}

// normalFour is normal for n a multiple of four and up to 256 columns: the output alone stays in registers, and q is read once for four rows,
// which are read a second time from the cache.
func normalFour(s isa, vecs int) {
	s.function(fmt.Sprintf("normalFour%d", vecs*s.lanes), "(n int, a *float32, lda int, q *float32, dots *float32, out *float32, next *int32, all int, x *float32, ldx int)")
	next, x, ldx, wanted := arg("next"), arg("x"), arg("ldx"), GP64()
	last := lastIndex(next, arg("all"))
	n, a, lda, q, dots, out := arg("n"), arg("a"), arg("lda"), arg("q"), arg("dots"), arg("out")
	lda3 := triple(lda)
	acc, dot, t := s.vecs(vecs), s.vecs(4), s.vec()
	for i := range acc {
		VMOVUPS(at(out, i*s.bytes()), acc[i])
	}
	Label("loop")
	part := vecs / len(dot)
	for i := range vecs {
		if i%part == 0 {
			CMPQ(next, last)
			CMOVQGT(last, next)
			address(wanted, next, x, ldx)
			advance(4, next)
		}
		for k := range 2 {
			PREFETCHT1(at(wanted, (i%part*2+k)*s.bytes()))
		}
		VMOVUPS(at(q, i*s.bytes()), t)
		for r := range dot {
			from := rowOf(a, lda, lda3, r)
			from.Disp = i * s.bytes()
			if i == 0 {
				VMULPS(from, t, dot[r])
			} else {
				VFMADD231PS(from, t, dot[r])
			}
		}
	}
	for r := range dot {
		sum := s.sum(dot[r])
		VMOVSS(sum, at(dots, 4*r))
		VBROADCASTSS(sum, dot[r])
	}
	for r := range dot {
		for i := range acc {
			from := rowOf(a, lda, lda3, r)
			from.Disp = i * s.bytes()
			VFMADD231PS(from, dot[r], acc[i])
		}
	}
	LEAQ(Mem{Base: a, Index: lda, Scale: 4}, a)
	advance(16, dots)
	SUBQ(Imm(4), n)
	JG(LabelRef("loop"))
	for i := range acc {
		VMOVUPS(acc[i], at(out, i*s.bytes()))
	}
	ret()
}
