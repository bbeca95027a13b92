package spm

import "math/bits"

// maxNodes keeps a node number and a byte within one 32-bit key.
const maxNodes = 1 << 24

// trie finds the pieces that begin at a byte. Its edges lie in one open-addressing table keyed by (node, byte): a step
// is one probe mostly, and half a million edges take 8 MB where a Go map would take three times that.
type trie struct {
	keys  []uint32 // by slot: node<<8|byte, plus 1 so that 0 means free
	next  []uint32 // by slot: the node the edge leads to
	piece []int32  // by node: the piece that ends there, -1 for none
	shift uint     // 32 - log2(len(keys))
}

// newTrie returns an empty trie with room for about nodes nodes before it must grow.
func newTrie(nodes int) trie {
	t := trie{piece: []int32{-1}}
	t.resize(1 << bits.Len(uint(2*max(nodes, 8))))
	return t
}

func (t *trie) resize(slots int) {
	keys, next := t.keys, t.next
	t.keys, t.next = make([]uint32, slots), make([]uint32, slots)
	t.shift = uint(32 - bits.Len(uint(slots-1)))
	for i, k := range keys {
		if k != 0 {
			s := t.slot(k)
			t.keys[s], t.next[s] = k, next[i]
		}
	}
}

// slot returns where key is, or the free place where it belongs.
func (t *trie) slot(key uint32) uint32 {
	mask := uint32(len(t.keys) - 1)
	s := key * 2654435769 >> t.shift // Fibonacci hashing: the high bits are the well mixed ones
	for t.keys[s] != 0 && t.keys[s] != key {
		s = (s + 1) & mask
	}
	return s
}

// edge is the key of the edge c out of node.
func edge(node uint32, c byte) uint32 { return (node<<8 | uint32(c)) + 1 }

// step follows the edge c out of node.
func (t *trie) step(node uint32, c byte) (uint32, bool) {
	s := t.slot(edge(node, c))
	return t.next[s], t.keys[s] != 0
}

// insert adds text as a piece. A text that is there already keeps its first number. It reports false when full.
func (t *trie) insert(text []byte, piece int32) bool {
	node := uint32(0)
	for _, c := range text {
		key := edge(node, c)
		s := t.slot(key)
		if t.keys[s] == 0 {
			if len(t.piece) >= maxNodes-1 {
				return false
			}
			if 2*len(t.piece) > len(t.keys) {
				t.resize(2 * len(t.keys))
				s = t.slot(key)
			}
			t.keys[s], t.next[s] = key, uint32(len(t.piece))
			t.piece = append(t.piece, -1)
		}
		node = t.next[s]
	}
	if t.piece[node] < 0 {
		t.piece[node] = piece
	}
	return true
}
