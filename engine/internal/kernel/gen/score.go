package main

import (
	"fmt"
	"math"

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

// Limits of thresholds and bonuses in scoreInt8, far beyond any sum of products: no difference of two of them overflows, the
// largest bonus reaches every threshold, and the smallest one reaches the smallest threshold.
const (
	mostThreshold  = 1 << 29
	mostBonus      = 1 << 30
	leastBonus     = -1 << 28
	leastThreshold = -mostThreshold
)

// scoreInt8: exact products of users (int8, packed users×4 bytes a step) and the 32 items (uint8 with 128 added, packed 32×4 bytes
// a step) of panels, panel by panel until one has an item whose upper bound reaches a user's threshold:
//
//	product ≥ ⌊(thr − panel.norm·norm − panel.err·err) / panel.scale⌋, all but the product in units of the user's scale
//
// init is −128·Σ user for each user, which undoes the items' offset. Of that panel the products go to c (users × 32) and which
// items they are of to masks; the result is how many panels came before it. The threshold is one number a user and
// panel, so that a panel without a hit costs little more than its products.
//
// With bonus (for one user) an item's bonus, in units of the scales and rounded up, is added to its product.
func scoreInt8(users int, bonus bool) {
	s := avx512
	signature := "(steps, panels int, a *int8, b *uint8, terms *float32, init *int32, norm, err, thr *float32, c *int32, masks *uint32) int"
	if bonus {
		signature = "(steps, panels int, a *int8, b *uint8, terms *float32, bonus *float32, next int, unit float32, init *int32, norm, err, thr *float32, c *int32, masks *uint32) int"
	}
	TEXT(fmt.Sprintf("scoreInt8x%dVNNI", users), NOSPLIT, "func"+signature)
	Pragma("noescape")
	panels, b, terms, init := arg("panels"), arg("b"), arg("terms"), arg("init")
	a, steps := arg("a"), arg("steps")
	thresholds := AllocLocal(64)
	acc, bv, av := s.grid(users, 2), s.vecs(2), s.vecs(2)
	member := K()
	lanes := GP32()
	MOVL(U32(1<<users-1), lanes)
	KMOVW(lanes, member)
	var item, next Register
	if bonus {
		item, next = arg("bonus"), arg("next")
	}
	left := GP64()
	MOVQ(panels, left)
	Label("panel")
	s.thresholds(terms, member, av[0], bv[0])
	VMOVDQU32(av[0], thresholds)
	for i, row := range acc {
		VPBROADCASTD(at(init, 4*i), row[0])
		VMOVDQA32(row[0], row[1])
	}
	if bonus {
		s.addBonus(acc[0], terms, item, bv)
		ADDQ(next, item)
	}
	p, n := GP64(), GP64()
	MOVQ(a, p)
	MOVQ(steps, n)
	Label("loop")
	for j := range bv {
		VMOVUPS(at(b, 64*j), bv[j])
	}
	for i, row := range acc {
		VPBROADCASTD(at(p, 4*i), av[i%2])
		for j := range bv {
			vpdpbusd(av[i%2], bv[j], row[j])
		}
	}
	advance(4*users, p)
	advance(128, b)
	DECQ(n)
	JNE(LabelRef("loop"))
	s.compareAll(acc, thresholds, av, bv)
	JCC(LabelRef("hit"))
	advance(16, terms)
	DECQ(left)
	JNE(LabelRef("panel"))
	Store(panels, ReturnIndex(0))
	ret()

	Label("hit")
	s.report(acc, thresholds)
	SUBQ(left, panels)
	Store(panels, ReturnIndex(0))
	ret()
}

// addBonus adds 32 items' bonuses, in units of the scales of user and panel and rounded up, to their sums.
func (s isa) addBonus(sums []VecVirtual, terms, item Register, x []VecVirtual) {
	unit := s.broadcast("unit")
	VMULPS_BCST(at(terms, 8), unit, unit)
	for j, sum := range sums {
		VMULPS(at(item, 64*j), unit, x[0])
		s.constant(x[1], mostBonus) // what is no number becomes this one, which hides no item
		VMINPS(x[1], x[0], x[0])
		s.constant(x[1], leastBonus)
		VMAXPS(x[1], x[0], x[0])
		VCVTPS2DQ_RU_SAE(x[0], x[0])
		VPADDD(x[0], sum, sum)
	}
}

// compareAll sets the carry flag when no sum reaches its user's threshold. It spoils below and x.
func (s isa) compareAll(sums [][]VecVirtual, thresholds Mem, below, x []VecVirtual) {
	for i, row := range sums { // the sign of all differences at once tells
		to := below[i%2]
		if i > 1 {
			to = x[i%2]
		}
		VPMAXSD(row[1], row[0], to)
		VPSUBD_BCST(thresholds.Offset(4*i), to, to)
		if i > 1 {
			VPANDD(to, below[i%2], below[i%2])
		}
	}
	if len(sums) > 1 {
		VPANDD(below[1], below[0], below[0])
	}
	none := K()
	VPMOVD2M(below[0], none)
	KORTESTW(none, none)
}

// notLess is the predicate "greater or equal" for integers.
const notLess = 5

// report writes the sums, and masks of those that reach their user's threshold.
func (s isa) report(sums [][]VecVirtual, thresholds Mem) {
	c, masks := arg("c"), arg("masks")
	for i, row := range sums {
		low, high, g := K(), K(), GP32()
		VPCMPD_BCST(U8(notLess), thresholds.Offset(4*i), row[0], low)
		VPCMPD_BCST(U8(notLess), thresholds.Offset(4*i), row[1], high)
		KUNPCKWD(low, high, low)
		KMOVD(low, g)
		MOVL(g, at(masks, 4*i))
		for j := range row {
			VMOVDQU32(row[j], at(c, i*128+64*j))
		}
	}
}

// thresholds leaves in t what the products of a panel must reach, one number for each of the users in member. It spoils x.
func (s isa) thresholds(terms Register, member Register, t, x VecVirtual) {
	VMOVUPS_Z(at(arg("thr"), 0), member, t)
	for n, name := range []string{"norm", "err"} {
		VMOVUPS_Z(at(arg(name), 0), member, x)
		VFNMADD231PS_BCST(at(terms, 4*n), x, t)
	}
	VMULPS_BCST(at(terms, 8), t, t)
	s.constant(x, leastThreshold) // what is no number becomes this one, which hides no item
	VMAXPS(x, t, t)
	s.constant(x, mostThreshold)
	VMINPS(x, t, t)
	VCVTPS2DQ_RD_SAE(t, t)
}

// constant sets all lanes of v to x.
func (s isa) constant(v VecVirtual, x float32) {
	g := GP32()
	MOVL(U32(math.Float32bits(x)), g)
	VPBROADCASTD(g, v)
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
