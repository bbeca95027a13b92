package engine

import (
	"errors"

	"github.com/kenrec/ken/graph/tabular"
)

// vectorReader makes records of vectors that come ready.
type vectorReader struct {
	im      *importer
	vectors VectorReader
}

func (r *vectorReader) next(rec *record) error {
	v, err := r.vectors.Read()
	if err != nil {
		var bad *tabular.RowError
		if errors.As(err, &bad) {
			return fromRow(bad)
		}
		return err
	}
	*rec = record{kind: Vectors, line: v.Line, raw: v.ID, vector: v.Values, size: 4 * len(v.Values)}
	rec.node.ID = rec.tidy(&r.im.src, v.ID)
	if err := rec.finish(&r.im.src); err != nil {
		return &badRow{v.Line, 0, err.Error(), rec.raw}
	}
	return nil
}
