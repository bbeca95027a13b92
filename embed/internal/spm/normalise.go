package spm

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"
)

// space is U+2581, which stands for a space inside pieces.
const space = "\u2581"

// maxReplacement bounds what one match of the charsmap may grow into. The longest in NFKC is 33 bytes (U+FDFA).
const maxReplacement = 256

// charsmap rewrites text: a double-array trie finds the longest known prefix and gives the place of its replacement
// among NUL-terminated strings. The zero value rewrites nothing.
type charsmap struct {
	units        []uint32
	replacements []byte
}

// parseCharsmap reads: length of the trie in bytes (uint32), the trie, the replacements.
func parseCharsmap(data []byte) (charsmap, error) {
	if len(data) == 0 {
		return charsmap{}, nil
	}
	if len(data) < 4 {
		return charsmap{}, fmt.Errorf("%w: charsmap of %d bytes", ErrModel, len(data))
	}
	size := int64(binary.LittleEndian.Uint32(data))
	if data = data[4:]; size%4 != 0 || size > int64(len(data)) {
		return charsmap{}, fmt.Errorf("%w: charsmap trie of %d bytes in %d", ErrModel, size, len(data))
	}
	c := charsmap{units: make([]uint32, size/4), replacements: data[size:]}
	for i := range c.units {
		c.units[i] = binary.LittleEndian.Uint32(data[4*i:])
	}
	return c, nil
}

// A unit of the trie holds a label in its low byte, bit 8 for "a key ends here", and the offset of its children.
func unitOffset(u uint32) uint32 { return (u >> 10) << ((u & 0x200) >> 6) }

// prefix returns what the longest known prefix of s becomes and the prefix's length. Without one, it is the first
// character, unchanged. s is not empty.
func (c *charsmap) prefix(s string) (string, int) {
	length, at := 0, -1
	if len(c.units) > 0 {
		node := unitOffset(c.units[0])
		for i := range len(s) {
			node ^= uint32(s[i])
			if uint64(node) >= uint64(len(c.units)) {
				break
			}
			u := c.units[node]
			if u&0x800000FF != uint32(s[i]) {
				break
			}
			node ^= unitOffset(u)
			if u&0x100 != 0 && uint64(node) < uint64(len(c.units)) {
				length, at = i+1, int(c.units[node]&0x7FFFFFFF)
			}
		}
	}
	if length == 0 || at >= len(c.replacements) {
		_, n := utf8.DecodeRuneInString(s)
		return s[:n], n
	}
	r := c.replacements[at:min(at+maxReplacement, len(c.replacements))]
	if end := bytes.IndexByte(r, 0); end >= 0 {
		r = r[:end]
	}
	return string(r), length
}

// normalise rewrites text by the charsmap, folds white space, and writes each space, one before the first word
// included, as U+2581. It returns nil when nothing but space is left.
func (m *Model) normalise(text string) []byte {
	text = strings.ToValidUTF8(text, "\uFFFD")
	out := append(make([]byte, 0, len(text)+len(text)/4+len(space)), space...)
	first, spaced := len(out), true
	for len(text) > 0 {
		piece, n := m.charsmap.prefix(text)
		text = text[n:]
		for i := range len(piece) {
			if piece[i] != ' ' {
				out, spaced = append(out, piece[i]), false
			} else if !spaced {
				out, spaced = append(out, space...), true
			}
		}
	}
	out = out[:first+len(bytes.TrimRight(out[first:], space))]
	if len(out) == first {
		return nil
	}
	return out
}
