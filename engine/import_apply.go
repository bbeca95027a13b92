package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kenrec/ken/graph"
)

// idRole is what the id of an interaction is.
type idRole uint8

const (
	roleNone idRole = iota
	roleUser
	roleItem
)

const maxRoles = 32 << 20 // bytes of ids whose role is remembered between batches

// flush stores the rows read so far as one durable batch. Rows that the graph refuses are rejected; with Strict they
// cancel the batch.
func (im *importer) flush(ctx context.Context) error {
	if len(im.batch) == 0 {
		return nil
	}
	w := &batchWriter{im: im, ctx: ctx, store: im.engine.store}
	defer w.cancel()
	for i := range im.batch {
		if i%512 == 0 && ctx.Err() != nil {
			return im.cancelled(ctx)
		}
		err := w.put(&im.batch[i])
		var bad *badRow
		if errors.As(err, &bad) {
			if err = im.reject(bad); err == nil && im.src.Strict {
				err = im.strictly(bad)
			}
		}
		if err != nil {
			return err
		}
	}
	if err := w.finish(); err != nil {
		return err
	}
	im.batch = nil
	if im.rolesSize > maxRoles {
		clear(im.roles)
		im.rolesSize = 0
	}
	im.tell()
	p := &Progress{Stage: "import", Done: im.report.Read, Unit: "rows", Bytes: im.read}
	if im.landing != nil {
		im.landing.progress = p
		return nil
	}
	im.due = p
	im.tell()
	return nil
}

// landing is a batch that is on its way to the disk.
type landing struct {
	commit            *graph.Commit
	stored, unchanged int64
	progress          *Progress // to be told then; nil: nothing
}

// landed waits until the batch before is durable, and counts its rows.
func (im *importer) landed() error {
	l := im.landing
	if l == nil {
		return nil
	}
	im.landing = nil
	if _, err := l.commit.Wait(); err != nil {
		return fmt.Errorf("store a batch: %w", err)
	}
	im.report.Batches++
	im.report.Stored += l.stored
	im.report.Unchanged += l.unchanged
	im.due = l.progress
	return nil
}

// tell calls Progress if it is due. No batch may be open: the function may write to the store.
func (im *importer) tell() {
	p := im.due
	im.due = nil
	if p != nil && im.src.Progress != nil {
		im.src.Progress(*p)
	}
}

// batchWriter puts records into a batch of the graph, and into a further one when that is full.
type batchWriter struct {
	im    *importer
	ctx   context.Context
	store *graph.Store
	batch *graph.Batch
	nodes map[string]*pendingNode // nodes that statements of RDF change
	order []string                // their ids in order of first sight

	stored, unchanged int64 // in the open batch
}

func (w *batchWriter) open() error {
	if w.batch != nil {
		return nil
	}
	var before *graph.Commit
	if w.im.landing != nil {
		before = w.im.landing.commit
	}
	b, err := w.store.NewBatchBehind(w.ctx, before)
	w.batch = b
	return err
}

func (w *batchWriter) cancel() {
	if w.batch != nil {
		w.batch.Cancel()
	}
}

// commit sends the open batch to the disk, and waits for the one before to be there.
func (w *batchWriter) commit() error {
	if w.batch == nil {
		return nil
	}
	b := w.batch
	w.batch = nil // the commit ends the batch, whatever comes of it
	l := &landing{commit: b.CommitBehind(w.ctx), stored: w.stored, unchanged: w.unchanged}
	w.stored, w.unchanged = 0, 0
	err := w.im.landed()
	w.im.landing = l
	return err
}

// finish writes the nodes that statements changed and commits.
func (w *batchWriter) finish() error {
	if err := w.flushNodes(); err != nil {
		return err
	}
	return w.commit()
}

// put stores one record. A record that the graph refuses comes back as a *badRow.
func (w *batchWriter) put(rec *record) error {
	w.im.report.Normalized += int64(rec.tidied)
	if rec.fact != nil {
		return w.putFact(rec)
	}
	if rec.kind == Interactions {
		if err := w.checkRoles(rec); err != nil {
			return err
		}
	}
	change, err := w.try(func(b *graph.Batch) (graph.Change, error) { return w.write(b, rec) })
	if err != nil {
		if reason, ok := refusal(err); ok {
			return &badRow{line: rec.line, reason: reason, raw: rec.raw}
		}
		return err
	}
	w.count(change)
	return nil
}

