package graph

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"

	"github.com/dgraph-io/badger/v4/table"
)

// Store is an open knowledge graph. It is safe for concurrent use; see the package documentation for what readers and
// the writer see of each other.
type Store struct {
	log   *slog.Logger
	kv    *kv
	files *files // nil in memory
	about About  // nil: records speak of nobody

	dict   dict
	syms   *symbols
	counts *counters
	seq    atomic.Uint64
	next   atomic.Uint32

	writer chan struct{} // holds one token; who has it may have a batch open

	commits sync.Mutex // serialises commits
	last    state      // guarded by commits
	failed  error      // guarded by commits: why nothing more can be written

	reading sync.WaitGroup // the goroutine of verifyRest

	// What the writer knows without asking Badger; owned by the holder of the writer token.
	types   nodeTypes // of nodes that were met
	edges   sieve     // edges written since Open
	opened  Idx       // the first node since Open
	writing *Commit   // the last one; nil: none yet, or it is known how it ended
}

// Open opens the store in dir, or makes a new one when dir is missing or empty. The directory belongs to one process at a
// time. Opening reads the relations and the counters, not the nodes.
//
// Errors: ErrNotStore, ErrLocked, ErrVersion, ErrCorrupt, ErrLoss, ErrNoSpace, or that of the operating system.
func Open(ctx context.Context, dir string, opts ...Option) (*Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("graph: open: %w", err)
	}
	o := newOptions(opts)
	f, err := lockStore(dir, o)
	if err != nil {
		return nil, err
	}
	return openPrepared(ctx, f, o)
}

// openPrepared opens a store whose lock is held; it gives the lock back when it fails.
func openPrepared(ctx context.Context, f *files, o options) (*Store, error) {
	if err := f.prepare(); err != nil {
		return nil, errors.Join(err, f.abandon())
	}
	s, err := open(ctx, f, o)
	if err != nil {
		return nil, errors.Join(err, f.abandon())
	}
	return s, nil
}

// OpenInMemory returns an empty store without files, for tests and for graphs that are made anew each time.
func OpenInMemory(opts ...Option) (*Store, error) {
	return open(context.Background(), nil, newOptions(opts))
}

// open starts Badger on files that were found good, or in memory when f is nil.
func open(ctx context.Context, f *files, o options) (*Store, error) {
	dir := ""
	if f != nil {
		dir = f.data()
	}
	k, err := openKV(dir, o.log)
	if err != nil {
		return nil, err
	}
	s := &Store{
		log:    o.log,
		kv:     k,
		files:  f,
		about:  o.about,
		dict:   newDict(),
		syms:   newSymbols(),
		counts: newCounters(),
		writer: make(chan struct{}, 1),
	}
	s.writer <- struct{}{}
	if err := s.recover(ctx, o.acceptLoss); err != nil {
		return nil, errors.Join(err, k.close())
	}
	if f != nil && len(f.unread) > 0 {
		s.reading.Add(1)
		go s.verifyRest(f.unread)
	}
	return s, nil
}

// verifyRest reads the tables that were too large to read before Open returned. When one is damaged every call from then
// on returns an error wrapping ErrCorrupt.
func (s *Store) verifyRest(tables []uint64) {
	defer s.reading.Done()
	for _, id := range tables {
		if s.kv.closed.Load() {
			return
		}
		_, err := os.Stat(table.NewFilename(id, s.files.data()))
		if errors.Is(err, fs.ErrNotExist) {
			continue // compacted in the meantime
		}
		if err := checkTable(s.files.data(), id, true); err != nil {
			if _, gone := os.Stat(table.NewFilename(id, s.files.data())); errors.Is(gone, fs.ErrNotExist) {
				continue
			}
			err = fmt.Errorf("%w; restore a backup", err)
			s.log.Error("a table is damaged", "table", id)
			s.kv.damage.Store(&err)
			return
		}
	}
}

