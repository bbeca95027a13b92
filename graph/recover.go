package graph

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/dgraph-io/badger/v4"
)

// recoverState finds the last complete commit and takes back what came after it: the parts of a commit that a crash cut.
func (s *Store) recoverState(ctx context.Context) error {
	newest := s.kv.db.MaxVersion()
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
	if newest > s.last.ts {
		return s.takeBack(ctx, newest)
	}
	return nil
}

// takeBack writes over every record newer than the last complete commit what that commit says of it. Should it be cut in
// turn, the next Open does the same again: it reads at the last complete commit only.
func (s *Store) takeBack(ctx context.Context, newest uint64) error {
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
	prev := s.last
	s.last.ts = newest // the commit gets the next timestamp, above everything there is
	if err := s.commitLocked(writes, prev); err != nil {
		s.last = prev
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
		key := it.Item().KeyCopy(make([]byte, 0, len(it.Item().Key())+spare))
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