// try runs one write, in a new batch when the open one is full.
func (w *batchWriter) try(write func(*graph.Batch) (graph.Change, error)) (graph.Change, error) {
	if err := w.open(); err != nil {
		return 0, err
	}
	change, err := write(w.batch)
	if !errors.Is(err, graph.ErrBatchFull) {
		return change, err
	}
	if err := w.finish(); err != nil {
		return 0, err
	}
	if err := w.open(); err != nil {
		return 0, err
	}
	return write(w.batch)
}

func (w *batchWriter) write(b *graph.Batch, rec *record) (graph.Change, error) {
	src := &w.im.src
	switch rec.kind {
	case Nodes:
		return b.PutNode(rec.node)
	case Triples:
		return b.PutTriple(rec.triple)
	case Interactions:
		return b.PutInteraction(rec.inter)
	}
	modality := src.Modality
	if modality == "" {
		modality = "imported"
	}
	return b.PutVector(rec.node.ID, modality, src.Model, rec.vector)
}

func (w *batchWriter) count(c graph.Change) {
	if c == graph.Unchanged {
		w.unchanged++
	} else {
		w.stored++
	}
}

// refusal returns the reason when the graph refuses the record itself.
func refusal(err error) (string, bool) {
	if !errors.Is(err, graph.ErrBadID) && !errors.Is(err, graph.ErrBadRecord) && !errors.Is(err, graph.ErrDimension) {
		return "", false
	}
	return strings.TrimPrefix(err.Error(), "graph: "), true
}

// checkRoles refuses an id that is a user here and an item elsewhere: two things with one id, as in files where users
// and items are both numbered from 0.
func (w *batchWriter) checkRoles(rec *record) error {
	u, newUser, err := w.role(rec.inter.User)
	if err != nil {
		return err
	}
	i, newItem, err := w.role(rec.inter.Item)
	if err != nil {
		return err
	}
	id, is, comes := "", "", ""
	switch {
	case u == roleItem:
		id, is, comes = rec.inter.User, "an item", "a user"
	case i == roleUser:
		id, is, comes = rec.inter.Item, "a user", "an item"
	default:
		if newUser {
			w.im.remember(rec.inter.User, roleUser)
		}
		if newItem {
			w.im.remember(rec.inter.Item, roleItem)
		}
		return nil
	}
	return &badRow{line: rec.line, raw: rec.raw, reason: fmt.Sprintf(
		"%s is %s already and comes as %s: give the two kinds ids of their own with --user-prefix or --item-prefix", briefID(id), is, comes)}
}

// remember notes what an id of another type is, so that the store need not be asked again and the rows of one batch see
// each other.
func (im *importer) remember(id string, r idRole) {
	im.roles[strings.Clone(id)] = r
	im.rolesSize += len(id) + 48
}

// role tells what an id is: by its type, which an interaction gives to nodes without one, or for other types by its
// interactions, in this import or the store. The answer is first when it is to be remembered.
func (w *batchWriter) role(id string) (r idRole, first bool, err error) {
	if err := w.open(); err != nil {
		return roleNone, false, err
	}
	typ, found, err := w.batch.NodeType(id)
	if err != nil || !found {
		return roleNone, false, err
	}
	switch typ {
	case graph.TypeUser:
		return roleUser, false, nil
	case graph.TypeItem:
		return roleItem, false, nil
	}
	if r, ok := w.im.roles[id]; ok {
		return r, false, nil
	}
	r, err = w.storedRole(id)
	return r, true, err
}

// storedRole tells what the interactions in the store make of an id.
func (w *batchWriter) storedRole(id string) (idRole, error) {
	if err := w.im.landed(); err != nil {
		return roleNone, err
	}
	for _, err := range w.store.UserInteractions(w.ctx, id) {
		return someRole(roleUser, err)
	}
	for _, err := range w.store.ItemInteractions(w.ctx, id) {
		return someRole(roleItem, err)
	}
	return roleNone, nil
}

// someRole is r, or none for a node that only the open batch has.
func someRole(r idRole, err error) (idRole, error) {
	if errors.Is(err, graph.ErrNotFound) {
		return roleNone, nil
	}
	return r, err
}
