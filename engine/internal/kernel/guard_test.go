package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// levels returns every instruction set this machine can be tested with.
func levels() []Level {
	var l []Level
	for i := Generic; i <= supported(); i++ {
		l = append(l, i)
	}
	return l
}

// guardBits is a NaN: read by mistake it spoils the result, written over it is missed.
const guardBits = 0x7fc0dead

const guardLen = 40

// guarded is a vector between two walls of guards, at an address that is not aligned.
type guarded struct {
	all []float32
	v   []float32
}

func newGuarded(n, offset int, rng *rand.Rand) guarded {
	g := guarded{all: make([]float32, guardLen+offset+n+guardLen)}
	for i := range g.all {
		g.all[i] = math.Float32frombits(guardBits)
	}
	g.v = g.all[guardLen+offset:][:n:n]
	for i := range g.v {
		g.v[i] = rng.Float32()*2 - 1
	}
	return g
}

// intact fails the test when a guard was overwritten.
func (g guarded) intact(t *testing.T, what string) {
	t.Helper()
	lo := len(g.all) - guardLen - len(g.v)
	for i, v := range g.all {
		if (i < lo || i >= lo+len(g.v)) && math.Float32bits(v) != guardBits {
			t.Fatalf("%s: element %d outside [0, %d) overwritten", what, i-lo, len(g.v))
		}
	}
}

// holes puts guards into the padding of a matrix: what lies between its columns and its row length.
func (g guarded) holes(rows, cols, ld int) {
	for i := range rows {
		for j := cols; j < ld && i*ld+j < len(g.v); j++ {
			g.v[i*ld+j] = math.Float32frombits(guardBits)
		}
	}
}

// holesIntact fails the test when padding was overwritten.
func (g guarded) holesIntact(t *testing.T, what string, rows, cols, ld int) {
	t.Helper()
	g.intact(t, what)
	for i := range rows {
		for j := cols; j < ld && i*ld+j < len(g.v); j++ {
			if math.Float32bits(g.v[i*ld+j]) != guardBits {
				t.Fatalf("%s: padding of row %d overwritten at column %d", what, i, j)
			}
		}
	}
}

// near fails the test when got is further from want than rounding explains; size is the sum of the magnitudes added.
func near(t *testing.T, what string, got float32, want, size float64) {
	t.Helper()
	if !(math.Abs(float64(got)-want) <= 3e-6*size+1e-30) {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func near64(t *testing.T, what string, got, want, size float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-14*size+1e-300) {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

// clone copies a vector to compare with after it changes.
func clone(v []float32) []float64 {
	c := make([]float64, len(v))
	for i, x := range v {
		c[i] = float64(x)
	}
	return c
}

func newRNG() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }
