package graph

import "errors"

// Sentinels of opening a store.
var (
	// ErrNotStore is returned for a directory that has files in it but is no ken store.
	ErrNotStore = errors.New("graph: not a ken store")
	// ErrLocked is returned while another process, or another Store of this one, has the directory open.
	ErrLocked = errors.New("graph: store is in use by another process")
	// ErrVersion is returned for a store, or a backup, of a format this build does not know.
	ErrVersion = errors.New("graph: unknown format version")
	// ErrCorrupt is returned when what is on disk contradicts its checksums or our records of it.
	ErrCorrupt = errors.New("graph: store is damaged")
	// ErrLoss is returned by Open when acknowledged batches are missing. It wraps ErrCorrupt.
	ErrLoss error = &refined{"graph: acknowledged batches are missing", ErrCorrupt}
	// ErrClosed is returned by every call on a closed store.
	ErrClosed = errors.New("graph: store is closed")
)

// Sentinels of reading and writing.
var (
	// ErrNotFound is returned when the node, vector or setting asked for is not in the store.
	ErrNotFound = errors.New("graph: not found")
	// ErrBadID is returned for an id that is empty, longer than MaxID bytes or no valid UTF-8.
	ErrBadID = errors.New("graph: bad id")
	// ErrBadSpace is returned for a name that no space can have.
	ErrBadSpace = errors.New("graph: bad name of a space")
	// ErrBadRecord is returned for a record that cannot be stored: a weight that is not finite, a name that is too long.
	ErrBadRecord = errors.New("graph: bad record")
	// ErrDimension is returned for a vector whose length or model differs from its modality's.
	ErrDimension = errors.New("graph: vector has another length or model than its modality")
	// ErrBatchFull is returned by a Put that would take a batch beyond its size; commit and put again in a new one.
	ErrBatchFull = errors.New("graph: batch is full")
	// ErrBatchDone is returned by calls on a batch that was committed or cancelled.
	ErrBatchDone = errors.New("graph: batch was committed or cancelled")
	// ErrBadBackup is returned for a backup that is cut, changed or none at all.
	ErrBadBackup = errors.New("graph: not a whole backup")
	// ErrNoSpace is returned instead of writing when the disk has less room than the store's floor.
	ErrNoSpace = errors.New("graph: too little free space")
)

// refined is a sentinel that is a special case of another one.
type refined struct {
	text string
	of   error
}

func (e *refined) Error() string { return e.text }
func (e *refined) Unwrap() error { return e.of }
