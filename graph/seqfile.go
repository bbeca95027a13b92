package graph

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
)

// mark is what SEQ says of the last commit. It is written after every commit without a sync, so a power cut may set it
// back, which does no harm; damage to Badger's write-ahead log, which drops commits in silence, does not reach it.
type mark struct {
	seq, ts  uint64
	manifest int64 // bytes of MANIFEST, which only grows but for a rare rewrite
}

// A slot is 64 bytes: magic, seq, ts, manifest, CRC-32C, zeros. There are two in turn, so that a torn one costs one step.
const (
	slotSize  = 64
	slotMagic = "kseq"
	slotData  = 4 + 3*8
)

func (m mark) encode() []byte {
	b := append(make([]byte, 0, slotSize), slotMagic...)
	b = binary.LittleEndian.AppendUint64(b, m.seq)
	b = binary.LittleEndian.AppendUint64(b, m.ts)
	b = binary.LittleEndian.AppendUint64(b, uint64(m.manifest))
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	return b[:slotSize]
}

func decodeMark(b []byte) (mark, bool) {
	if len(b) < slotData+4 || string(b[:4]) != slotMagic ||
		binary.LittleEndian.Uint32(b[slotData:]) != crc32.Checksum(b[:slotData], castagnoli) {
		return mark{}, false
	}
	return mark{
		seq:      binary.LittleEndian.Uint64(b[4:]),
		ts:       binary.LittleEndian.Uint64(b[12:]),
		manifest: int64(binary.LittleEndian.Uint64(b[20:])),
	}, true
}

// readMark returns the newest whole slot of SEQ, and whether there is one.
func readMark(path string) (mark, bool, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return mark{}, false, nil
	}
	if err != nil {
		return mark{}, false, fmt.Errorf("graph: read SEQ: %w", err)
	}
	best, found := mark{}, false
	for len(b) > 0 {
		slot := b[:min(slotSize, len(b))]
		if m, ok := decodeMark(slot); ok && (!found || m.ts > best.ts) {
			best, found = m, true
		}
		b = b[len(slot):]
	}
	return best, found, nil
}

// createMark makes SEQ anew with m in it, so that no slot of before is left.
func createMark(path string, m mark) (*os.File, error) {
	if err := writeFile(path, append(m.encode(), make([]byte, slotSize)...)); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("graph: open SEQ: %w", err)
	}
	return f, nil
}

func writeMark(f *os.File, m mark) error {
	if _, err := f.WriteAt(m.encode(), int64(m.ts%2)*slotSize); err != nil {
		return fmt.Errorf("graph: write SEQ: %w", err)
	}
	return nil
}
