package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
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

// int8Case is a random call of ScoreInt8.
type int8Case struct {
	rows, steps, panels int
	u                   Int8Users
	p                   Int8Panels
	thr                 []float32
}

func newInt8Case(rows, steps, panels int, bonus bool, rng *rand.Rand) *int8Case {
	c := &int8Case{rows: rows, steps: steps, panels: panels, thr: newGuarded(rows, 1, rng).v}
	c.u = Int8Users{
		Codes: make([]int8, 4*steps*rows), Init: make([]int32, rows), Unit: 3,
		Norm: newGuarded(rows, 1, rng).v, Err: newGuarded(rows, 1, rng).v,
	}
	c.p = Int8Panels{Codes: make([]uint8, 4*steps*32*panels), Terms: newGuarded(4*panels, 1, rng).v}
	for i := range c.p.Terms {
		c.p.Terms[i] = 0.1 + max(c.p.Terms[i], -c.p.Terms[i])
	}
	if rows == 1 {
		c.p.Bonus = make([]float32, 32)
	}
	if bonus {
		c.p.Bonus = newGuarded(32*panels, 1, rng).v
	}
	for i := range c.u.Codes {
		c.u.Codes[i] = int8(rng.IntN(255) - 127)
	}
	for i := range c.p.Codes {
		c.p.Codes[i] = uint8(1 + rng.IntN(255))
	}
	for i := range rows {
		for s := range steps {
			for b := range 4 {
				c.u.Init[i] -= 128 * int32(c.u.Codes[s*4*rows+4*i+b])
			}
		}
	}
	return c
}

// product is that of user i and item j of panel p.
func (c *int8Case) product(i, p, j int) float64 {
	sum := 0
	for s := range c.steps {
		for b := range 4 {
			sum += int(c.u.Codes[s*4*c.rows+4*i+b]) * (int(c.p.Codes[(p*c.steps+s)*128+4*j+b]) - 128)
		}
	}
	if len(c.p.Bonus) > 32 {
		return float64(sum) + math.Ceil(float64(c.p.Bonus[p*32+j])*float64(c.u.Unit*c.p.Terms[4*p+2]))
	}
	return float64(sum)
}

// asked is what products with panel p must reach for user i.
func (c *int8Case) asked(i, p int) float64 {
	t := c.p.Terms[4*p:]
	return float64((c.thr[i] - t[0]*c.u.Norm[i] - t[1]*c.u.Err[i]) * t[2])
}

func TestScoreInt8(t *testing.T) {
	if !HasInt8() {
		t.Skip("no byte products at this level of this machine")
	}
	rng := newRNG()
	for _, shape := range []struct {
		rows, steps, panels int
		bonus               bool
	}{
		{1, 1, 1, false}, {1, 5, 3, true}, {1, 32, 9, true}, {1, 32, 9, false},
		{ScoreRows(), 1, 1, false}, {ScoreRows(), 2, 7, false}, {ScoreRows(), 33, 4, false},
	} {
		for _, lift := range []float32{-1e9, 0, 60000, 120000, 1e12, float32(math.Inf(1)), float32(math.Inf(-1))} {
			what := fmt.Sprintf("int8 %+v, thresholds lifted by %g", shape, lift)
			c := newInt8Case(shape.rows, shape.steps, shape.panels, shape.bonus, rng)
			for i := range c.thr {
				c.thr[i] += lift
			}
			sums, masks := make([]int32, c.rows*32+1), make([]uint32, c.rows+1)
			sums[c.rows*32], masks[c.rows] = 77, 77
			for from := 0; from < c.panels; {
				p := c.p
				p.Codes, p.Terms = p.Codes[128*c.steps*from:], p.Terms[4*from:]
				if c.bonus() {
					p.Bonus = p.Bonus[32*from:]
				}
				n := ScoreInt8(c.rows, c.steps, c.panels-from, c.u, p, c.thr, sums, masks)
				c.missed(t, what, from, from+n)
				if from += n; from < c.panels {
					c.found(t, what, from, sums, masks)
					from++
				}
			}
			if sums[c.rows*32] != 77 || masks[c.rows] != 77 {
				t.Fatalf("%s: wrote beyond the output", what)
			}
		}
	}
}

func (c *int8Case) bonus() bool { return len(c.p.Bonus) > 32 }

// missed checks that nothing in the panels [from, to) reaches what is asked.
func (c *int8Case) missed(t *testing.T, what string, from, to int) {
	t.Helper()
	for p := from; p < to; p++ {
		for i := range c.rows {
			for j := range 32 {
				if got, want := c.product(i, p, j), c.asked(i, p); got > want+math.Abs(want)*1e-5+1 {
					t.Fatalf("%s: user %d, panel %d, item %d passed over with %g, asked %g", what, i, p, j, got, want)
				}
			}
		}
	}
}

// found checks what is said of panel p.
func (c *int8Case) found(t *testing.T, what string, p int, sums []int32, masks []uint32) {
	t.Helper()
	any := uint32(0)
	for i := range c.rows {
		any |= masks[i]
		for j := range 32 {
			got, want := c.product(i, p, j), c.asked(i, p)
			if math.Abs(float64(sums[i*32+j])-got) > 1 || !c.bonus() && float64(sums[i*32+j]) != got {
				t.Fatalf("%s: user %d, panel %d, item %d: product %d, want %g", what, i, p, j, sums[i*32+j], got)
			}
			if set := masks[i]>>j&1 == 1; math.Abs(got-want) > math.Abs(want)*1e-5+2 && set != (got >= want) {
				t.Fatalf("%s: user %d, panel %d, item %d: product %g, asked %g, mask %v", what, i, p, j, got, want, set)
			}
		}
	}
	if any == 0 {
		t.Fatalf("%s: stopped at panel %d, where nothing is found", what, p)
	}
}

// TestScoreInt8Overflow shows that numbers which no sum of products comes near hide nothing.
func TestScoreInt8Overflow(t *testing.T) {
	if !HasInt8() {
		t.Skip("no byte products at this level of this machine")
	}
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, tt := range []struct {
		thr, norm, bonus, unit float32
		want                   bool
		why                    string
	}{
		{1e30, 0, 0, 1, false, "a threshold beyond whole numbers"},
		{-1e30, 0, 0, 1, true, "one far below"},
		{-1e30, 0, -1e29, 1, true, "and a bonus far below, but above it"},
		{1e30, 0, 2e30, 1, true, "a bonus that reaches it"},
		{5e8, 0, 6e8, 1, true, "both near the limit"},
		{nan, 0, 0, 1, true, "a threshold that is no number"},
		{inf, inf, 0, 1, true, "and one whose bound is not"},
		{5, 0, 0, inf, true, "a bonus of zero in units that overflow"},
	} {
		u := Int8Users{Codes: make([]int8, 4), Init: make([]int32, 1), Norm: []float32{tt.norm}, Err: make([]float32, 1), Unit: tt.unit}
		p := Int8Panels{Codes: make([]uint8, 128), Terms: []float32{1, 1, 1, 0}, Bonus: make([]float32, 32)}
		for j := range p.Bonus {
			p.Bonus[j] = tt.bonus
		}
		if got := ScoreInt8(1, 1, 1, u, p, []float32{tt.thr}, make([]int32, 32), make([]uint32, 1)) == 0; got != tt.want {
			t.Errorf("%s: reached is %v", tt.why, got)
		}
	}
}
