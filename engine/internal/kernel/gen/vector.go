package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// dot: Σ a·b over any n, four sums side by side because a fused multiply-add takes four cycles.
func dot(s isa) {
	s.function("dot", "(a, b *float32, n int) float32")
	a, b, n := arg("a"), arg("b"), arg("n")
	acc := s.vecs(4)
	s.zero(acc...)
	s.blocks(n, 4, "wide", func(count int) {
		for i := range count {
			t := s.vec()
			VMOVUPS(at(a, i*s.bytes()), t)
			VFMADD231PS(at(b, i*s.bytes()), t, acc[i])
		}
		advance(count*s.bytes(), a, b)
	})
	if s.wide {
		CMPQ(n, Imm(0))
		JE(LabelRef("sum"))
		k := tailMask(n)
		t, u := s.vec(), s.vec()
		VMOVUPS_Z(at(a, 0), k, t)
		VMOVUPS_Z(at(b, 0), k, u)
		VFMADD231PS(u, t, acc[1])
	}
	Label("sum")
	VADDPS(acc[1], acc[0], acc[0])
	VADDPS(acc[3], acc[2], acc[2])
	VADDPS(acc[2], acc[0], acc[0])
	x := s.sum(acc[0])
	if !s.wide {
		scalarTail(n, func() {
			t := XMM()
			VMOVSS(at(a, 0), t)
			VFMADD231SS(at(b, 0), t, x)
			advance(4, a, b)
		})
	}
	Store(x, ReturnIndex(0))
	ret()
}

// blocks emits two loops over n elements: count registers at once, then one register at once. What is left in n is
// less than a register.
func (s isa) blocks(n Register, count int, label string, body func(count int)) {
	for _, c := range []int{count, 1} {
		name := label
		if c == 1 {
			name += "1"
		}
		Label(name)
		CMPQ(n, U32(uint32(c*s.lanes)))
		JL(LabelRef(name + "end"))
		body(c)
		SUBQ(U32(uint32(c*s.lanes)), n)
		JMP(LabelRef(name))
		Label(name + "end")
	}
}

// scalarTail emits a loop over the last n elements.
func scalarTail(n Register, body func()) {
	Label("tail")
	CMPQ(n, Imm(0))
	JE(LabelRef("done"))
	body()
	DECQ(n)
	JMP(LabelRef("tail"))
	Label("done")
}

func advance(bytes int, pointers ...Register) {
	for _, p := range pointers {
		ADDQ(U32(uint32(bytes)), p)
	}
}

// axpy: y += alpha·x over any n.
func axpy(s isa) {
	s.function("axpy", "(alpha float32, x, y *float32, n int)")
	alpha := s.broadcast("alpha")
	x, y, n := arg("x"), arg("y"), arg("n")
	s.blocks(n, 4, "wide", func(count int) {
		for i := range count {
			t := s.vec()
			VMOVUPS(at(y, i*s.bytes()), t)
			VFMADD231PS(at(x, i*s.bytes()), alpha, t)
			VMOVUPS(t, at(y, i*s.bytes()))
		}
		advance(count*s.bytes(), x, y)
	})
	if s.wide {
		CMPQ(n, Imm(0))
		JE(LabelRef("done"))
		k := tailMask(n)
		t, u := s.vec(), s.vec()
		VMOVUPS_Z(at(y, 0), k, t)
		VMOVUPS_Z(at(x, 0), k, u)
		VFMADD231PS(u, alpha, t)
		VMOVUPS(t, k, at(y, 0))
		Label("done")
	} else {
		scalarTail(n, func() {
			t := XMM()
			VMOVSS(at(y, 0), t)
			VFMADD231SS(at(x, 0), alpha.AsX(), t)
			VMOVSS(t, at(y, 0))
			advance(4, x, y)
		})
	}
	ret()
}

// elementwise emits a loop over n elements, a multiple of the lanes, advancing the pointers.
func (s isa) elementwise(pointers []Register, n Register, body func()) {
	Label("loop")
	body()
	advance(s.bytes(), pointers...)
	SUBQ(U32(uint32(s.lanes)), n)
	JG(LabelRef("loop"))
}

// scale: dst = alpha·x.
func scale(s isa) {
	s.function("scale", "(alpha float32, dst, x *float32, n int)")
	alpha := s.broadcast("alpha")
	dst, x, n := arg("dst"), arg("x"), arg("n")
	t := s.vec()
	s.elementwise([]Register{dst, x}, n, func() {
		VMULPS(at(x, 0), alpha, t)
		VMOVUPS(t, at(dst, 0))
	})
	ret()
}

// mul: dst = a·b, elementwise.
func mul(s isa) {
	s.function("mul", "(dst, a, b *float32, n int)")
	dst, a, b, n := arg("dst"), arg("a"), arg("b"), arg("n")
	t := s.vec()
	s.elementwise([]Register{dst, a, b}, n, func() {
		VMOVUPS(at(a, 0), t)
		VMULPS(at(b, 0), t, t)
		VMOVUPS(t, at(dst, 0))
	})
	ret()
}

// mulAdd: dst += a·b, elementwise.
func mulAdd(s isa) {
	s.function("mulAdd", "(dst, a, b *float32, n int)")
	dst, a, b, n := arg("dst"), arg("a"), arg("b"), arg("n")
	t, u := s.vec(), s.vec()
	s.elementwise([]Register{dst, a, b}, n, func() {
		VMOVUPS(at(a, 0), t)
		VMOVUPS(at(dst, 0), u)
		VFMADD231PS(at(b, 0), t, u)
		VMOVUPS(u, at(dst, 0))
	})
	ret()
}

// mulDot: dst = a·b, elementwise; returns Σ dst·b.
func mulDot(s isa) {
	s.function("mulDot", "(dst, a, b *float32, n int) float32")
	dst, a, b, n := arg("dst"), arg("a"), arg("b"), arg("n")
	t, u, acc := s.vec(), s.vec(), s.vec()
	s.zero(acc)
	s.elementwise([]Register{dst, a, b}, n, func() {
		VMOVUPS(at(b, 0), u)
		VMULPS(at(a, 0), u, t)
		VMOVUPS(t, at(dst, 0))
		VFMADD231PS(u, t, acc)
	})
	Store(s.sum(acc), ReturnIndex(0))
	ret()
}

// shift: inv = 1/(d+lam), root = √inv.
func shift(s isa) {
	s.function("shift", "(inv, root, d *float32, lam float32, n int)")
	lam := s.broadcast("lam")
	inv, root, d, n := arg("inv"), arg("root"), arg("d"), arg("n")
	one, t, u := s.vec(), s.vec(), s.vec()
	r := GP32()
	MOVL(U32(0x3f800000), r) // 1.0
	VMOVD(r, one.AsX())
	VBROADCASTSS(one.AsX(), one)
	s.elementwise([]Register{inv, root, d}, n, func() {
		VADDPS(at(d, 0), lam, t)
		VDIVPS(t, one, t)
		VSQRTPS(t, u)
		VMOVUPS(t, at(inv, 0))
		VMOVUPS(u, at(root, 0))
	})
	ret()
}
