package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/reg"
)

// half returns s counting in float64.
func (s isa) half() isa { s.lanes /= 2; return s }

// broadcast64 loads a float64 parameter into all lanes.
func (s isa) broadcast64(name string) VecVirtual {
	v := s.vec()
	p, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSD(p.Addr, v)
	return v
}

// dot64: Σ a·b in float64 over any n.
func dot64(s isa) {
	s.function("dot64", "(a, b *float64, n int) float64")
	a, b, n := arg("a"), arg("b"), arg("n")
	acc := s.vecs(4)
	s.zero(acc...)
	size := s.bytes()
	s.half().blocks(n, 4, "wide", func(count int) {
		for i := range count {
			t := s.vec()
			VMOVUPD(at(a, i*size), t)
			VFMADD231PD(at(b, i*size), t, acc[i])
		}
		advance(count*size, a, b)
	})
	VADDPD(acc[1], acc[0], acc[0])
	VADDPD(acc[3], acc[2], acc[2])
	VADDPD(acc[2], acc[0], acc[0])
	x := s.sum64(acc[0])
	scalarTail(n, func() {
		t := XMM()
		VMOVSD(at(a, 0), t)
		VFMADD231SD(at(b, 0), t, x)
		advance(8, a, b)
	})
	Store(x, ReturnIndex(0))
	ret()
}

// axpy64: y += alpha·x in float64 over any n.
func axpy64(s isa) {
	s.function("axpy64", "(alpha float64, x, y *float64, n int)")
	alpha := s.broadcast64("alpha")
	x, y, n := arg("x"), arg("y"), arg("n")
	size := s.bytes()
	s.half().blocks(n, 4, "wide", func(count int) {
		for i := range count {
			t := s.vec()
			VMOVUPD(at(y, i*size), t)
			VFMADD231PD(at(x, i*size), alpha, t)
			VMOVUPD(t, at(y, i*size))
		}
		advance(count*size, x, y)
	})
	scalarTail(n, func() {
		t := XMM()
		VMOVSD(at(y, 0), t)
		VFMADD231SD(at(x, 0), alpha.AsX(), t)
		VMOVSD(t, at(y, 0))
		advance(8, x, y)
	})
	ret()
}

// rotate64: (x, y) = (c·x − s·y, s·x + c·y) in float64 over any n.
func rotate64(i isa) {
	i.function("rotate64", "(c, s float64, x, y *float64, n int)")
	c, s := i.broadcast64("c"), i.broadcast64("s")
	x, y, n := arg("x"), arg("y"), arg("n")
	size := i.bytes()
	i.half().blocks(n, 2, "wide", func(count int) {
		for k := range count {
			a, b, t, u := i.vec(), i.vec(), i.vec(), i.vec()
			VMOVUPD(at(x, k*size), a)
			VMOVUPD(at(y, k*size), b)
			VMULPD(s, b, t)
			VMULPD(c, b, u)
			VFMSUB231PD(c, a, t) // t = c·x − s·y
			VFMADD231PD(s, a, u) // u = s·x + c·y
			VMOVUPD(t, at(x, k*size))
			VMOVUPD(u, at(y, k*size))
		}
		advance(count*size, x, y)
	})
	scalarTail(n, func() {
		a, b, t, u := XMM(), XMM(), XMM(), XMM()
		VMOVSD(at(x, 0), a)
		VMOVSD(at(y, 0), b)
		VMULSD(s.AsX(), b, t)
		VMULSD(c.AsX(), b, u)
		VFMSUB231SD(c.AsX(), a, t)
		VFMADD231SD(s.AsX(), a, u)
		VMOVSD(t, at(x, 0))
		VMOVSD(u, at(y, 0))
		advance(8, x, y)
	})
	ret()
}
