package graph

import (
	"encoding/binary"
	"fmt"
	"math"
)

// state is the record that ends every commit: what it holds is durable exactly when the commit is.
type state struct {
	seq  uint64 // committed batches
	ts   uint64 // timestamp of this commit; every commit has one, batch or not
	next Idx    // first Idx not given yet
}

func (s state) encode() []byte {
	b := binary.LittleEndian.AppendUint64(make([]byte, 0, 24), s.seq)
	b = binary.LittleEndian.AppendUint64(b, s.ts)
	return binary.LittleEndian.AppendUint32(b, uint32(s.next))
}

func decodeState(p []byte) (state, bool) {
	if len(p) != 20 {
		return state{}, false
	}
	return state{
		seq:  binary.LittleEndian.Uint64(p),
		ts:   binary.LittleEndian.Uint64(p[8:]),
		next: Idx(binary.LittleEndian.Uint32(p[16:])),
	}, true
}

// journalSlots is the length of the ring of commits. It has to cover every commit that may stand in Badger's write-ahead
// logs (one of 16 MiB being written, the others being flushed); the smallest commit takes about 250 bytes there.
const journalSlots = 1 << 16

// journalRec stands once in every part of a commit. A damaged byte in a write-ahead log makes Badger drop the rest of
// that log in silence; if a later log is whole, the newest state is there and older commits are not. The chain of these
// records shows the gap.
type journalRec struct {
	ts   uint64 // of this commit
	prev uint64 // of the commit before; only in the last part
	last bool   // this is the last part
}

func (j journalRec) encode() []byte {
	b := binary.LittleEndian.AppendUint64(make([]byte, 0, 24), j.ts)
	b = binary.LittleEndian.AppendUint64(b, j.prev)
	if j.last {
		return append(b, 1)
	}
	return append(b, 0)
}

func decodeJournal(p []byte) (journalRec, bool) {
	if len(p) != 17 || p[16] > 1 {
		return journalRec{}, false
	}
	return journalRec{
		ts:   binary.LittleEndian.Uint64(p),
		prev: binary.LittleEndian.Uint64(p[8:]),
		last: p[16] == 1,
	}, true
}

// maxParts bounds the parts of one commit: their number has to fit into a journal key.
const maxParts = math.MaxUint16

func tooManyParts(n int) error {
	return fmt.Errorf("%w: it needs %d transactions", ErrBatchFull, n)
}
