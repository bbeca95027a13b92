package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/dgraph-io/badger/v4"
	boptions "github.com/dgraph-io/badger/v4/options"
	"github.com/dgraph-io/badger/v4/pb"
)

// Sizes of Badger's files. Small, because they bound the memory and the time that Open needs after a crash.
const (
	memTableSize   = 16 << 20
	vlogFileSize   = 16 << 20
	memTables      = 2       // that wait to be written, at most
	newestTables   = 24      // of memTableSize, merged at once: each merge then rewrites less of what is there
	newestMost     = 48      // writers wait here for merges to catch up
	baseLevelSize  = 1 << 30 // records in random order pass through one level up to this size, and through two up to ten times it
	compactors     = 2       // each takes memory of its own
	indexCacheSize = 64 << 20
	valueThreshold = 1 << 20
)

// kv is Badger with timestamps of our own: all writes of one commit get the same timestamp, in however many Badger
// requests to Badger they go, and readers look at the last timestamp whose commit is complete. That makes a commit atomic
// beyond the size of a Badger transaction.
type kv struct {
	db  *badger.DB
	log *kvLog

	mu     sync.Mutex
	idle   sync.Cond      // signalled when ops reaches 0
	ts     uint64         // guarded by mu: timestamp of the last complete commit
	pins   map[uint64]int // guarded by mu: timestamps that readers look at
	ops    int            // guarded by mu: calls in progress
	closed atomic.Bool    // set under mu

	damage atomic.Pointer[error] // why nothing may be read any more
}

func badgerOptions(dir string, log badger.Logger) badger.Options {
	o := badger.DefaultOptions(dir).
		WithSyncWrites(true). // without it, 15 of 16 power cuts lost acknowledged data
		WithValueThreshold(valueThreshold).
		WithMemTableSize(memTableSize).
		WithValueLogFileSize(vlogFileSize).
		WithNumMemtables(memTables).
		WithNumLevelZeroTables(newestTables).
		WithNumLevelZeroTablesStall(newestMost).
		WithNumCompactors(compactors).
		WithBaseLevelSize(baseLevelSize).
		WithMetricsEnabled(false).
		WithIndexCacheSize(indexCacheSize).
		WithCompression(boptions.None). // erased bytes can be searched for; no block cache is needed
		WithBlockCacheSize(0).
		WithDetectConflicts(false). // there is one writer
		WithBypassLockGuard(true).  // the lock beside STORE covers its files; a child being started would hold Badger's, too
		WithLogger(log)
	if dir == "" {
		o = o.WithInMemory(true)
	}
	return o
}

// openKV opens the Badger files in dir, or a store in memory when dir is empty.
func openKV(dir string, l *slog.Logger) (k *kv, err error) {
	log := &kvLog{to: l}
	defer func() {
		if r := recover(); r != nil {
			k, err = nil, fmt.Errorf("graph: open tables: %v: %w", r, ErrCorrupt)
		}
	}()
	db, err := badger.OpenManaged(badgerOptions(dir, log))
	if err != nil {
		return nil, fmt.Errorf("graph: open tables: %s: %w", cut(err.Error()), ErrCorrupt)
	}
	k = &kv{db: db, log: log, pins: map[uint64]int{}}
	k.idle.L = &k.mu
	return k, nil
}

// merging is how many bytes of tables the next merge of the newest ones may write anew before it deletes the old.
func (k *kv) merging() int64 {
	newest, base := int64(0), int64(0)
	for _, l := range k.db.Levels() {
		switch {
		case l.Level == 0:
			newest = l.Size
		case l.IsBaseLevel:
			base = l.Size
		}
	}
	if newest == 0 {
		return 0
	}
	return newest + base
}

// kvError makes an error of ours from one of Badger. Its text is not kept: it may hold a key, which is an id.
func kvError(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, badger.ErrDBClosed), errors.Is(err, badger.ErrBlockedWrites):
		return fmt.Errorf("graph: %s: %w", doing, ErrClosed)
	case errors.Is(err, badger.ErrKeyNotFound):
		return fmt.Errorf("graph: %s: %w", doing, ErrNotFound)
	}
	return fmt.Errorf("graph: %s: storage failed: %w", doing, ErrCorrupt)
}

// enter registers a call, so that close waits for it; leave ends it.
func (k *kv) enter() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.alive(); err != nil {
		return err
	}
	k.ops++
	return nil
}

// alive returns why nothing can be read or written any more.
func (k *kv) alive() error {
	if k.closed.Load() {
		return ErrClosed
	}
	if err := k.damage.Load(); err != nil {
		return *err
	}
	return nil
}

func (k *kv) leave() {
	k.mu.Lock()
	k.ops--
	if k.ops == 0 {
		k.idle.Broadcast()
	}
	k.mu.Unlock()
}

// shut makes every further call fail with ErrClosed and waits for those in progress. It reports whether it was the first.
func (k *kv) shut() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	first := !k.closed.Swap(true)
	for k.ops > 0 {
		k.idle.Wait()
	}
	return first
}

// snap is a view of the store as of one commit. It is safe for concurrent use and must be closed.
type snap struct {
	kv   *kv
	txn  *badger.Txn
	ts   uint64
	once sync.Once
}

// pin returns a view of the last complete commit.
func (k *kv) pin() *snap {
	k.mu.Lock()
	ts := k.ts
	k.pins[ts]++
	k.mu.Unlock()
	return &snap{kv: k, txn: k.db.NewTransactionAt(ts, false), ts: ts}
}

