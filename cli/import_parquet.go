package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/graph/tabular"
	"github.com/kenrec/ken/graph/tabular/parquet"
)

// isParquet reports whether a file is read as Parquet: by --input-format, else by its name.
func isParquet(src engine.Source, path string) bool {
	named := strings.EqualFold(filepath.Ext(tabular.TrimCompression(path)), ".parquet")
	return src.Format == engine.Parquet || src.Format == engine.FormatAuto && named
}

// checkParquet returns a usage error for Parquet that cannot be read from its end: a stream or a packed file.
func checkParquet(src engine.Source, path string) error {
	switch {
	case !isParquet(src, path):
		return nil
	case path == "-":
		return usagef("Parquet is read from its end: it needs a file, not standard input")
	case tabular.TrimCompression(path) != path:
		return usagef("%s: Parquet is packed inside, not outside: unpack the file first", path)
	}
	return nil
}

// importParquet imports an open file. Package engine does not know Parquet, so that programs which embed it need not
// carry the library.
func importParquet(ctx context.Context, e *engine.Engine, src engine.Source, in io.Reader) (engine.ImportReport, error) {
	rep := engine.ImportReport{Name: src.Name, Format: engine.Parquet.String()}
	f, _ := in.(*os.File)
	size := sizeOf(in)
	if f == nil || size < 0 {
		return rep, fmt.Errorf("%s: Parquet is read from its end: it needs a regular file", src.Name)
	}
	r, err := parquet.Open(f, size)
	if err != nil {
		return rep, fmt.Errorf("%s: %w", src.Name, err)
	}
	defer r.Close()
	src.Reader, src.Objects = nil, r
	if told := src.Progress; told != nil {
		src.Progress = func(p engine.Progress) {
			p.Bytes = int64(float64(size) * min(1, float64(p.Done)/float64(max(r.Rows(), 1))))
			told(p)
		}
	}
	rep, err = e.Import(ctx, src)
	rep.Bytes = size
	return rep, err
}
