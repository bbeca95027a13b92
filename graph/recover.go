package graph

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/dgraph-io/badger/v4"
)

// readState finds the last complete commit.
func (s *Store) readState() error {
	s.kv.ts = math.MaxUint64 // the state record ends a commit, so the newest one is of a complete commit
	sn := s.kv.pin()
	p, err := sn.get(stateKey())
	sn.close()
	switch {
	case errors.Is(err, errNoKey):
		s.last = state{}
	case err != nil:
		return err
	default:
		var ok bool
		if s.last, ok = decodeState(p); !ok {
			return damaged(stateKey())
		}
	}
	s.kv.ts = s.last.ts
	return nil
}

// checkLoss compares the last complete commit with what SEQ and STORE say was acknowledged, and walks the chain of the
// commits before it. It returns ErrLoss when some are missing, or with acceptLoss that they are.
func (s *Store) checkLoss(ctx context.Context, acceptLoss bool) (lost bool, err error) {
	if s.files == nil {
		return false, nil
	}
	if known := s.files.mark; s.last.ts < known.ts {
		err = fmt.Errorf("%w: the store was at sequence %d and is at %d", ErrLoss, known.seq, s.last.seq)
	} else if !s.files.clean {
		err = s.checkChain(ctx)
	}
	if errors.Is(err, ErrLoss) && acceptLoss {
		s.log.Warn("going on without lost batches", "seq", s.last.seq, "was", s.files.mark.seq)
		return true, nil
	}
	return false, err
}

// checkChain walks the journal from the last commit back and returns ErrLoss at a gap.
func (s *Store) checkChain(ctx context.Context) error {
	type slotPart struct{ slot, part uint16 }
	recs := map[slotPart]journalRec{}
	sn := s.kv.pin()
	defer sn.close()
	bad := false
	err := sn.scan(ctx, []byte{kindJournal}, func(key, val []byte) bool {
		slot, part, ok1 := parseJournalKey(key)
		rec, ok2 := decodeJournal(val)
		bad = !ok1 || !ok2
		recs[slotPart{slot, part}] = rec
		return !bad
	})
	if err != nil || bad {
		return errors.Join(err, fmt.Errorf("%w: the journal of commits cannot be read", ErrCorrupt))
	}
	oldest := uint64(0) // commits up to here have left the ring
	if s.last.ts > journalSlots {
		oldest = s.last.ts - journalSlots
	}
	for ts := s.last.ts; ts > oldest; {
		prev, found := uint64(0), false
		for part := uint16(0); !found; part++ {
			rec, ok := recs[slotPart{uint16(ts % journalSlots), part}]
			if !ok || rec.ts != ts {
				return fmt.Errorf("%w: a commit before sequence %d has a gap", ErrLoss, s.last.seq)
			}
			prev, found = rec.prev, rec.last
		}
		ts = prev
	}
	return nil
}

// takeBack looks for records newer than the last complete commit, the parts of one that a crash cut, and writes over each
// what the last complete commit says of it. Should it be cut in turn, the next Open does the same again.
func (s *Store) takeBack(ctx context.Context) error {
	newest := s.kv.db.MaxVersion()
	if newest <= s.last.ts {
		return nil
	}
	s.log.Warn("taking back an incomplete commit", "seq", s.last.seq+1)
	sn := s.kv.pin()
	defer sn.close()
	keys, err := s.kv.newerThan(ctx, s.last.ts)
	if err != nil {
		return err
	}
	writes := make([]write, 0, len(keys))
	for _, key := range keys {
		switch val, err := sn.get(key); {
		case errors.Is(err, errNoKey):
			writes = append(writes, write{key: key})
		case err != nil:
			return err
		default:
			writes = append(writes, put(key, val))
		}
	}
	if err := s.commitAt(writes, s.last, newest+1, s.last.ts); err != nil {
		return fmt.Errorf("graph: take back an incomplete commit: %w", err)
	}
	return nil
}

// newerThan returns the keys that have a version, or a deletion, above ts.
func (k *kv) newerThan(ctx context.Context, ts uint64) (keys [][]byte, err error) {
	defer func() { recovered(recover(), &err) }()
	txn := k.db.NewTransactionAt(math.MaxUint64, false)
	defer txn.Discard()
	it := txn.NewIterator(badger.IteratorOptions{AllVersions: true, SinceTs: ts})
	defer it.Close()
	for it.Rewind(); it.Valid(); it.Next() {
		if len(keys)%checkEvery == 0 && ctx.Err() != nil {
			return nil, fmt.Errorf("graph: open: %w", ctx.Err())
		}
		key := it.Item().KeyCopy(nil)
		if n := len(keys); n == 0 || string(keys[n-1]) != string(key) {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// close closes Badger.
func (k *kv) close() (err error) {
	defer func() { recovered(recover(), &err) }()
	return kvError("close", k.db.Close())
}
