package kernel

import (
	"fmt"
	"math"
	"testing"
)

func TestDotAndAxpyAllLengths(t *testing.T) {
	rng := newRNG()
	for _, l := range levels() {
		for n := 1; n <= 150; n++ {
			for offset := range 3 {
				what := fmt.Sprintf("%s n=%d offset=%d", l, n, offset)
				x, y := newGuarded(n, offset, rng), newGuarded(n, 2-offset, rng)
				var want, size float64
				for i, v := range x.v {
					want += float64(v) * float64(y.v[i])
					size += math.Abs(float64(v) * float64(y.v[i]))
				}
				near(t, "dot "+what, l.dot(x.v, y.v), want, size)
				before := clone(y.v)
				l.axpy(-0.7, x.v, y.v)
				for i, v := range y.v {
					near(t, "axpy "+what, v, before[i]+float64(float32(-0.7))*float64(x.v[i]), 2)
				}
				x.intact(t, "axpy x "+what)
				y.intact(t, "axpy y "+what)
			}
		}
	}
}

func TestWholeVectors(t *testing.T) {
	rng := newRNG()
	for _, l := range levels() {
		for n := 16; n <= 160; n += 16 {
			offset := n / 16 % 3
			what := fmt.Sprintf("%s n=%d", l, n)
			a, b, dst := newGuarded(n, offset, rng), newGuarded(n, 1, rng), newGuarded(n, 2, rng)

			l.scale(dst.v, 1.3, a.v)
			for i, v := range dst.v {
				near(t, "scale "+what, v, float64(float32(1.3))*float64(a.v[i]), 1)
			}
			l.mul(dst.v, a.v, b.v)
			for i, v := range dst.v {
				near(t, "mul "+what, v, float64(a.v[i])*float64(b.v[i]), 1)
			}
			before := clone(dst.v)
			l.mulAdd(dst.v, a.v, b.v)
			for i, v := range dst.v {
				near(t, "mulAdd "+what, v, before[i]+float64(a.v[i])*float64(b.v[i]), 2)
			}
			sum, want := l.mulDot(dst.v, a.v, b.v), 0.0
			for i, v := range dst.v {
				p := float64(a.v[i]) * float64(b.v[i])
				near(t, "mulDot "+what, v, p, 1)
				want += p * float64(b.v[i])
			}
			near(t, "mulDot sum "+what, sum, want, float64(n))
			for i := range a.v {
				a.v[i] = a.v[i]*a.v[i] + 0.01
			}
			l.shift(dst.v, b.v, a.v, 0.25)
			for i := range dst.v {
				inv := 1 / (float64(a.v[i]) + 0.25)
				near(t, "shift "+what, dst.v[i], inv, 4)
				near(t, "shift root "+what, b.v[i], math.Sqrt(inv), 2)
			}
			a.intact(t, what)
			b.intact(t, what)
			dst.intact(t, what)
		}
	}
}

func TestDescend(t *testing.T) {
	rng := newRNG()
	for _, l := range levels() {
		for n := 16; n <= 272; n += 16 {
			what := fmt.Sprintf("descend %s n=%d", l, n)
			var v [6]guarded
			var old [6][]float64
			for i := range v {
				v[i] = newGuarded(n, (n/16+i)%3, rng)
				old[i] = clone(v[i].v)
			}
			const rho = 0.7
			for i, d := range old[2] {
				old[3][i] += d // curvature far from 0
				v[3].v[i] = float32(old[3][i])
			}
			got := l.descend(v[0].v, v[1].v, v[2].v, v[3].v, v[4].v, v[5].v, rho)
			var curvature, rest float64
			for i, d := range old[2] {
				curvature += d * old[3][i]
			}
			alpha := rho / curvature
			for i, r := range old[1] {
				old[1][i] = r - alpha*old[3][i]
				rest += old[1][i] * old[1][i] * old[4][i]
			}
			near(t, what, got, rest, float64(n))
			for i, d := range old[2] {
				next := old[1][i]*old[4][i] + rest/rho*d
				near(t, what+" x", v[0].v[i], old[0][i]+alpha*d, 4)
				near(t, what+" residual", v[1].v[i], old[1][i], 4)
				near(t, what+" dir", v[2].v[i], next, float64(n))
				near(t, what+" step", v[3].v[i], next*old[5][i], float64(n))
			}
			for i := range v {
				v[i].intact(t, what)
			}
		}
	}
}