func (s *snap) close() {
	s.once.Do(func() {
		s.txn.Discard()
		s.kv.mu.Lock()
		defer s.kv.mu.Unlock()
		if s.kv.pins[s.ts]--; s.kv.pins[s.ts] == 0 {
			delete(s.kv.pins, s.ts)
		}
	})
}

// advance publishes a complete commit to readers and lets Badger drop what no reader can see any more.
func (k *kv) advance(ts uint64) {
	k.mu.Lock()
	k.ts = ts
	for pinned := range k.pins {
		ts = min(ts, pinned)
	}
	k.mu.Unlock()
	k.db.SetDiscardTs(ts)
}

// errNoKey says that a key is not there. It never leaves the package.
var errNoKey = errors.New("graph: no such key")

// get returns a copy of the value under key without its seal, errNoKey, or an error wrapping ErrCorrupt.
func (s *snap) get(key []byte) (val []byte, err error) {
	defer func() { recovered(recover(), &err) }()
	item, err := s.txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, errNoKey
	}
	if err != nil {
		return nil, kvError("read", err)
	}
	err = item.Value(func(v []byte) error {
		payload, ok := unseal(key, v)
		if !ok {
			return damaged(key)
		}
		val = append([]byte(nil), payload...)
		return nil
	})
	if err != nil && !errors.Is(err, ErrCorrupt) {
		err = kvError("read", err)
	}
	return val, err
}

// has reports whether key is there, without reading its value.
func (s *snap) has(key []byte) (_ bool, err error) {
	defer func() { recovered(recover(), &err) }()
	_, err = s.txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return false, nil
	}
	return err == nil, kvError("read", err)
}

// checkEvery is how many rows a scan takes between two looks at its context.
const checkEvery = 1024

// scan calls fn with each key under prefix and its value without its seal, in the order of the keys, until fn returns
// false. Both are lent: they are good until fn returns.
func (s *snap) scan(ctx context.Context, prefix []byte, fn func(key, val []byte) bool) error {
	var bad error
	err := s.scanRaw(ctx, prefix, func(key, val []byte) bool {
		payload, ok := unseal(key, val)
		if !ok {
			bad = damaged(key)
			return false
		}
		return fn(key, payload)
	})
	if err == nil {
		err = bad
	}
	return err
}

// scanRaw is scan with sealed values.
func (s *snap) scanRaw(ctx context.Context, prefix []byte, fn func(key, val []byte) bool) (err error) {
	inFn := false // a panic of fn is the caller's: it goes on
	defer func() {
		if !inFn {
			recovered(recover(), &err)
		}
	}()
	if err := s.proceed(ctx); err != nil {
		return err
	}
	it := s.txn.NewIterator(badger.IteratorOptions{Prefix: prefix})
	defer it.Close()
	n := 0
	for it.Rewind(); it.Valid(); it.Next() {
		if n++; n%checkEvery == 0 {
			if err := s.proceed(ctx); err != nil {
				return err
			}
		}
		item := it.Item()
		key, more := item.Key(), false
		err := item.Value(func(v []byte) error {
			inFn = true
			more = fn(key, v)
			inFn = false
			return nil
		})
		if err != nil || !more {
			return kvError("scan", err)
		}
	}
	return nil
}

func (s *snap) proceed(ctx context.Context) error {
	if s.kv.closed.Load() {
		return fmt.Errorf("graph: scan: %w", ErrClosed)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("graph: scan: %w", err)
	}
	return nil
}

// damaged names the kind of the record, never its key: that may hold an id.
func damaged(key []byte) error {
	return fmt.Errorf("%w: bad checksum in a record of kind %q", ErrCorrupt, key[0])
}

// recovered makes an error of a panic inside Badger, which is how it meets some damaged blocks.
func recovered(r any, err *error) {
	if r != nil {
		*err = fmt.Errorf("%w: reading a table failed", ErrCorrupt)
	}
}

// partCount is how many records go to Badger at once.
const partCount = 1 << 14

// write is one key to set, or to delete when val is nil.
type write struct{ key, val []byte }

// put returns the write that stores payload under key, sealed.
func put(key, payload []byte) write { return write{key, seal(key, payload)} }

// parts cuts writes into runs that fit into one request to Badger each, with room for two more records. There is at least one.
func (k *kv) parts(writes []write) [][]write {
	maxCount, maxSize := min(partCount, k.db.MaxBatchCount()*3/4), k.db.MaxBatchSize()*3/4
	var out [][]write
	start, count, size := 0, int64(0), int64(0)
	for i, w := range writes {
		n := int64(len(w.key) + len(w.val) + 32)
		if count+1 > maxCount || (size+n > maxSize && count > 0) {
			out = append(out, writes[start:i])
			start, count, size = i, 0, 0
		}
		count, size = count+1, size+n
	}
	return append(out, writes[start:])
}

// deleted is the meta byte of a deletion in Badger's files and backups.
const deleted = 1

// commitPart writes one part and returns when it is on disk. It goes through Badger's loader, which keeps the order and
// writes one request; a transaction would pass the records through a map first, and the skip list of the memtable takes
// them much faster in order. That a part may be torn by a crash is no matter: a commit without its last record is taken
// back as a whole.
func (k *kv) commitPart(writes []write, ts uint64) error {
	l := k.db.NewKVLoader(1)
	kv := pb.KV{Version: ts}
	for _, w := range writes {
		kv.Key, kv.Value, kv.Meta = w.key, w.val, nil
		if w.val == nil {
			kv.Meta = []byte{deleted}
		}
		if err := l.Set(&kv); err != nil {
			return kvError("write", err)
		}
	}
	return kvError("commit", l.Finish())
}
