package graph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
)

// Limits of records.
const (
	maxSpace     = 255
	maxRecordKey = 8 << 10 // four ids and room to spare
)

// Record is one thing that the engine keeps beside the knowledge: nothing of it shows in nodes, triples or counts, but
// backups carry it. Its key is unique in its space.
type Record struct {
	Space string
	Key   string
	Value []byte
}

// PutRecord stores a record in place of the one there. The batch keeps a copy of val. Errors: ErrBadRecord (empty or too
// long), ErrBatchFull.
func (b *Batch) PutRecord(space, key string, val []byte) error {
	if err := checkRecord(space, key, val); err != nil {
		return err
	}
	return b.record(recordKey(space, key), val)
}

// DeleteRecord deletes a record; one that is not there is no error.
func (b *Batch) DeleteRecord(space, key string) error {
	if err := checkRecord(space, key, []byte{0}); err != nil {
		return err
	}
	return b.record(recordKey(space, key), nil)
}

// record sets a record in the batch; nil deletes it.
func (b *Batch) record(key, val []byte) error {
	if err := b.enter(idCost + len(key) + len(val)); err != nil {
		return err
	}
	defer b.leave()
	old, had, err := b.stored(key)
	if err != nil {
		return err
	}
	if b.records == nil {
		b.records = map[string]write{}
	}
	if had == (val != nil) && bytes.Equal(old, val) {
		delete(b.records, string(key))
		return nil
	}
	b.size += idCost + len(key) + len(val)
	w := write{key: key}
	if val != nil {
		w = put(key, append(make([]byte, 0, len(val)+sealSize), val...))
	}
	b.records[string(key)] = w
	return nil
}

// AppendLog adds an entry to the store's log, which nothing ever changes or deletes from. It is committed with the batch.
func (b *Batch) AppendLog(entry []byte) error {
	if len(entry) == 0 || len(entry) > MaxRecord {
		return fmt.Errorf("%w: log entry of %d bytes", ErrBadRecord, len(entry))
	}
	if err := b.enter(idCost + len(entry)); err != nil {
		return err
	}
	defer b.leave()
	if b.logged == 1<<16-1 {
		return ErrBatchFull
	}
	b.size += idCost + len(entry)
	// One batch is open at a time and only batches count, so the number of this one is known.
	key := logKey(b.s.Seq()+1, uint16(b.logged))
	b.logged++
	b.extra = append(b.extra, put(key, append(make([]byte, 0, len(entry)+sealSize), entry...)))
	return nil
}

// SetRecord stores a record outside of any batch, durably when it returns. It does not count as a batch.
func (s *Store) SetRecord(ctx context.Context, space, key string, val []byte) error {
	if err := checkRecord(space, key, val); err != nil {
		return err
	}
	return s.commitSmall(ctx, func(*snap) ([]write, map[counter]int64, error) {
		return []write{put(recordKey(space, key), append(make([]byte, 0, len(val)+sealSize), val...))}, nil, nil
	})
}

// Record returns the value of a record, or ErrNotFound. The caller may keep it.
func (s *Store) Record(ctx context.Context, space, key string) ([]byte, error) {
	if err := checkRecord(space, key, []byte{0}); err != nil {
		return nil, err
	}
	p, err := s.value(ctx, recordKey(space, key))
	if errors.Is(err, errNoKey) {
		return nil, fmt.Errorf("%w: record in %s", ErrNotFound, quoted(space))
	}
	return p, err
}

// Records yields the records of a space whose keys begin with prefix, in the order of their keys; of all spaces when both
// are empty.
func (s *Store) Records(ctx context.Context, space, prefix string) iter.Seq2[Record, error] {
	from := []byte{kindRecord}
	if space != "" || prefix != "" {
		if err := checkRecord(space, "x"+prefix, []byte{0}); err != nil {
			return func(yield func(Record, error) bool) { yield(Record{}, err) }
		}
		from = recordKey(space, prefix)
	}
	return scanRows(ctx, s, from, func(key, val []byte) (Record, bool) {
		space, k, ok := parseRecordKey(key)
		return Record{Space: space, Key: k, Value: bytes.Clone(val)}, ok
	})
}

// LogEntry is one entry of the store's log.
type LogEntry struct {
	Seq  uint64 // of the batch it was committed with
	Text []byte
}

// Log yields the store's log, oldest entries first.
func (s *Store) Log(ctx context.Context) iter.Seq2[LogEntry, error] {
	return scanRows(ctx, s, []byte{kindLog}, func(key, val []byte) (LogEntry, bool) {
		seq, _, ok := parseLogKey(key)
		return LogEntry{Seq: seq, Text: bytes.Clone(val)}, ok
	})
}

func checkRecord(space, key string, val []byte) error {
	switch {
	case space == "" || len(space) > maxSpace:
		return fmt.Errorf("%w: space of %d bytes", ErrBadRecord, len(space))
	case key == "" || len(key) > maxRecordKey:
		return fmt.Errorf("%w: record key of %d bytes", ErrBadRecord, len(key))
	case len(val) == 0 || len(val) > MaxRecord:
		return fmt.Errorf("%w: record of %d bytes", ErrBadRecord, len(val))
	}
	return nil
}
