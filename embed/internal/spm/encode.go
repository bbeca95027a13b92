package spm

import (
	"math"
	"unicode/utf8"
)

// Encode returns the numbers of the pieces of the most probable segmentation of text; on equal probability the one
// whose last piece is longer. Text that is empty, or white space only, gives one Unknown. Invalid UTF-8 is read as
// U+FFFD. Cost O(len(text) × longest piece).
func (m *Model) Encode(text string) []int32 {
	s := m.normalise(text)
	if len(s) == 0 {
		return []int32{Unknown}
	}
	best := m.viterbi(s)
	n := 0
	for end := len(s); end > 0; end = int(best[end].from) {
		n++
	}
	ids := make([]int32, n)
	for end := len(s); end > 0; end = int(best[end].from) {
		n--
		ids[n] = best[end].piece
	}
	return ids
}

// state is the best way to segment the text up to a byte: the last piece and where it begins.
type state struct {
	score float64
	from  int32
	piece int32
}

// viterbi returns the state before each byte of s and after the last one.
func (m *Model) viterbi(s []byte) []state {
	best := make([]state, len(s)+1)
	for i := range best[1:] {
		best[i+1].score = math.Inf(-1)
	}
	for start := 0; start < len(s); {
		_, width := utf8.DecodeRune(s[start:])
		m.extend(best, s, start, start+width)
		start += width
	}
	return best
}

// extend tries every piece that begins at start, and the unknown piece when none covers the one character up to next.
func (m *Model) extend(best []state, s []byte, start, next int) {
	base, covered := best[start].score, false
	node := uint32(0)
	for end := start; end < len(s); end++ {
		n, ok := m.trie.step(node, s[end])
		if !ok {
			break
		}
		node = n
		p := m.trie.piece[node]
		if p < 0 {
			continue
		}
		covered = covered || end+1 == next
		if score := base + m.scores[p]; score > best[end+1].score {
			best[end+1] = state{score, int32(start), p}
		}
	}
	if score := base + m.unknown; !covered && score > best[next].score {
		best[next] = state{score, int32(start), Unknown}
	}
}
