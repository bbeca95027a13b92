package engine

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/kenrec/ken/graph/tabular"
)

// Format is how a file is written.
type Format int

// The formats. The zero value takes the format from the file name, else from the first lines.
const (
	FormatAuto Format = iota
	TSV               // tab-separated, no quoting
	CSV               // RFC 4180, or the same with semicolons and decimal commas
	JSONL             // JSON Lines
	NTriples
	NQuads
	Turtle
	Atomic  // RecBole: tab-separated with a typed header
	Lists   // interactions as `user item item item …`, separated by spaces
	Spaces  // columns separated by spaces
	Parquet // read by another package, see Source.Objects
	NPY     // NumPy; the ids stand elsewhere, see Source.Vectors
)

var formatNames = [...]string{"auto", "tsv", "csv", "jsonl", "ntriples", "nquads", "turtle", "atomic", "lists", "spaces", "parquet", "npy"}

// String returns the name that ParseFormat reads.
func (f Format) String() string {
	if f < 0 || int(f) >= len(formatNames) {
		return fmt.Sprintf("format %d", int(f))
	}
	return formatNames[f]
}

// ParseFormat reads the name of a format, or a file extension without its dot. It returns ErrBadOption for other names.
func ParseFormat(name string) (Format, error) {
	for i, n := range formatNames {
		if strings.EqualFold(n, name) {
			return Format(i), nil
		}
	}
	if f, _ := formatOf("x." + name); f != FormatAuto {
		return f, nil
	}
	return 0, fmt.Errorf("%w: format %q is none of %s", ErrBadOption, name, strings.Join(formatNames[:], ", "))
}

var kindNames = [...]string{"", "nodes", "triples", "interactions", "vectors"}

// String returns the kind in the plural, as ParseKind reads it.
func (k Kind) String() string {
	if k <= 0 || int(k) >= len(kindNames) {
		return "no kind"
	}
	return kindNames[k]
}

// ParseKind reads nodes, triples, interactions or vectors. It returns ErrBadOption for other names.
func ParseKind(name string) (Kind, error) {
	for i, n := range kindNames {
		if i > 0 && n == name {
			return Kind(i), nil
		}
	}
	return 0, fmt.Errorf("%w: %q is none of nodes, triples, interactions, vectors", ErrBadOption, name)
}

// formatOf tells format and, for formats that imply it, kind from a file name; .gz and .zst are passed over.
func formatOf(name string) (Format, Kind) {
	switch strings.ToLower(path.Ext(tabular.TrimCompression(name))) {
	case ".tsv", ".tab":
		return TSV, 0
	case ".csv":
		return CSV, 0
	case ".jsonl", ".ndjson":
		return JSONL, 0
	case ".nt":
		return NTriples, Triples
	case ".nq":
		return NQuads, Triples
	case ".ttl":
		return Turtle, Triples
	case ".inter":
		return Atomic, Interactions
	case ".user", ".item":
		return Atomic, Nodes
	case ".kg", ".link":
		return Atomic, Triples
	case ".parquet":
		return Parquet, 0
	case ".npy":
		return NPY, Vectors
	}
	return FormatAuto, 0
}

// open settles kind and format and returns the reader of the source's records with what frees it.
func (im *importer) open() (recordReader, func(), error) {
	nothing := func() {}
	format, kind := formatOf(im.src.Name)
	if im.src.Format != FormatAuto && im.src.Format != format {
		format, kind = im.src.Format, 0
		if format == NTriples || format == NQuads || format == Turtle {
			kind = Triples
		}
	}
	if err := im.settleKind(format, kind); err != nil {
		return nil, nothing, err
	}
	if im.src.Vectors != nil {
		if im.src.Kind != Vectors {
			return nil, nothing, fmt.Errorf("%w: the file holds vectors, not %s", ErrBadOption, im.src.Kind)
		}
		im.report.Format = NPY.String()
		return &vectorReader{im: im, vectors: im.src.Vectors}, nothing, nil
	}
	if im.src.Objects != nil {
		im.report.Format = Parquet.String()
		r, err := im.newObjects(im.src.Objects)
		return r, nothing, err
	}
	if im.src.Reader == nil {
		return nil, nothing, fmt.Errorf("%w: the source has no reader", ErrBadOption)
	}
	im.in = &byteCounter{r: im.src.Reader}
	plain, err := tabular.Decompress(im.in)
	if err != nil {
		return nil, nothing, err
	}
	done := func() { plain.Close() }
	buf := bufio.NewReaderSize(plain, 64<<10)
	if format == FormatAuto {
		if format, err = im.sniff(buf); err != nil {
			return nil, done, err
		}
	}
	im.report.Format = format.String()
	if format == NTriples || format == NQuads || format == Turtle {
		r, stop, err := im.newStatements(format, buf)
		if err != nil {
			return nil, done, err
		}
		return r, func() { stop(); plain.Close() }, nil
	}
	r, err := im.reader(format, buf)
	return r, done, err
}

