package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// atLeast is the comparison predicate "greater or equal, false for NaN".
const atLeast = 0x1d

// score: scores of users (packed, users numbers a step) for 32 items (packed, 32 numbers a step), started from the items'
// biases. masks[i] tells which of them reach user i's threshold; when any does, the scores are written to c (users × 32)
// and the result is not 0. A tile without a hit never leaves the registers. AVX2 has room for 16 items at once and makes
// two passes.
func score(s isa, users int) {
	s.function(fmt.Sprintf("score%d", users), "(k int, a *float32, b *float32, bias *float32, thr *float32, c *float32, masks *uint32) uint32")
	halves := 32 / (2 * s.lanes)
	any := GP32()
	XORL(any, any)
	for h := range halves {
		label := func(name string) string { return fmt.Sprintf("%s%d", name, h) }
		shift := h * 2 * s.bytes()
		k, a, b, bias := arg("k"), arg("a"), arg("b"), arg("bias")
		acc, bv, av := s.grid(users, 2), s.vecs(2), s.vecs(2)
		for _, row := range acc {
			for j := range row {
				VMOVUPS(at(bias, shift+j*s.bytes()), row[j])
			}
		}
		Label(label("loop"))
		for j := range bv {
			VMOVUPS(at(b, shift+j*s.bytes()), bv[j])
		}
		for i, row := range acc {
			VBROADCASTSS(at(a, 4*i), av[i%2])
			for j := range bv {
				VFMADD231PS(bv[j], av[i%2], row[j])
			}
		}
		advance(4*users, a)
		advance(128, b)
		DECQ(k)
		JNE(LabelRef(label("loop")))
		thr, masks := arg("thr"), arg("masks")
		hit := GP32()
		XORL(hit, hit)
		for i, row := range acc {
			g := s.compare(row, at(thr, 4*i), av[0], bv[0])
			if h == 0 {
				MOVL(g, at(masks, 4*i))
			} else {
				t := GP32()
				MOVL(g, t)
				SHLL(U8(16), t)
				ORL(t, at(masks, 4*i))
			}
			ORL(g, hit)
		}
		ORL(hit, any)
		// The halves of a tile are judged apart: scores are valid only where the mask is set.
		TESTL(hit, hit)
		JE(LabelRef(label("done")))
		c := arg("c")
		for i, row := range acc {
			for j := range row {
				VMOVUPS(row[j], at(c, i*128+shift+j*s.bytes()))
			}
		}
		Label(label("done"))
	}
	Store(any, ReturnIndex(0))
	ret()
}

// compare returns the bits of the lanes of two registers that are at least the number at thr. AVX2 spoils two scratch registers.
func (s isa) compare(row []VecVirtual, thr Mem, broadcast, result VecVirtual) GPVirtual {
	g := GP32()
	if s.wide {
		low, high := K(), K()
		VCMPPS_BCST(U8(atLeast), thr, row[0], low)
		VCMPPS_BCST(U8(atLeast), thr, row[1], high)
		KUNPCKWD(low, high, low)
		KMOVD(low, g)
		return g
	}
	high := GP32()
	VBROADCASTSS(thr, broadcast)
	VCMPPS(U8(atLeast), broadcast, row[0], result)
	VMOVMSKPS(result, g)
	VCMPPS(U8(atLeast), broadcast, row[1], result)
	VMOVMSKPS(result, high)
	SHLL(U8(8), high)
	ORL(high, g)
	return g
}

// scoreInt8: upper bounds of the scores of users (int8, packed users×4 bytes a step) for 32 items (uint8 with 128 added,
// packed 32×4 bytes a step) from exact integer products.
//
//	bound = acc·scale[j] + norm[j]·user[0] + err[j]·user[1] + bias[j]·user[2], in units of the user's own scale
//
// init is −128·Σ user for each user, which undoes the items' offset. panel holds 32 scales, 32 norms, 32 errors. masks[i] tells
// which items' bounds reach user i's threshold; the result is their union.
func scoreInt8(users int) {
	s := avx512
	TEXT(fmt.Sprintf("scoreInt8x%dVNNI", users), NOSPLIT, "func(steps int, a *int8, b *uint8, init *int32, panel *float32, bias *float32, user *float32, thr *float32, masks *uint32) uint32")
	Pragma("noescape")
	steps, a, b, init := arg("steps"), arg("a"), arg("b"), arg("init")
	acc, bv, av := s.grid(users, 2), s.vecs(2), s.vecs(2)
	for i, row := range acc {
		for j := range row {
			VPBROADCASTD(at(init, 4*i), row[j])
		}
	}
	Label("loop")
	for j := range bv {
		VMOVUPS(at(b, 64*j), bv[j])
	}
	for i, row := range acc {
		VPBROADCASTD(at(a, 4*i), av[i%2])
		for j := range bv {
			vpdpbusd(av[i%2], bv[j], row[j])
		}
	}
	advance(4*users, a)
	advance(128, b)
	DECQ(steps)
	JNE(LabelRef("loop"))
	panel, bias, user := arg("panel"), arg("bias"), arg("user")
	for j := range 2 {
		VMOVUPS(at(panel, 64*j), bv[0])
		for _, row := range acc {
			VCVTDQ2PS(row[j], row[j])
			VMULPS(bv[0], row[j], row[j])
		}
		VMOVUPS(at(panel, 128+64*j), bv[0])
		VMOVUPS(at(panel, 256+64*j), bv[1])
		VMOVUPS(at(bias, 64*j), av[0])
		for i, row := range acc {
			VFMADD231PS_BCST(at(user, 12*i), bv[0], row[j])
			VFMADD231PS_BCST(at(user, 12*i+4), bv[1], row[j])
			VFMADD231PS_BCST(at(user, 12*i+8), av[0], row[j])
		}
	}
	thr, masks := arg("thr"), arg("masks")
	any := GP32()
	XORL(any, any)
	for i, row := range acc {
		g := s.compare(row, at(thr, 4*i), av[0], bv[0])
		MOVL(g, at(masks, 4*i))
		ORL(g, any)
	}
	Store(any, ReturnIndex(0))
	ret()
}

// vpdpbusd adds to each int32 of d four products of unsigned u and signed s bytes. The generator does not know it.
func vpdpbusd(s, u, d VecVirtual) {
	Instruction(&ir.Instruction{
		Opcode:   "VPDPBUSD",
		Operands: []Op{s, u, d},
		Inputs:   []Op{s, u, d},
		Outputs:  []Op{d},
		ISA:      []string{"AVX512_VNNI"},
	})
}
