package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/kenrec/ken/graph/tabular"
)

// Kind says what the rows of a file are.
type Kind int

// The kinds. The zero value takes the kind from a format that implies one: atomic files and RDF.
const (
	Nodes        Kind = iota + 1 // id, type, name, text
	Triples                      // head, relation, tail[, weight]
	Interactions                 // user, item[, weight[, time[, type]]]
	Vectors                      // id, v1, v2, …
)

// HeaderMode says whether the first row of a table names its columns.
type HeaderMode int

// The header modes.
const (
	HeaderAuto HeaderMode = iota // a header when the names are known ones
	HeaderYes
	HeaderNo
)

// Defaults of Import.
const (
	defaultBatchRows = 10_000
	batchBytes       = 16 << 20 // a batch ends here too, so that memory is bounded for rows of a megabyte
	maxRejections    = 20
)

// Source is a file to import, or any other stream of rows. Reader and, unless the format implies it, Kind are needed.
// gzip and zstd are recognised by their first bytes and unpacked.
type Source struct {
	Kind   Kind
	Name   string    // file name: it is printed in reports and its extension tells the format
	Reader io.Reader // read once, to its end
	Format Format    // FormatAuto: by the extension of Name, else by the first lines
	// Objects replaces Reader for formats that other packages read, such as Parquet (graph/tabular/parquet). It is read to
	// its end.
	Objects ObjectReader
	// Vectors replaces Reader for files of numbers whose ids stand elsewhere, such as *tabular.NPY. It is read to its end.
	Vectors VectorReader

	Columns []string   // names of the columns of a table; "-" leaves one out. JSON Lines: "role=key"
	Header  HeaderMode // tables only

	Type      string // type of nodes, or of interactions, whose row names none
	SourceTag string // source of triples whose row names none
	Modality  string // of vectors; default "imported"
	Model     string // of vectors, may be empty
	// UserPrefix and ItemPrefix are put before each user and item id of interactions, .user, .item and .link files, to
	// keep apart user 7 and item 7. Atomic files have "user:" and "item:" unless NoPrefix is set.
	UserPrefix, ItemPrefix string
	NoPrefix               bool
	RDF                    RDFOptions

	// Normalize trims white space around ids, names, texts, types, relations and text in attributes and brings them to
	// Unicode NFC; ImportReport.Normalized counts what it changed. Of RDF only literals are touched.
	Normalize bool

	Strict    bool           // stop at the first bad row and store nothing of its batch
	Rejects   io.Writer      // gets each bad row as it is, after a line "# name:line: reason"; nil: none
	BatchRows int            // rows stored at once, durable together; default 10,000
	Progress  func(Progress) // called once a batch from the calling goroutine; nil: none
}

// ObjectReader yields rows as objects: io.EOF at the end, a *tabular.RowError for a row that cannot be read.
type ObjectReader interface {
	Read() (tabular.Object, error)
}

// VectorReader yields vectors with the ids of their nodes: io.EOF at the end, a *tabular.RowError for a vector that
// cannot be used. Values are not used after the batch.
type VectorReader interface {
	Read() (tabular.Vector, error)
}

// ImportReport says what became of the rows. Read = Stored + Unchanged + Skipped, unless the import was broken off: then
// the rows of the last batch are in Read only.
type ImportReport struct {
	Name       string      `json:"name"`
	Kind       string      `json:"kind"`
	Format     string      `json:"format"`
	Read       int64       `json:"read"`       // rows, without header and empty lines
	Stored     int64       `json:"stored"`     // new or different from what was there
	Unchanged  int64       `json:"unchanged"`  // already there as they are
	Skipped    int64       `json:"skipped"`    // bad rows
	Normalized int64       `json:"normalized"` // fields that Source.Normalize changed, in rows that could be read
	Batches    int64       `json:"batches"`    // committed
	Rejected   []Rejection `json:"rejected"`   // the first 20 bad rows
	Ignored    []string    `json:"ignored"`    // columns that this kind of row has no place for
	Bytes      int64       `json:"bytes"`      // of input, before decompression
	Seconds    float64     `json:"seconds"`
}

// Rejection is one bad row.
type Rejection struct {
	Line   int64  `json:"line"`             // from 1
	Column int    `json:"column,omitempty"` // from 1; 0: the whole row
	Reason string `json:"reason"`
	Text   string `json:"text"` // the start of the row, printable
}

// String returns the rejection in the form "line 3, column 2: reason".
func (r Rejection) String() string {
	if r.Column > 0 {
		return fmt.Sprintf("line %d, column %d: %s", r.Line, r.Column, r.Reason)
	}
	return fmt.Sprintf("line %d: %s", r.Line, r.Reason)
}

