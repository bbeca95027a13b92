package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// descend: with alpha = rho / Σ dir·step, x += alpha·dir and residual −= alpha·step; with the returned Σ inv·residual² over rho as beta, dir =
// inv·residual + beta·dir and step = diag·dir. n is a multiple of the lanes. In three passes over what the first-level cache holds.
func descend(s isa) {
	s.function("descend", "(n int, x, residual, dir, step, inv, diag *float32, rho float32) float32")
	n, x, residual, dir := arg("n"), arg("x"), arg("residual"), arg("dir")
	step, inv, diag, rho := arg("step"), arg("inv"), arg("diag"), s.broadcast("rho")
	acc := s.vecs(4)
	pass := func(label string, body func(i int, of func(Register) Mem)) {
		left, off := GP64(), GP64()
		MOVQ(n, left)
		XORQ(off, off)
		s.blocks(left, len(acc), label, func(count int) {
			for i := range count {
				body(i, func(base Register) Mem { return Mem{Base: base, Index: off, Scale: 1, Disp: i * s.bytes()} })
			}
			advance(count*s.bytes(), off)
		})
	}
	total := func() VecVirtual {
		VADDPS(acc[1], acc[0], acc[0])
		VADDPS(acc[3], acc[2], acc[2])
		VADDPS(acc[2], acc[0], acc[0])
		return s.sum(acc[0])
	}
	d, r, t, factor := s.vec(), s.vec(), s.vec(), s.vec()

	s.zero(acc...)
	pass("curvature", func(i int, of func(Register) Mem) {
		VMOVUPS(of(dir), d)
		VFMADD231PS(of(step), d, acc[i])
	})
	alpha := total()
	VDIVSS(alpha, rho.AsX(), alpha)
	VBROADCASTSS(alpha, factor)

	s.zero(acc...)
	pass("move", func(i int, of func(Register) Mem) {
		VMOVUPS(of(dir), d)
		VFMADD213PS(of(x), factor, d)
		VMOVUPS(d, of(x))
		VMOVUPS(of(residual), r)
		VMOVUPS(of(step), t)
		VFNMADD231PS(t, factor, r)
		VMOVUPS(r, of(residual))
		VMULPS(of(inv), r, t)
		VMOVUPS(t, of(step))
		VFMADD231PS(t, r, acc[i])
	})
	rest := total()
	Store(rest, ReturnIndex(0))
	VDIVSS(rho.AsX(), rest, rest)
	VBROADCASTSS(rest, factor)

	pass("turn", func(_ int, of func(Register) Mem) {
		VMOVUPS(of(dir), d)
		VFMADD213PS(of(step), factor, d)
		VMOVUPS(d, of(dir))
		VMULPS(of(diag), d, d)
		VMOVUPS(d, of(step))
	})
	ret()
}
