package engine

import "math/bits"

// Sets of items are bits: item i is bit i%64 of word i/64.

func newBits(n int) []uint64 { return make([]uint64, (n+63)/64) }

func setBit(set []uint64, i int)      { set[i/64] |= 1 << (i % 64) }
func clearBit(set []uint64, i int)    { set[i/64] &^= 1 << (i % 64) }
func hasBit(set []uint64, i int) bool { return set[i/64]>>(i%64)&1 != 0 }

// fillBits sets the first n bits.
func fillBits(set []uint64, n int) {
	for w := range set {
		left := n - 64*w
		switch {
		case left >= 64:
			set[w] = ^uint64(0)
		case left > 0:
			set[w] = 1<<left - 1
		default:
			set[w] = 0
		}
	}
}

// bitsOf calls f for each bit below n, ascending.
func bitsOf(set []uint64, n int, f func(i int)) {
	for w, word := range set {
		for ; word != 0; word &= word - 1 {
			i := 64*w + bits.TrailingZeros64(word)
			if i >= n {
				return
			}
			f(i)
		}
	}
}
