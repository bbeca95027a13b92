package engine

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/kenrec/ken/engine/internal/tune"
	"github.com/kenrec/ken/graph"
)

// The journal keeps finished trials among the settings of the store, so that an interrupted run can go on: under
// metaJournal the header, under metaTrial with a number the trials.
const (
	metaJournal = "tune.journal"
	metaTrial   = "tune.trial"
	// journalVersion changes with anything that makes old trials worth something else.
	journalVersion = 2
)

// journalHeader says whose trials there are. Trials beyond N are left from other runs.
type journalHeader struct {
	Run []byte `json:"run"` // hash of data and options
	N   int    `json:"n"`
}

// trialKey identifies a trial within a run.
type trialKey [sha256.Size]byte

// trial is what is kept of one.
type trial struct {
	key     trialKey
	seconds float64
	values  tune.Values // rounded, see coarse
}

// journal is the trials of this run and of interrupted ones before it.
type journal struct {
	store  *graph.Store
	header journalHeader
	known  map[trialKey]*trial
}

// openJournal reads the trials of interrupted runs, none when fresh is set.
func openJournal(ctx context.Context, s *graph.Store, run []byte, fresh bool) (*journal, error) {
	j := &journal{store: s, header: journalHeader{Run: run}, known: map[trialKey]*trial{}}
	raw, err := s.Meta(ctx, metaJournal)
	if errors.Is(err, graph.ErrNotFound) || err == nil && fresh {
		return j, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read earlier trials: %w", err)
	}
	var old journalHeader
	if err := json.Unmarshal(raw, &old); err != nil || string(old.Run) != string(run) {
		return j, nil // of other data or options, or none of ours
	}
	for n := range old.N {
		raw, err := s.Meta(ctx, trialName(n))
		if err != nil {
			return nil, fmt.Errorf("read earlier trials: %w", err)
		}
		t, ok := decodeTrial(raw)
		if !ok {
			break
		}
		j.known[t.key] = t
		j.header.N++
	}
	return j, nil
}

func trialName(n int) string { return fmt.Sprintf("%s.%d", metaTrial, n) }

// add keeps a trial, durably when it returns. The header comes last: a trial without it does not count.
func (j *journal) add(ctx context.Context, t *trial) error {
	if err := j.store.SetMeta(ctx, trialName(j.header.N), t.encode()); err != nil {
		return fmt.Errorf("keep a trial: %w", err)
	}
	next := j.header
	next.N++
	raw, err := json.Marshal(next)
	if err == nil {
		err = j.store.SetMeta(ctx, metaJournal, raw)
	}
	if err != nil {
		return fmt.Errorf("keep a trial: %w", err)
	}
	j.header, j.known[t.key] = next, t
	return nil
}

// coarse rounds a value to what the journal keeps of it. The run that computed it uses the rounded value too, so that one
// that reads it takes the same turns.
func coarse(v float64) float64 { return float64(float32(v)) }

// encode writes key, seconds, number of parts, and for each the values of users and of items with their numbers before.
func (t *trial) encode() []byte {
	le := binary.LittleEndian
	b := append([]byte(nil), t.key[:]...)
	b = le.AppendUint64(b, math.Float64bits(t.seconds))
	b = append(b, byte(len(t.values)))
	for _, part := range t.values {
		for _, list := range [][]float64{part.Users, part.Items} {
			b = le.AppendUint32(b, uint32(len(list)))
			for _, v := range list {
				b = le.AppendUint32(b, math.Float32bits(float32(v)))
			}
		}
	}
	return b
}

// decodeTrial reads what encode wrote; false for anything else.
func decodeTrial(b []byte) (*trial, bool) {
	le := binary.LittleEndian
	const head = sha256.Size + 8 + 1
	if len(b) < head {
		return nil, false
	}
	t := &trial{key: trialKey(b[:sha256.Size]), seconds: math.Float64frombits(le.Uint64(b[sha256.Size:]))}
	t.values = make(tune.Values, b[head-1])
	b = b[head:]
	for p := range t.values {
		for _, list := range []*[]float64{&t.values[p].Users, &t.values[p].Items} {
			if len(b) < 4 || (len(b)-4)/4 < int(le.Uint32(b)) {
				return nil, false
			}
			n := int(le.Uint32(b))
			for i := range n {
				v := float64(math.Float32frombits(le.Uint32(b[4+4*i:])))
				if !(v >= 0) || math.IsInf(v, 0) {
					return nil, false
				}
				*list = append(*list, v)
			}
			b = b[4+4*n:]
		}
	}
	return t, len(b) == 0 && t.seconds >= 0
}
