package graph

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// BackupReport is what Backup wrote.
type BackupReport struct {
	Seq     uint64 // the batch it was taken after
	Records int64
}

// Backup writes the store as of the last commit to w, while readers and writers go on. The container has a checksum for
// each part and for the whole, so that Restore refuses one that is cut or changed. Errors: ErrClosed, ErrCorrupt, those
// of w, a cancelled ctx; what was written by then is no backup.
func (s *Store) Backup(ctx context.Context, w io.Writer) (BackupReport, error) {
	sn, end, err := s.begin()
	if err != nil {
		return BackupReport{}, err
	}
	defer end()
	head := backupHead{Time: time.Now().Unix()}
	if s.files != nil {
		head.UUID = s.files.store.UUID
	}
	p, err := sn.get(stateKey())
	if err != nil && !errors.Is(err, errNoKey) { // a store that nothing was put in has no state
		return BackupReport{}, err
	}
	st, _ := decodeState(p)
	head.Seq = st.seq
	c, err := newContainerWriter(w, head)
	if err != nil {
		return BackupReport{}, err
	}
	defer c.zw.Close()
	err = sn.eachPrimary(ctx, c.add, nil)
	if err == nil {
		err = c.finish()
	}
	return BackupReport{Seq: st.seq, Records: c.records}, err
}

// RestoreReport is what Restore did.
type RestoreReport struct {
	Seq     uint64
	Records int64
	// Erased counts the nodes of the backup that had been erased from the store since, and so were left out.
	Erased int
	// Forgotten counts the records that were left out because they speak of what had been erased, see WithAbout.
	Forgotten int
	// JournalLost is set when there was a store whose journal of erased ids could not be read.
	JournalLost bool
}

// Restore makes the store in dir from a backup: a new one when dir is missing or empty, else in place of the one there,
// which may be damaged but not open. The backup is read to its end into new files before those take over, so a backup
// that is cut, changed or foreign leaves everything as it was. Nodes that were erased after the backup was taken stay
// erased. Errors: ErrBadBackup, ErrVersion, ErrNotStore, ErrLocked, ErrNoSpace, those of r, a cancelled ctx.
func Restore(ctx context.Context, r io.Reader, dir string, opts ...Option) (rep RestoreReport, err error) {
	o := newOptions(opts)
	f, fresh, err := lockAny(dir, o)
	if err != nil {
		return rep, err
	}
	defer func() {
		if err != nil && fresh {
			f.removeFresh()
		}
		err = errors.Join(err, f.abandon())
	}()
	if err = f.room(0); err != nil {
		return rep, err
	}
	var j erasedJournal
	if !fresh {
		var jerr error
		if j, jerr = f.readErased(ctx, o); jerr != nil {
			rep.JournalLost = true
		}
	}
	err = f.restore(ctx, r, j, o, &rep)
	return rep, err
}

// restore builds new files from the backup and swaps them in.
func (f *files) restore(ctx context.Context, r io.Reader, j erasedJournal, o options, rep *RestoreReport) error {
	data := f.store.nextData()
	var head backupHead
	var erased func(string) bool
	if len(j.entries) > 0 {
		erased = func(id string) bool { return j.after(id, head.Time) }
	}
	b, err := newBuilder(f.path(data), f.mark.ts+1, o, erased)
	if err != nil {
		return err
	}
	n := 0
	rep.Records, err = readContainer(r, func(h backupHead) { head = h }, func(key, payload []byte) error {
		if n++; n%checkEvery == 0 && ctx.Err() != nil {
			return fmt.Errorf("graph: restore: %w", ctx.Err())
		}
		return b.add(key, payload)
	})
	if err == nil {
		err = j.merge(b)
	}
	if err != nil {
		return errors.Join(err, b.abort(f.path(data)))
	}
	st, err := b.finish(max(head.Seq, f.mark.seq+1)) // a number seen before must not stand for another content
	if err != nil {
		return errors.Join(err, os.RemoveAll(f.path(data)))
	}
	rep.Seq, rep.Erased, rep.Forgotten = st.seq, b.gone, b.silent
	return f.swap(data, st)
}

// lockAny locks the store in dir, whatever state its files are in, or makes a new directory for one. It refuses foreign
// directories and formats.
func lockAny(dir string, o options) (f *files, fresh bool, err error) {
	fresh, err = newOrStore(dir)
	if err != nil && !errors.Is(err, ErrCorrupt) {
		return nil, false, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, false, fmt.Errorf("graph: make the store: %w", err)
	}
	f = &files{dir: dir, floor: o.floor, first: o.readFirst, log: o.log}
	if f.lock, err = lockFile(f.path(lockName)); err != nil {
		return nil, false, err
	}
	if fresh {
		f.store = newStoreFile()
		return f, true, nil
	}
	if err := f.loadAny(); err != nil {
		return nil, false, errors.Join(err, f.abandon())
	}
	return f, false, nil
}

// loadAny is load for a store whose STORE may be damaged or missing: then the last data directory is taken for it.
func (f *files) loadAny() error {
	b, err := os.ReadFile(f.path(storeName))
	if err == nil {
		if f.store, err = decodeStoreFile(b); err != nil && !errors.Is(err, ErrCorrupt) {
			return err
		}
	}
	if err != nil {
		f.store, f.newStore = newStoreFile(), true
		f.store.Data = dataDir(f.lastData())
	}
	if f.mark, _, err = readMark(f.path(seqName)); err != nil {
		return err
	}
	if f.store.TS > f.mark.ts {
		f.mark = mark{seq: f.store.Seq, ts: f.store.TS}
	}
	return nil
}

// lastData is the highest number of a data directory, 1 if there is none.
func (f *files) lastData() int {
	last := 1
	names, _ := filepath.Glob(f.path(dataPrefix + "*"))
	for _, name := range names {
		if n, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(name), dataPrefix)); err == nil {
			last = max(last, n)
		}
	}
	return last
}

// removeFresh removes what a failed Restore made in a directory that was missing or empty.
func (f *files) removeFresh() {
	for _, name := range []string{storeName + tmpSuffix, lockName} {
		_ = os.Remove(f.path(name))
	}
	_ = os.Remove(f.dir) // only if it is empty
}