// settleKind checks the kind that the caller asked for against the one that the format implies.
func (im *importer) settleKind(format Format, implied Kind) error {
	if im.src.Kind == 0 {
		im.src.Kind = implied
	}
	rdf := format == NTriples || format == NQuads || format == Turtle
	switch {
	case im.src.Kind < Nodes || im.src.Kind > Vectors:
		return fmt.Errorf("%w: say what the rows are: nodes, triples, interactions or vectors", ErrBadOption)
	case rdf && im.src.Kind == Nodes: // labels and literals of an RDF file are nodes, its other statements triples
	case implied != 0 && im.src.Kind != implied:
		return fmt.Errorf("%w: the file holds %s, not %s", ErrBadOption, implied, im.src.Kind)
	}
	im.report.Kind = im.src.Kind.String()
	return nil
}

// reader returns the reader of records in a known format.
func (im *importer) reader(format Format, r io.Reader) (recordReader, error) {
	switch format {
	case TSV:
		return im.newTable(tabular.NewTSV(r))
	case CSV:
		return im.newTable(tabular.NewCSV(r))
	case Spaces:
		return im.newTable(tabular.NewSpaces(r))
	case Lists:
		if im.src.Kind != Interactions {
			return nil, fmt.Errorf("%w: lists hold interactions, not %s", ErrBadOption, im.src.Kind)
		}
		return &listReader{im: im, rows: tabular.NewSpaces(r)}, nil
	case Atomic:
		return im.newAtomic(tabular.NewTSV(r))
	case JSONL:
		return im.newObjects(tabular.NewJSON(r))
	case Parquet:
		return nil, fmt.Errorf("%w: Parquet cannot be read from a stream: give Source.Objects, or convert the file to CSV or JSON Lines", ErrBadOption)
	case NPY:
		return nil, fmt.Errorf("%w: NumPy files hold no ids: give Source.Vectors", ErrBadOption)
	}
	return nil, fmt.Errorf("%w: unknown format %d", ErrBadOption, format)
}

// sniff tells the format of a file whose name does not: .txt, stdin.
func (im *importer) sniff(r *bufio.Reader) (Format, error) {
	head, err := r.Peek(32 << 10)
	if err != nil && err != io.EOF && !errors.Is(err, bufio.ErrBufferFull) {
		return 0, err
	}
	whole := len(head) < 32<<10
	if i := bytes.LastIndexByte(head, '\n'); i >= 0 && !whole {
		head = head[:i] // the last line may be cut
	}
	switch trimmed := bytes.TrimLeft(head, "\ufeff \t\r\n"); {
	case len(trimmed) == 0:
		return TSV, nil
	case trimmed[0] == '{':
		return JSONL, nil
	case bytes.IndexByte(head, '\t') >= 0:
		return TSV, nil
	case im.src.Kind == Interactions && spaced(trimmed, 2):
		return Lists, nil
	case im.src.Kind == Triples && spaced(trimmed, 3):
		return Spaces, nil
	case bytes.ContainsAny(head, ",;"):
		return CSV, nil
	}
	return TSV, nil
}

// spaced reports whether more than half of the lines have at least n tokens and nothing that separates
// columns otherwise: lists may have users without items.
func spaced(head []byte, n int) bool {
	good, all := 0, 0
	for line := range bytes.Lines(head) {
		all++
		if !bytes.ContainsAny(line, ",;") && len(bytes.Fields(line)) >= n {
			good++
		}
	}
	return good*2 > all
}
