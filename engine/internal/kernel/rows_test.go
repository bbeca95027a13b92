package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// randomIndex returns n row numbers below rows, exactly as long as its capacity: reading ahead of it would be seen by the race
// of the address against the end of the page only, so the last entry is the largest row, next to the guards.
func randomIndex(n, rows int, rng *rand.Rand) []int32 {
	index := make([]int32, n)
	for i := range index {
		index[i] = int32(rng.IntN(rows))
	}
	index[n-1] = int32(rows - 1)
	return index
}

func TestCombine(t *testing.T) {
	rng := newRNG()
	const rows = 11
	for _, l := range levels() {
		for k := 16; k <= 528; k += 16 {
			for _, n := range []int{1, 2, 3, 7} {
				ld := k + 16*(n%2)
				x := newGuarded((rows-1)*ld+k, n%3, rng)
				x.holes(rows, k, ld)
				all := randomIndex(n+k%3, rows, rng) // some rows that the next call wants
				index, w, out := all[:n], newGuarded(n, 1, rng), newGuarded(k, 2, rng)
				for _, add := range []bool{false, true} {
					what := fmt.Sprintf("combine %s k=%d n=%d add=%v", l, k, n, add)
					want := clone(out.v)
					l.combine(out.v, all, w.v, x.v, ld, add)
					for i, v := range out.v {
						if !add {
							want[i] = 0
						}
						for j, r := range index {
							want[i] += float64(w.v[j]) * float64(x.v[int(r)*ld+i])
						}
						near(t, what, v, want[i], 10)
					}
					out.intact(t, what)
				}
			}
		}
	}
}

func TestMulVecTrans(t *testing.T) {
	rng := newRNG()
	for _, l := range levels() {
		for k := 16; k <= 528; k += 16 {
			for _, n := range []int{1, 2, 5} {
				ld := k + 3
				a := newGuarded((n-1)*ld+k, n%3, rng)
				a.holes(n, k, ld)
				w, out := newGuarded(n, 1, rng), newGuarded(k, 2, rng)
				for _, add := range []bool{false, true} {
					what := fmt.Sprintf("mulVecTrans %s k=%d n=%d add=%v", l, k, n, add)
					want := clone(out.v)
					l.mulVecTrans(out.v, w.v, a.v, ld, add)
					for i, v := range out.v {
						if !add {
							want[i] = 0
						}
						for j, x := range w.v {
							want[i] += float64(x) * float64(a.v[j*ld+i])
						}
						near(t, what, v, want[i], 10)
					}
					out.intact(t, what)
				}
			}
		}
	}
}

func TestGather(t *testing.T) {
	rng := newRNG()
	const rows = 9
	for _, l := range levels() {
		for k := 16; k <= 144; k += 16 {
			for _, n := range []int{1, 2, 4, 9} {
				ld, dld := k+16*(n%2), k+3
				x, all := newGuarded((rows-1)*ld+k, n%3, rng), randomIndex(n+k%3, rows, rng)
				index := all[:n]
				byRow, byCol := newGuarded(n, 1, rng), newGuarded(k, 1, rng)
				dst := newGuarded((n-1)*dld+k, 2, rng)
				dst.holes(n, k, dld)
				what := fmt.Sprintf("%s k=%d n=%d", l, k, n)
				l.gatherCols(dst.v, dld, all, n, x.v, ld, byCol.v)
				for j, r := range index {
					for i := range k {
						near(t, "gatherCols "+what, dst.v[j*dld+i], float64(x.v[int(r)*ld+i])*float64(byCol.v[i]), 1)
					}
				}
				l.gatherRows(dst.v, dld, all, x.v, ld, byRow.v, k)
				for j, r := range index {
					for i := range k {
						near(t, "gatherRows "+what, dst.v[j*dld+i], float64(x.v[int(r)*ld+i])*float64(byRow.v[j]), 1)
					}
				}
				w, out := newGuarded(n, 2, rng), newGuarded(k, 1, rng)
				want := clone(out.v)
				l.gatherSum(out.v, dst.v, dld, all, x.v, ld, byRow.v, w.v)
				for j, r := range index {
					for i := range k {
						v := float64(x.v[int(r)*ld+i]) * float64(byRow.v[j])
						near(t, "gatherSum "+what, dst.v[j*dld+i], v, 1)
						want[i] += float64(w.v[j]) * v
					}
				}
				for i, v := range out.v {
					near(t, "gatherSum sum "+what, v, want[i], 10)
				}
				out.intact(t, "gatherSum "+what)
				dst.holesIntact(t, "gather "+what, n, k, dld)
			}
		}
	}
}

// product is Σ_i x[i]·y[i] over k elements in float64.
func product(x, y []float32, k int) (sum float64) {
	for i := range k {
		sum += float64(x[i]) * float64(y[i])
	}
	return sum
}

