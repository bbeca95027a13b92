// Command gen writes the AVX2 kernels of package gemm with avo. Run it with go generate in the parent directory.
// It is a module of its own so that the generator's dependencies stay out of the main one.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const (
	maxRows   = 6
	panelCols = 16
	unroll    = 4
)

func main() {
	ConstraintExpr("amd64,!purego")
	for rows := 1; rows <= maxRows; rows++ {
		tile(rows)
	}
	Generate()
}

// tile writes the kernel for one number of rows: two accumulators of eight floats a row, one fused multiply-add per
// accumulator and term, terms in rising order. The sums are added to c at the end, so that every kernel and every
// edge treatment makes the same roundings.
func tile(rows int) {
	TEXT(fmt.Sprintf("tile%d", rows), NOSPLIT, "func(k int, a *float32, lda int, panel *float32, c *float32, ldc int, add bool)")
	Pragma("noescape")
	Doc(fmt.Sprintf("tile%d computes %d rows by 16 columns; lda and ldc count floats.", rows, rows))
	k := Load(Param("k"), GP64())
	a := Load(Param("a"), GP64())
	lda := Load(Param("lda"), GP64())
	panel := Load(Param("panel"), GP64())
	SHLQ(Imm(2), lda)
	rowAt := addressRows(a, lda, rows)

	acc := make([][2]VecVirtual, rows)
	for i := range acc {
		acc[i] = [2]VecVirtual{YMM(), YMM()}
		VXORPS(acc[i][0], acc[i][0], acc[i][0])
		VXORPS(acc[i][1], acc[i][1], acc[i][1])
	}
	left, right, x := YMM(), YMM(), YMM()
	step := func(u int) {
		VMOVUPS(Mem{Base: panel, Disp: u * panelCols * 4}, left)
		VMOVUPS(Mem{Base: panel, Disp: u*panelCols*4 + 32}, right)
		for i := range rows {
			VBROADCASTSS(rowAt(i, u*4), x)
			VFMADD231PS(left, x, acc[i][0])
			VFMADD231PS(right, x, acc[i][1])
		}
	}
	advance := func(n int) {
		for i := 0; i < rows; i += 3 {
			ADDQ(Imm(uint64(n*4)), rowAt(i, 0).Base)
		}
		ADDQ(U32(uint32(n*panelCols*4)), panel)
	}
	blocks := GP64()
	MOVQ(k, blocks)
	SHRQ(Imm(2), blocks)
	JZ(LabelRef("rest"))
	Label("block")
	for u := range unroll {
		step(u)
	}
	advance(unroll)
	DECQ(blocks)
	JNZ(LabelRef("block"))
	Label("rest")
	ANDQ(Imm(unroll-1), k)
	JZ(LabelRef("store"))
	Label("single")
	step(0)
	advance(1)
	DECQ(k)
	JNZ(LabelRef("single"))
	Label("store")
	store(acc)
}

// addressRows returns where row i of a is. Three rows share a base register: x86 scales an index by 1 and 2.
func addressRows(a, lda Register, rows int) func(i, disp int) Mem {
	bases := []Register{a}
	if rows > 3 {
		next := GP64()
		LEAQ(Mem{Base: lda, Index: lda, Scale: 2}, next)
		ADDQ(a, next)
		bases = append(bases, next)
	}
	return func(i, disp int) Mem {
		m := Mem{Base: bases[i/3], Disp: disp}
		if i%3 > 0 {
			m.Index, m.Scale = lda, uint8(i%3)
		}
		return m
	}
}

// store writes the accumulators to c, or adds them to what is there.
func store(acc [][2]VecVirtual) {
	c := Load(Param("c"), GP64())
	ldc := Load(Param("ldc"), GP64())
	add := Load(Param("add"), GP8())
	SHLQ(Imm(2), ldc)
	TESTB(add, add)
	JNZ(LabelRef("add"))
	rows := func(f func(v VecVirtual, m Mem)) {
		for i := range acc {
			f(acc[i][0], Mem{Base: c})
			f(acc[i][1], Mem{Base: c, Disp: 32})
			if i+1 < len(acc) {
				ADDQ(ldc, c)
			}
		}
		VZEROUPPER()
		RET()
	}
	rows(func(v VecVirtual, m Mem) { VMOVUPS(v, m) })
	Label("add")
	rows(func(v VecVirtual, m Mem) {
		VADDPS(m, v, v)
		VMOVUPS(v, m)
	})
}
