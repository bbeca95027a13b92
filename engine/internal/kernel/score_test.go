package kernel

import (
	"fmt"
	"math"
	"testing"
)

func TestScore(t *testing.T) {
	rng := newRNG()
	for _, l := range levels() {
		for _, rows := range []int{1, l.scoreRows()} {
			for _, k := range []int{1, 2, 3, 16, 33} {
				for _, at := range []float32{-100, 0.5, 100} {
					what := fmt.Sprintf("score %s rows=%d k=%d threshold=%g", l, rows, k, at)
					users, panel, bias := newGuarded(k*rows, 1, rng), newGuarded(k*32, 2, rng), newGuarded(32, 1, rng)
					thr, c := newGuarded(rows, 1, rng), newGuarded(rows*32, 2, rng)
					for i := range thr.v {
						thr.v[i] = at
					}
					masks := make([]uint32, rows+1)
					masks[rows] = 0xdead
					hit := l.score(rows, k, users.v, panel.v, bias.v, thr.v, c.v, masks)
					c.intact(t, what)
					if masks[rows] != 0xdead {
						t.Fatalf("%s: masks overwritten", what)
					}
					any := false
					for i := range rows {
						for j := range 32 {
							want := float64(bias.v[j])
							for p := range k {
								want += float64(users.v[p*rows+i]) * float64(panel.v[p*32+j])
							}
							set := masks[i]>>j&1 == 1
							any = any || set
							if math.Abs(want-float64(at)) > 1e-4 && set != (want >= float64(at)) {
								t.Fatalf("%s: user %d item %d: score %g, mask %v", what, i, j, want, set)
							}
							if set {
								near(t, what, c.v[i*32+j], want, float64(k+1))
							}
						}
					}
					if hit != any {
						t.Fatalf("%s: hit %v, masks %v", what, hit, any)
					}
				}
			}
		}
	}
}

func TestScoreInt8(t *testing.T) {
	if !HasInt8() {
		t.Skip("no byte products at this level of this machine")
	}
	rng := newRNG()
	for _, rows := range []int{1, ScoreRows()} {
		for _, steps := range []int{1, 2, 5, 32} {
			what := fmt.Sprintf("int8 rows=%d steps=%d", rows, steps)
			u := Int8Users{Codes: make([]int8, 4*steps*rows), Init: make([]int32, rows), Terms: newGuarded(3*rows, 1, rng).v}
			p := Int8Panel{Codes: make([]uint8, 4*steps*32), Terms: newGuarded(96, 1, rng).v, Bias: newGuarded(32, 1, rng).v}
			for i := range u.Codes {
				u.Codes[i] = int8(rng.IntN(255) - 127)
			}
			for i := range p.Codes {
				p.Codes[i] = uint8(1 + rng.IntN(255))
			}
			thr, masks := newGuarded(rows, 1, rng), make([]uint32, rows)
			sums := make([]int, rows*32)
			for i := range rows {
				for s := range steps {
					for b := range 4 {
						q := int(u.Codes[s*4*rows+4*i+b])
						u.Init[i] -= 128 * int32(q)
						for j := range 32 {
							sums[i*32+j] += q * (int(p.Codes[s*128+4*j+b]) - 128)
						}
					}
				}
			}
			ScoreInt8(rows, steps, u, p, thr.v, masks)
			for i := range rows {
				for j := range 32 {
					want := float64(p.Terms[j])*float64(sums[i*32+j]) + float64(p.Terms[32+j])*float64(u.Terms[3*i]) +
						float64(p.Terms[64+j])*float64(u.Terms[3*i+1]) + float64(p.Bias[j])*float64(u.Terms[3*i+2])
					if math.Abs(want-float64(thr.v[i])) > 1e-2 && (masks[i]>>j&1 == 1) != (want >= float64(thr.v[i])) {
						t.Fatalf("%s: user %d item %d: bound %g, threshold %g, mask %b", what, i, j, want, thr.v[i], masks[i]>>j&1)
					}
				}
			}
		}
	}
}