func TestMulVecAndPairProducts(t *testing.T) {
	rng := newRNG()
	for _, l := range levels() {
		for k := 16; k <= 96; k += 16 {
			for n := 1; n <= 13; n++ {
				ld := k + 5
				a, q, out := newGuarded((n-1)*ld+k, n%3, rng), newGuarded(k, 1, rng), newGuarded(n, 2, rng)
				a.holes(n, k, ld)
				what := fmt.Sprintf("%s k=%d n=%d", l, k, n)
				l.mulVec(out.v, a.v, ld, q.v)
				for i, v := range out.v {
					near(t, "mulVec "+what, v, product(a.v[i*ld:], q.v, k), float64(k))
				}
				out.intact(t, "mulVec "+what)
				if n%4 != 0 {
					continue
				}
				ldc := n + 3
				c := newGuarded((n-1)*ldc+n, 1, rng)
				c.holes(n, n, ldc)
				l.pairProducts(c.v, ldc, a.v, ld, n, k)
				for i := range n {
					for j := i; j < n; j++ {
						near(t, "pairProducts "+what, c.v[i*ldc+j], product(a.v[i*ld:], a.v[j*ld:], k), float64(k))
					}
				}
				c.holesIntact(t, "pairProducts "+what, n, n, ldc)
			}
		}
	}
}

func TestMulNormal(t *testing.T) {
	rng := newRNG()
	const rows = 11
	before := level
	defer func() { level = before }()
	for _, level = range levels() {
		for k := 16; k <= 272; k += 16 {
			for _, n := range []int{0, 1, 2, 3, 9, 33, 600} {
				ld := k + 5
				a, q := newGuarded(max(n-1, 0)*ld+k, n%3, rng), newGuarded(k, 1, rng)
				a.holes(n, k, ld)
				x := newGuarded((rows-1)*ld+k, 0, rng)
				for _, next := range []Ahead{{}, {randomIndex(n+1, rows, rng), x.v, ld}, {randomIndex(n/2+1, rows, rng), x.v[Half(k):], ld}} {
					what := fmt.Sprintf("mulNormal %s k=%d n=%d next=%d", level, k, n, len(next.Index))
					dots, out := newGuarded(n, 2, rng), newGuarded(k, 1, rng)
					want := clone(out.v)
					MulNormal(out.v, dots.v, a.v, ld, q.v, next)
					for j, v := range dots.v {
						dot := product(a.v[j*ld:], q.v, k)
						near(t, what, v, dot, float64(k))
						for i := range k {
							want[i] += dot * float64(a.v[j*ld+i])
						}
					}
					for i, v := range out.v {
						near(t, what, v, want[i], float64(k*(n+1)))
					}
					dots.intact(t, what)
					out.intact(t, what)
				}
			}
		}
	}
}

// checkMul compares c with before (mode) Σ_p a[p][i]·b[p][j].
func checkMul(t *testing.T, what string, c, before guarded, ldc int, a []float32, lda int, b []float32, ldb, kc, rows, cols int, mode Mode) {
	t.Helper()
	for i := range rows {
		for j := range cols {
			var want float64
			for p := range kc {
				want += float64(a[p*lda+i]) * float64(b[p*ldb+j])
			}
			old := float64(before.v[i*ldc+j])
			switch mode {
			case Add:
				want += old
			case Sub:
				want = old - want
			}
			near(t, what, c.v[i*ldc+j], want, float64(kc+1))
		}
	}
	c.holesIntact(t, what, rows, cols, ldc)
}

// copyOf returns an independent copy.
func (g guarded) copyOf() guarded {
	all := append([]float32(nil), g.all...)
	lo := len(g.all) - guardLen - len(g.v)
	return guarded{all: all, v: all[lo : lo+len(g.v)]}
}

func TestMul8(t *testing.T) {
	rng := newRNG()
	for _, l := range levels() {
		for n := 16; n <= 112; n += 16 {
			for kc := range 12 {
				mode := Mode((kc + n/16) % 3)
				what := fmt.Sprintf("mul8 %s n=%d kc=%d mode=%d", l, n, kc, mode)
				lda, ldb, ldc := 8+kc, n+7, n+1
				a, b := newGuarded(kc*lda, 1, rng), newGuarded(kc*ldb, 2, rng)
				a.holes(kc, 8, lda)
				b.holes(kc, n, ldb)
				c := newGuarded(7*ldc+n, kc%3, rng)
				c.holes(8, n, ldc)
				before := c.copyOf()
				l.mul8(c.v, ldc, a.v, lda, b.v, ldb, kc, n, mode)
				checkMul(t, what, c, before, ldc, a.v, lda, b.v, ldb, kc, 8, n, mode)
			}
		}
	}
}

