package graph

import (
	"context"
	"errors"
	"fmt"
)

// Meta returns the setting under key, or ErrNotFound. The caller may keep it.
func (s *Store) Meta(ctx context.Context, key string) ([]byte, error) {
	if err := checkMeta(key, nil); err != nil {
		return nil, err
	}
	p, err := s.value(ctx, metaKey(key))
	if errors.Is(err, errNoKey) {
		return nil, fmt.Errorf("%w: setting %s", ErrNotFound, quoted(key))
	}
	if err != nil {
		return nil, err
	}
	return p[:len(p)-1], nil
}

// value returns what is under key as of the last commit, or errNoKey.
func (s *Store) value(ctx context.Context, key []byte) ([]byte, error) {
	if err := s.check(ctx); err != nil {
		return nil, err
	}
	sn, end, err := s.begin()
	if err != nil {
		return nil, err
	}
	defer end()
	return sn.get(key)
}

// SetMeta stores a small setting of the engine, durably when it returns; nil or empty is a setting too. It does not count
// as a batch and needs none: it may be called while one is open. Errors: ErrBadRecord, ErrNoSpace, ErrClosed.
func (s *Store) SetMeta(ctx context.Context, key string, val []byte) error {
	if err := checkMeta(key, val); err != nil {
		return err
	}
	return s.commitSmall(ctx, func(*snap) ([]write, map[counter]int64, error) {
		payload := append(append(make([]byte, 0, len(val)+1+sealSize), val...), 0) // never an empty value in Badger
		return []write{put(metaKey(key), payload)}, nil, nil
	})
}

func checkMeta(key string, val []byte) error {
	if key == "" {
		return fmt.Errorf("%w: setting without a name", ErrBadRecord)
	}
	if len(val) > MaxRecord {
		return fmt.Errorf("%w: setting %s has %d bytes, more than %d", ErrBadRecord, quoted(key), len(val), MaxRecord)
	}
	return checkName("setting", key)
}

// commitSmall commits what make returns, outside of any batch; the sequence number stays. Nothing is written when there is
// nothing to write.
func (s *Store) commitSmall(ctx context.Context, make func(*snap) ([]write, map[counter]int64, error)) error {
	if err := s.check(ctx); err != nil {
		return err
	}
	if err := s.kv.enter(); err != nil {
		return err
	}
	defer s.kv.leave()
	s.commits.Lock()
	defer s.commits.Unlock()
	sn := s.kv.pin()
	defer sn.close()
	writes, delta, err := make(sn)
	if err != nil || len(writes) == 0 {
		return err
	}
	if err := s.commitLocked(append(writes, s.counts.writes(delta)...), s.last); err != nil {
		return err
	}
	s.counts.add(delta)
	return nil
}
