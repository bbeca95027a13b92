package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// isa is an instruction set to generate for.
type isa struct {
	suffix string // of the function names
	lanes  int    // float32 a register
	wide   bool   // AVX-512
}

var (
	avx2   = isa{"AVX2", 8, false}
	avx512 = isa{"AVX512", 16, true}
)

// function begins a kernel; no kernel keeps its pointers.
func (s isa) function(name, signature string) {
	TEXT(name+s.suffix, NOSPLIT, "func"+signature)
	Pragma("noescape")
}

// vec allocates a vector register.
func (s isa) vec() VecVirtual {
	if s.wide {
		return ZMM()
	}
	return YMM()
}

// vecs allocates n vector registers.
func (s isa) vecs(n int) []VecVirtual {
	v := make([]VecVirtual, n)
	for i := range v {
		v[i] = s.vec()
	}
	return v
}

// zero clears a register.
func (s isa) zero(v ...VecVirtual) {
	for _, r := range v {
		if s.wide {
			VPXORQ(r, r, r)
		} else {
			VXORPS(r, r, r)
		}
	}
}

// bytes is the size of a register.
func (s isa) bytes() int { return s.lanes * 4 }

// sum adds the float32 lanes of v; the result is in lane 0.
func (s isa) sum(v VecVirtual) VecVirtual {
	x, t := XMM(), XMM()
	if s.wide {
		y := YMM()
		VEXTRACTF64X4(U8(1), v, y)
		VADDPS(v.AsY(), y, y)
		VEXTRACTF32X4(U8(1), y, x) // the VEX form could not name registers above 15
		VADDPS(y.AsX(), x, x)
	} else {
		VEXTRACTF128(U8(1), v, x)
		VADDPS(v.AsX(), x, x)
	}
	VPERMILPS(U8(0x4e), x, t)
	VADDPS(t, x, x)
	VPERMILPS(U8(0xb1), x, t)
	VADDPS(t, x, x)
	return x
}

// sum64 adds the float64 lanes of v; the result is in lane 0.
func (s isa) sum64(v VecVirtual) VecVirtual {
	x, t := XMM(), XMM()
	if s.wide {
		y := YMM()
		VEXTRACTF64X4(U8(1), v, y)
		VADDPD(v.AsY(), y, y)
		VEXTRACTF32X4(U8(1), y, x)
		VADDPD(y.AsX(), x, x)
	} else {
		VEXTRACTF128(U8(1), v, x)
		VADDPD(v.AsX(), x, x)
	}
	VPERMILPD(U8(1), x, t)
	VADDPD(t, x, x)
	return x
}

// ret ends a kernel: clean upper halves, or the SSE code of the caller slows down.
func ret() {
	VZEROUPPER()
	RET()
}

// arg loads a parameter into a register.
func arg(name string) Register { return Load(Param(name), GP64()) }

// broadcast loads a float32 parameter into all lanes.
func (s isa) broadcast(name string) VecVirtual {
	v := s.vec()
	p, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSS(p.Addr, v)
	return v
}

// at is the operand at base+disp.
func at(base Register, disp int) Mem { return Mem{Base: base, Disp: disp} }

// idx is the operand at base+index.
func idx(base, index Register) Mem { return Mem{Base: base, Index: index, Scale: 1} }

// rowOf is the operand i rows after base, for i below 4; ld3 holds three strides.
func rowOf(base, ld, ld3 Register, i int) Mem {
	switch i {
	case 0:
		return Mem{Base: base}
	case 1, 2:
		return Mem{Base: base, Index: ld, Scale: uint8(i)}
	}
	return Mem{Base: base, Index: ld3, Scale: 1}
}

// triple computes 3·ld.
func triple(ld Register) Register {
	r := GP64()
	LEAQ(Mem{Base: ld, Index: ld, Scale: 2}, r)
	return r
}

// tailMask makes the mask of the n lowest lanes, n in [1, lanes).
func tailMask(n Register) Register {
	mask, one, k := GP64(), GP64(), K()
	MOVQ(U32(1), one)
	SHLXQ(n, one, mask)
	DECQ(mask)
	KMOVW(mask.As32(), k)
	return k
}