func TestMulTile(t *testing.T) {
	rng := newRNG()
	for _, l := range levels() {
		rows, cols := l.tile()
		for kc := 1; kc < 14; kc++ {
			for mode := Set; mode <= Sub; mode++ {
				what := fmt.Sprintf("mulTile %s kc=%d mode=%d", l, kc, mode)
				ldc := cols + kc
				a, b, c := newGuarded(kc*rows, 1, rng), newGuarded(kc*cols, 2, rng), newGuarded((rows-1)*ldc+cols, kc%3, rng)
				c.holes(rows, cols, ldc)
				before := c.copyOf()
				l.mulTile(c.v, ldc, a.v, b.v, kc, mode)
				checkMul(t, what, c, before, ldc, a.v, rows, b.v, cols, kc, rows, cols, mode)
			}
		}
	}
}

func TestPackFour(t *testing.T) {
	rng := newRNG()
	for _, l := range levels() {
		for k := 1; k <= 40; k++ {
			what := fmt.Sprintf("packFour %s k=%d", l, k)
			ld, width := k+3, 4+k%9
			a, dst := newGuarded(3*ld+k, 1, rng), newGuarded((k-1)*width+4, 2, rng)
			dst.holes(k, 4, width)
			l.packFour(dst.v, width, a.v, ld, k)
			for p := range k {
				for i := range 4 {
					if dst.v[p*width+i] != a.v[i*ld+p] {
						t.Fatalf("%s: column %d of row %d is wrong", what, p, i)
					}
				}
			}
			dst.holesIntact(t, what, k, 4, width)
		}
	}
}

func TestForward8(t *testing.T) {
	rng := newRNG()
	for _, l := range levels() {
		for n := 16; n <= 80; n += 16 {
			what := fmt.Sprintf("forward8 %s n=%d", l, n)
			var u [64]float32
			inv := newGuarded(8, 1, rng)
			for p := range 8 {
				for i := p; i < 8; i++ {
					u[p*8+i] = rng.Float32() - 0.5
				}
				u[p*8+p] += 2
				inv.v[p] = 1 / u[p*8+p]
			}
			ld := n + 5
			r := newGuarded(7*ld+n, 2, rng)
			r.holes(8, n, ld)
			before := r.copyOf()
			l.forward8(&u, inv.v, r.v, ld, n)
			for j := range n {
				for i := range 8 {
					var got float64 // (Uᵀ·result)_i is the input
					for p := 0; p <= i; p++ {
						got += float64(u[p*8+i]) * float64(r.v[p*ld+j])
					}
					near(t, what, before.v[i*ld+j], got, 8)
				}
			}
			r.holesIntact(t, what, 8, n, ld)
		}
	}
}

// TestManyRows covers lists so long that they are handled in pieces.
func TestManyRows(t *testing.T) {
	const rows, k, ld = 40, 32, 48
	rng := newRNG()
	x := newGuarded((rows-1)*ld+k, 0, rng)
	x.holes(rows, k, ld)
	for _, n := range []int{piece - 1, piece, piece + 1, 2*piece + 7} {
		index, w := randomIndex(n, rows, rng), newGuarded(n, 1, rng)
		dst := newGuarded((n-1)*ld+k, 1, rng)
		dst.holes(n, k, ld)
		GatherCols(dst.v, ld, index, n, x.v, ld, x.v[:k])
		for j, r := range index {
			for i := range k {
				near(t, "gatherCols", dst.v[j*ld+i], float64(x.v[int(r)*ld+i])*float64(x.v[i]), 1)
			}
		}
		GatherRows(dst.v, ld, index, x.v, ld, w.v, k)
		for j, r := range index {
			for i := range k {
				near(t, "gatherRows", dst.v[j*ld+i], float64(x.v[int(r)*ld+i])*float64(w.v[j]), 1)
			}
		}
		dst.holesIntact(t, "gather", n, k, ld)
		out, want := newGuarded(k, 0, rng), make([]float64, k)
		for i, v := range out.v {
			want[i] = float64(v)
			for j := range w.v {
				want[i] += float64(w.v[j]) * float64(dst.v[j*ld+i])
			}
		}
		GatherSum(out.v, dst.v, ld, index, x.v, ld, w.v, w.v)
		for i, v := range out.v {
			near(t, "gatherSum", v, want[i], float64(n)/10)
		}
		for _, add := range []bool{false, true} {
			one, two := newGuarded(k, 0, rng), newGuarded(k, 0, rng)
			before := [2][]float64{clone(one.v), clone(two.v)}
			Combine(one.v, index, w.v, x.v, ld, add)
			MulVecTrans(two.v, w.v, dst.v, ld, add)
			for i := range k {
				var a, b float64
				if add {
					a, b = before[0][i], before[1][i]
				}
				for j, r := range index {
					a += float64(w.v[j]) * float64(x.v[int(r)*ld+i])
					b += float64(w.v[j]) * float64(dst.v[j*ld+i])
				}
				near(t, "combine", one.v[i], a, float64(n)/10)
				near(t, "mulVecTrans", two.v[i], b, float64(n)/10)
			}
		}
	}
}