// Import stores the rows of src in batches, in their order; a batch is durable when Progress is told of it, and the next one is
// filled while it is written. An import which is killed and run again ends in the same store as one that ran through. Rows
// that are there already change nothing.
// A bad row is left out and reported; the good rows are kept.
//
// The report is valid together with an error. Errors: ErrBadRecord when rows were skipped (or one, with Strict), but
// the rest of the file was read; what broke the reading when it was not, such as a syntax error in Turtle;
// ErrNoData when no row was stored because there was none, ErrBadOption for a source that makes no sense, an error
// wrapping ctx.Err() when cancelled: whole batches are kept.
// The rows of the batch after the next are read while one is filled and one written; memory is bounded by three times BatchRows
// and 16 MiB of rows. Safe for concurrent use; Progress and Rejects are not called concurrently.
func (e *Engine) Import(ctx context.Context, src Source) (_ ImportReport, err error) {
	defer border(&err)
	start := time.Now()
	if e.closed.Load() {
		return ImportReport{Name: src.Name}, fmt.Errorf("engine: import %s: %w", src.Name, ErrClosed)
	}
	if src.Name == "" || src.Name == "-" {
		src.Name = "stdin"
	}
	if src.BatchRows <= 0 {
		src.BatchRows = defaultBatchRows
	}
	im := &importer{engine: e, src: src, roles: map[string]idRole{}}
	im.report.Name = src.Name
	err = im.run(ctx)
	im.report.Seconds = time.Since(start).Seconds()
	im.report.Bytes = im.bytes()
	if err != nil {
		return im.report, fmt.Errorf("engine: import %s: %w", src.Name, err)
	}
	return im.report, nil
}

// recordReader turns a file into records: io.EOF at the end, a *badRow for a row that cannot be used, any other error
// ends the file.
type recordReader interface {
	next(*record) error
}

// importer is one run of Import.
type importer struct {
	engine *Engine
	src    Source
	in     *byteCounter
	report ImportReport
	batch  []record          // rows that are being stored
	read   int64             // bytes of the file up to them
	roles  map[string]idRole // what ids of interactions are whose type does not tell, as far as seen

	rolesSize int // bytes of roles, about

	landing *landing  // the batch before the one that is being filled; nil: it is on disk
	due     *Progress // of the last batch that came to the disk; nil: it was told
}

func (im *importer) run(ctx context.Context) (err error) {
	reader, done, err := im.open()
	if err != nil {
		return err
	}
	defer done()
	a := im.readAhead(ctx, reader)
	defer a.close()
	defer func() {
		if lerr := im.landed(); err == nil {
			err = lerr
		}
		im.tell()
	}()
	for b := a.next(nil); ; b = a.next(b) {
		if ctx.Err() != nil {
			return im.cancelled(ctx)
		}
		if err := im.take(b); err != nil {
			return err
		}
		var bad *badRow
		switch {
		case errors.As(b.err, &bad):
			return im.strictly(bad)
		case b.err == nil || b.err == io.EOF:
			if err := im.flush(ctx); err != nil {
				return err
			}
			if b.err == io.EOF {
				return im.verdict()
			}
		default:
			return im.broken(ctx, b.err)
		}
	}
}

// broken ends an import whose file cannot be read to its end. The rows before the fault are good ones and are kept.
func (im *importer) broken(ctx context.Context, err error) error {
	if !im.src.Strict {
		if ferr := im.flush(ctx); ferr != nil {
			return errors.Join(err, ferr)
		}
	}
	if lerr := im.landed(); lerr != nil {
		return errors.Join(err, lerr)
	}
	return fmt.Errorf("%w (%d rows before the fault are stored)", err, im.report.Stored+im.report.Unchanged)
}

func (im *importer) cancelled(ctx context.Context) error {
	if err := im.landed(); err != nil {
		return err
	}
	return fmt.Errorf("stopped after %d stored rows: %w", im.report.Stored+im.report.Unchanged, ctx.Err())
}

func (im *importer) strictly(bad *badRow) error {
	if err := im.landed(); err != nil {
		return err
	}
	return fmt.Errorf("%w: %s (strict: nothing of this batch was stored; %d rows before it were)",
		ErrBadRecord, bad.rejection(), im.report.Stored+im.report.Unchanged)
}

// verdict makes an error of an import that went to its end but lost rows or had none.
func (im *importer) verdict() error {
	if err := im.landed(); err != nil {
		return err
	}
	r := &im.report
	switch {
	case r.Read == 0:
		return fmt.Errorf("%w: no rows were stored: the file holds none", ErrNoData)
	case r.Stored+r.Unchanged == 0:
		return fmt.Errorf("%w: no rows were stored: all %d are bad, first %s", ErrBadRecord, r.Skipped, r.Rejected[0])
	case r.Skipped > 0:
		return fmt.Errorf("%w: %d of %d rows were skipped, first %s", ErrBadRecord, r.Skipped, r.Read, r.Rejected[0])
	}
	return nil
}

func (im *importer) bytes() int64 {
	if im.in == nil {
		return 0
	}
	return im.in.n
}

// byteCounter counts what is read, for progress and report.
type byteCounter struct {
	r io.Reader
	n int64
}

func (c *byteCounter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
