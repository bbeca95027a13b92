package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode/utf8"
)

// readIDs reads the ids in a column (from 1) of the lines of a file, in order and each once; "-" is standard input.
// Empty lines are skipped. A line with fewer columns, an empty id or bytes that are no UTF-8 end it: half a candidate
// list is worse than none.
func (a *app) readIDs(path string, column int) ([]string, error) {
	f, err := a.openInput(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var ids []string
	seen := map[string]bool{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSuffix(lines.Text(), "\r")
		if n == 1 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		if line == "" {
			continue
		}
		cells := strings.Split(line, "\t")
		switch {
		case len(cells) < column:
			return nil, fmt.Errorf("%s:%d: no column %d", path, n, column)
		case cells[column-1] == "":
			return nil, fmt.Errorf("%s:%d: empty id in column %d", path, n, column)
		case !utf8.ValidString(cells[column-1]):
			return nil, fmt.Errorf("%s:%d: not UTF-8", path, n)
		}
		if id := cells[column-1]; !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("%s holds no id", path)
	}
	return ids, nil
}

// openInput opens a file to read, or standard input for "-".
func (a *app) openInput(path string) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(a.in), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		f.Close()
		return nil, fmt.Errorf("%s is a directory: name a file", path)
	}
	return f, nil
}

// fileError says in plain words why a file cannot be used.
func fileError(path string, err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return fmt.Errorf("%s: %w", path, err)
}
