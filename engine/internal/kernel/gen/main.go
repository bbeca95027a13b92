package main

import (
	. "github.com/mmcloughlin/avo/build"
)

func main() {
	ConstraintExpr("amd64,!purego")
	for _, s := range []isa{avx2, avx512} {
		dot(s)
		axpy(s)
		scale(s)
		mul(s)
		mulAdd(s)
		mulDot(s)
		descend(s)
		shift(s)
		gather(s, false)
		gather(s, true)
		gemv4(s)
		dotBlock(s)
		trsm8(s)
		dot64(s)
		axpy64(s)
		rotate64(s)
	}
	for _, vecs := range []int{2, 8} { // 16 and 64 columns
		combine(avx2, vecs)
		sum(avx2, vecs)
	}
	for _, vecs := range []int{1, 4, 8, 16, 24} { // 16, 64, 128, 256, 384 columns
		combine(avx512, vecs)
		sum(avx512, vecs)
	}
	for vecs := 4; vecs <= 8; vecs++ { // 64 to 128 columns
		normal(avx512, vecs)
		gatherSum(avx512, vecs)
	}
	normalFour(avx512, 16)
	prefetch()
	pack4(avx2)
	gemm(avx2, 4, 2)
	gemm(avx2, 6, 2)
	gemm(avx512, 8, 1)
	gemm(avx512, 8, 2)
	gemm(avx512, 12, 2)
	score(avx2, 1)
	score(avx2, 6)
	score(avx512, 1)
	score(avx512, 14)
	scoreInt8(1, true)
	scoreInt8(14, false)
	Generate()
}
