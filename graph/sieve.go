package graph

import (
	"encoding/binary"
	"hash/maphash"
)

// sieve remembers which edges were ever written since Open, with few false alarms and no false all-clears: what it does not
// know needs no look-up in Badger, which costs several microseconds. It is a Bloom filter whose probes of one key stay
// within a cache line (Putze, Sanders and Singler 2007), in layers that grow. Its memory is bounded: beyond some 50 million
// edges false alarms become more, and all that they cost is the look-up.
// It is not safe for concurrent use. The zero sieve knows nothing.
type sieve struct {
	layers [][]uint64
	room   int // keys that the last layer still takes
	seed   maphash.Seed
}

const (
	sieveLine   = 8  // words of a cache line
	sieveProbes = 6  // bits of a key
	sieveBits   = 16 // of a layer, for each key: about 2 false alarms in 1000
)

// sieveWords are the sizes of the layers: 256 KiB, 4 MiB, 32 MiB, 64 MiB.
var sieveWords = [...]int{1 << 15, 1 << 19, 1 << 22, 1 << 23}

// add notes an edge.
func (s *sieve) add(h uint64) {
	if s.room == 0 && len(s.layers) < len(sieveWords) {
		n := sieveWords[len(s.layers)]
		s.layers, s.room = append(s.layers, make([]uint64, n)), 64*n/sieveBits
	}
	s.room = max(s.room-1, 0)
	line, bits := sieveAt(s.layers[len(s.layers)-1], h)
	for range sieveProbes {
		line[bits&7] |= 1 << (bits >> 3 & 63)
		bits >>= 9
	}
}

// has reports whether an edge may have been noted.
func (s *sieve) has(h uint64) bool {
	for _, layer := range s.layers {
		line, bits := sieveAt(layer, h)
		found := true
		for range sieveProbes {
			found = found && line[bits&7]&(1<<(bits>>3&63)) != 0
			bits >>= 9
		}
		if found {
			return true
		}
	}
	return false
}

// sieveAt returns the line of a layer that h falls into, and 54 bits to choose six of its bits by.
func sieveAt(layer []uint64, h uint64) (line []uint64, bits uint64) {
	lines := uint64(len(layer) / sieveLine)
	at := (h >> 32 * lines) >> 32 * sieveLine
	return layer[at : at+sieveLine : at+sieveLine], h * 0x9E3779B97F4A7C15 >> 10
}

// triple and inter are the hashes of edges. The seed is the process's own, so that nobody can make edges that collide.
func (s *sieve) triple(k tripleKey) uint64 {
	var b [13]byte
	b[0] = kindOut
	binary.LittleEndian.PutUint32(b[1:], uint32(k.head))
	binary.LittleEndian.PutUint32(b[5:], uint32(k.rel))
	binary.LittleEndian.PutUint32(b[9:], uint32(k.tail))
	return maphash.Bytes(s.seed, b[:])
}

func (s *sieve) inter(k interKey) uint64 {
	var b [21]byte
	b[0] = kindUser
	binary.LittleEndian.PutUint32(b[1:], uint32(k.user))
	binary.LittleEndian.PutUint32(b[5:], uint32(k.item))
	binary.LittleEndian.PutUint32(b[9:], uint32(k.typ))
	binary.LittleEndian.PutUint64(b[13:], uint64(k.time))
	return maphash.Bytes(s.seed, b[:])
}
