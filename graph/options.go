package graph

import "log/slog"

// Option changes how a store is opened.
type Option func(*options)

type options struct {
	log        *slog.Logger
	floor      int64
	acceptLoss bool
	readFirst  int64 // bytes of tables that Open reads before it returns
	about      About
}

// About returns the ids of the nodes that a record speaks of, and may add strings that Erase got as keys. The arguments
// are lent. It returns false when it does not know the record, which then goes with whatever is erased: better lost than kept.
type About func(space, key string, val []byte) (ids []string, ok bool)

// WithAbout makes Erase delete the records that speak of a node with it, and Restore leave them out. Without it, records
// stay.
func WithAbout(fn About) Option { return func(o *options) { o.about = fn } }

func newOptions(opts []Option) options {
	o := options{log: slog.New(slog.DiscardHandler), floor: DefaultFreeSpaceFloor, readFirst: verifyAtOpen}
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	return o
}

// WithLogger sends what the store has to say to l; the default is to discard it. Ids and texts are not logged.
func WithLogger(l *slog.Logger) Option {
	return func(o *options) {
		if l != nil {
			o.log = l
		}
	}
}

// DefaultFreeSpaceFloor is the room that a store leaves on the disk, in bytes. Badger writes through memory maps: on a full
// disk the process dies by SIGBUS, which nothing can catch, and dies again at every Open.
const DefaultFreeSpaceFloor = 256 << 20

// WithFreeSpaceFloor makes Open and Commit return ErrNoSpace when the disk has less than bytes left. Commit wants more while
// much that was written is still to be merged into the rest: room to write it anew, up to some 1.5 GiB in a large store.
// Below 160 MiB Badger may meet the end of the disk in spite of it, in a batch of the largest size; 0 or less turns the
// check off.
func WithFreeSpaceFloor(bytes int64) Option {
	return func(o *options) { o.floor = bytes }
}

// WithAcceptLoss makes Open go on where it would return ErrLoss: the store continues after the last batch that is left.
func WithAcceptLoss() Option {
	return func(o *options) { o.acceptLoss = true }
}
