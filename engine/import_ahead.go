package engine

import (
	"context"
	"errors"
)

// rowBlock is what one batch is made of: good rows, bad ones, and how far the file was read for them.
type rowBlock struct {
	rows  []record
	bad   []*badRow
	bytes int64 // of the file, read so far
	err   error // what ended the file after these rows: io.EOF or a fault; nil: more follows
}

// ahead reads a file on a goroutine of its own, at most one block ahead of the one that is being stored: the next rows
// are taken apart while those before are on their way to the disk.
type ahead struct {
	full, empty chan *rowBlock
	stop        chan struct{}
	done        chan struct{}
}

// readAhead starts reading. It is to be ended by close.
func (im *importer) readAhead(ctx context.Context, r recordReader) *ahead {
	a := &ahead{full: make(chan *rowBlock), empty: make(chan *rowBlock, 2), stop: make(chan struct{}), done: make(chan struct{})}
	a.empty <- new(rowBlock)
	a.empty <- new(rowBlock)
	go func() {
		defer close(a.done)
		for {
			var b *rowBlock
			select {
			case b = <-a.empty:
			case <-a.stop:
				return
			}
			im.readBlock(ctx, r, b)
			select {
			case a.full <- b:
			case <-a.stop:
				return
			}
			if b.err != nil {
				return
			}
		}
	}()
	return a
}

// readBlock fills b with the rows of the next batch. It ends at a bad row when the first one ends the import.
func (im *importer) readBlock(ctx context.Context, r recordReader, b *rowBlock) {
	clear(b.rows) // lets go of the rows' texts
	clear(b.bad)
	b.rows, b.bad, b.err = b.rows[:0], b.bad[:0], nil
	size := 0
	for n := 1; len(b.rows) < im.src.BatchRows && size < batchBytes; n++ {
		if n%512 == 0 && ctx.Err() != nil {
			break // the one who stores says so
		}
		if len(b.rows) == cap(b.rows) {
			b.rows = append(b.rows, record{})[:len(b.rows)]
		}
		rec := &b.rows[:len(b.rows)+1][len(b.rows)]
		*rec = record{}
		err := r.next(rec)
		var bad *badRow
		switch {
		case errors.As(err, &bad):
			b.bad = append(b.bad, bad)
			size += len(bad.raw)
			if im.src.Strict {
				b.err = bad
			}
		case err != nil:
			b.err = err
		default:
			b.rows = b.rows[:len(b.rows)+1]
			size += len(rec.raw) + rec.size
		}
		if b.err != nil {
			break
		}
	}
	b.bytes = im.bytes()
}

// next returns the block that follows; the one before is filled anew.
func (a *ahead) next(before *rowBlock) *rowBlock {
	if before != nil {
		a.empty <- before
	}
	return <-a.full
}

// close ends the reading and waits for it: the file is not touched afterwards.
func (a *ahead) close() {
	close(a.stop)
	<-a.done
}

// take counts the rows of a block, makes the good ones the batch and reports the bad ones.
func (im *importer) take(b *rowBlock) error {
	im.report.Read += int64(len(b.rows) + len(b.bad))
	im.batch, im.read = b.rows, b.bytes
	for _, bad := range b.bad {
		if err := im.reject(bad); err != nil {
			return err
		}
	}
	return nil
}