// recover brings the state of the last complete commit into memory.
func (s *Store) recover(ctx context.Context, acceptLoss bool) error {
	if err := s.readState(); err != nil {
		return err
	}
	lost, err := s.checkLoss(ctx, acceptLoss)
	if err != nil {
		return err
	}
	if s.files != nil {
		if err := s.files.started(s.last); err != nil {
			return err
		}
	}
	if err := s.takeBack(ctx); err != nil {
		return err
	}
	if lost { // the chain of commits begins anew, or the next Open would meet the gap again
		if err := s.commitAt(nil, s.last, s.last.ts+1, 0); err != nil {
			return err
		}
	}
	s.seq.Store(s.last.seq)
	s.next.Store(uint32(s.last.next))
	s.opened = s.last.next
	s.edges.seed = maphash.MakeSeed()
	if s.opened == 0 {
		s.dict.byID.begin()
	}
	sn := s.kv.pin()
	defer sn.close()
	if err := s.syms.load(ctx, sn); err != nil {
		return err
	}
	return s.counts.load(ctx, sn)
}

// Close waits for calls and scans in progress, which end with ErrClosed at their next row, and closes the store. An open
// batch is lost. Closing a closed store does nothing.
func (s *Store) Close() error {
	if !s.kv.shut() {
		return nil
	}
	err := s.detach()
	if s.files != nil {
		err = errors.Join(err, s.files.abandon())
	}
	return err
}

// detach closes Badger and records that it was closed in order, but keeps the lock of the directory. The files are left
// unclean when anything went wrong, so that the next Open reads every table.
func (s *Store) detach() error {
	s.kv.shut()
	s.reading.Wait()
	s.commits.Lock()
	defer s.commits.Unlock()
	if err := s.kv.close(); err != nil {
		return err
	}
	if s.files == nil || s.failed != nil || s.kv.log.errors.Load() > 0 || s.kv.damage.Load() != nil {
		return nil
	}
	return s.files.settle(s.last)
}

// Seq returns the number of committed batches. It is durable.
func (s *Store) Seq() uint64 { return s.seq.Load() }

// begin starts a call that reads: it returns a view of the last commit and what to call at the end.
func (s *Store) begin() (*snap, func(), error) {
	if err := s.kv.enter(); err != nil {
		return nil, nil, err
	}
	sn := s.kv.pin()
	return sn, func() { sn.close(); s.kv.leave() }, nil
}

// check returns ErrClosed or the error of ctx.
func (s *Store) check(ctx context.Context) error {
	if err := s.kv.alive(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("graph: %w", err)
	}
	return nil
}

// room returns ErrNoSpace when the disk is too full to write to.
func (s *Store) room() error {
	if s.files == nil {
		return nil
	}
	return s.files.room(s.kv.merging())
}

// bytes returns what the store takes on disk.
func (s *Store) bytes() (int64, error) {
	if s.files == nil {
		return 0, nil
	}
	return dirBytes(s.files.dir)
}

// dirBytes returns what the files of the store in dir take on disk.
func dirBytes(dir string) (int64, error) {
	total := int64(0)
	err := walkStore(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			var info fs.FileInfo
			if info, err = d.Info(); err == nil {
				total += allocated(info)
			}
		}
		if errors.Is(err, fs.ErrNotExist) { // compaction removes files as we look
			return nil
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("graph: size of the store: %w", err)
	}
	return total, nil
}

// bitset is a set of small numbers.
type bitset []uint64

func (b bitset) has(i Idx) bool { return int(i>>6) < len(b) && b[i>>6]&(1<<(i&63)) != 0 }

func (b *bitset) set(i Idx, on bool) {
	for int(i>>6) >= len(*b) {
		if !on {
			return
		}
		*b = append(*b, 0)
	}
	if on {
		(*b)[i>>6] |= 1 << (i & 63)
	} else {
		(*b)[i>>6] &^= 1 << (i & 63)
	}
}