func TestDoubleAllLengths(t *testing.T) {
	rng := newRNG()
	for _, l := range levels() {
		for n := 1; n <= 80; n++ {
			const wall = 12
			what := fmt.Sprintf("%s n=%d", l, n)
			xs, ys := make([]float64, n+2*wall+1), make([]float64, n+2*wall+1)
			for i := range xs {
				xs[i], ys[i] = math.NaN(), math.NaN()
			}
			x, y := xs[wall+1:][:n:n], ys[wall:][:n:n]
			for i := range x {
				x[i], y[i] = rng.NormFloat64(), rng.NormFloat64()
			}
			var want, size float64
			for i := range x {
				want += x[i] * y[i]
				size += math.Abs(x[i] * y[i])
			}
			near64(t, "dot64 "+what, l.dot64(x, y), want, size)
			before := append([]float64(nil), y...)
			l.axpy64(0.3, x, y)
			for i := range y {
				near64(t, "axpy64 "+what, y[i], before[i]+0.3*x[i], 10)
			}
			bx, by := append([]float64(nil), x...), append([]float64(nil), y...)
			l.rotate64(0.8, -0.6, x, y)
			for i := range y {
				near64(t, "rotate64 x "+what, x[i], 0.8*bx[i]+0.6*by[i], 10)
				near64(t, "rotate64 y "+what, y[i], -0.6*bx[i]+0.8*by[i], 10)
			}
			for i := range xs {
				if outside := i <= wall || i > wall+n; outside && !math.IsNaN(xs[i]) {
					t.Fatalf("%s: x overwritten at %d", what, i)
				}
				if outside := i < wall || i >= wall+n; outside && !math.IsNaN(ys[i]) {
					t.Fatalf("%s: y overwritten at %d", what, i)
				}
			}
		}
	}
}

func TestEmpty(t *testing.T) {
	if Dot(nil, nil) != 0 || Dot64(nil, nil) != 0 || MulDot(nil, nil, nil) != 0 {
		t.Error("sums over nothing are not 0")
	}
	Prefetch(nil)
	Prefetch(make([]float32, 3))
	Axpy(1, nil, nil)
	Axpy64(1, nil, nil)
	Rotate64(1, 0, nil, nil)
	Scale(nil, 1, nil)
	Mul(nil, nil, nil)
	MulAdd(nil, nil, nil)
	Descend(nil, nil, nil, nil, nil, nil, 1)
	Shift(nil, nil, nil, 1)
	MulVec(nil, nil, 0, nil)
	PairProducts(nil, 0, nil, 0, 0, 16)
	GatherCols(nil, 0, nil, 0, nil, 0, nil)
	GatherRows(nil, 0, nil, nil, 0, nil, 16)
	out := []float32{1, 2}
	Combine(out, nil, nil, nil, 0, true)
	if out[0] != 1 {
		t.Error("adding nothing changed the output")
	}
	Combine(out, nil, nil, nil, 0, false)
	MulVecTrans(out[1:], nil, nil, 0, true)
	if out[0] != 0 || out[1] != 0 {
		t.Error("a sum over nothing is not 0")
	}
}

func TestLengthsChecked(t *testing.T) {
	v := make([]float32, 64)
	for why, f := range map[string]func(){
		"b shorter than a":        func() { Dot(v, v[:3:3]) },
		"no multiple of 16":       func() { Mul(v[:15], v, v) },
		"second argument short":   func() { Mul(v[:32], v, v[:16:16]) },
		"destination too short":   func() { GatherRows(v[:20], 16, []int32{0, 0}, v, 16, v, 16) },
		"fewer indices than rows": func() { GatherRows(v, 16, []int32{0}, v, 16, v[:2], 16) },
		"fewer weights than rows": func() { GatherSum(v[:16], v, 16, []int32{0, 0}, v, 16, v[:2], v[:1:1]) },
		"fewer than weights":      func() { Combine(v[:16], []int32{0}, v[:2], v, 16, false) },
		"fewer than n":            func() { GatherCols(v, 16, []int32{0}, 2, v, 16, v[:16]) },
		"dots beyond the rows":    func() { MulNormal(v[:32], v[:3], v, 32, v, Ahead{}) },
		"tile beyond the end":     func() { MulTile(v, 32, v, v, 1, Set) },
		"eight rows do not fit":   func() { Mul8(v, 16, v, 16, v, 16, 1, 16, Set) },
		"three rows, not four":    func() { PairProducts(v, 4, v, 16, 3, 16) },
		"rows too few":            func() { MulVecTrans(v[:16], v[:5], v, 16, false) },
		"matrix smaller than out": func() { MulVec(v[:5], v, 16, v[:16]) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", why)
				}
			}()
			f()
		}()
	}
}

func TestChoose(t *testing.T) {
	for _, tt := range []struct {
		name string
		best Level
		want Level
		why  string
	}{
		{"", AVX512, AVX512, "no wish"},
		{"generic", AVX512, Generic, "forced down"},
		{"avx2", AVX512, AVX2, "forced down one"},
		{"avx512", AVX2, AVX2, "the machine cannot"},
		{"sse9", AVX2, AVX2, "unknown name"},
	} {
		if got := choose(tt.name, tt.best); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.why, got, tt.want)
		}
	}
}
