package cli

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// writeFile writes what f writes to a file, compressed as its name says. The file appears under its name only when it
// is complete: half an export looks like a whole one. What is there and no regular file (a device, a pipe) is written
// to as it is.
func writeFile(path string, f func(io.Writer) error) (err error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		if info.IsDir() {
			return fmt.Errorf("%s is a directory: name a file", path)
		}
		return writeInPlace(path, f)
	}
	out, err := os.CreateTemp(filepath.Dir(path), ".ken-*")
	if err != nil {
		return fileError(path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, out.Close(), os.Remove(out.Name()))
		}
	}()
	if err := compressed(path, out, f); err != nil {
		return err
	}
	if err := out.Sync(); err != nil {
		return fileError(path, err)
	}
	if err := out.Chmod(0o644); err != nil {
		return fileError(path, err)
	}
	if err := out.Close(); err != nil {
		return fileError(path, err)
	}
	return os.Rename(out.Name(), path)
}

func writeInPlace(path string, f func(io.Writer) error) error {
	out, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return fileError(path, err)
	}
	return errors.Join(compressed(path, out, f), out.Close())
}

// compressed runs f on a writer that compresses into w when the name ends in .gz or .zst.
func compressed(path string, w io.Writer, f func(io.Writer) error) error {
	var packed io.WriteCloser
	switch {
	case strings.HasSuffix(path, ".gz"):
		packed = gzip.NewWriter(w)
	case strings.HasSuffix(path, ".zst"):
		enc, err := zstd.NewWriter(w)
		if err != nil {
			return err
		}
		packed = enc
	default:
		return f(w)
	}
	return errors.Join(f(packed), packed.Close())
}
