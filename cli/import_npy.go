package cli

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/graph/tabular"
)

// isNPY reports whether a file is read as a NumPy array: by --input-format, else by its name.
func isNPY(src engine.Source, path string) bool {
	named := strings.EqualFold(filepath.Ext(tabular.TrimCompression(path)), ".npy")
	return src.Format == engine.NPY || src.Format == engine.FormatAuto && named
}

// checkIDs returns a usage error unless --ids and a NumPy file come together.
func (j *importJob) checkIDs(path string) error {
	npy := isNPY(j.src, path)
	switch {
	case npy && j.ids == "":
		return usagef("%s: NumPy files hold no ids: name a file with one id a line by --ids", path)
	case !npy && j.ids != "":
		return usagef("--ids is for NumPy files: %s has ids of its own", path)
	case npy && len(j.files) > 1:
		return usagef("--ids belongs to one file: import %s alone", path)
	case npy && path == "-" && j.ids == "-":
		return usagef("vectors and --ids cannot both be standard input")
	}
	return nil
}

// importNPY imports the rows of an open NumPy file, plain or packed, as vectors of the nodes in ids.
func importNPY(ctx context.Context, e *engine.Engine, src engine.Source, in io.Reader, ids []string) (engine.ImportReport, error) {
	rep := engine.ImportReport{Name: src.Name, Kind: engine.Vectors.String(), Format: engine.NPY.String()}
	head := make([]byte, len(tabular.NPYMagic))
	n, err := io.ReadFull(in, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return rep, fmt.Errorf("%s: %w", src.Name, err)
	}
	size := int64(-1) // of what is inside a packed file is not known
	if string(head) == tabular.NPYMagic {
		size = sizeOf(in)
	}
	count := &countingReader{r: io.MultiReader(bytes.NewReader(head[:n]), in)}
	plain, err := tabular.Decompress(count)
	if err != nil {
		return rep, fmt.Errorf("%s: %w", src.Name, err)
	}
	defer plain.Close()
	rows, err := tabular.NewNPY(plain, size, ids)
	if err != nil {
		return rep, fmt.Errorf("%s: %w", src.Name, err)
	}
	src.Reader, src.Vectors = nil, rows
	if told := src.Progress; told != nil {
		src.Progress = func(p engine.Progress) {
			p.Bytes = count.n
			told(p)
		}
	}
	rep, err = e.Import(ctx, src)
	rep.Bytes = count.n
	return rep, err
}

// countingReader counts what is read.
type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// readRowIDs reads the ids of the rows of an array, one a line. Unlike lists of ids, every line counts: an empty or
// repeated one would give vectors to the wrong nodes.
func (a *app) readRowIDs(path string) ([]string, error) {
	f, err := a.openInput(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var ids []string
	seen := map[string]int{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		id := strings.TrimSuffix(lines.Text(), "\r")
		if n == 1 {
			id = strings.TrimPrefix(id, "\ufeff")
		}
		switch {
		case id == "":
			return nil, fmt.Errorf("%s:%d: empty line: each line is the id of one row", path, n)
		case !utf8.ValidString(id):
			return nil, fmt.Errorf("%s:%d: not UTF-8", path, n)
		case seen[id] > 0:
			return nil, fmt.Errorf("%s:%d: the id of line %d again", path, n, seen[id])
		}
		seen[id] = n
		ids = append(ids, id)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return ids, nil
}
